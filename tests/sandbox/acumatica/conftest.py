"""The simulated Acumatica with a standing clock (a winter day in Berlin), and a caller that is signed in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlconnector.sandbox.acumatica import AcumaticaSimulator
from mlconnector.sandbox.kit import SimClock
from tests.sandbox.acumatica.caller import Caller


@pytest.fixture
def posted() -> list[tuple[str, dict[str, str], bytes]]:
    """Push notifications that arrived."""
    return []


@pytest.fixture
def answers() -> list[int]:
    """Statuses with which the coming push notifications are answered; then 200."""
    return []


@pytest.fixture
def sim(posted, answers) -> AcumaticaSimulator:
    def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        posted.append((url, headers, body))
        return (answers.pop(0) if answers else 200), {}, b""

    return AcumaticaSimulator(
        clock=SimClock(datetime(2026, 2, 11, 13, 15, 14, 40_000, tzinfo=UTC)), post=post
    )


@pytest.fixture
def stranger(sim: AcumaticaSimulator) -> Caller:
    """A caller that has not signed in."""
    return Caller(sim)


@pytest.fixture
def caller(stranger: Caller) -> Caller:
    assert stranger.login().status_code == 204
    return stranger
