from __future__ import annotations

from tests.conformance.stages.base import PairStage
from tests.pairs.exact_world import ExactWorld

STAGE = PairStage(
    make=lambda exact, asana: ExactWorld(exact, asana, invoices_as="off"),
    ready=lambda world: world.ref(world.order()),
    changed=lambda world, ref: world.exact.add_line(
        world.id_of(ref), QuantityInPurchaseUnits=2, UnitPrice="25.00"
    ),
    deleted=lambda world, ref: world.exact.delete(world.id_of(ref)),
    arrived=lambda world: len(world.tasks()),
    is_final=False,
)
