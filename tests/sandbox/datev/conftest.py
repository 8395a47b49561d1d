"""The simulated DATEV with a standing clock, and a caller that is signed in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.kit import SimClock
from tests.sandbox.datev.caller import Caller


@pytest.fixture
def datev() -> DatevSimulator:
    return DatevSimulator(clock=SimClock(datetime(2026, 7, 31, 9, tzinfo=UTC)))


@pytest.fixture
def stranger(datev: DatevSimulator) -> Caller:
    """A caller that has not signed in."""
    return Caller(datev)


@pytest.fixture
def caller(stranger: Caller) -> Caller:
    stranger.sign_in()
    return stranger
