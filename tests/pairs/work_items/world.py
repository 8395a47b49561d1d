"""Documents of no vendor in particular, a pair that makes tasks of them, and one that watches these tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connections import clock
from connections.messages import say
from connections.models import Connection, Health
from pairs import intake, records, work
from pairs.base import Change, FieldType, Flow, Outcome, Page, Pair, TargetField, done, dormant
from pairs.models import Delivery, FieldMapping, Integration, Link, Record, ValueTable
from pairs.work_items import SETTINGS, Line, WorkItem, attach, ensure, rules_of, watch
from pairs.work_items.item import File
from tests.factories import asana_connection
from tests.pairs.passing import poll_soon, work_for

FIELDS = (
    TargetField("number", "Document number", FieldType.TEXT, standard="document_number"),
    TargetField("amount", "Amount", FieldType.AMOUNT, standard="amount"),
    TargetField("currency", "Currency", FieldType.TEXT, standard="currency"),
    TargetField("due_date", "Due on", FieldType.DATE, standard="due_date"),
    TargetField("branch", "Branch", FieldType.CHOICE, standard="branch"),
    TargetField("owner", "Owner", FieldType.TEXT),
    TargetField("source_id", "Source id", FieldType.TEXT, standard="source_id"),
    TargetField("result", "Result", FieldType.TEXT, standard="result"),
)


@dataclass
class Document:
    """A bill of the imagined finance system."""

    ref: str
    amount: Decimal = Decimal("119.00")
    branch: str = "Nord"
    due_on: date | None = date(2026, 12, 15)
    owner: str = ""
    section: str = ""
    project: str = ""
    assignee: str = ""
    lines: dict[str, Decimal] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    version: int = 1

    @property
    def key(self) -> str:
        return f"Muster: Bill {self.ref} (Test)"


class World:
    """`documents` are what the finance system holds; `work()` lets the product run to rest."""

    def __init__(self, asana: Any, monkeypatch: Any, **settings: Any) -> None:
        from pairs import registry

        self.asana = asana
        self.documents: dict[str, Document] = {}
        self.read: list[str] = []
        self.watched: list[str] = []
        self.decided: dict[str, str] = {}
        self.kind = "approval"
        pair = self._pair()
        monkeypatch.setattr(registry, "pairs", lambda: {"fake": pair})
        self.project = asana.add_project("Freigaben")
        self.fields = {
            "number": self._field("Belegnummer", "text"),
            "amount": self._field("Betrag", "number", precision=2),
            "due_date": self._field("Fällig", "date"),
            "branch": self._field("Filiale", "enum", options=("Nord", "Süd")),
            "owner": self._field("Prüfer", "people"),
            "source_id": self._field("Quelle", "text"),
        }
        source = Connection.objects.create(name="Muster ERP", vendor="datev", health=Health.OK)
        self.integration = Integration.objects.create(
            name="Rechnungen",
            pair="fake",
            source=source,
            target=asana_connection(asana),
            is_on=True,
            settings={"lines_as": "none", **settings},
        )
        for key, gid in self.fields.items():
            self.map(key, gid)

    def _field(self, name: str, kind: str, **more: Any) -> str:
        gid: str = self.asana.add_custom_field(self.project, name, kind, **more)
        return gid

    def map(self, key: str, gid: str, *, flow: str = "bills", **more: Any) -> FieldMapping:
        row, _ = FieldMapping.objects.update_or_create(
            integration=self.integration,
            flow=flow,
            way=FieldMapping.Way.BACK,
            target_field=key,
            defaults={"source_field": gid, **more},
        )
        return row

    def table(self, key: str, rows: Mapping[str, str]) -> None:
        table = ValueTable.objects.create(name=f"Tabelle {key}")
        for source, target in rows.items():
            table.rows.create(source_value=source, target_value=target)
        self.map(key, self.fields[key], table=table)

    def _pair(self) -> Pair:
        bills = Flow(
            "bills",
            "Bills",
            poll=self._poll,
            handle=self.handle,
            write_back=FIELDS,
            write_back_side="target",
        )
        approvals = Flow(
            "approvals",
            "Approvals",
            poll=lambda context, cursor, more: watch.poll(
                context, [self.project], cursor, more, flows=("bills",)
            ),
            handle=self.approve,
            wake=lambda context, headers, body: watch.changes(context, body, flows=("bills",)),
            reads="target",
            watched=lambda context: (self.project,),
            is_news=watch.is_news,
            write_back=FIELDS,
            write_back_side="target",
        )
        return Pair("fake", "Fake", "", "datev", "asana", flows=(bills, approvals), settings=SETTINGS)

    # --- the pair -----------------------------------------------------------------------------------------

    def _poll(self, context: Any, cursor: Mapping[str, Any], more: str) -> Page:
        changes = [Change(ref, str(document.version), ref) for ref, document in self.documents.items()]
        return Page(changes, cursor)

    def item(self, ref: str) -> WorkItem:
        document = self.documents[ref]
        lines = tuple(
            Line(number, f"Position {number}", f"{amount} EUR", values={"amount": amount})
            for number, amount in document.lines.items()
        )
        return WorkItem(
            key=document.key,
            name=f"Rechnung {ref}",
            project=document.project or self.project,
            section=document.section,
            kind=self.kind,  # type: ignore[arg-type]
            notes="Bitte prüfen",
            link=f"https://erp.example/{ref}",
            values={
                "number": ref,
                "amount": document.amount,
                "currency": "EUR",
                "due_date": document.due_on,
                "branch": document.branch,
                "owner": document.owner or None,
            },
            due_on=document.due_on,
            assignee=document.assignee,
            lines=lines,
        )

    def handle(self, context: Any) -> Outcome:
        ref = context.record.source_ref
        self.read.append(ref)
        version = str(self.documents[ref].version)
        ensured = ensure(context, self.item(ref), rules_of(context, watched_by="approvals"))
        files = [
            File(name, name, "application/pdf", lambda content=content: content)
            for name, content in self.documents[ref].files.items()
        ]
        attach(context, ensured.gid, files, watched_by="approvals")
        return done(ensured.message, target_url=ensured.url, version=version)

    def approve(self, context: Any) -> Outcome:
        """Reads the task unless it was given, and notes its decision."""
        from connections.vendors.asana.tasks import Task

        gid = context.record.source_ref
        self.watched.append(gid)
        if context.record.is_deleted_at_source:
            watch.gone(context, gid)
            return dormant(say("Deleted."))
        snapshot = context.fresh_snapshot()
        task = Task.from_json(snapshot) if snapshot else context.target.task(gid)
        self.decided[gid] = task.approval_status
        watch.remember(context, task)
        return dormant(say("Seen."), version=watch.version(context, task))

    # --- time and people ----------------------------------------------------------------------------------

    def add(self, ref: str = "INV1", **values: Any) -> Document:
        self.documents[ref] = Document(ref, **values)
        return self.documents[ref]

    def change(self, ref: str = "INV1", **values: Any) -> None:
        document = self.documents[ref]
        for name, value in values.items():
            setattr(document, name, value)
        document.version += 1

    def work(self, *, poll: bool = True, minutes: float = 5) -> None:
        if poll:
            poll_soon()
        work_for(timedelta(minutes=minutes), self.pass_time)

    def poll(self) -> None:
        """Documents and tasks are read now."""
        poll_soon()
        work.polls()

    def run(self, ref: str = "INV1") -> Record:
        """Wake and handle this document alone, whatever is seen elsewhere."""
        document = self.documents[ref]
        [*_] = records.wake(self.integration, "bills", [Change(ref, f"{document.version}-{clock.now()}")])
        work.due_records()
        return self.record(ref)

    def pass_time(self, by: timedelta) -> None:
        clock.advance(by)
        self.asana.clock.advance(by)

    def deliver(self) -> None:
        self.asana.deliver()
        for delivery in Delivery.objects.filter(worked_at=None):
            intake.work_delivery(delivery.pk)

    # --- what came of it ----------------------------------------------------------------------------------

    def record(self, ref: str = "INV1", flow: str = "bills") -> Record:
        return Record.objects.get(integration=self.integration, flow=flow, source_ref=ref)

    def link(self, ref: str = "INV1") -> Link:
        return Link.objects.get(integration=self.integration, flow="bills", source_ref=ref)

    def tasks(self) -> list[Any]:
        """The living tasks at Asana that are no subtasks."""
        return [task for task in self.asana.known.all("task") if not task.parent]

    def subtasks(self) -> list[Any]:
        return [task for task in self.asana.known.all("task") if task.parent]

    def value(self, gid: str, key: str) -> Any:
        return self.asana.value(gid, self.fields[key])

    def calls(self, *methods: str) -> list[str]:
        """What was asked of Asana since `quiet` was called, beside the polls of the project."""
        wanted = methods or ("GET", "POST", "PUT", "DELETE")
        return [
            f"{call.method} {call.route}"
            for call in self.asana.calls
            if call.method in wanted and call.route != "tasks.list" and not call.route.startswith("webhooks.")
        ]

    def quiet(self) -> None:
        self.asana.calls.clear()
