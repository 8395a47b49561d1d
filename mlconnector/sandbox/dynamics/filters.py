"""$filter: a small reader of OData expressions. Source: "Filter rows using OData" (read 2026-11).

Text is compared without regard to case; `ne` finds rows without a value as well.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Protocol

from mlconnector.sandbox.dynamics.errors import ApiError, bad

GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)"
TOKENS = re.compile(
    rf"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<guid>{GUID})|(?P<moment>{MOMENT})|(?P<day>\d{{4}}-\d\d-\d\d)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w./]*)|(?P<mark>[(),=\[\]]))"
)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
KINDS = {"eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "ge": "GreaterThanOrEqual"}
KINDS |= {"lt": "LessThan", "le": "LessThanOrEqual"}
TEXT_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
IN_FUNCTION = "Microsoft.Dynamics.CRM.In"
Test = Callable[[Any], bool]


class Fields(Protocol):
    """What can be asked of a row by its path."""

    def kind(self, path: str) -> str:
        """String, Guid, Decimal, Boolean, Date or DateTimeOffset. Raises ApiError for an unknown one."""

    def value(self, row: Any, path: str) -> Any: ...


@dataclass(frozen=True)
class Operand:
    """A column (`path`) or a literal."""

    kind: str
    path: str = ""
    literal: Any = None


def parse(text: str, fields: Fields, *, accept_in: bool) -> Test:
    """The test that `text` stands for. Raises ApiError 400 when it cannot be read."""
    return _Reader(text, fields, accept_in).whole()


class _Reader:
    def __init__(self, text: str, fields: Fields, accept_in: bool) -> None:
        self.text = text
        self.fields = fields
        self.accept_in = accept_in
        self.tokens = self._tokens()
        self.at = 0

    def _tokens(self) -> list[tuple[str, str]]:
        found, position = [], 0
        while self.text[position:].strip():
            match = TOKENS.match(self.text, position)
            if match is None:
                raise self._error()
            found.append((str(match.lastgroup), match[str(match.lastgroup)]))
            position = match.end()
        return found

    def _error(self) -> ApiError:
        return bad(f"Syntax error in the filter: '{self.text}'.", "0x80060888")

    # --- tokens ---
    @property
    def next(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.next
        self.at += 1
        return token

    def expect(self, mark: str) -> None:
        if self.take()[1] != mark:
            raise self._error()

    # --- grammar ---
    def whole(self) -> Test:
        test = self.any_of()
        if self.next[0] != "end":
            raise self._error()
        return test

    def any_of(self) -> Test:
        tests = [self.all_of()]
        while self.next == ("name", "or"):
            self.take()
            tests.append(self.all_of())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def all_of(self) -> Test:
        tests = [self.one()]
        while self.next == ("name", "and"):
            self.take()
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def one(self) -> Test:
        if self.next == ("name", "not"):
            self.take()
            test = self.one()
            return lambda row: not test(row)
        if self.next == ("mark", "("):
            self.take()
            inner = self.any_of()
            self.expect(")")
            return inner
        if self.next[0] == "name" and self.next[1] in TEXT_FUNCTIONS:
            return self.text_function()
        if self.next == ("name", IN_FUNCTION):
            return self.in_function()
        return self.comparison()

    def text_function(self) -> Test:
        function = TEXT_FUNCTIONS[self.take()[1]]
        self.expect("(")
        left = self.operand()
        self.expect(",")
        right = self.operand()
        self.expect(")")
        if not left.path or {left.kind, right.kind} != {"String"}:
            raise self._error()
        part = str(right.literal).lower()
        return lambda row: function((self.fields.value(row, left.path) or "").lower(), part)

    def in_function(self) -> Test:
        """Microsoft.Dynamics.CRM.In(PropertyName='statuscode',PropertyValues=['1','4']): values are texts."""
        self.take()
        self.expect("(")
        self.expect("PropertyName")
        self.expect("=")
        path = str(self.operand().literal)
        self.expect(",")
        self.expect("PropertyValues")
        self.expect("=")
        wanted = {str(one.literal).lower() for one in self.several("[", "]")}
        self.expect(")")
        self.fields.kind(path)
        return lambda row: _as_text(self.fields.value(row, path)) in wanted

    def several(self, opens: str, closes: str) -> list[Operand]:
        self.expect(opens)
        found = [self.operand()]
        while self.next == ("mark", ","):
            self.take()
            found.append(self.operand())
        self.expect(closes)
        return found

    def comparison(self) -> Test:
        left = self.operand()
        kind, operator = self.take()
        if operator == "in" and self.accept_in and left.path:
            wanted = [self._fitting(left, one, "eq") for one in self.several("(", ")")]
            return lambda row: _folded(self.fields.value(row, left.path)) in wanted
        if kind != "name" or operator not in COMPARE:
            raise self._error()
        right = self.operand()
        if not left.path:
            raise self._error()
        if right.path:
            return self._two_columns(left, right, operator)
        wanted = self._fitting(left, right, operator)
        return lambda row: _holds(operator, _folded(self.fields.value(row, left.path)), wanted)

    def _two_columns(self, left: Operand, right: Operand, operator: str) -> Test:
        value = self.fields.value
        return lambda row: _holds(operator, _folded(value(row, left.path)), _folded(value(row, right.path)))

    def _fitting(self, left: Operand, right: Operand, operator: str) -> Any:
        """The literal, comparable with the column. Raises ApiError for another type."""
        if right.literal is None or left.kind == right.kind:
            return _folded(right.literal)
        if left.kind == "DateTimeOffset" and right.kind == "Date":
            return datetime.combine(right.literal, time(), UTC)
        raise bad(
            "A binary operator with incompatible types was detected. Found operand types "
            f"'Edm.{left.kind}' and 'Edm.{right.kind}' for operator kind '{KINDS[operator]}'.",
            "0x80060888",
        )

    def operand(self) -> Operand:
        kind, text = self.take()
        if kind == "string":
            return Operand("String", literal=text[1:-1].replace("''", "'"))
        if kind == "guid":
            return Operand("Guid", literal=text.lower())
        if kind == "number":
            return Operand("Decimal", literal=Decimal(text))
        if kind == "name" and text in ("true", "false"):
            return Operand("Boolean", literal=text == "true")
        if kind == "name" and text == "null":
            return Operand("Null")
        if kind == "name":
            return Operand(self.fields.kind(text), path=text)
        try:
            if kind == "day":
                return Operand("Date", literal=date.fromisoformat(text))
            if kind == "moment":
                return Operand("DateTimeOffset", literal=datetime.fromisoformat(text))
        except ValueError:
            raise self._error() from None
        raise self._error()


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _as_text(value: Any) -> str:
    return str(value).lower()


def _holds(operator: str, value: Any, wanted: Any) -> bool:
    if value is None or wanted is None:
        same = value is None and wanted is None
        return same if operator == "eq" else operator == "ne" and not same
    return COMPARE[operator](value, wanted)
