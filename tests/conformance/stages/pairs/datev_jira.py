from __future__ import annotations

from bookings.models import Batch
from pairs.models import RecordState
from tests.conformance.stages.base import PairStage
from tests.pairs.jira_world import JiraWorld

STAGE = PairStage(
    make=lambda datev, jira: JiraWorld(jira, datev),
    ready=lambda world: f"batch:{world.refused().pk}",
    changed=lambda world, ref: world.correct(Batch.objects.get(pk=ref.partition(":")[2]), posting_text="neu"),
    deleted=None,
    arrived=lambda world: len(world.issues),
    is_final=False,
    arrives_as=RecordState.SENT,
)
