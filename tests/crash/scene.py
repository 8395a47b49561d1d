"""What a crash run plays: one task that is booked, on each route, and one that our checks refuse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests

from connections import clock
from connections.models import Connection, Health, TokenSet
from connections.tokens import TokenStore
from pairs import hooks, work
from pairs.models import Cursor, Record, RecordState
from tests.pairs.world import SCOPES, World

# Longer than every lease and every wait between two tries.
STEP = timedelta(seconds=400)
MOST_STEPS = 40


@dataclass
class Scene:
    """The simulators, where they will be served, and the tasks with what must become of them."""

    asana: Any
    datev: Any
    asana_url: str
    datev_url: str
    booked: str = ""
    refused: str = ""

    def prepare(self, route: str) -> None:
        """Fill the (migrated, empty) database and the simulators; the DATEV token has ended."""
        world = World(self.asana, self.datev, route=route, result_comment=True)
        self.booked = world.approved("Müller & Söhne", document_number="RE-2026-0815")
        self.refused = world.approved("Ohne Betrag", amount=None)
        self._move(world.source, "https://asana.example", self.asana_url)
        self._move(world.target, "https://datev.example", self.datev_url)
        TokenSet.objects.update(access_expires_at=clock.now() - timedelta(seconds=1))

    def _move(self, connection: Connection, old: str, new: str) -> None:
        connection.settings = {
            key: value.replace(old, new) if isinstance(value, str) else value
            for key, value in connection.settings.items()
        }
        connection.save()

    def work(self) -> None:
        """What a worker does, until nothing is under way; waiting times pass on the clocks."""
        hooks.can_be_reached = lambda: False  # No web server here: polling alone must do.
        # After a kill, time passes until its leases have ended.
        clock.advance(STEP)
        Cursor.objects.update(due_at=clock.now())
        for _ in range(MOST_STEPS):
            while work.everything():
                pass
            if Record.objects.filter(state__in=(RecordState.DONE, RecordState.REFUSED)).count() == 2:
                return
            if Connection.objects.filter(health=Health.SIGN_IN).exists():
                return
            self._pass_time()

    def _pass_time(self) -> None:
        clock.advance(STEP)
        for url in (self.asana_url, self.datev_url):
            requests.post(f"{url}/_sim/clock", json={"advance_seconds": STEP.total_seconds()}, timeout=10)

    def sign_in(self) -> bool:
        """A person signs in again where that is asked for; whether it was."""
        lost = Connection.objects.filter(health=Health.SIGN_IN, vendor="datev").first()
        if lost is None:
            return False
        TokenStore(lost).store_answer(self.datev.sign_in(SCOPES.split()), clock.now())
        Connection.objects.filter(pk=lost.pk).update(health=Health.OK)
        return True

    def faults(self) -> list[str]:
        """What is not exactly as it must be, on both sides; [] = nothing lost and nothing doubled."""
        found = []
        states = dict(Record.objects.values_list("source_ref", "state"))
        wanted = {self.booked: RecordState.DONE, self.refused: RecordState.REFUSED}
        if states != wanted:
            found.append(f"states are {states}")
        state = self.datev.state()
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
        stories = [self.asana.known.by_gid[one] for one in self.asana.known.stories_of[gid]]
        texts = [story.text for story in stories]
        comments = len(self.asana.comments(gid))
        written = sum("DATEV-Status" in text for text in texts)
        found = [] if comments == 1 else [f"{comments} comments on {word}"]
        return (
            found if written == 1 else [*found, f"the result was written {written} times on {word}: {texts}"]
        )
