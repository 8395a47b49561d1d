from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connections import clock
from connections.models import Connection
from connections.vendors.exact.api import ExactApi
from mlconnector.sandbox.exact import ExactSimulator
from mlconnector.sandbox.kit import SimClock
from tests import factories
from tests.mounting import mounted

REAL_SLEEP = time.sleep
# In Amsterdam 10:20:30, an hour ahead of UTC.
MORNING = datetime(2026, 1, 15, 9, 20, 30, tzinfo=UTC)


@dataclass
class Times:
    """The one clock of product and vendor. It stands still unless somebody sleeps or it is moved."""

    now: datetime = MORNING
    slept: list[float] = field(default_factory=list)

    def pass_by(self, by: timedelta) -> None:
        self.now += by

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@dataclass
class Hub:
    """Where the vendor's webhook calls arrive, and how they are answered."""

    status: int = 200
    received: list[tuple[str, bytes]] = field(default_factory=list)

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.received.append((url, body))
        return self.status, {}, b""


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    made = Times()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    monkeypatch.setattr(time, "sleep", made.sleep)
    return made


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def make_exact(times: Times, hub: Hub) -> Iterator[Callable[..., ExactSimulator]]:
    """Makes the simulator with its switches; one at a time is mounted."""
    contexts: list[Any] = []

    def make(**options: Any) -> ExactSimulator:
        simulator = ExactSimulator(clock=SimClock(source=lambda: times.now), post=hub, **options)
        context = mounted(simulator, factories.EXACT)
        context.__enter__()
        contexts.append(context)
        return simulator

    yield make
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.fixture
def exact(make_exact: Callable[..., ExactSimulator]) -> ExactSimulator:
    """The vendor with all its limits."""
    return make_exact()


@pytest.fixture
def connection(db: None, exact: ExactSimulator) -> Connection:
    return factories.exact_connection(exact, calls_per_minute=60)


@pytest.fixture
def api(connection: Connection) -> ExactApi:
    return ExactApi(connection)
