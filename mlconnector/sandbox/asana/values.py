"""Values of custom fields: what may be written, and how they are shown to people."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from mlconnector.sandbox.asana.errors import ApiError
from mlconnector.sandbox.asana.options import AsanaOptions
from mlconnector.sandbox.asana.state import Field, State, Value

# Source: Asana custom fields guide (read 2026-11).
TEXT_LIMIT = 1024
NARROW_SPACE = "\u202f"
WIDE_SPACE = "\u00a0"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "CHF": "CHF"}


def iso(moment: datetime | None) -> str | None:
    """`moment` as Asana writes it: UTC with milliseconds."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def moment(text: str) -> datetime | None:
    """An ISO 8601 moment with its zone; None for every other text."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else None


def day(text: object) -> date | None:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def checked(
    field: Field, value: Any, *, state: State, options: AsanaOptions, me: str, now: Value = None
) -> Value:
    """`value` from a request as it is stored. `now` is the value so far. Raises ApiError 400."""
    if value is None:
        return [] if field.subtype in ("multi_enum", "people", "reference") else None
    check: Callable[..., Value] = {
        "text": _text,
        "number": _number,
        "enum": _enum,
        "multi_enum": _multi_enum,
        "date": _date,
        "people": _people,
        "reference": _reference,
    }[field.subtype]
    return check(field, value, state=state, options=options, me=me, now=now)


def _refused(field: Field, what: str) -> ApiError:
    return ApiError(400, f"custom_fields: {field.gid}: {what}")


def _text(field: Field, value: Any, **_: Any) -> Value:
    if not isinstance(value, str):
        raise _refused(field, f"Not a String: {value}")
    if len(value) > TEXT_LIMIT:
        raise _refused(field, f"Value is longer than {TEXT_LIMIT} characters")
    return value


def _number(field: Field, value: Any, **_: Any) -> Value:
    """A number or a numeric string, rounded to the field's precision."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise _refused(field, f"Not a Number: {value}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise _refused(field, f"Not a Number: {value}") from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        raise _refused(field, f"Not a Number: {value}")
    # 25 % is 0.25 at precision 0. Source: Asana API specification, CustomFieldBase.precision (read 2026-11).
    places = field.precision + (2 if field.format == "percentage" else 0)
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _enum(field: Field, value: Any, *, options: AsanaOptions, now: Value, **_: Any) -> Value:
    option = field.option(value) if isinstance(value, str) else None
    if option and option.is_enabled:
        return option.gid
    if options.ignore_invalid_options:
        return now
    raise _refused(field, f"Not a valid enum option: {value}")


def _multi_enum(field: Field, value: Any, **known: Any) -> Value:
    if not isinstance(value, list):
        raise _refused(field, f"Not an Array: {value}")
    found = [_enum(field, gid, **{**known, "now": None}) for gid in value]
    return list(dict.fromkeys(gid for gid in found if isinstance(gid, str)))


def _date(field: Field, value: Any, *, options: AsanaOptions, **_: Any) -> Value:
    if isinstance(value, str) and options.accept_bare_dates:
        value = {"date": value}
    if not isinstance(value, dict) or not value or set(value) - {"date", "date_time"}:
        raise _refused(field, f"Not a date object: {value}")
    if value.get("date_time") is not None:
        read = moment(value["date_time"]) if isinstance(value["date_time"], str) else None
        if read is None:
            raise _refused(field, f"date_time: Not a valid date-time: {value['date_time']}")
        return read
    on = day(value.get("date"))
    if on is None:
        raise _refused(field, f"date: Not a valid date: {value.get('date')}")
    return on


def _people(field: Field, value: Any, *, state: State, me: str, **_: Any) -> Value:
    """User gids, e-mail addresses or `me`; objects are dropped without a word, as users report."""
    if not isinstance(value, list):
        raise _refused(field, f"Not an Array: {value}")
    found = []
    for given in value:
        if isinstance(given, dict):
            continue
        user = state.get("user", me if given == "me" else str(given)) or state.user_by_email(str(given))
        if user is None:
            raise _refused(field, f"Unknown object: {given}")
        found.append(user.gid)
    return list(dict.fromkeys(found))


def _reference(field: Field, value: Any, *, state: State, **_: Any) -> Value:
    if not isinstance(value, list):
        raise _refused(field, f"Not an Array: {value}")
    for gid in value:
        record = state.by_gid.get(gid) if isinstance(gid, str) else None
        if record is None or record.kind not in field.input_restrictions:
            raise _refused(field, f"Unknown object: {gid}")
    return list(dict.fromkeys(value))


def display(field: Field, value: Value, state: State) -> str | None:
    """`display_value`: a text for German eyes (thousands by a narrow space, € behind), or None when empty."""
    if value is None or value == []:
        return None
    if isinstance(value, Decimal):
        return _shown_number(field, value)
    if isinstance(value, datetime):
        return f"{value:%d.%m.%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, list):
        records = [field.option(gid) or state.by_gid.get(gid) for gid in value]
        return ", ".join(record.name for record in records if record)
    if field.subtype == "enum":
        option = field.option(value)
        return option.name if option else None
    return value


def _shown_number(field: Field, value: Decimal) -> str:
    if field.format == "identifier":
        return f"{value:.{field.precision}f}"
    if field.format == "duration":
        return f"{int(value) // 60} Std. {int(value) % 60} Min."
    percent = field.format == "percentage"
    shown = f"{value * 100 if percent else value:,.{field.precision}f}"
    shown = shown.replace(",", NARROW_SPACE).replace(".", ",")
    if percent:
        return f"{shown}{WIDE_SPACE}%"
    if field.format == "currency":
        return f"{shown}{WIDE_SPACE}{SYMBOLS.get(field.currency_code or '', field.currency_code or '')}"
    if field.format == "custom" and field.custom_label:
        first, second = (field.custom_label, shown)
        if field.custom_label_position != "prefix":
            first, second = second, first
        return f"{first}{WIDE_SPACE}{second}"
    return shown


def plain(number: Decimal) -> int | float:
    """A Decimal as the JSON number it is sent as (1190.50 as 1190.5, 100.00 as 100)."""
    return int(number) if number == number.to_integral_value() else float(number)
