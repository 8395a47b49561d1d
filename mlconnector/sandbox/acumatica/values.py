"""How values are written and read: wrapped, in the tenant's local time, numbers with four places."""

import json
import re
import secrets
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from mlconnector.sandbox.kit import Response

# Digits of a number inside of a JSON text, put there without quotes afterwards.
_MARK = f"number-{secrets.token_hex(8)}:"
_MARKED = re.compile(f'"{_MARK}(-?[0-9.]+)"')
PLACES = Decimal("0.0001")


class UnreadableError(ValueError):
    """A value that doesn't fit its field; the text is the vendor's."""


def stored(moment: datetime) -> datetime:
    """The moment as the database keeps it: steps of 1/300 s, written .000, .003, .007."""
    ticks = round(moment.microsecond * 300 / 1_000_000)
    milliseconds = (ticks * 10 + 1) // 3
    return moment.replace(microsecond=0) + timedelta(milliseconds=milliseconds)


def moment_text(moment: datetime, zone: ZoneInfo) -> str:
    """'2026-02-11T14:15:14.04+01:00': local, trailing zeros of the fraction cut."""
    local = moment.astimezone(zone)
    fraction = f"{local.microsecond // 1000:03d}".rstrip("0")
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%dT%H:%M:%S}{'.' if fraction else ''}{fraction}{offset[:3]}:{offset[3:5]}"


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """What a date-only field really is: midnight at the tenant's place, with that day's offset."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def naive_text(moment: datetime, zone: ZoneInfo) -> str:
    """As push notifications write it: local, without offset."""
    return moment_text(moment, zone)[:-6]


def wrapped(value: Any, zone: ZoneInfo) -> dict[str, Any]:
    """A field of the contract: {"value": ...}, or {} when it is empty."""
    return {} if value is None else {"value": plain(value, zone)}


def plain(value: Any, zone: ZoneInfo) -> Any:
    """The JSON value of a field."""
    if isinstance(value, datetime):
        return moment_text(value, zone)
    if isinstance(value, date):
        return moment_text(midnight(value, zone), zone)
    if isinstance(value, Decimal):
        return f"{_MARK}{value.quantize(PLACES)}"
    return value


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer in which decimals are numbers with four places."""
    text = json.dumps(value, ensure_ascii=False)
    return Response(_MARKED.sub(r"\1", text), status=status, content_type="application/json; charset=utf-8")


def loaded(body: bytes) -> Any:
    """A request's JSON; decimals keep their digits. Raises ValueError."""
    return json.loads(body, parse_float=Decimal)


def read(value: Any, kind: str, zone: ZoneInfo) -> Any:
    """A wrapper's value as it is kept. Raises UnreadableError."""
    if value is None:
        return None
    try:
        return _READERS[kind](value, zone)
    except (TypeError, ValueError, InvalidOperation):
        raise UnreadableError(f"The value '{value}' cannot be converted to the type of the field.") from None


def _number(value: Any, zone: ZoneInfo) -> Decimal:
    if isinstance(value, bool):
        raise TypeError
    return Decimal(str(value))


def _flag(value: Any, zone: ZoneInfo) -> bool:
    text = str(value).lower()
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _moment(value: Any, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(str(value))
    return stored((moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC))


def _day(value: Any, zone: ZoneInfo) -> date:
    """A date; a moment with an offset is turned into local time first, as the server does."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    moment = datetime.fromisoformat(str(value))
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()


_READERS = {
    "text": lambda value, zone: str(value),
    "number": _number,
    "flag": _flag,
    "integer": lambda value, zone: int(str(value)),
    "day": _day,
    "moment": _moment,
    "guid": lambda value, zone: str(value),
}
