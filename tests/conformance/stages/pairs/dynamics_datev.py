from __future__ import annotations

from tests.conformance.stages.base import PairStage
from tests.pairs.dynamics_world import DynamicsWorld

STAGE = PairStage(
    make=DynamicsWorld,
    ready=lambda world: world.billed(),
    changed=lambda world, ref: world.dynamics.add_line(world.id_of(ref), text="Mehr", price="10.00", rate=7),
    deleted=lambda world, ref: world.dynamics.delete(world.id_of(ref)),
    arrived=lambda world: len(world.datev.bookings()),
)
