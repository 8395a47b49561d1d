from __future__ import annotations

from tests.conformance.stages.base import PairStage
from tests.pairs.acumatica_world import AcumaticaWorld

STAGE = PairStage(
    make=AcumaticaWorld,
    ready=lambda world: world.bill(),
    changed=lambda world, ref: world.acumatica.change_bill(ref, amount="238.00"),
    deleted=lambda world, ref: world.acumatica.delete_bill(ref),
    arrived=lambda world: len(world.tasks()),
    is_final=False,
)
