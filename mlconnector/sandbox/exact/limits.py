"""Calls per minute and day for each app and division, and the block after too many errors on one endpoint.

Source: Exact's limits as quoted in issue threads (read 2026-11); the form of the error block is assumed.
"""

from collections import Counter, defaultdict, deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mlconnector.sandbox.exact.errors import ApiError

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.simulator import ExactSimulator

COUNTED = (400, 401, 403, 404)
HOUR = timedelta(hours=1)
# (app, user, division, endpoint)
ErrorKey = tuple[str, str, int, str]


class Limits:
    def __init__(self, sim: "ExactSimulator") -> None:
        self.sim = sim
        self.clear()

    def clear(self) -> None:
        self._minutes: Counter[tuple[str, int, datetime]] = Counter()
        self._days: Counter[tuple[str, int, datetime]] = Counter()
        self._errors: defaultdict[ErrorKey, deque[datetime]] = defaultdict(deque)
        self.blocked_until: dict[ErrorKey, datetime] = {}

    # --- calls -------------------------------------------------------------
    def take(self, app: str, division: int) -> dict[str, str]:
        """Count a call; the headers of its answer. Raises ApiError 429 with the headers of that limit."""
        minute, day = self._periods()
        options = self.sim.options
        minute_key, day_key = (app, division, minute), (app, division, day)
        if options.calls_per_day is not None and self._days[day_key] >= options.calls_per_day:
            raise ApiError(429, headers=self._day_headers(day_key))
        if options.calls_per_minute is not None and self._minutes[minute_key] >= options.calls_per_minute:
            raise ApiError(429, headers=self._minute_headers(minute_key))
        self._minutes[minute_key] += 1
        self._days[day_key] += 1
        return {**self._day_headers(day_key), **self._minute_headers(minute_key)}

    def use_up(self, app: str, division: int, *, minute: int = 0, day: int = 0) -> None:
        """Let another server of the same app have made so many calls."""
        this_minute, today = self._periods()
        self._minutes[(app, division, this_minute)] += minute
        self._days[(app, division, today)] += day

    def _periods(self) -> tuple[datetime, datetime]:
        now = self.sim.clock.now().astimezone(UTC)
        minute = now.replace(second=0, microsecond=0)
        return minute, minute.replace(hour=0, minute=0)

    def _day_headers(self, key: tuple[str, int, datetime]) -> dict[str, str]:
        limit = self.sim.options.calls_per_day
        return _headers("X-RateLimit-", limit, self._days[key], key[2] + timedelta(days=1))

    def _minute_headers(self, key: tuple[str, int, datetime]) -> dict[str, str]:
        limit = self.sim.options.calls_per_minute
        return _headers("X-RateLimit-Minutely-", limit, self._minutes[key], key[2] + timedelta(minutes=1))

    # --- errors -------------------------------------------------------------
    def check_block(self, key: ErrorKey) -> None:
        """Raises ApiError while the endpoint is blocked; asking again makes the block longer."""
        now = self.sim.clock.now()
        until = self.blocked_until.get(key)
        if until is None or until <= now:
            return
        self.blocked_until[key] = max(until, now + HOUR)
        raise ApiError(self.sim.options.block_status, "Forbidden", {"Reason": "TooManyErrors"})

    def note(self, key: ErrorKey, status: int) -> None:
        """Count an error; the tenth within an hour blocks."""
        allowed = self.sim.options.errors_per_hour
        if status not in COUNTED or allowed is None or key in self._still_blocked():
            return
        now = self.sim.clock.now()
        errors = self._errors[key]
        errors.append(now)
        while errors and errors[0] <= now - HOUR:
            errors.popleft()
        if len(errors) >= allowed:
            self.blocked_until[key] = now + HOUR
            errors.clear()

    def _still_blocked(self) -> set[ErrorKey]:
        now = self.sim.clock.now()
        return {key for key, until in self.blocked_until.items() if until > now}

    def errors(self) -> dict[str, int]:
        """Errors of the last hour by endpoint."""
        now = self.sim.clock.now()
        found: Counter[str] = Counter()
        for key, moments in self._errors.items():
            found[key[3]] += sum(moment > now - HOUR for moment in moments)
        return dict(found)


def _headers(prefix: str, limit: int | None, used: int, reset_at: datetime) -> dict[str, str]:
    """Limit, remaining, and the reset in epoch milliseconds; nothing without a limit."""
    if limit is None:
        return {}
    return {
        f"{prefix}Limit": str(limit),
        f"{prefix}Remaining": str(max(limit - used, 0)),
        f"{prefix}Reset": str(int(reset_at.timestamp() * 1000)),
    }
