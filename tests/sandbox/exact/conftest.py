"""The simulated Exact Online with a standing clock; every answer is held against the reference."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from mlconnector.sandbox.exact import ExactSimulator
from mlconnector.sandbox.kit import SimClock
from tests.sandbox.exact import spec
from tests.sandbox.exact.caller import Caller, Hub

MORNING = datetime(2026, 1, 15, 9, 20, 30, tzinfo=UTC)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def exact(hub: Hub) -> ExactSimulator:
    """At 10:20:30 in Amsterdam; the clock stands still unless it is moved."""
    return ExactSimulator(clock=SimClock(at=MORNING), post=hub)


@pytest.fixture
def stranger(exact: ExactSimulator) -> Iterator[Caller]:
    """Has not signed in."""
    yield Caller(exact)
    if spec.is_at_hand():
        assert spec.violations(exact.calls) == []


@pytest.fixture
def caller(stranger: Caller) -> Caller:
    stranger.sign_in()
    return stranger
