from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connections import clock
from connections import sessions as product_sessions
from connections.models import Connection
from connections.vendors.acumatica.api import AcumaticaApi
from mlconnector.sandbox.acumatica import AcumaticaSimulator
from mlconnector.sandbox.kit import SimClock
from tests import factories, killing
from tests.killing import KilledAt
from tests.mounting import mounted


@pytest.fixture
def posted() -> list[tuple[str, dict[str, str], bytes]]:
    """Push notifications that arrived."""
    return []


@pytest.fixture
def acumatica(posted: list[Any]) -> Iterator[AcumaticaSimulator]:
    """Its clock goes with the product's."""

    def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        posted.append((url, headers, body))
        return 200, {}, b""

    simulator = AcumaticaSimulator(clock=SimClock(source=clock.now), post=post)
    with mounted(simulator, factories.ACUMATICA):
        yield simulator


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting moves the clock of both sides."""
    monkeypatch.setattr(
        product_sessions.time, "sleep", lambda seconds: clock.advance(timedelta(seconds=seconds))
    )


@pytest.fixture
def connection(db: None, acumatica: AcumaticaSimulator) -> Connection:
    """Signed in by OAuth."""
    return factories.acumatica_connection(acumatica)


@pytest.fixture
def api(connection: Connection) -> AcumaticaApi:
    return AcumaticaApi(connection)


@pytest.fixture
def by_session(db: None, acumatica: AcumaticaSimulator) -> AcumaticaApi:
    """Signs in with user name and password, for as long as there is work."""
    return AcumaticaApi(factories.acumatica_connection(acumatica, "Sitzung", sign_in="session"))


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> KilledAt:
    return killing.killed_at(monkeypatch)
