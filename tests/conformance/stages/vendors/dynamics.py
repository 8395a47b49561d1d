from __future__ import annotations

from typing import Any

from mlconnector.sandbox.dynamics import DynamicsSimulator
from tests import factories
from tests.conformance.stages.base import EVIL, VendorStage


def _many_currencies(dynamics: Any) -> int:
    for number in range(229):
        dynamics.add_currency(f"X{number:03d}", "1.5")
    return 230


STAGE = VendorStage(
    lambda: DynamicsSimulator(largest_page=100),
    (factories.DYNAMICS, factories.DYNAMICS_API, factories.ENTRA),
    factories.dynamics_connection,
    fill=_many_currencies,
    listing="currencies",
    parents=lambda dynamics: {},
    links=(
        (
            "GET /transactioncurrencies",
            {"body": {"value": [], "@odata.nextLink": f"{EVIL}/api/data/v9.2/transactioncurrencies"}},
        ),
    ),
    reads=("/$batch", "/oauth2/v2.0/token"),
)
