"""Simulated DATEV and Jira with one integration between them, and files that DATEV refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bookings import corrections
from bookings.models import Batch, BatchState
from connections import clock
from pairs.models import Integration, Link, Record
from tests import factories
from tests.bookings.world import LATER
from tests.bookings.world import World as Books
from tests.pairs.passing import poll_soon, work_for

DONE, OPEN = "Done", "To Do"


class JiraWorld:
    """`refused()` makes a file that DATEV refuses; `work()` lets the product run on a moving clock."""

    def __init__(self, jira: Any, datev: Any, **settings: Any) -> None:
        self.jira, self.datev = jira, datev
        known = {project.key: project.id for project in jira.place().projects.values()}
        self.project = known.get("FIN") or jira.add_project("FIN", "Finanzbuchhaltung")
        self.field = jira.add_custom_field("DATEV-ID", "textfield", projects=["FIN"])
        self.source = factories.datev_connection(datev, "DATEV Muster")
        self.target = factories.jira_connection(jira)
        self.books = Books(datev, self.source)
        self.integration = Integration.objects.create(
            name="Fehlgeschlagene Importe",
            pair="datev_jira",
            source=self.source,
            target=self.target,
            is_on=True,
            settings={
                "project": self.project,
                "issue_type": jira.type_id("FIN"),
                "external_field": self.field,
                "done_status": jira.status_id("FIN", DONE),
                "back_status": jira.status_id("FIN", OPEN),
            }
            | settings,
        )
        self._records = 0

    # --- what people and DATEV do -------------------------------------------------------------------------

    def refused(self, code: str = "1008834", bookings: int = 2, **changes: Any) -> Batch:
        """A file of bookings that DATEV has refused with this code."""
        # What DATEV asks to try again is tried again by itself for a while.
        self.datev.options.next_jobs = [code] * (10 if code == "1008837" else 1)
        for _ in range(bookings):
            self._records += 1
            self.books.place(f"record:{900 + self._records}", closing=LATER, **changes)
        self.books.run_to_rest()
        self.datev.options.next_jobs = []
        self._keep_pace()
        return Batch.objects.filter(state__in=(BatchState.FAILED, BatchState.STOPPED)).latest("pk")

    def correct(self, batch: Batch, **changes: Any) -> None:
        """A person corrects the first row."""
        latest = corrections.latest_revision(batch)
        booking = latest.bookings.exclude(verdict__in=("posted", "released")).order_by("pk")[0]
        corrections.correct_row(latest, booking, replace(booking.sent_entry, **changes), "erika")

    def move(self, issue: Any, status: str = DONE) -> None:
        self.jira.move(issue.key, status)

    # --- time ---------------------------------------------------------------------------------------------

    def work(self, minutes: float = 40, *, poll: bool = True) -> None:
        """Work off everything, step by step, for so long."""
        work_for(timedelta(minutes=minutes), self.pass_time, before=poll_soon if poll else None)

    def pass_time(self, by: timedelta) -> None:
        clock.advance(by)
        for simulator in (self.jira, self.datev):
            simulator.clock.advance(by)

    def _keep_pace(self) -> None:
        """The helper of the books moves two clocks; the third one follows."""
        self.jira.clock.set(clock.now())

    # --- what came of it ----------------------------------------------------------------------------------

    @property
    def issues(self) -> list[Any]:
        return list(self.jira.issues())

    @property
    def issue(self) -> Any:
        (found,) = self.issues
        return found

    def texts(self, issue: Any = None) -> list[str]:
        """The texts of an issue's comments, oldest first."""
        from connections.vendors.jira import adf

        return [adf.plain(comment.body) for comment in self.jira.comments((issue or self.issue).key)]

    def described(self, issue: Any = None) -> str:
        from connections.vendors.jira import adf

        return adf.plain((issue or self.issue).values["description"])

    @property
    def jobs(self) -> int:
        return len(self.datev.state()["extf_jobs"])

    def record(self, ref: str = "", *, flow: str = "failures") -> Record:
        """The record of a failure (or the only one of a flow)."""
        return Record.objects.get(flow=flow, **({"source_ref": ref} if ref else {}))

    def link(self) -> Link:
        return Link.objects.get()
