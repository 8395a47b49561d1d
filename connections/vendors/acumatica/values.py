"""Acumatica's wrapped values, unwrapped and wrapped in this one place. Pure.

Every field of an entity travels as {"value": ...}; an empty one is {}. `id`, `rowNumber`, `files`, `custom`
and `_links` are not wrapped. Source: Acumatica "Contract-based REST API", representation of a record (read
2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connections.answers import decode_json, encode_json
from connections.errors import RejectedError, TransientError
from connections.messages import DataFault, Message, say

Value = str | bool | int | Decimal | date | datetime | None

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# Type of a custom field in an answer -> our kind.
CUSTOM_KINDS = {
    "CustomStringField": "text",
    "CustomIntField": "number",
    "CustomShortField": "number",
    "CustomLongField": "number",
    "CustomByteField": "number",
    "CustomDecimalField": "number",
    "CustomDoubleField": "number",
    "CustomBooleanField": "boolean",
    "CustomDateTimeField": "date",
    "CustomGuidField": "text",
}


@dataclass(frozen=True)
class Row:
    """One record, detail row or linked entity. A field that was not asked for reads like an empty one, except
    `rows` and `linked`, which tell the two apart (None).

    `zone` is the instance's, for moments that come without an offset.
    """

    raw: Mapping[str, Any]
    zone: ZoneInfo

    @property
    def id(self) -> str:
        value = self.raw.get("id")
        return value.lower() if isinstance(value, str) else ""

    def has(self, name: str) -> bool:
        """Whether the field came with the answer at all, empty or not."""
        return name in self.raw

    def text(self, name: str) -> str:
        """ "" for an empty field; the padding of keys is taken off."""
        value = self._value(name)
        if value is None:
            return ""
        if isinstance(value, bool | Mapping | list):
            raise self._strange(name)
        return str(value).strip()

    def decimal(self, name: str) -> Decimal | None:
        value = self._value(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self._strange(name)
        return Decimal(value)

    def whole(self, name: str) -> int | None:
        value = self.decimal(name)
        if value is not None and value != value.to_integral_value():
            raise self._strange(name)
        return None if value is None else int(value)

    def flag(self, name: str) -> bool | None:
        value = self._value(name)
        if value is not None and not isinstance(value, bool):
            raise self._strange(name)
        return value

    def moment(self, name: str) -> datetime | None:
        """An aware moment in UTC. Its offset may change from one value to the next (daylight saving)."""
        value = self._value(name)
        if value is None:
            return None
        found = moment_of(value, self.zone)
        if found is None:
            raise self._strange(name)
        return found

    def day(self, name: str) -> date | None:
        """A date is midnight in the instance's own time: what counts is what is written, never UTC."""
        value = self._value(name)
        if value is None:
            return None
        try:
            if isinstance(value, str) and DAY.match(value):
                return date.fromisoformat(value[:10])
        except ValueError:
            pass
        raise self._strange(name)

    def rows(self, name: str) -> tuple[Row, ...] | None:
        """The detail rows; None when they did not come with the answer."""
        value = self.raw.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise self._strange(name)
        return tuple(Row(item, self.zone) for item in value)

    def linked(self, name: str) -> Row | None:
        value = self.raw.get(name)
        return Row(value, self.zone) if isinstance(value, Mapping) else None

    def custom(self) -> dict[str, Value]:
        """Custom fields by "View.Field"; dates as dates, numbers as Decimal or int."""
        found: dict[str, Value] = {}
        views = self.raw.get("custom")
        for view, fields in views.items() if isinstance(views, Mapping) else ():
            for name, field in fields.items() if isinstance(fields, Mapping) else ():
                if isinstance(field, Mapping):
                    found[f"{view}.{name}"] = self._custom_value(f"{view}.{name}", field)
        return found

    def to_json(self) -> dict[str, Any]:
        """JSON that may be stored; `from_json` gives the same row again, every amount with its digits."""
        return {"row": encode_json(self.raw).decode(), "zone": self.zone.key}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Row:
        return cls(decode_json(str(stored["row"]).encode()), ZoneInfo(stored["zone"]))

    def _value(self, name: str) -> Any:
        wrapped = self.raw.get(name)
        if wrapped is None:
            return None
        if not isinstance(wrapped, Mapping):
            raise self._strange(name)
        value = wrapped.get("value")
        return None if value == "" else value

    def _custom_value(self, name: str, field: Mapping[str, Any]) -> Value:
        value = field.get("value")
        if value is None or value == "":
            return None
        if CUSTOM_KINDS.get(str(field.get("type"))) == "date":
            return Row({name: {"value": value}}, self.zone).day(name)
        if isinstance(value, str | bool | int | Decimal):
            return value.strip() if isinstance(value, str) else value
        raise self._strange(name)

    def _strange(self, name: str) -> RejectedError:
        return RejectedError(
            say(
                "The field '%(field)s' in Acumatica holds a value that can't be read, so nothing is done "
                "with this record. Correct it in Acumatica.",
                field=name,
            ),
            vendor="acumatica",
            code="unreadable_value",
        )


def checked(row: Row) -> Row:
    """`row`, unless Acumatica reports errors in it: even an answer with status 200 may.

    Raises RejectedError that lists all of them.
    """
    found = tuple(errors_in(row.raw))
    if found:
        raise RejectedError(
            say("Acumatica reports errors in this record: %(text)s", text=joined_texts(found)),
            vendor="acumatica",
            code="errors_in_record",
            faults=[DataFault(name, "", Message(text)) for name, text in found],
        )
    return row


def errors_in(body: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(field, what is wrong) of an entity that carries its own errors, detail rows included.

    The record's own sentence has the field "", a row's is named like "Details[0].Project".
    """
    if isinstance(body, list):
        for number, item in enumerate(body):
            yield from errors_in(item, f"{path}[{number}]")
    if not isinstance(body, Mapping):
        return
    own = body.get("error")
    if isinstance(own, str) and own.strip():
        yield path, own.strip()
    for name, item in body.items():
        if isinstance(item, Mapping | list) and name not in ("files", "_links"):
            yield from errors_in(item, f"{path}.{name}" if path else name)


def joined_texts(errors: Sequence[tuple[str, str]]) -> str:
    """All errors in one line, each once."""
    return "; ".join(dict.fromkeys(f"{name}: {text}" if name else text for name, text in errors))


def wrapped(values: Mapping[str, Value]) -> dict[str, Any]:
    """Fields as they are sent: {"Hold": {"value": false}}. A day is sent without a time."""
    return {name: {"value": _sent(value)} for name, value in values.items()}


def _sent(value: Value) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def moment_of(value: Any, zone: ZoneInfo) -> datetime | None:
    """A moment with or without an offset, in UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


# --- queries ----------------------------------------------------------------------------------------------

# The plus sign is not among them: sent as it is, it would arrive as a blank.
SAFE = "$,()';=/:*@-._~"


def query_string(query: Mapping[str, str]) -> str:
    """The query as Acumatica reads it: blanks as %20, "+" as %2B, OData's own signs as they are."""
    return "&".join(f"{name}={quote(value, safe=SAFE)}" for name, value in query.items())


def quoted(text: str) -> str:
    """A text in a filter; a quote inside is doubled."""
    return "'" + text.replace("'", "''") + "'"


def moment_literal(moment: datetime) -> str:
    """A moment in a filter, always with its offset (OData 3)."""
    return f"datetimeoffset'{moment.astimezone(UTC).isoformat(timespec='milliseconds')}'"


def listing(body: Any) -> list[Mapping[str, Any]]:
    """The rows of a list. Raises TransientError for anything else: no list is not an empty list."""
    if not isinstance(body, list) or not all(_has_id(item) for item in body):
        raise unreadable()
    return body


def entity(body: Any) -> Mapping[str, Any]:
    if not _has_id(body):
        raise unreadable()
    found: Mapping[str, Any] = body
    return found


def _has_id(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("id"), str) and bool(GUID.fullmatch(item["id"]))


def unreadable() -> TransientError:
    return TransientError(
        say("The answer of Acumatica can't be read. It is asked again later."), vendor="acumatica"
    )
