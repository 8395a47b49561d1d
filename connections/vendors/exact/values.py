"""One row as Exact Online sends it: money, days, moments and choices, each read as what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from connections.answers import decode_json, encode_json
from connections.errors import ConnectorError, RejectedError, TransientError
from connections.messages import say
from connections.vendors.exact import odata
from connections.vendors.exact.addresses import to_moment

Choice = TypeVar("Choice", bound=IntEnum)
UTC_ZONE = ZoneInfo("UTC")
NO_GUID = "00000000-0000-0000-0000-000000000000"


class Reference(NamedTuple):
    """Another object as a row names it; `code` and `label` are "" where the row does not say."""

    id: str
    code: str = ""
    label: str = ""


@dataclass(frozen=True)
class Row:
    """A row of one endpoint. Absent and empty columns read as None or "", as the method says."""

    raw: Mapping[str, Any]
    zone: ZoneInfo = field(default=UTC_ZONE, repr=False)

    def text(self, column: str) -> str:
        """Codes may be padded (accounts: 18 characters, right-aligned), hence stripped."""
        value = self.raw.get(column)
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return str(value)
        return ""

    def key(self, column: str) -> str:
        """The row's own id, in lower case. Raises TransientError when there is none: no row is without."""
        value = self.guid(column)
        if not value:
            raise unreadable()
        return value

    def guid(self, column: str) -> str:
        """An id in lower case; "" where there is none."""
        value = self.text(column).strip("{}").lower()
        return value if odata.GUID.fullmatch(value) and value != NO_GUID else ""

    def reference(self, column: str, code: str = "", label: str = "") -> Reference | None:
        """The object that `column` names, with its code and label from the columns of these names."""
        found = self.guid(column)
        if not found:
            return None
        return Reference(found, self.text(code) if code else "", self.text(label) if label else "")

    def decimal(self, column: str) -> Decimal | None:
        """Money or another number; None where the column is empty.

        Raises RejectedError for anything else: no amount is ever guessed.
        """
        value = self.raw.get(column)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.strange(column)
        return Decimal(value)

    def whole(self, column: str) -> int | None:
        """A whole number; 64-bit ones may come as text."""
        value = self.raw.get(column)
        if isinstance(value, str) and value.removeprefix("-").isdecimal():
            return int(value)
        found = self.decimal(column)
        if found is not None and found != found.to_integral_value():
            raise self.strange(column)
        return None if found is None else int(found)

    def flag(self, column: str) -> bool:
        """Yes or no; normal endpoints write booleans, bulk and sync ones 0 and 1."""
        value = self.raw.get(column)
        if value is None:
            return False
        if value in (True, False, 0, 1):
            return bool(value)
        raise self.strange(column)

    def choice(self, column: str, choices: type[Choice]) -> Choice | None:
        """A status by its number, never by its text, which comes in the user's language."""
        value = self.whole(column)
        if value is None:
            return None
        try:
            return choices(value)
        except ValueError:
            raise self.strange(column) from None

    def wall_clock(self, column: str) -> datetime | None:
        """The site's local time, without a zone."""
        value = self.raw.get(column)
        if value is None:
            return None
        try:
            return odata.wall_clock(value)
        except ValueError:
            raise self.strange(column) from None

    def day(self, column: str) -> date | None:
        """The calendar day as the site shows it."""
        found = self.wall_clock(column)
        return found.date() if found else None

    def moment(self, column: str) -> datetime | None:
        """An aware moment in UTC."""
        found = self.wall_clock(column)
        return to_moment(found, self.zone) if found else None

    def to_json(self) -> dict[str, Any]:
        """JSON that may be stored; `from_json` gives the same row again, every amount with its digits."""
        return {"row": encode_json(self.raw).decode()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], zone: ZoneInfo) -> Row:
        return cls(decode_json(str(stored["row"]).encode()), zone)

    def strange(self, column: str) -> ConnectorError:
        return RejectedError(
            say(
                "The field '%(column)s' in Exact Online holds a value that can't be read, so nothing is done "
                "with this row. Look at it in Exact Online; if it is right there, report this.",
                column=column,
            ),
            vendor="exact",
            code="unreadable_value",
        )


def unreadable() -> TransientError:
    return TransientError(
        say("The answer of Exact Online can't be read. It is asked again later."), vendor="exact"
    )
