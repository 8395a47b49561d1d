"""An approved bill, one that was changed after its approval, and an order that is to become a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from connections.models import Connection
from mlconnector.sandbox.acumatica import AcumaticaSimulator
from mlconnector.sandbox.asana import AsanaSimulator
from pairs import hooks
from pairs.models import Link, Record, RecordState
from tests import factories
from tests.crash.scene import Scene, Stand
from tests.pairs.acumatica_world import AcumaticaWorld


class AcumaticaToAsana(Scene):
    vendors = ("acumatica", "asana")
    every = 34

    def stand(self, vendor: str, port: int) -> Stand:
        if vendor == "acumatica":
            return Stand(AcumaticaSimulator(), (factories.ACUMATICA,), port)
        return Stand(AsanaSimulator(), (factories.ASANA, factories.ASANA_FILES), port)

    def prepare(self) -> None:
        # What webhooks hurry along is tested elsewhere: here polling alone must do.
        hooks.can_be_reached = lambda: False
        world = AcumaticaWorld(self.simulator("acumatica"), self.simulator("asana"))
        self.approved, self.changed = world.bill(amount="1190.00"), world.bill(amount="100.00")
        world.settle()
        self.gids = {ref: world.gid(ref) for ref in (self.approved, self.changed)}
        for ref in self.gids:
            world.decide(ref)
        world.acumatica.change_bill(self.changed, amount="9999.00")
        self.order = world.order()
        self.amount = world.fields["amount"]

    @property
    def _wanted(self) -> dict[str, str]:
        documents = dict.fromkeys((self.approved, self.changed, self.order), RecordState.DONE)
        decisions = {
            self.gids[self.approved]: RecordState.DONE,
            self.gids[self.changed]: RecordState.DORMANT,
        }
        order = Link.objects.filter(source_ref=self.order).values_list("target_ref", flat=True)
        return documents | decisions | dict.fromkeys(order, RecordState.DORMANT)

    def _states(self) -> dict[str, str]:
        return dict(Record.objects.values_list("source_ref", "state"))

    def is_at_rest(self) -> bool:
        """Also the task of the changed bill shows what it is now."""
        shown = {link.source_ref: link.content.get("shown") or {} for link in Link.objects.all()}
        return (
            self._states() == self._wanted and len(shown) == 3 and shown[self.changed].get("amount") == "9999"
        )

    def sign_in_again(self) -> Mapping[str, Callable[[Connection], Mapping[str, Any]]]:
        return {"acumatica": lambda connection: self.simulator("acumatica").sign_in()}

    def _tasks(self) -> list[Any]:
        return list(self.simulator("asana").known.all("task"))

    def faults(self) -> list[str]:
        found = []
        if self._states() != self._wanted:
            found.append(f"states are {self._states()}")
        if len(self._tasks()) != 3:
            found.append(f"tasks are {[task.name for task in self._tasks()]}")
        acumatica = self.simulator("acumatica")
        releases = [(done.id, done.amount) for done in acumatica.releases()]
        if releases != [(self.approved, Decimal(1190))]:
            found.append(f"released were {releases}")
        if acumatica.bill(self.changed)["Status"] != "Balanced":
            found.append(f"the changed bill is {acumatica.bill(self.changed)['Status']}")
        return found + self._task_faults()

    def _task_faults(self) -> list[str]:
        """Each thing was said once; the changed bill's task is open again, with the new amount."""
        asana, found = self.simulator("asana"), []
        said = {ref: len(asana.comments(gid)) for ref, gid in self.gids.items()}
        # What was done, and perhaps that the bill is open now; what has changed, and what to do.
        if said[self.approved] not in (1, 2) or said[self.changed] != 2:
            found.append(f"comments: {said}")
        for gid in self.gids.values():
            if len(set(asana.comments(gid))) != len(asana.comments(gid)):
                found.append(f"a comment is there twice: {asana.comments(gid)}")
        task = asana.task(self.gids[self.changed])
        if task.approval_status != "pending":
            found.append(f"the changed bill's task is {task.approval_status}")
        return found


SCENE = AcumaticaToAsana
