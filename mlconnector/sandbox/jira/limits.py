"""The three limits on calls and the one on an issue. Source: Jira Cloud rate limiting (read 2026-11)."""

import math
from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mlconnector.sandbox.jira.errors import BURST, GLOBAL, PER_ISSUE, TENANT, TOO_MANY, JiraError
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.app import JiraSimulator

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
# Below this share of what is left the answers say so.
NEAR_LIMIT = 0.2


class Limits:
    """Points of an app in this clock hour, calls of an endpoint in this second, writes to an issue."""

    def __init__(self, sim: "JiraSimulator") -> None:
        self.sim = sim
        self.clear()

    def clear(self) -> None:
        # (app, cloudId or "" for all sites) -> (hour, points).
        self._points: dict[tuple[str, str], tuple[datetime, int]] = {}
        self._recent: dict[tuple[str, ...], deque[datetime]] = defaultdict(deque)

    # --- before the work ----------------------------------------------------------------------------------
    def check(self, app: str, cloud_id: str, endpoint: str) -> None:
        """Raises JiraError 429 when a limit is used up; a refused call costs nothing."""
        options = self.sim.options
        for limit, place, reason in (
            (options.points_per_hour, "", GLOBAL),
            (options.site_points_per_hour, cloud_id, TENANT),
        ):
            if limit is not None and self.points(app, place) >= limit:
                raise self._refused(reason, limit, self._hour() + HOUR - self.sim.clock.now())
        if options.calls_per_second is not None:
            self._count(("call", cloud_id, endpoint), [(options.calls_per_second, SECOND)], BURST)

    def check_issue(self, cloud_id: str, issue: str) -> None:
        """Count a write to one issue. Raises JiraError 429."""
        options = self.sim.options
        windows = [
            (options.issue_writes_in_2_seconds, timedelta(seconds=2)),
            (options.issue_writes_in_30_seconds, timedelta(seconds=30)),
        ]
        self._count(
            ("issue", cloud_id, issue),
            [(limit, span) for limit, span in windows if limit is not None],
            PER_ISSUE,
        )

    def _count(self, key: tuple[str, ...], windows: list[tuple[int, timedelta]], reason: str) -> None:
        now, recent = self.sim.clock.now(), self._recent[key]
        longest = max((span for _, span in windows), default=SECOND)
        while recent and recent[0] <= now - longest:
            recent.popleft()
        for limit, span in windows:
            inside = [at for at in recent if at > now - span]
            if len(inside) >= limit:
                raise self._refused(reason, limit, inside[-limit] + span - now)
        recent.append(now)

    def _refused(self, reason: str, limit: int, wait: timedelta) -> JiraError:
        seconds = max(1, math.ceil(wait.total_seconds()))
        reset = (self.sim.clock.now() + timedelta(seconds=seconds)).astimezone(UTC)
        headers = {
            "Retry-After": str(seconds),
            "RateLimit-Reason": reason,
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%M:%SZ}",
        }
        return JiraError(429, headers=headers, body=TOO_MANY)

    # --- after the work -----------------------------------------------------------------------------------
    def spend(self, app: str, cloud_id: str, points: int) -> None:
        for place in ("", cloud_id):
            self._points[(app, place)] = (self._hour(), self.points(app, place) + points)

    def points(self, app: str, place: str = "") -> int:
        """Points that the app has used in this clock hour, on all sites or on one."""
        hour, points = self._points.get((app, place), (self._hour(), 0))
        return points if hour == self._hour() else 0

    def _hour(self) -> datetime:
        return self.sim.clock.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)

    def announce(self, response: Response, app: str) -> None:
        """Headers on a normal answer."""
        limit, options = self.sim.options.points_per_hour, self.sim.options
        if limit is None or not options.announce_limits:
            return
        left = max(limit - self.points(app), 0)
        until = math.ceil((self._hour() + HOUR - self.sim.clock.now()).total_seconds())
        prefix = "Beta-" if options.announce_limits == "beta" else ""
        response.headers[f"{prefix}RateLimit-Policy"] = f'"global-app-quota";q={limit};w=3600'
        response.headers[f"{prefix}RateLimit"] = f'"global-app-quota";r={left};t={until}'
        if left < limit * NEAR_LIMIT:
            response.headers["X-RateLimit-NearLimit"] = "true"
