from __future__ import annotations

from typing import Any

from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.datev.state import Client
from tests import factories
from tests.conformance.stages.base import EVIL, VendorStage

CLIENT = "455148-1"


def _many_clients(datev: Any) -> int:
    datev.clients += [Client(455148, number, f"Muster {number} GmbH") for number in range(10, 240)]
    return len(datev.clients)


STAGE = VendorStage(
    DatevSimulator,
    (factories.DATEV,),
    factories.datev_connection,
    fill=_many_clients,
    listing="clients",
    parents=lambda datev: {"document_types": CLIENT},
    links=(("clients.list", {"headers": {"Link": f'<{EVIL}/clients?skip=100>; rel="next"'}}),),
)
