from __future__ import annotations

from typing import Any

from mlconnector.sandbox.acumatica import AcumaticaSimulator
from tests import factories
from tests.conformance.stages.base import VendorStage


def _many_vendor_classes(acumatica: Any) -> int:
    for number in range(229):
        acumatica.add_vendor_class(f"K{number:03d}", f"Klasse {number}")
    return 230


STAGE = VendorStage(
    AcumaticaSimulator,
    (factories.ACUMATICA,),
    factories.acumatica_connection,
    fill=_many_vendor_classes,
    listing="vendor_classes",
    parents=lambda acumatica: {},
)
