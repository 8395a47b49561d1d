"""Requests per minute and at the same moment.

From half of the minute's allowance on each request is delayed by (time left in the minute since the first
request) / (remaining allowance). Declined (429, no Retry-After) is only what finds too many others waiting or
would wait too long, and it is not counted. Source: Acumatica licence limits, SM604000 (read 2026-11).
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from mlconnector.sandbox.acumatica import errors

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

MINUTE = timedelta(minutes=1)
DELAY = "acumatica.delay"


class Limits:
    """`delays`: seconds that each request had to wait, in order; 0.0 for most."""

    def __init__(self, sim: "AcumaticaSimulator") -> None:
        self.sim = sim
        self._lock = threading.Lock()
        self._open = 0
        self.clear()

    def clear(self) -> None:
        self.delays: list[float] = []
        self.most_at_once = 0
        self._recent: deque[datetime] = deque()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count an open request."""
        with self._lock:
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1

    def check(self, request: Request) -> None:
        """Count this request and note its delay. Raises AnswerNow 429."""
        options = self.sim.options
        with self._lock:
            delay = self._delay()
            is_queue_full = (
                options.concurrent_requests is not None
                and self._open > options.concurrent_requests + options.queue_length
            )
            is_declined = is_queue_full or delay > options.longest_wait_seconds or options.decline > 0
            if not is_declined:
                self._recent.append(self.sim.clock.now())
                self.delays.append(delay)
        if is_declined:
            options.decline = max(options.decline - 1, 0)
            raise errors.plain(429, errors.DECLINED)
        request.environ[DELAY] = delay

    def _delay(self) -> float:
        allowed, now = self.sim.options.requests_per_minute, self.sim.clock.now()
        while self._recent and self._recent[0] <= now - MINUTE:
            self._recent.popleft()
        used = len(self._recent)
        if allowed is None or used < allowed / 2:
            return 0.0
        left = (self._recent[0] + MINUTE - now).total_seconds()
        return left / max(allowed - used, 1)
