"""Two final invoices of one new customer in one file, and one that our checks refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from bookings.models import Debtor
from connections.models import Connection
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.dynamics import DynamicsSimulator
from pairs.models import Record, RecordState
from tests import factories
from tests.crash.scene import Scene, Stand
from tests.pairs.dynamics_world import DynamicsWorld
from tests.pairs.world import SCOPES

ENDED = (RecordState.DONE, RecordState.REFUSED)


class DynamicsToDatev(Scene):
    vendors = ("dynamics", "datev")
    every = 46

    def stand(self, vendor: str, port: int) -> Stand:
        if vendor == "datev":
            return Stand(DatevSimulator(), (factories.DATEV,), port)
        url = f"http://127.0.0.1:{port}"
        simulator = DynamicsSimulator(base_url=url, login_url=url)
        return Stand(simulator, simulator.mounts, port)

    def prepare(self) -> None:
        world = DynamicsWorld(
            self.simulator("dynamics"), self.simulator("datev"), close_count=2, close_minutes=5
        )
        self.booked = [world.billed(number=f"AR-2026-{number}") for number in (1, 2)]
        self.refused = world.billed(attach=False, number="AR-2026-3")

    def is_at_rest(self) -> bool:
        return Record.objects.filter(state__in=ENDED).count() == 4

    def sign_in_again(self) -> Mapping[str, Callable[[Connection], Mapping[str, Any]]]:
        return {"datev": lambda connection: self.simulator("datev").sign_in(SCOPES.split())}

    def faults(self) -> list[str]:
        found = []
        states = dict(Record.objects.filter(flow="invoices").values_list("source_ref", "state"))
        wanted = dict.fromkeys(self.booked, RecordState.DONE) | {self.refused: RecordState.REFUSED}
        if states != wanted:
            found.append(f"states are {states}")
        state = self.simulator("datev").state()
        times = Counter(row["document_field_1"] for row in state["bookings"])
        if times != {"AR-2026-1": 1, "AR-2026-2": 1}:
            found.append(f"booked: {dict(times)}")
        linked = [guid for row in state["bookings"] for guid in row["document_guids"]]
        if len(state["documents"]) != 2 or len(set(linked)) != 2:
            found.append(f"{len(state['documents'])} documents in DATEV, linked are {linked}")
        return found + self._debtor_faults(state)

    def _debtor_faults(self, state: Mapping[str, Any]) -> list[str]:
        """One debtor, in one file, which came before the bookings on it."""
        numbers = list(Debtor.objects.values_list("number", flat=True))
        found = [] if numbers == ["20000"] else [f"debtors are {numbers}"]
        kinds = [(job["facts"] or {}).get("data_category_id") for job in state["extf_jobs"]]
        if kinds != [16, 21]:
            found.append(f"files at DATEV are of the kinds {kinds}")
        record = Record.objects.filter(flow="debtors").values_list("state", flat=True)
        return (
            found
            if list(record) == [RecordState.DONE]
            else [*found, f"the customer's record: {list(record)}"]
        )


SCENE = DynamicsToDatev
