"""One task that is booked, as a CSV file, and one that our checks refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connections.models import Connection
from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.datev import DatevSimulator
from pairs.models import Record, RecordState
from tests import factories
from tests.crash.scene import Scene, Stand
from tests.pairs.world import SCOPES, World


class AsanaToDatev(Scene):
    vendors = ("asana", "datev")
    every = 24
    route = "extf"

    def stand(self, vendor: str, port: int) -> Stand:
        if vendor == "datev":
            return Stand(DatevSimulator(), (factories.DATEV,), port)
        asana = AsanaSimulator(base_url=f"http://127.0.0.1:{port}", files_url=f"http://localhost:{port}")
        return Stand(asana, (factories.ASANA, factories.ASANA_FILES), port)

    def prepare(self) -> None:
        asana, datev = self.simulator("asana"), self.simulator("datev")
        world = World(asana, datev, route=self.route, result_comment=True)
        self.booked = world.approved("Müller & Söhne", document_number="RE-2026-0815")
        self.refused = world.approved("Ohne Betrag", amount=None)

    def is_at_rest(self) -> bool:
        return Record.objects.filter(state__in=(RecordState.DONE, RecordState.REFUSED)).count() == 2

    def sign_in_again(self) -> Mapping[str, Callable[[Connection], Mapping[str, Any]]]:
        return {"datev": lambda connection: self.simulator("datev").sign_in(SCOPES.split())}

    def faults(self) -> list[str]:
        found = []
        states = dict(Record.objects.values_list("source_ref", "state"))
        wanted = {self.booked: RecordState.DONE, self.refused: RecordState.REFUSED}
        if states != wanted:
            found.append(f"states are {states}")
        state = self.simulator("datev").state()
        for name, number in (("bookings", len(state["bookings"])), ("documents", len(state["documents"]))):
            if number != 1:
                found.append(f"{number} {name} in DATEV")
        sent = [job for job in state["dxso_jobs"] if job["status"]] + state["extf_jobs"]
        if len(sent) != 1:
            found.append(f"{len(sent)} jobs at DATEV")
        for gid, word in ((self.booked, "Gebucht"), (self.refused, "Prüfen")):
            found += self._task_faults(gid, word)
        return found

    def _task_faults(self, gid: str, word: str) -> list[str]:
        asana = self.simulator("asana")
        texts = [asana.known.by_gid[one].text for one in asana.known.stories_of[gid]]
        comments = len(asana.comments(gid))
        written = sum("DATEV-Status" in text for text in texts)
        found = [] if comments == 1 else [f"{comments} comments on {word}"]
        return (
            found if written == 1 else [*found, f"the result was written {written} times on {word}: {texts}"]
        )


SCENE = AsanaToDatev
