"""From typed source values to the values of a flow's fields: a pure function that may say no."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connections.messages import DataFault, Message, say
from pairs.base import FieldType, TargetField

GERMAN_AMOUNT = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(?P<cents>,[0-9]{1,2})?")
GERMAN_NUMBER = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(?P<cents>,[0-9]{1,6})?")
GERMAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
# Stands in a value table for a target value that is still to be filled in.
UNFILLED = "?"
# Far above anything that can be booked, far below what makes decimal arithmetic fail.
LARGEST_EXPONENT = 15
TRUE_WORDS = frozenset({"1", "true", "ja", "yes", "wahr", "x"})
FALSE_WORDS = frozenset({"", "0", "false", "nein", "no", "falsch"})


@dataclass(frozen=True)
class SourceValue:
    """One value at the source. `key` is the stable id of a chosen option, "" where there is none.

    `value` is text, Decimal, date, aware datetime, bool or None; `text` is what people see.
    """

    value: Any
    text: str = ""
    key: str = ""
    # False: the source did not send what the field's type promises.
    is_readable: bool = True

    @property
    def is_empty(self) -> bool:
        return self.value is None or self.value == "" or self.value == []


@dataclass(frozen=True)
class MappingRow:
    """One configured row as plain data; `kind` is a `MappingKind` value."""

    target_field: str
    kind: str
    source_field: str = ""
    source_label: str = ""
    constant: str = ""
    table: Mapping[str, str] | None = None
    table_name: str = ""


@dataclass
class Mapped:
    """The typed values by target field (None = empty), and everything that is wrong, all at once."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: list[DataFault] = field(default_factory=list)
    # Target fields whose value could not be made: rules about them would only repeat the fault.
    unusable: set[str] = field(default_factory=set)
    # Source fields that no longer exist: a fault of the configuration, not of the record.
    gone: list[DataFault] = field(default_factory=list)


class Unreadable(Exception):
    """A value that does not become what the field needs."""

    def __init__(self, rule: Message, remedy: Message) -> None:
        super().__init__(rule.pattern)
        self.rule = rule
        self.remedy = remedy


def apply(
    rows: Sequence[MappingRow],
    source: Mapping[str, SourceValue],
    fields: Sequence[TargetField],
    *,
    zone: ZoneInfo,
) -> Mapped:
    """The values of `fields` from `source` (by field id), made by `rows`. Never raises for bad data.

    `zone` decides on which day a moment falls.
    """
    by_target = {row.target_field: row for row in rows}
    mapped = Mapped()
    for target in fields:
        row = by_target.get(target.key)
        mapped.values[target.key] = None
        if row is None:
            if target.is_required:
                mapped.gone.append(_unmapped(target))
                mapped.unusable.add(target.key)
            continue
        found = _source_value(row, source)
        if found is None:
            mapped.gone.append(_gone(target, row))
            mapped.unusable.add(target.key)
            continue
        if not found.is_readable:
            mapped.faults.append(_unreadable(target, found))
            mapped.unusable.add(target.key)
            continue
        try:
            looked_up = _look_up(found, row)
            if looked_up.is_empty:
                if target.is_required:
                    mapped.faults.append(_missing(target, row))
                    mapped.unusable.add(target.key)
                continue
            mapped.values[target.key] = CONVERTERS[target.type](looked_up, zone)
        except Unreadable as error:
            mapped.faults.append(
                DataFault(target.label, found.text or str(found.value), error.rule, error.remedy)
            )
            mapped.unusable.add(target.key)
    return mapped


def _source_value(row: MappingRow, source: Mapping[str, SourceValue]) -> SourceValue | None:
    if row.kind == "constant":
        return SourceValue(row.constant, row.constant)
    return source.get(row.source_field)


def _look_up(found: SourceValue, row: MappingRow) -> SourceValue:
    """The table's value, by the option's id first, else by the text itself.

    For accounts and cost centers the table leads from unique names to numbers. An empty target leaves the
    field empty ("without tax": no tax key).
    """
    if found.is_empty or row.kind not in ("table", "account", "cost_center"):
        return found
    table = row.table or {}
    for key in (found.key, found.text, str(found.value)):
        if key and table.get(key) == UNFILLED:
            raise Unreadable(
                say("Its row in the value table '%(table)s' is not filled in yet.", table=row.table_name),
                say("Replace the question mark in the table."),
            )
        if key and key in table:
            return SourceValue(table[key], table[key])
    if row.kind != "table":
        # The name of an account or cost center was not given, so it is the number; the checks know it.
        return found
    raise Unreadable(
        say("This value is not in the value table '%(table)s'.", table=row.table_name),
        say("Add a row for it to the table, or choose another value."),
    )


def amount(found: SourceValue, zone: ZoneInfo | None = None) -> Decimal:
    """A Decimal with at most two decimals; text only as 1.234,56 (German). Raises Unreadable."""
    number = found.value if isinstance(found.value, Decimal) else _german(str(found.value), GERMAN_AMOUNT)
    if number is None or not number.is_finite() or number.adjusted() > LARGEST_EXPONENT:
        raise Unreadable(
            say("This is not an amount such as 1.234,56."),
            say("Enter the amount in digits, with a decimal comma."),
        )
    cents = number.quantize(Decimal("0.01"))
    if cents != number:
        raise Unreadable(
            say("An amount has at most two decimals."),
            say("Round the amount yourself; nothing is rounded here."),
        )
    return cents


def number(found: SourceValue, zone: ZoneInfo | None = None) -> Decimal:
    """A Decimal with up to six decimals; text only as 1.234,567 (German). Raises Unreadable."""
    value = found.value if isinstance(found.value, Decimal) else _german(str(found.value), GERMAN_NUMBER)
    if value is None or not value.is_finite():
        raise Unreadable(
            say("This is not a number such as 0,8312."), say("Enter digits with a decimal comma.")
        )
    return value


def _german(text: str, pattern: re.Pattern[str]) -> Decimal | None:
    match = pattern.fullmatch(text.strip())
    if match is None:
        return None
    whole = match["whole"].replace(".", "")
    return Decimal(f"{match['sign']}{whole}{(match['cents'] or '').replace(',', '.')}")


def day(found: SourceValue, zone: ZoneInfo) -> date:
    """A date; text as 31.12.2026 or 2026-12-31, a moment as its day in `zone`. Raises Unreadable."""
    value = found.value
    if isinstance(value, datetime):
        return value.astimezone(zone).date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    try:
        german = GERMAN_DATE.fullmatch(text)
        if german:
            return date(int(german[3]), int(german[2]), int(german[1]))
        return date.fromisoformat(text) if len(text) == 10 else _not_a_date()
    except ValueError:
        return _not_a_date()


def _not_a_date() -> date:
    raise Unreadable(
        say("This is not a date such as 31.12.2026."), say("Enter the date with day, month and year.")
    )


def text(found: SourceValue, zone: ZoneInfo | None = None) -> str:
    """The text; a whole number without decimals, other numbers and dates as they are written in German."""
    value = found.value
    if isinstance(value, Decimal):
        return _written(value)
    if isinstance(value, datetime) and zone:
        return f"{value.astimezone(zone):%d.%m.%Y}"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value).strip()


def _written(number: Decimal) -> str:
    if not number.is_finite() or number.adjusted() > LARGEST_EXPONENT:
        return str(number)
    whole = number.to_integral_value()
    return f"{whole if whole == number else number:f}".replace(".", ",")


def digits(found: SourceValue, zone: ZoneInfo | None = None) -> str:
    """An account number: digits only; `4930 Bürobedarf` is read as its leading number. Raises Unreadable."""
    written = text(found, zone)
    match = re.fullmatch(r"([0-9]+)(\s+\D.*)?", written)
    if match is None:
        raise Unreadable(
            say("This is not an account number."),
            say("Enter the number alone, or the number, a blank and the name."),
        )
    return match[1]


def boolean(found: SourceValue, zone: ZoneInfo | None = None) -> bool:
    """Yes or no in German or English words. Raises Unreadable."""
    if isinstance(found.value, bool):
        return found.value
    word = text(found, zone).lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise Unreadable(say("This is neither yes nor no."), say("Enter yes or no."))


CONVERTERS = {
    FieldType.TEXT: text,
    FieldType.AMOUNT: amount,
    FieldType.NUMBER: number,
    FieldType.DATE: day,
    FieldType.ACCOUNT: digits,
    FieldType.COST_CENTER: text,
    FieldType.TAX_KEY: digits,
    FieldType.CHOICE: text,
    FieldType.BOOLEAN: boolean,
}


def _unreadable(target: TargetField, found: SourceValue) -> DataFault:
    return DataFault(
        target.label,
        found.text,
        say("The source sent a value that does not fit the type of its field."),
        say("Enter the value again at the source; if that does not help, map another field."),
    )


def _missing(target: TargetField, row: MappingRow) -> DataFault:
    return DataFault(
        target.label,
        "",
        say(
            "A value is required, and the field '%(source)s' is empty.",
            source=row.source_label or row.source_field,
        ),
        say("Fill in the field at the source; the record then goes on by itself."),
    )


def _gone(target: TargetField, row: MappingRow) -> DataFault:
    return DataFault(
        target.label,
        row.source_field,
        say(
            "The mapped field '%(source)s' does not exist at the source any more.",
            source=row.source_label or row.source_field,
        ),
        say("Add the field to the project again, or choose another one in the mapping of the integration."),
    )


def _unmapped(target: TargetField) -> DataFault:
    return DataFault(
        target.label,
        "",
        say("This field is required, and no mapping fills it."),
        say("Add a row for it to the mapping of the integration."),
    )
