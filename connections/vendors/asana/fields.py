"""Custom fields: what a project offers, what a task carries, and how a value is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils import timezone

# What `FieldValue.value` can be: text, number, date, the gid of an option, or a list of gids.
Value = str | Decimal | date | list[str] | None

# Source: Asana "Custom fields" (read 2026-11): longer texts are refused with 400.
MAX_TEXT_LENGTH = 1024

DEFINITION_FIELDS = ",".join(
    (
        "custom_field.gid",
        "custom_field.name",
        "custom_field.resource_subtype",
        "custom_field.representation_type",
        "custom_field.is_formula_field",
        "custom_field.is_value_read_only",
        "custom_field.precision",
        "custom_field.format",
        "custom_field.currency_code",
        "custom_field.enum_options",
        "custom_field.enum_options.gid",
        "custom_field.enum_options.name",
        "custom_field.enum_options.enabled",
        "is_important",
    )
)


class FieldOption(NamedTuple):
    """One option of an enum field. Tasks may still carry one that is no longer `enabled`."""

    gid: str
    name: str
    enabled: bool


@dataclass(frozen=True)
class CustomField:
    """A custom field as a project offers it. `kind` may be one that this code has never heard of."""

    gid: str
    name: str
    kind: str
    options: tuple[FieldOption, ...] = ()
    precision: int | None = None
    is_read_only: bool = False
    currency_code: str = ""
    # "percentage": 0.25 is shown as 25 %, and `precision` counts the digits shown.
    format: str = ""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> CustomField:
        kind = kind_of(raw)
        return cls(
            gid=raw["gid"],
            name=raw.get("name") or "",
            kind=kind,
            options=tuple(
                FieldOption(option["gid"], option.get("name") or "", option.get("enabled", True))
                for option in raw.get("enum_options") or ()
            ),
            precision=raw.get("precision"),
            is_read_only=is_read_only(raw, kind),
            currency_code=raw.get("currency_code") or "",
            format=raw.get("format") or "",
        )


@dataclass(frozen=True)
class FieldValue:
    """The value of one custom field (or built-in field) of a task, typed, and as Asana shows it.

    `value`: text as str, number as Decimal, date as date, enum as the option's gid, several options, people
    and references as a list of gids; None when empty. `text` is formatted for people: never an amount.
    `is_readable` is False when Asana did not send the value that the type promises.
    `is_enabled` is False for a leftover: the field is no longer part of the task's projects.
    """

    gid: str
    name: str
    kind: str
    value: Value = None
    text: str = ""
    is_enabled: bool = True
    is_read_only: bool = False
    is_readable: bool = True
    # Half of the last digit that Asana keeps of a number; None when unknown.
    rounding: Decimal | None = None

    @property
    def is_empty(self) -> bool:
        return self.value is None or self.value == []

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> FieldValue:
        kind = kind_of(raw)
        text = raw.get("display_value")
        shown = text if isinstance(text, str) else ""
        try:
            value, is_readable = _typed(raw, kind, shown), True
        except (ArithmeticError, KeyError, TypeError, ValueError):
            value, is_readable = None, False
        return cls(
            gid=raw["gid"],
            name=raw.get("name") or "",
            kind=kind,
            value=value,
            text=shown,
            is_enabled=raw.get("enabled", True) is not False,
            is_read_only=is_read_only(raw, kind),
            is_readable=is_readable,
            rounding=_rounding(raw),
        )


def kind_of(raw: Mapping[str, Any]) -> str:
    """The type: text, number, enum, multi_enum, date, people, reference, formula, custom_id, or a new one."""
    shown = raw.get("representation_type") or raw.get("resource_subtype") or raw.get("type") or ""
    return "formula" if raw.get("is_formula_field") else shown


def is_read_only(raw: Mapping[str, Any], kind: str) -> bool:
    return bool(raw.get("is_value_read_only")) or kind in ("formula", "custom_id")


# --- reading ----------------------------------------------------------------------------------------------


def _read_text(value: Any) -> Value:
    if value is not None and not isinstance(value, str):
        raise TypeError("a text was expected")
    return value or None


def _read_number(value: Any) -> Value:
    """Exactly what Asana sent. A snapshot holds numbers as text; a binary float never gets here."""
    if isinstance(value, (bool, float)):
        raise TypeError("a decimal number was expected")
    if value is None:
        return None
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("a finite number was expected")
    return number


def _read_option(value: Any) -> Value:
    return None if value is None else str(value["gid"])


def _read_gids(value: Any) -> Value:
    return [str(item["gid"]) for item in value or ()]


def _read_date(value: Any) -> Value:
    """The day that Asana names; of a bare moment the day in this installation's time zone."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise TypeError("an object was expected")
    if value.get("date"):
        return date.fromisoformat(value["date"])
    if value.get("date_time"):
        return timezone.localtime(datetime.fromisoformat(value["date_time"])).date()
    return None


# Source: Asana "Custom fields" and CustomFieldCompact in the OpenAPI file of 2026-06 (read 2026-11).
READERS: Mapping[str, tuple[str, Callable[[Any], Value]]] = {
    "text": ("text_value", _read_text),
    "number": ("number_value", _read_number),
    "enum": ("enum_value", _read_option),
    "multi_enum": ("multi_enum_values", _read_gids),
    "date": ("date_value", _read_date),
    "people": ("people_value", _read_gids),
    "reference": ("reference_value", _read_gids),
}


def _typed(raw: Mapping[str, Any], kind: str, shown: str) -> Value:
    """The value by its type; of formulas, ids and types newer than this code by the key that is filled."""
    subtype = kind if kind in READERS else raw.get("resource_subtype") or ""
    if subtype in READERS:
        key, read = READERS[subtype]
        value = read(raw[key])
    else:
        filled = [(key, read) for key, read in READERS.values() if raw.get(key) not in (None, [])]
        value = filled[0][1](raw[filled[0][0]]) if filled else None
    if value is None and kind != "formula" and (kind == "custom_id" or subtype not in READERS):
        return shown or None
    return value


def _rounding(raw: Mapping[str, Any]) -> Decimal | None:
    """Half of the last digit kept: a percentage of precision 0 keeps 0.25, two digits more."""
    precision = raw.get("precision")
    if not isinstance(precision, int):
        return None
    digits = precision + (2 if raw.get("format") == "percentage" else 0)
    return Decimal(1).scaleb(-digits) / 2


# --- writing ----------------------------------------------------------------------------------------------


def to_wire(value: Any) -> Any:
    """`value` in the shape that Asana takes; None and "" clear the field.

    Options, people and references are given as gids (a list where several are allowed, which replaces all).
    A date goes as an object: the documentation also shows bare text, which working clients saw refused.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise TypeError("Asana has no custom field for yes/no: give the gid of an option.")
    if isinstance(value, Decimal | int):
        return value
    if isinstance(value, datetime):
        return {"date_time": iso_moment(value)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, list | tuple | set | frozenset):
        return [str(item) for item in value]
    if isinstance(value, str):
        return value
    raise TypeError(f"{type(value).__name__} can't be written to a custom field.")


def arrived(sent: Any, got: FieldValue) -> bool:
    """Whether the field now holds what was sent (Asana may round a number and trim a text)."""
    if sent is None or sent in ("", [], ()):
        return got.is_empty
    if isinstance(got.value, list):
        wanted = {sent} if isinstance(sent, str) else {str(item) for item in sent}
        return wanted == set(got.value) or _are_users(wanted, got.kind, len(got.value))
    if isinstance(got.value, Decimal):
        return _same_number(sent, got.value, got.rounding or Decimal(0))
    if isinstance(got.value, date):
        return _same_day(sent, got.value)
    return isinstance(sent, str) and isinstance(got.value, str) and _same_text(sent, got.value)


def _are_users(wanted: set[str], kind: str, number: int) -> bool:
    """Users may be written by address or as "me", and are answered by gid: then their number must fit."""
    by_name = any("@" in item or item == "me" for item in wanted)
    return kind == "people" and by_name and len(wanted) == number


def _same_number(sent: Any, got: Decimal, rounding: Decimal) -> bool:
    try:
        return abs(Decimal(sent) - got) <= rounding
    except (ArithmeticError, TypeError, ValueError):
        return False


def _same_day(sent: Any, got: date) -> bool:
    if isinstance(sent, datetime):  # read back as the day in the reader's zone
        return abs(sent.astimezone(UTC).date() - got) <= timedelta(days=1)
    return bool(sent == got or sent == got.isoformat())


def _same_text(sent: str, got: str) -> bool:
    return sent.replace("\r\n", "\n").strip() == got.replace("\r\n", "\n").strip()


def iso_moment(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as Asana writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
