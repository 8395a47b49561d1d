"""One row as Dataverse sends it: money, dates, look-ups and labels, each read as what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from connections.answers import decode_json, encode_json
from connections.errors import ConnectorError, RejectedError, TransientError
from connections.messages import say

# For display only, in the language and number format of the user: never parsed. Source: Dataverse Web API.
FORMATTED = "@OData.Community.Display.V1.FormattedValue"
TABLE_OF_LOOKUP = "@Microsoft.Dynamics.CRM.lookuplogicalname"
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# Behaviour TimeZoneIndependent wherever it exists (Field Service). Source: Dataverse table reference.
ALWAYS_LITERAL = frozenset({"msdyn_invoicedate"})

Value = str | int | bool | Decimal | date | datetime | None


class Lookup(NamedTuple):
    """A reference to another row. `table` is "" where Dataverse did not name it."""

    id: str
    table: str
    label: str


@dataclass(frozen=True)
class DateRules:
    """How the dates of one table are read. The same JSON "2026-06-01T00:00:00Z" means different days.

    `literal` are the columns with the behaviour TimeZoneIndependent: their Z says nothing. Every other
    moment is UTC and lies on the day that it has in `zone`. A value without time is a day as it stands.
    `columns` are all that hold dates. Source: Dataverse "Behavior and format of the date and time column"
    (read 2026-11).
    """

    zone: ZoneInfo
    literal: frozenset[str] = ALWAYS_LITERAL
    columns: frozenset[str] = frozenset()
    # Those that keep a day and no moment (behaviour DateOnly).
    days: frozenset[str] = frozenset()


UTC_RULES = DateRules(ZoneInfo("UTC"))


@dataclass(frozen=True)
class Row:
    """A row of one table. Absent and empty columns read as None, "" or zero values as the method says."""

    raw: Mapping[str, Any]
    rules: DateRules = field(default=UTC_RULES, repr=False)

    @property
    def version(self) -> str:
        """The e-tag: equal means unchanged, nothing else can be read from it."""
        return self.text("@odata.etag")

    def text(self, column: str) -> str:
        value = self.raw.get(column)
        if isinstance(value, str):
            return value
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return str(value)
        return ""

    def guid(self, column: str) -> str:
        """The id in lower case. Raises TransientError when there is none: no row is without its key."""
        value = self.text(column).strip("{}").lower()
        if not GUID.fullmatch(value):
            raise unreadable()
        return value

    def decimal(self, column: str) -> Decimal | None:
        """Money or another number; None where the column is empty or may not be read.

        Raises RejectedError for anything else: no amount is ever guessed.
        """
        value = self.raw.get(column)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self._strange(column)
        return Decimal(value)

    def whole(self, column: str) -> int | None:
        value = self.decimal(column)
        if value is not None and value != value.to_integral_value():
            raise self._strange(column)
        return None if value is None else int(value)

    def flag(self, column: str) -> bool | None:
        value = self.raw.get(column)
        return value if isinstance(value, bool) else None

    def moment(self, column: str) -> datetime | None:
        """An aware moment in UTC; None where the column is empty."""
        value = self.raw.get(column)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise self._strange(column) from None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)

    def day(self, column: str) -> date | None:
        """The day that is meant, by the column's behaviour; see `DateRules`."""
        value = self.raw.get(column)
        if value is None:
            return None
        is_literal = column in self.rules.literal
        if isinstance(value, str) and (is_literal or DAY.fullmatch(value)) and DAY.match(value):
            try:
                return date.fromisoformat(value[:10])
            except ValueError:
                raise self._strange(column) from None
        found = self.moment(column)
        return found.astimezone(self.rules.zone).date() if found else None

    def lookup(self, column: str) -> Lookup | None:
        """The reference in `_<column>_value`."""
        name = f"_{column}_value"
        if not self.raw.get(name):
            return None
        return Lookup(self.guid(name), self.text(name + TABLE_OF_LOOKUP), self.text(name + FORMATTED))

    def label(self, column: str) -> str:
        """What a person sees for an option, a look-up or a number; "" if the answer does not say."""
        return self.text(column + FORMATTED)

    def inner(self, name: str, rules: DateRules) -> Row | None:
        """An expanded single row of another table."""
        value = self.raw.get(name)
        return Row(value, rules) if isinstance(value, Mapping) else None

    def value(self, column: str) -> Value:
        """Any column that an admin chose; a moment reads as the day that is meant."""
        value = self.raw.get(column)
        if column in self.rules.columns:
            return self.day(column)
        if isinstance(value, str | int | bool | Decimal):
            return value
        if value is None:
            return None
        raise self._strange(column)

    def to_json(self) -> dict[str, Any]:
        """JSON that may be stored; `from_json` gives the same row again, every amount with its digits."""
        return {"row": encode_json(self.raw).decode()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], rules: DateRules) -> Row:
        return cls(decode_json(str(stored["row"]).encode()), rules)

    def _strange(self, column: str) -> ConnectorError:
        return RejectedError(
            say(
                "The column '%(column)s' in Dynamics holds a value that can't be read, so nothing is done "
                "with this row. Correct it in Dynamics.",
                column=column,
            ),
            vendor="dynamics",
            code="unreadable_value",
        )


def as_written(column: str, value: Value, rules: DateRules) -> Any:
    """`value` as the interface wants it in a write to `column`.

    A day in a column that keeps moments is local midnight with its offset, except where times are literal.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not isinstance(value, date):
        return value
    if column in rules.days:
        return value.isoformat()
    if column in rules.literal:
        return f"{value.isoformat()}T00:00:00Z"
    return datetime.combine(value, time.min, tzinfo=rules.zone).isoformat()


def unreadable() -> TransientError:
    return TransientError(
        say("The answer of Dynamics can't be read. It is asked again later."), vendor="dynamics"
    )
