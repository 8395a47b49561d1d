"""What Exact Online counts: calls by the minute and by the day, and errors of an endpoint by the hour.

Source: "Limits" of the Exact Online REST API and reports on it (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from connections import clock, limits
from connections.base import Rate
from connections.breaker import Breaker, Budget
from connections.vendors.exact.settings import DEFAULT_PER_MINUTE

if TYPE_CHECKING:
    from connections.models import Connection, EndpointCall

# Ten such answers of one endpoint within an hour block the app, and going on makes the block longer.
ERRORS = Budget(statuses=(400, 401, 403, 404), most=6, vendor_blocks_at=10, window=timedelta(hours=1))
# A reset further away is a misreading or a wrong clock.
LONGEST_MINUTE, LONGEST_DAY = timedelta(seconds=90), timedelta(hours=26)
# For a clock of ours that is a little fast.
SLACK = timedelta(seconds=1)
PLACED = re.compile(r"/api/v1/(?:[0-9]+/)?(?P<endpoint>[^(]*)")


@dataclass(frozen=True)
class Quota:
    """One limit as an answer tells it; None where the answer does not say."""

    limit: int | None
    remaining: int | None
    resets_at: datetime | None


@dataclass(frozen=True)
class Quotas:
    """The limits by the minute and by the day, for this app and division together."""

    minute: Quota
    day: Quota


def rate(connection: Connection) -> Rate:
    """Two thirds of the allowed calls at a steady pace and one third at once: in no minute more than all."""
    allowed = max(_whole(connection.setting("calls_per_minute")) or DEFAULT_PER_MINUTE, 3)
    burst = allowed // 3
    return Rate(per_minute=allowed - burst, burst=burst)


def quotas(headers: Mapping[str, str]) -> Quotas:
    """What the headers of an answer tell; a header that is missing is not a zero."""
    return Quotas(_quota(headers, "X-RateLimit-Minutely"), _quota(headers, "X-RateLimit"))


class ExactWatch:
    """Keeps the connection within all of Exact Online's limits, together with all other workers."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.breaker = Breaker(connection, ERRORS)
        self.last: Quotas | None = None
        self._call: EndpointCall | None = None

    def before(self, request: requests.PreparedRequest) -> None:
        self._call = self.breaker.enter(endpoint_of(request.url or ""))

    def after(self, answer: requests.Response | None) -> None:
        if self._call is not None:
            self.breaker.leave(self._call, answer.status_code if answer is not None else None)
        if answer is None:
            return
        found = quotas(answer.headers)
        if found != NOTHING_SAID:
            self.last = found
        # Other programs may use the same app, so what is left is believed more than our own count.
        self._rest(found.minute, 0, LONGEST_MINUTE)
        self._rest(found.day, _whole(self.connection.setting("calls_left_a_day")) or 0, LONGEST_DAY)

    def _rest(self, quota: Quota, kept_back: int, longest: timedelta) -> None:
        """No worker calls before the limit starts anew once nothing is left of it."""
        wait = _wait(quota, kept_back, longest)
        if wait is not None:
            limits.pause(self.connection, clock.now() + wait)


def wait_of(headers: Mapping[str, str]) -> timedelta | None:
    """Until when a limit that is used up starts anew; None where none is (`connections.http.Transport`)."""
    found = quotas(headers)
    waits = (_wait(found.minute, 0, LONGEST_MINUTE), _wait(found.day, 0, LONGEST_DAY))
    return max(filter(None, waits), default=None)


def endpoint_of(url: str) -> str:
    """What the vendor counts errors by: "purchaseorder/PurchaseOrders", without division and key."""
    path = urlsplit(url).path
    placed = PLACED.match(path)
    return (placed["endpoint"] if placed else path).strip("/")[:200]


def _quota(headers: Mapping[str, str], name: str) -> Quota:
    reset = _whole(headers.get(f"{name}-Reset"))
    return Quota(
        _whole(headers.get(f"{name}-Limit")), _whole(headers.get(f"{name}-Remaining")), _moment(reset)
    )


def _wait(quota: Quota, kept_back: int, longest: timedelta) -> timedelta | None:
    """How long to wait for the limit to start anew; None while more than `kept_back` is left of it."""
    if quota.remaining is None or quota.resets_at is None or quota.remaining > kept_back:
        return None
    wait = quota.resets_at - clock.now()
    return wait + SLACK if timedelta(0) < wait <= longest else None


def _moment(epoch_ms: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch_ms / 1000, UTC) if epoch_ms else None
    except (OverflowError, ValueError, OSError):
        return None


def _whole(value: object) -> int | None:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdecimal() else None


NOTHING_SAID = quotas({})
