"""What became of each task, as a table, and compared with what must have become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bookings.models import Document, DocumentState, Job
from mlconnector.demo.acts.asana_datev import books, tasks
from mlconnector.demo.acts.asana_datev.configuration import OWN_SETTINGS
from mlconnector.demo.acts.asana_datev.names import BOOKED, PROJECTS, RESULT, TO_CHECK
from mlconnector.demo.acts.asana_datev.tasks import Invoice
from pairs.models import Integration, Record, RecordState

if TYPE_CHECKING:
    from mlconnector.demo.acts.asana_datev.act import AsanaToDatev

PAIR = "asana_datev"
CLIENTS = frozenset(books.reference(number) for number in books.NAMES)
HEADINGS = ("entered", "booked", "changed after it", "parked", "not approved", "documents", "jobs")


@dataclass
class Row:
    """The counts of one integration, as the product knows them."""

    name: str
    entered: int = 0
    booked: int = 0
    changed: int = 0
    parked: int = 0
    not_approved: int = 0
    documents: int = 0
    jobs: int = 0

    @property
    def adds_up(self) -> bool:
        return self.entered == self.booked + self.changed + self.parked + self.not_approved

    def counts(self) -> tuple[int, ...]:
        return (
            self.entered,
            self.booked,
            self.changed,
            self.parked,
            self.not_approved,
            self.documents,
            self.jobs,
        )


@dataclass
class Vendors:
    """What the simulators hold when all is at rest."""

    bookings: list[dict[str, Any]]
    # SHA-256 of every file in DATEV, once for each time it is there.
    files: Counter[str]
    jobs: Counter[str]
    findings: list[str]
    repeated: list[Any]
    # By the task's gid.
    results: Mapping[str, str | None]
    written: Counter[str]
    comments: Counter[str]
    gids: Mapping[str, str] = field(default_factory=dict)
    attached: Mapping[str, Sequence[str]] = field(default_factory=dict)


def rows() -> list[Row]:
    found = []
    for integration in Integration.objects.filter(pair=PAIR).order_by("pk"):
        records = Record.objects.filter(integration=integration)
        states = Counter(records.values_list("state", flat=True))
        row = Row(
            integration.name,
            entered=sum(states.values()),
            booked=states[RecordState.DONE],
            changed=states[RecordState.CHANGED],
            parked=states[RecordState.REFUSED],
            not_approved=states[RecordState.DORMANT],
            documents=Document.objects.filter(
                origin__in=[record.subject for record in records], state=DocumentState.UPLOADED
            ).count(),
            jobs=Job.objects.filter(batch__origin=f"integration:{integration.pk}").count(),
        )
        found.append(row)
    return found


def vendors(act: AsanaToDatev) -> Vendors:
    state = act.stage.stand("datev").state_of(CLIENTS)
    written = act.stage.stand("asana").written_back()
    gids = act.gids.values()
    jobs = Counter(f"EXTF {job['result']}" for job in state["extf_jobs"])
    jobs.update(f"DXSO {'succeeded' if job['status'] == 2 else job['status']}" for job in state["dxso_jobs"])
    return Vendors(
        bookings=state["bookings"],
        files=Counter(digest for document in state["documents"] for digest in document["sha256"]),
        jobs=jobs,
        findings=[finding for job in state["extf_jobs"] for finding in job["findings"]],
        repeated=state["repeated"],
        results={
            gid: act.asana.value(gid, act.fields[name][RESULT])
            for name, project in act.projects.items()
            for gid in gids
            if project in act.asana.task(gid).memberships
        },
        written=Counter({gid: count for gid, count in written.items() if gid in gids}),
        comments=Counter({gid: len(act.asana.comments(gid)) for gid in gids}),
        gids=act.gids,
        attached=act.files,
    )


# --- The table --------------------------------------------------------------------------------


def table(found: Sequence[Row], there: Vendors) -> Iterator[str]:
    total = Row("Together")
    for name in vars(total):
        if name != "name":
            setattr(total, name, sum(getattr(row, name) for row in found))
    width = max(len(row.name) for row in found)
    yield " " * width + "".join(f"  {heading}" for heading in HEADINGS)
    for row in (*found, total):
        counts = (f"  {count:>{len(heading)}}" for heading, count in zip(HEADINGS, row.counts(), strict=True))
        yield f"{row.name:<{width}}" + "".join(counts)
    sums = f"{total.booked} + {total.changed} + {total.parked} + {total.not_approved}"
    yield f"{total.entered} entered = {sums} (booked, changed after it, parked, not approved)"
    yield ""
    yield "In the simulated DATEV and Asana:"
    yield f"  {len(there.bookings)} bookings, {len(there.repeated) or 'none'} of them repeated"
    yield f"  {sum(there.files.values())} document files, {len(there.files)} different ones"
    yield "  jobs: " + ", ".join(f"{count} {name}" for name, count in sorted(there.jobs.items()))
    yield f"  {sum(there.written.values())} results written back, {sum(there.comments.values())} comments"


# --- The comparison --------------------------------------------------------------------------------


def deviations(found: Sequence[Row], there: Vendors, today: date) -> Iterator[str]:
    """Everything that is not as it must be; nothing = all promises were kept."""
    yield from (f"{row.name}: the counts do not add up." for row in found if not row.adds_up)
    yield from _records(there)
    yield from _sums(found, there)
    yield from _bookings(there, today)
    yield from _documents(there)
    yield from _write_backs(there)
    failed = (name for name in there.jobs if not name.endswith("succeeded"))
    yield from (f"DATEV job that did not succeed: {name}" for name in failed)
    yield from (f"DATEV Rechnungswesen would refuse: {finding}" for finding in there.findings)
    yield from (f"Booked more than once: {row}" for row in there.repeated)


def _records(there: Vendors) -> Iterator[str]:
    """Each task has one record, in the state that it must be in, with the faults that it must have."""
    known = {record.source_ref: record for record in Record.objects.filter(integration__pair=PAIR)}
    for invoice in tasks.INVOICES:
        record = known.pop(there.gids[invoice.number], None)
        if record is None:
            yield f"{invoice.number}: the task has no record."
            continue
        if record.state != invoice.state:
            yield f"{invoice.number}: is '{record.state}' and must be '{invoice.state}'."
        faults = {fault["field"] for fault in record.faults}
        if faults != set(invoice.faults):
            yield f"{invoice.number}: at fault are {sorted(faults)} and must be {sorted(invoice.faults)}."
    yield from (f"{record}: there is a record without a task." for record in known.values())


def _sums(found: Sequence[Row], there: Vendors) -> Iterator[str]:
    """What we count is what the vendors hold."""
    pairs = (
        ("bookings", sum(row.booked + row.changed for row in found), len(there.bookings)),
        ("documents", sum(row.documents for row in found), sum(there.files.values())),
        ("jobs", sum(row.jobs for row in found), sum(there.jobs.values())),
        ("tasks", sum(row.entered for row in found), len(there.gids)),
    )
    yield from (f"{ours} {name} here and {theirs} there." for name, ours, theirs in pairs if ours != theirs)


def _bookings(there: Vendors, today: date) -> Iterator[str]:
    """Each booked invoice arrived once, with its own values; nothing else arrived."""
    arrived: dict[str, list[dict[str, Any]]] = {}
    for row in there.bookings:
        arrived.setdefault(row["document_field_1"], []).append(row)
    for invoice in tasks.INVOICES:
        if not invoice.is_booked:
            continue
        rows_ = arrived.pop(invoice.number, [])
        if len(rows_) != 1:
            yield f"{invoice.number}: {len(rows_)} bookings in DATEV instead of one."
            continue
        for name, (is_, must) in _values(invoice, rows_[0], today).items():
            if is_ != must:
                yield f"{invoice.number}: {name} is {is_!r} in DATEV and must be {must!r}."
    yield from (f"{number}: DATEV has a booking that nobody approved." for number in arrived)


def _values(invoice: Invoice, row: Mapping[str, Any], today: date) -> dict[str, tuple[Any, Any]]:
    """What DATEV has beside what it must have, by name."""
    client = PROJECTS[invoice.project]
    return {
        "client": (row["client"], books.reference(client)),
        "amount": (abs(Decimal(row["amount"])), Decimal(invoice.amount or 0)),
        "date": (row["date"], invoice.on(today).isoformat()),
        "accounts": (
            {row["account"], row["contra_account"]},
            {books.partner_number(client, invoice.partner), invoice.account},
        ),
        "tax key": (row["bu_key"] or "", books.TAX_CASES.get(invoice.tax, "")),
        "currency": (row["currency"], invoice.currency or "EUR"),
    }


def _documents(there: Vendors) -> Iterator[str]:
    wanted: Counter[str] = Counter()
    for invoice in tasks.INVOICES:
        if invoice.is_booked:
            wanted.update(there.attached[invoice.number])
        for digest in there.attached[invoice.number]:
            if there.files[digest] != int(invoice.is_booked):
                yield (
                    f"{invoice.number}: an attachment is {there.files[digest]} times in DATEV "
                    f"and must be {int(invoice.is_booked)} times."
                )
    if sum(there.files.values()) != sum(wanted.values()):
        yield f"{sum(there.files.values())} files are in DATEV, {sum(wanted.values())} must be."


def _write_backs(there: Vendors) -> Iterator[str]:
    """A result stands on each booked or refused task, written once; on others nothing."""
    for invoice in tasks.INVOICES:
        gid = there.gids[invoice.number]
        must = BOOKED if invoice.is_booked else TO_CHECK if invoice.is_refused else None
        times = int(must is not None)
        if there.results.get(gid) != must:
            yield f"{invoice.number}: the task says {there.results.get(gid)!r} and must say {must!r}."
        if there.written[gid] != times:
            yield f"{invoice.number}: the result was written {there.written[gid]} times instead of {times}."
        has_comment = OWN_SETTINGS[invoice.project].get("result_comment", False)
        if there.comments[gid] != times * has_comment:
            yield f"{invoice.number}: {there.comments[gid]} comments instead of {times * has_comment}."
