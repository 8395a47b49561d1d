"""$filter of OData v2/v3: literals, comparisons, and/or/not, a few functions; a filter becomes a predicate.

Source: dialect of the Exact Online REST API (read 2026-11); grammar of OData v2.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from mlconnector.sandbox.exact.entity import COLLECTION, Field
from mlconnector.sandbox.exact.errors import ApiError

Getter = Callable[[str], Any]
Predicate = Callable[[Getter], Any]

GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
TOKEN = re.compile(
    rf"""\s*(?:
      (?P<guid>guid'({GUID})')
    | (?P<datetime>datetime'(?P<moment>[^']*)')
    | (?P<text>'(?:[^']|'')*')
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?P<suffix>[LlMmDdFf]?)(?![\w])
    | (?P<word>[A-Za-z_][A-Za-z_0-9/]*)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
NUMBERS = {"Int16", "Int32", "Int64", "Byte", "Double"}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one != other,
    "gt": lambda one, other: one is not None and other is not None and one > other,
    "ge": lambda one, other: one is not None and other is not None and one >= other,
    "lt": lambda one, other: one is not None and other is not None and one < other,
    "le": lambda one, other: one is not None and other is not None and one <= other,
}
# name -> (how many texts it takes, type of its value, what it does)
FUNCTIONS: dict[str, tuple[int, str, Callable[..., Any]]] = {
    "startswith": (2, "Boolean", lambda text, start: text.lower().startswith(start.lower())),
    "endswith": (2, "Boolean", lambda text, end: text.lower().endswith(end.lower())),
    "substringof": (2, "Boolean", lambda part, text: part.lower() in text.lower()),
    "trim": (1, "String", str.strip),
    "tolower": (1, "String", str.lower),
    "toupper": (1, "String", str.upper),
    "length": (1, "Int32", len),
}


@dataclass(frozen=True)
class Term:
    """A part of a filter with the type of its value ("null" fits every type)."""

    type: str
    get: Predicate


@dataclass(frozen=True)
class Filter:
    matches: Callable[[Getter], bool]
    # Names of the properties that it speaks of.
    fields: frozenset[str]


def parsed_filter(text: str, fields: dict[str, Field]) -> Filter:
    """Raises ApiError 400 for everything that the vendor could not read either."""
    parser = _Parser(text, fields)
    term = parser.whole()
    return Filter(lambda get: bool(term.get(get)), frozenset(parser.seen))


def moment(text: str) -> datetime:
    """'2026-01-15T10:20:30' or with a fraction, no zone. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError(text)
    return found


class _Parser:
    def __init__(self, text: str, fields: dict[str, Field]) -> None:
        self.text = text
        self.fields = fields
        self.seen: set[str] = set()
        self.tokens = self._tokens()
        self.at = 0

    def _tokens(self) -> list[tuple[str, Any, int]]:
        """(kind, value, position); kinds: type names, word, mark."""
        found: list[tuple[str, Any, int]] = []
        end = 0
        while self.text[end:].strip():
            match = TOKEN.match(self.text, end)
            if match is None:
                raise self._wrong(end)
            found.append((*self._read(match), match.start()))
            end = match.end()
        return found

    def _read(self, match: re.Match[str]) -> tuple[str, Any]:
        if match["guid"]:
            return "Guid", match[2].lower()
        if match["datetime"]:
            try:
                return "DateTime", moment(match["moment"])
            except ValueError:
                raise self._wrong(match.start()) from None
        if match["text"]:
            return "String", match["text"][1:-1].replace("''", "'")
        if match["number"]:
            return ("Int64" if match["suffix"] in "Ll" else "Double"), Decimal(match["number"])
        if match["word"]:
            return "word", match["word"]
        return "mark", match["mark"]

    def _wrong(self, position: int) -> ApiError:
        return ApiError(400, f"Syntax error at position {position} in '{self.text}'.")

    # --- grammar -------------------------------------------------------------
    def whole(self) -> Term:
        if not self.tokens:
            raise self._wrong(0)
        term = self._either()
        if self.at < len(self.tokens):
            raise self._wrong(self.tokens[self.at][2])
        if term.type != "Boolean":
            raise ApiError(400, "The $filter expression must evaluate to a single boolean value.")
        return term

    def _next_is(self, kind: str, *values: str) -> bool:
        return (
            self.at < len(self.tokens)
            and self.tokens[self.at][0] == kind
            and self.tokens[self.at][1] in values
        )

    def _take(self) -> tuple[str, Any, int]:
        if self.at >= len(self.tokens):
            raise self._wrong(len(self.text))
        self.at += 1
        return self.tokens[self.at - 1]

    def _expect(self, mark: str) -> None:
        kind, value, position = self._take()
        if (kind, value) != ("mark", mark):
            raise self._wrong(position)

    def _either(self) -> Term:
        left = self._both()
        while self._next_is("word", "or"):
            self._take()
            left = _joined(left, self._both(), any)
        return left

    def _both(self) -> Term:
        left = self._comparison()
        while self._next_is("word", "and"):
            self._take()
            left = _joined(left, self._comparison(), all)
        return left

    def _comparison(self) -> Term:
        if self._next_is("word", "not"):
            self._take()
            inner = self._comparison()
            return Term("Boolean", lambda get: not inner.get(get))
        left = self._operand()
        if not self._next_is("word", *COMPARISONS):
            return left
        _, operator, position = self._take()
        right = self._operand()
        if not _comparable(left.type, right.type):
            raise ApiError(
                400,
                f"Operator '{operator}' incompatible with operand types 'Edm.{left.type}' and"
                f" 'Edm.{right.type}' at position {position}.",
            )
        compare = COMPARISONS[operator]
        return Term("Boolean", lambda get: compare(left.get(get), right.get(get)))

    def _operand(self) -> Term:
        kind, value, position = self._take()
        if (kind, value) == ("mark", "("):
            inner = self._either()
            self._expect(")")
            return inner
        if kind == "mark":
            raise self._wrong(position)
        if kind != "word":
            return Term(kind, lambda get: value)
        if value in ("true", "false"):
            return Term("Boolean", lambda get: value == "true")
        if value == "null":
            return Term("null", lambda get: None)
        if self._next_is("mark", "("):
            return self._function(value, position)
        return self._property(value)

    def _property(self, name: str) -> Term:
        known = self.fields.get(name)
        if known is None or known.type == COLLECTION:
            raise ApiError(400, f"No property '{name}' exists in type.")
        self.seen.add(name)
        return Term(known.type, lambda get: get(name))

    def _function(self, name: str, position: int) -> Term:
        if name not in FUNCTIONS:
            raise ApiError(400, f"Unknown function '{name}' at position {position}.")
        count, result, work = FUNCTIONS[name]
        self._expect("(")
        operands = [self._operand()]
        while self._next_is("mark", ","):
            self._take()
            operands.append(self._operand())
        self._expect(")")
        if len(operands) != count or any(one.type != "String" for one in operands):
            raise ApiError(400, f"No applicable function found for '{name}' at position {position}.")
        return Term(result, lambda get: work(*(one.get(get) or "" for one in operands)))


def _joined(left: Term, right: Term, how: Callable[[Any], bool]) -> Term:
    if left.type != "Boolean" or right.type != "Boolean":
        raise ApiError(400, "Operands of 'and' and 'or' must be boolean.")
    return Term("Boolean", lambda get: how(bool(one.get(get)) for one in (left, right)))


def _comparable(one: str, other: str) -> bool:
    if "null" in (one, other) or one == other:
        return True
    return one in NUMBERS and other in NUMBERS
