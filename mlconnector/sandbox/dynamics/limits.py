"""Service protection limits per user: requests, execution time, and requests at the same moment.

Source: service protection API limits (read 2026-11). Going on calling lengthens the wait.
"""

import math
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mlconnector.sandbox.dynamics.errors import CONCURRENT, DURATION, LIMIT_TEXTS, REQUESTS, ApiError

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

MORE_SECONDS_PER_REFUSAL = 2


class Limits:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim
        self._lock = threading.Lock()
        # (moment, seconds it is charged with) of the requests in the window.
        self._recent: deque[tuple[datetime, float]] = deque()
        self._charged = 0.0
        self._open: Counter[str] = Counter()
        self._refusals = 0

    def clear(self) -> None:
        with self._lock:
            self._recent.clear()
            self._charged = 0.0
            self._refusals = 0

    @contextmanager
    def counted(self, bearer: str) -> Iterator[None]:
        with self._lock:
            self._open[bearer] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[bearer] -= 1

    def check(self, bearer: str) -> None:
        """Count one request now. Raises ApiError 429."""
        options, now = self.sim.options, self.sim.clock.now()
        window = timedelta(seconds=options.window_seconds)
        with self._lock:
            while self._recent and self._recent[0][0] <= now - window:
                self._charged -= self._recent.popleft()[1]
            if self._open[bearer] > options.concurrent_requests:
                raise self._refused(CONCURRENT, options.concurrent_requests, 1)
            most = options.requests_in_window
            if most is not None and len(self._recent) >= most:
                raise self._refused(REQUESTS, most, self._wait(now, window))
            if self._charged + options.seconds_per_request > options.execution_seconds_in_window:
                limit = int(options.execution_seconds_in_window * 1000)
                raise self._refused(DURATION, limit, self._wait(now, window))
            self._recent.append((now, options.seconds_per_request))
            self._charged += options.seconds_per_request
            self._refusals = 0

    def remaining(self) -> tuple[int, float]:
        """Requests and seconds that are left in the window, for the answer's headers."""
        options = self.sim.options
        with self._lock:
            most = options.requests_in_window if options.requests_in_window is not None else 10**6
            return most - len(self._recent), options.execution_seconds_in_window - self._charged

    def _wait(self, now: datetime, window: timedelta) -> int:
        self._refusals += 1
        oldest = self._recent[0][0] if self._recent else now
        seconds = math.ceil((oldest + window - now).total_seconds())
        return max(seconds, 1) + MORE_SECONDS_PER_REFUSAL * (self._refusals - 1)

    def _refused(self, code: str, limit: int, wait: int) -> ApiError:
        text = LIMIT_TEXTS[code].format(limit=limit, window=self.sim.options.window_seconds)
        return ApiError(429, code, text, headers={"Retry-After": str(wait)})
