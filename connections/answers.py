"""What came back from a vendor: JSON without floats, errors in one shape, how long to wait."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from connections import clock
from connections.errors import ConnectorError, OutcomeUnknownError, TransientError
from connections.messages import say
from connections.registry import label
from connections.texts import storable

# Vendors ask for seconds or minutes; more than an hour is a mistake or an outage that is asked about again.
LONGEST_WAIT = timedelta(hours=1)
SHORTEST_WAIT = timedelta(seconds=1)
# Only an escape brings such a character into valid JSON; the halves of a whole pair are escaped alike.
UNSTORABLE_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class VendorError(NamedTuple):
    """An error answer, as each vendor's reader understood it. `elements` are (field, what is wrong)."""

    code: str = ""
    text: str = ""
    help_url: str = ""
    request_id: str = ""
    elements: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """A vendor's answer with one of the expected statuses. `headers` ignores case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str
    vendor: str = ""
    is_write: bool = False

    def json(self) -> Any:
        """The content; numbers with a fraction are Decimal.

        Raises TransientError for anything but JSON (a gateway's page); after a write OutcomeUnknownError,
        because the write may well have happened behind that gateway.
        """
        try:
            return decode_json(self.content)
        except ValueError:
            error: type[ConnectorError] = OutcomeUnknownError if self.is_write else TransientError
            raise error(
                say("%(vendor)s sent an answer that is not JSON.", vendor=label(self.vendor)),
                vendor=self.vendor,
                status=self.status,
            ) from None

    @property
    def retry_after(self) -> timedelta | None:
        """How long the vendor asks us to wait; None if it does not say, or not readably."""
        return wait_asked_for(self.headers)


@dataclass(frozen=True)
class Downloaded:
    """A file as fetched. `media_type` is lower case without parameters, "" if the host named none."""

    content: bytes
    media_type: str

    @property
    def size(self) -> int:
        return len(self.content)


def decode_json(content: bytes) -> Any:
    """JSON text without floats, its texts as databases keep them (`texts.storable`).

    Raises ValueError for anything else, NaN, Infinity and endless nesting included.
    """
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return storable(found) if UNSTORABLE_ESCAPE.search(content) else found


def encode_json(value: Any) -> bytes:
    """`value` as JSON; a Decimal becomes a number with exactly its digits."""
    mark = secrets.token_hex(8)

    def spell(item: Any) -> str:
        if isinstance(item, Decimal) and item.is_finite():
            return f"{mark}{item:f}"
        raise TypeError(f"{type(item).__name__} can't be written as JSON")

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=spell)
    return re.sub(rf'"{mark}(-?[0-9.]+)"', r"\1", text).encode()


def wait_asked_for(headers: Mapping[str, str]) -> timedelta | None:
    """`Retry-After` as seconds or date, between one second and one hour; None when absent or unreadable.

    A date is measured against the answer's own `Date`, so that a wrong clock on either side does not matter.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII):
        wait = timedelta(seconds=min(float(text), LONGEST_WAIT.total_seconds()))
    else:
        until = http_date(text)
        if until is None:
            return None
        wait = until - (http_date(headers.get("Date", "")) or clock.now())
    return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def http_date(text: str) -> datetime | None:
    """An HTTP date, aware UTC; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
