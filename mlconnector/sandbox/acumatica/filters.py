"""$filter: OData 3 as far as the vendor documents it, typed as its server types it.

`eq ne gt ge lt le and or not`, parentheses, substringof, startswith, endswith, linked fields
(`ContactInfo/Email`), custom fields (`cf.String(f='Document.UsrX')`), literals of text, number, flag, guid,
`datetimeoffset'...'` and, on newer builds, `date'...'`. Source: Acumatica integration development guide,
$filter (read 2026-11).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mlconnector.sandbox.acumatica import errors
from mlconnector.sandbox.acumatica.contract import KINDS, EntityType
from mlconnector.sandbox.acumatica.state import Record
from mlconnector.sandbox.acumatica.values import midnight
from mlconnector.sandbox.kit import AnswerNow

TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<dto>datetimeoffset'(?P<dto_text>[^']*)')|(?P<date>date'(?P<date_text>[^']*)')"
    r"|(?P<guid>guid'(?P<guid_text>[^']*)')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?[MmLlDd]?(?![\w-]))|(?P<custom>cf\.(?P<cf_kind>\w+)\(f='(?P<cf_name>[^']+)'\))"
    r"|(?P<name>[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*)|(?P<mark>[(),])"
    r")"
)
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}
OPERATORS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}
FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "substringof": lambda first, second: first in second,
    "startswith": lambda first, second: first.startswith(second),
    "endswith": lambda first, second: first.endswith(second),
}
EDM = {
    "text": "Edm.String",
    "number": "Edm.Decimal",
    "integer": "Edm.Int32",
    "flag": "Edm.Boolean",
    "moment": "Edm.DateTimeOffset",
    "day": "Edm.DateTimeOffset",
    "guid": "Edm.Guid",
}
CUSTOM_KINDS = {
    "String": "text",
    "Decimal": "number",
    "Double": "number",
    "Int": "integer",
    "Short": "integer",
    "Long": "integer",
    "Boolean": "flag",
    "DateTime": "moment",
    "Guid": "guid",
}
Test = Callable[[Record], bool]


@dataclass(frozen=True)
class Operand:
    """One side of a comparison. `of` gives its value for a record; rows of details have none."""

    kind: str
    of: Callable[[Record], Any]
    is_undefined: bool = False


def parsed(text: str, entity: EntityType, zone: ZoneInfo, unknown_status: int = 500) -> Test:
    """The condition as a function. Raises AnswerNow with the vendor's refusal."""
    parser = _Parser(text, entity, zone, unknown_status)
    test = parser.any_of()
    if parser.kind:
        raise _syntax(text, parser.at)
    return test


def _syntax(text: str, position: int) -> AnswerNow:
    message = f"Syntax error at position {position} in '{text}'."
    return errors.failed(message, errors.ODATA)


class _Parser:
    def __init__(self, text: str, entity: EntityType, zone: ZoneInfo, unknown_status: int) -> None:
        self.text, self.entity, self.zone = text, entity, zone
        self.unknown_status = unknown_status
        self.at = 0
        self.next()

    def next(self) -> None:
        """Read the next token into `kind`, `word`; kind "" is the end."""
        rest = self.text[self.at :]
        if not rest.strip():
            self.kind, self.word, self.match = "", "", None
            return
        match = TOKEN.match(self.text, self.at)
        if match is None:
            raise _syntax(self.text, self.at)
        self.match = match
        self.kind = next(
            name
            for name in ("dto", "date", "guid", "text", "number", "custom", "name", "mark")
            if match[name]
        )
        self.word = match[self.kind]
        self.at = match.end()

    def take(self, word: str) -> None:
        if self.word != word:
            raise _syntax(self.text, self.at)
        self.next()

    # --- conditions ---------------------------------------------------------------------------------------
    def any_of(self) -> Test:
        test = self.all_of()
        while self.word == "or":
            self.next()
            test = _either(test, self.all_of())
        return test

    def all_of(self) -> Test:
        test = self.single()
        while self.word == "and":
            self.next()
            test = _both(test, self.single())
        return test

    def single(self) -> Test:
        if self.word == "not":
            self.next()
            inner = self.single()
            return lambda record: not inner(record)
        if self.word == "(":
            self.next()
            inner = self.any_of()
            self.take(")")
            return inner
        if self.word in FUNCTIONS:
            return self.function()
        return self.comparison()

    def function(self) -> Test:
        name = self.word
        self.next()
        self.take("(")
        first = self.operand()
        self.take(",")
        second = self.operand()
        self.take(")")
        if (first.kind, second.kind) != ("text", "text"):
            raise errors.failed(f"No function signature for the function with name '{name}' matches.")
        call = FUNCTIONS[name]
        return lambda record: call(_folded(first.of(record) or ""), _folded(second.of(record) or ""))

    def comparison(self) -> Test:
        left = self.operand()
        operator = self.word
        if operator not in COMPARED:
            raise _syntax(self.text, self.at)
        self.next()
        right = self.operand()
        if not _fit(left, right):
            raise errors.failed(
                "A binary operator with incompatible types was detected. Found operand types "
                f"'{EDM.get(left.kind, 'null')}' and '{EDM.get(right.kind, 'null')}' for operator kind "
                f"'{OPERATORS[operator]}'.",
                errors.ODATA,
            )
        if left.is_undefined or right.is_undefined:
            # Filtering on rows of details is not supported, the result is undefined: here nothing is found.
            return lambda record: False
        return self.compared(left, operator, right)

    def compared(self, left: Operand, operator: str, right: Operand) -> Test:
        compare = COMPARED[operator]

        def test(record: Record) -> bool:
            first, second = (self.comparable(side.of(record)) for side in (left, right))
            if first is None or second is None:
                # As in SQL: nothing is neither greater nor smaller.
                return compare(first, second) if operator in ("eq", "ne") else False
            return compare(first, second)

        return test

    def comparable(self, value: Any) -> Any:
        if isinstance(value, str):
            return _folded(value)
        if isinstance(value, date) and not isinstance(value, datetime):
            return midnight(value, self.zone)
        return value

    # --- operands -----------------------------------------------------------------------------------------
    def operand(self) -> Operand:
        kind, word, match = self.kind, self.word, self.match
        if match is None or kind == "mark":
            raise _syntax(self.text, self.at)
        self.next()
        if kind == "custom":
            return _custom(match["cf_kind"], match["cf_name"])
        if kind == "name" and word not in ("true", "false", "null"):
            return self.named(word)
        return _constant(*self.literal(kind, word, match))

    def literal(self, kind: str, word: str, match: re.Match[str]) -> tuple[str, Any]:
        if kind == "text":
            return "text", word[1:-1].replace("''", "'")
        if kind == "number":
            return "number", Decimal(word.rstrip("MmLlDd"))
        if kind == "guid":
            return "guid", match["guid_text"].lower()
        if kind == "dto":
            return "moment", self.moment(match["dto_text"], word)
        if kind == "date":
            try:
                return "moment", midnight(date.fromisoformat(match["date_text"]), self.zone)
            except ValueError:
                raise _unrecognised(word, self.text) from None
        return ("null", None) if word == "null" else ("flag", word == "true")

    def moment(self, text: str, word: str) -> datetime:
        """Needs an offset; a '+' that was not sent as %2B has become a blank, which is no offset."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _unrecognised(word, self.text) from None
        if " " in text or moment.tzinfo is None:
            raise _unrecognised(word, self.text)
        return moment.astimezone(UTC)

    def named(self, name: str) -> Operand:
        """A field of the entity, of a linked one, or of rows of details."""
        head, _, tail = name.partition("/")
        shape = self.entity.shape
        if name == "id":
            return Operand("guid", lambda record: record.id)
        if name in shape.fields:
            return Operand(KINDS[shape.fields[name]], lambda record: record.value(name))
        if head in shape.linked and tail in shape.linked[head].fields:
            kind = KINDS[shape.linked[head].fields[tail]]
            return Operand(kind, lambda record: record.linked.get(head, {}).get(tail))
        if head in shape.arrays and tail in shape.arrays[head].fields:
            return Operand(KINDS[shape.arrays[head].fields[tail]], lambda record: None, is_undefined=True)
        raise errors.failed(
            f"Could not find a property named '{name}' on type '{shape.name}'.",
            errors.ODATA,
            self.unknown_status,
        )


def _custom(kind: str, name: str) -> Operand:
    if kind not in CUSTOM_KINDS:
        raise errors.failed(f"An unknown function with name 'cf.{kind}' was found.", errors.ODATA)
    return Operand(CUSTOM_KINDS[kind], lambda record: record.custom.get(name, ("", None))[1])


def _constant(kind: str, value: Any) -> Operand:
    return Operand(kind, lambda record: value)


def _fit(left: Operand, right: Operand) -> bool:
    groups = {"integer": "number", "day": "moment"}
    kinds = {groups.get(side.kind, side.kind) for side in (left, right)} - {"null"}
    return len(kinds) <= 1


def _folded(value: Any) -> str:
    """Texts are compared without case and trailing blanks, as the database does."""
    return str(value).rstrip().casefold()


def _unrecognised(word: str, text: str) -> AnswerNow:
    return errors.failed(f"Unrecognized '{word}' literal in '{text}'.", errors.ODATA)


def _either(first: Test, second: Test) -> Test:
    return lambda record: first(record) or second(record)


def _both(first: Test, second: Test) -> Test:
    return lambda record: first(record) and second(record)
