from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from connections import clock
from connections.models import Connection
from connections.vendors.dynamics.api import DynamicsApi
from mlconnector.sandbox.dynamics import DynamicsSimulator
from mlconnector.sandbox.kit import SimClock
from tests import factories
from tests.mounting import mounted


@pytest.fixture
def dynamics() -> Iterator[DynamicsSimulator]:
    simulator = DynamicsSimulator(clock=SimClock(at=clock.now()))
    with mounted(simulator, *simulator.mounts):
        yield simulator


@pytest.fixture
def connection(db: None, dynamics: DynamicsSimulator) -> Connection:
    return factories.dynamics_connection(dynamics)


@pytest.fixture
def api(connection: Connection) -> DynamicsApi:
    return DynamicsApi(connection)


@pytest.fixture
def account(dynamics: DynamicsSimulator) -> str:
    return dynamics.add_account(
        "Beispiel AG",
        "10001",
        address1_line1="Domplatz 1",
        address1_postalcode="50667",
        address1_city="Köln",
        address1_country="Deutschland",
        emailaddress1="rechnung@beispiel.example",
    )


@pytest.fixture
def invoice(dynamics: DynamicsSimulator, account: str) -> str:
    """Billed, 200.00 net with 19 % and 7 %, due on 2 December, delivered on 1 June (midnight in Berlin)."""
    return dynamics.add_invoice(
        account,
        [
            {"text": "Montage", "quantity": 2, "price": "50.00", "rate": 19},
            {"text": "Fachbuch", "price": "100.00", "rate": 7},
        ],
        number="RE-1001",
        due_on=date(2026, 12, 2),
        delivered_on=date(2026, 6, 1),
    )
