"""DATEV to Jira: two files of another program that DATEV refuses, one of them corrected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bookings import corrections, handed_in, starter
from bookings.extf.columns import COLUMNS, HEADINGS
from bookings.models import Batch, BatchState, HandedIn
from bookings.models.handed_in import Way
from mlconnector.demo.acts.base import Act
from mlconnector.sandbox.datev.state import Client, calendar_year
from pairs import work
from pairs.models import Integration, Link, Record, RecordState

if TYPE_CHECKING:
    from mlconnector.demo.stage import Stage

CONSULTANT, CLIENT = 455148, 7
NAME = "Muster Handwerk GmbH"
REF = f"{CONSULTANT}-{CLIENT}"
# DATEV's code for a header that it refuses; it stands for whatever a person has to correct.
REFUSAL = "1008834"
FILES = ("Lohnbuchungen", "Kassenbuch")
PROJECT, DONE, BACK = "FIN", "Done", "To Do"


class DatevToJira(Act):
    pair = "datev_jira"
    title = "DATEV to Jira"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.datev: Any = stage.stand("datev").simulator
        self.jira: Any = stage.stand("jira").simulator
        self.datev.clients.append(
            Client(CONSULTANT, CLIENT, NAME, fiscal_years=(calendar_year(self._day.year, chart=3),))
        )
        self.project = self.jira.add_project(PROJECT, "Finanzbuchhaltung")
        self.field = self.jira.add_custom_field("DATEV-Kennung", "textfield", projects=[PROJECT])

    @property
    def _day(self) -> date:
        """A day of the month before this one."""
        return self.today.replace(day=1) - timedelta(days=10)

    def configuration(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        datev, jira = self.stage.stand("datev").name, self.stage.stand("jira").name
        client = {
            "consultant_number": CONSULTANT,
            "client_number": CLIENT,
            "name": NAME,
            "connection": datev,
            "chart": "03",
            "account_length": 4,
            "fiscal_years": [{"start": date(self._day.year, 1, 1), "end": date(self._day.year, 12, 31)}],
            "accounts": [
                {
                    "number": account.number,
                    "name": account.name,
                    "is_automatic": account.is_automatic,
                    "is_collective": account.is_collective,
                }
                for account in starter.accounts("03", 4)
            ],
        }
        integration = {
            "name": "Fehlgeschlagene Importe",
            "pair": self.pair,
            "source": datev,
            "target": jira,
            "is_on": True,
            "settings": {
                "project": self.project,
                "issue_type": self.jira.type_id(PROJECT),
                "external_field": self.field,
                "done_status": self.jira.status_id(PROJECT, DONE),
                "moves_back": True,
                "back_status": self.jira.status_id(PROJECT, BACK),
                "clients": REF,
            },
        }
        return {"datev_clients": [client], "integrations": [integration]}

    # --- What people do -----------------------------------------------------------------------------------

    @property
    def scenes(self) -> Sequence[tuple[str, Callable[[], object]]]:
        return (
            ("Two files of another program are handed in, and DATEV will refuse both", self.hand_in),
            ("One is corrected; the issues of both are moved to Done", self.move_to_done),
        )

    def hand_in(self) -> None:
        """The next two files that DATEV gets are these: they are handed over before anything else."""
        self.datev.options.next_jobs = [REFUSAL] * len(FILES)
        for number, name in enumerate(FILES, start=1):
            handed_in.hand_in(self._file(number), f"EXTF_{name}.csv", way=Way.ADMIN, by="demo")
        work.bookings()

    def move_to_done(self) -> None:
        first = self._batches()[0]
        corrections.correct_row(first, 1, {"14": "Berichtigt"}, "demo")
        for link in self._links():
            self.jira.move(link.target_ref, DONE)

    def _file(self, number: int) -> bytes:
        """One row of an EXTF file, as another program would write it."""
        day = self._day
        first = day.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        header = (
            f'"EXTF";700;21;"Buchungsstapel";13;{self.today:%Y%m%d}101500000;;"RE";"Fremd";"";{CONSULTANT};'
            f'{CLIENT};{day.year}0101;4;{first:%Y%m%d};{last:%Y%m%d};"{FILES[number - 1]}";"";1;0;0;"EUR";;'
            '"";;;"03";;;"";""'
        )
        values = {1: f"{number}19,00", 2: "S", 7: "4930", 8: "1200", 10: f"{day:%d%m}", 11: f"F-{number}"}
        cells = (
            f'"{values.get(column.number, "")}"' if column.is_text else values.get(column.number, "")
            for column in COLUMNS
        )
        return f"{header}\r\n{HEADINGS}\r\n{';'.join(cells)}\r\n".encode("cp1252")

    # --- What came of it ----------------------------------------------------------------------------------

    def _batches(self) -> list[Batch]:
        handed = HandedIn.objects.filter(client_ref=REF, batch__isnull=False).order_by("pk")
        return [row.batch for row in handed.select_related("batch") if row.batch is not None]

    def _links(self) -> list[Link]:
        return list(Link.objects.filter(integration__pair=self.pair).order_by("pk"))

    def _jobs(self) -> list[str]:
        return [job["result"] for job in self.stage.stand("datev").state_of({REF})["extf_jobs"]]

    def report(self) -> Iterator[str]:
        records = Record.objects.filter(integration__pair=self.pair)
        jobs = self._jobs()
        yield f"  {len(FILES)} files handed in, {jobs.count('failed')} refused by DATEV"
        yield f"  {len(self.jira.issues())} issues, {sum(map(self._comments, self._links()))} comments"
        yield (
            f"  {records.filter(flow='done').count()} moves to Done: {jobs.count('succeeded')} corrected "
            "file sent and accepted, the uncorrected one answered and moved back"
        )

    def _comments(self, link: Link) -> int:
        return len(self.jira.comments(link.target_ref))

    def deviations(self) -> Iterator[str]:
        """One issue per refused file, one file sent again, one answer; nothing twice."""
        links = self._links()
        if len(self.jira.issues()) != len(FILES) or len(links) != len(FILES):
            yield f"{len(self.jira.issues())} issues for {len(FILES)} refused files."
            return
        if sorted(self._jobs()) != ["failed", "failed", "succeeded"]:
            yield f"The jobs of {REF} ended as {self._jobs()}."
        if Batch.objects.filter(client__client_number=CLIENT, state=BatchState.POSTED).count() != 1:
            yield "The corrected file was not accepted once."
        states = list(
            Record.objects.filter(integration__pair=self.pair, flow="failures")
            .order_by("pk")
            .values_list("state", flat=True)
        )
        if states != [RecordState.DONE, RecordState.SENT]:
            yield f"The failures are {states}."
        if self._comments(links[1]) != 1:
            yield f"{self._comments(links[1])} answers on the uncorrected issue."
        uncorrected = self.jira.issue(links[1].target_ref)
        if uncorrected.status != self.jira.status_id(PROJECT, BACK):
            yield "The uncorrected issue was not moved back."
        if not Integration.objects.filter(pair=self.pair, webhooks__isnull=False).exists():
            yield "There is no webhook at Jira."
