"""Rate limits per token: requests in the last minute, and requests at the same moment.

Source: Asana rate limits page (read 2026-11). Rejected requests count as well.
"""

import math
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mlconnector.sandbox.asana.errors import TOO_MANY, ApiError

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.app import AsanaSimulator

MINUTE = timedelta(minutes=1)


class Limits:
    def __init__(self, sim: "AsanaSimulator") -> None:
        self.sim = sim
        self._lock = threading.Lock()
        self._recent: dict[str, deque[datetime]] = defaultdict(deque)
        self._open: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def counted(self, method: str, token: str) -> Iterator[None]:
        """Count an open request; the marks are kept in `sim.concurrency` as reads and writes."""
        kind = "reads" if method in ("GET", "HEAD") else "writes"
        with self._lock:
            self._open[(kind, token)] += 1
            open_now = self._open[(kind, token)]
            self.sim.concurrency[kind] = max(self.sim.concurrency[kind], open_now)
        try:
            yield
        finally:
            with self._lock:
                self._open[(kind, token)] -= 1

    def check(self, method: str, token: str, *, weight: int = 1) -> None:
        """Count `weight` requests of `token` now. Raises ApiError 429 when there are too many."""
        options = self.sim.options
        kind, allowed = (
            ("reads", options.concurrent_reads)
            if method in ("GET", "HEAD")
            else ("writes", options.concurrent_writes)
        )
        now = self.sim.clock.now()
        with self._lock:
            recent = self._recent[token]
            while recent and recent[0] <= now - MINUTE:
                recent.popleft()
            too_many_open = self._open[(kind, token)] > allowed
            per_minute = options.calls_per_minute
            too_fast = per_minute is not None and len(recent) + weight > per_minute
            recent.extend([now] * weight)
            wait = math.ceil((recent[0] + MINUTE - now).total_seconds()) if too_fast else 1
        if too_fast or too_many_open:
            raise ApiError(429, TOO_MANY, headers={"Retry-After": str(max(wait, 1))})

    def clear(self) -> None:
        with self._lock:
            self._recent.clear()
