from __future__ import annotations

from tests.conformance.stages.base import PairStage
from tests.pairs.world import World

STAGE = PairStage(
    make=lambda asana, datev: World(asana, datev, result_comment=True),
    ready=lambda world: world.approved(),
    changed=lambda world, ref: world.asana.set_field(ref, world.fields["amount"], "238.00"),
    deleted=lambda world, ref: world.asana.delete_task(ref),
    arrived=lambda world: len(world.datev.bookings()),
)
