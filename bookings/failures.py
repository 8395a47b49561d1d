"""Refused and partly refused files as a ticket needs them: all that is needed to act, nothing of the books.

A failure is a *chain*: the batch that was refused first and its later revisions. It keeps its `ref` for ever
and changes its `version` with everything that is worth telling.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from bookings import dxso_plan, workflow_text
from bookings.corrections.chain import revisions
from bookings.entry import Route
from bookings.extf_jobs import TRY_AGAIN
from bookings.models import Batch, BatchState, Booking, BookingVerdict, Job, JobState, ProtocolEntry
from bookings.noted import stand
from connections import clock
from connections.messages import DataFault, Message, faults_from_json, say

# A transaction that began earlier may commit later: what ended so recently is read once more.
OVERLAP = timedelta(minutes=10)
REFUSED = (BatchState.FAILED, BatchState.PARTLY, BatchState.STOPPED)
LINES_TOLD = 200
# Where a sentence has its values.
PLACES = re.compile(r"%\(\w+\)s")


class FailureState(StrEnum):
    """How the latest revision stands."""

    REFUSED = "refused"
    PARTLY = "partly"
    # Our own checks, or a refusal before DATEV took the file: there is no job.
    STOPPED = "stopped"
    UNDER_WAY = "under_way"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"


STATES = {
    BatchState.OPEN: FailureState.UNDER_WAY,
    BatchState.CLOSED: FailureState.UNDER_WAY,
    BatchState.SENT: FailureState.UNDER_WAY,
    BatchState.POSTED: FailureState.ACCEPTED,
    BatchState.FAILED: FailureState.REFUSED,
    BatchState.PARTLY: FailureState.PARTLY,
    BatchState.STOPPED: FailureState.STOPPED,
    BatchState.UNKNOWN: FailureState.UNKNOWN,
}


@dataclass(frozen=True)
class Line:
    """One line of DATEV's protocol. `raw` and `raw_filename` stay here; `text` and `filename` may travel."""

    kind: str
    text: Message
    filename: str
    # Rows of the batch that the line is about, as far as its file names tell.
    rows: tuple[int, ...]
    is_withheld: bool
    raw: str
    raw_filename: str


@dataclass(frozen=True)
class Element:
    name: str
    reason: Message
    raw_name: str
    raw_reason: str


@dataclass(frozen=True)
class Rule:
    """A fault of our own checks without its value; `str()` is in the active language."""

    field: str
    pattern: str
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.line}: " if self.line else ""
        return f"{place}{gettext(self.field)}: {PLACES.sub('...', gettext(self.pattern))}"

    @classmethod
    def of(cls, fault: DataFault, line: int = 0) -> Rule:
        named = str(fault.rule.values.get("line", line))
        return cls(fault.field, fault.rule.pattern, int(named) if named.isdecimal() else line)


@dataclass(frozen=True)
class Attempt:
    """One revision of the chain: what was sent under which name, and what became of it."""

    revision: int
    batch_id: int
    filename: str
    reference: str
    state: FailureState
    job_refs: tuple[str, ...]
    code: str


@dataclass(frozen=True)
class Failure:
    """A failure as a ticket tells it. Everything but the `raw` fields may leave the books.

    `ref` ("batch:12" or "file:7") never changes. `job_ref` is the first job that DATEV refused ("" = DATEV
    never took the file), `latest_job_ref` that of the latest attempt. `rows` are row numbers
    of the refused revision; `refused` counts affected elements or bookings. `page` is our admin page.
    """

    ref: str
    version: str
    kind: Literal["job", "batch", "file"]
    state: FailureState
    route: str
    client_id: int | None
    client_ref: str
    client_label: str
    job_ref: str
    latest_job_ref: str
    code: str
    text: Message
    detail: Message
    help_url: str
    filename: str
    reference: str
    revision: int
    refused: int
    rows: tuple[int, ...]
    elements: tuple[Element, ...]
    protocol: tuple[Line, ...]
    attempts: tuple[Attempt, ...]
    # What our own checks found, without the values.
    faults: tuple[Rule, ...]
    may_go_unchanged: bool
    failed_at: datetime | None
    page: str
    # For `bookings.corrections.resubmit`; None for a file that never became a batch.
    batch_id: int | None = None

    @property
    def is_over(self) -> bool:
        return self.state == FailureState.ACCEPTED


@dataclass(frozen=True)
class FailurePage:
    """`cursor` is given to the next reading as it is."""

    failures: tuple[Failure, ...]
    cursor: str


def failures_since(
    cursor: str, clients: Collection[int], *, include_refused: bool = False, limit: int = 200
) -> FailurePage:
    """Chains of `clients` (primary keys) in which something ended since `cursor` ("" = from the beginning).

    Each chain once, as it stands now; one may come again unchanged: compare its `version`. With
    `include_refused` also what our own checks refused, or DATEV before it made a job of it.
    """
    since, after_id = _position(cursor)
    ended = _ended(clients, since, after_id)
    batches = list(ended.order_by("settled_at", "pk")[:limit])
    seen: dict[str, Failure] = {}
    for batch in batches:
        chain = revisions(batch)
        key = f"batch:{chain[0].pk}"
        if key not in seen and (told := _of_chain(chain)) and (include_refused or told.kind == "job"):
            seen[key] = told
    return FailurePage(tuple(seen.values()), _next(cursor, batches, limit))


def failure(ref: str) -> Failure | None:
    """The failure as it stands now; None if there is none of this name (any more)."""
    kind, _, number = ref.partition(":")
    if not number.isdecimal():
        return None
    batch = Batch.objects.filter(pk=int(number)).defer("content").first() if kind == "batch" else None
    return _of_chain(revisions(batch)) if batch is not None else None


def failure_of_job(vendor_ref: str) -> Failure | None:
    """The failure that DATEV's job belongs to."""
    job = Job.objects.filter(vendor_ref=vendor_ref).select_related("batch").defer("batch__content").first()
    return _of_chain(revisions(job.batch)) if job is not None else None


def _position(cursor: str) -> tuple[datetime | None, int]:
    moment, _, number = cursor.partition("|")
    return (datetime.fromisoformat(moment), int(number or 0)) if moment else (None, 0)


def _ended(clients: Collection[int], since: datetime | None, after_id: int) -> QuerySet[Batch]:
    """Refused batches, and what became of later revisions and attempts."""
    worth = Q(state__in=REFUSED) | Q(revision__gt=1) | Q(attempt__gt=1)
    found = Batch.objects.filter(worth, client__in=clients, settled_at__isnull=False).defer("content")
    if since is None:
        return found
    return found.filter(Q(settled_at__gt=since) | Q(settled_at=since, pk__gt=after_id))


def _next(cursor: str, batches: Sequence[Batch], limit: int) -> str:
    """A full page is read on from its end; otherwise the next reading begins a little before this one."""
    if len(batches) == limit:
        return f"{batches[-1].settled_at:%Y-%m-%dT%H:%M:%S.%f%z}|{batches[-1].pk}"
    back = clock.now() - OVERLAP
    since, _after = _position(cursor)
    return cursor if since is not None and since > back else f"{back.isoformat()}|0"


def _of_chain(chain: Sequence[Batch]) -> Failure | None:
    """None for a batch that was never refused."""
    first, latest = chain[0], chain[-1]
    jobs = list(Job.objects.filter(batch__in=chain).order_by("pk"))
    bad = [job for job in jobs if job.state in (JobState.FAILED, JobState.PARTLY)]
    bad += [job for job in jobs if job.state == JobState.CANCELLED and job.code]
    was_refused = bool(bad) or any(batch.state in REFUSED for batch in chain)
    if not was_refused:
        return None
    # While a new revision is on its way its predecessor's refusal is what there is to tell.
    told = next((batch for batch in reversed(chain) if batch.state in REFUSED), latest)
    job = next((job for job in reversed(jobs) if job.batch_id == told.pk), None)
    plan = dxso_plan.load(told) if told.route == Route.DXSO and not told.is_given and told.sha256 else []
    lines = list(job.protocol.all()[:LINES_TOLD]) if job is not None else []
    elements = tuple(_element(item) for item in (job.affected_elements if job is not None else ()))
    rows = _refused_rows(told)
    known = Failure(
        ref=f"batch:{first.pk}",
        version="",
        kind="job" if bad else "batch",
        state=STATES[BatchState(latest.state)],
        route=latest.route,
        client_id=latest.client_id,
        client_ref=latest.client.ref,
        client_label=latest.client.name,
        job_ref=bad[0].vendor_ref if bad else "",
        latest_job_ref=jobs[-1].vendor_ref if jobs else "",
        code=told.code,
        text=_text(told, latest),
        detail=workflow_text.detail(job.text if job is not None and told.route == Route.EXTF else ""),
        help_url=told.help_url,
        filename=latest.filename,
        reference=latest.reference,
        revision=latest.revision,
        refused=len(elements) or len(rows) or len(told.faults),
        rows=rows,
        elements=elements,
        protocol=tuple(_line(line, told, plan) for line in lines),
        attempts=tuple(_attempt(batch, jobs) for batch in chain),
        faults=tuple(Rule.of(fault) for fault in faults_from_json(told.faults)),
        may_go_unchanged=told.code == TRY_AGAIN,
        failed_at=told.settled_at,
        page=_page(latest),
        batch_id=latest.pk,
    )
    return _versioned(known, stand(latest))


def _versioned(known: Failure, corrections: int) -> Failure:
    """A digest of all that is worth telling, whatever language it is told in."""
    told = [
        known.state,
        known.code,
        known.refused,
        known.rows,
        [[line.kind, line.raw, line.raw_filename] for line in known.protocol],
        [[element.raw_name, element.raw_reason] for element in known.elements],
        [[one.revision, one.state, one.job_refs, one.code, one.filename] for one in known.attempts],
        [[rule.line, rule.field, rule.pattern] for rule in known.faults],
        corrections,
    ]
    version = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:24]
    return Failure(**{**known.__dict__, "version": version})


def _text(told: Batch, latest: Batch) -> Message:
    if told.code:
        return workflow_text.title(told.code)
    if told.faults:
        return say(
            "Our own checks refused the file: %(count)s faults. Nothing was sent.", count=len(told.faults)
        )
    if latest.state == BatchState.STOPPED:
        return say("The hand-over was stopped before DATEV took the file.")
    return say("DATEV names no code.")


def _attempt(batch: Batch, jobs: Sequence[Job]) -> Attempt:
    return Attempt(
        revision=batch.revision,
        batch_id=batch.pk,
        filename=batch.filename,
        reference=batch.reference,
        state=STATES[BatchState(batch.state)],
        job_refs=tuple(job.vendor_ref for job in jobs if job.batch_id == batch.pk),
        code=batch.code,
    )


def _element(item: dict[str, str]) -> Element:
    name, reason = item.get("name", ""), item.get("reason", "")
    return Element(*workflow_text.element(name, reason), name, reason)


def _refused_rows(batch: Batch) -> tuple[int, ...]:
    """The numbers of the rows that DATEV's protocol blames, in this revision's file."""
    blamed = Booking.objects.filter(batch=batch, verdict=BookingVerdict.FAILED, row__isnull=False)
    return tuple(row or 0 for row in blamed.order_by("row").values_list("row", flat=True))


def _line(line: ProtocolEntry, batch: Batch, plan: Sequence[dxso_plan.PlannedInvoice]) -> Line:
    text = workflow_text.protocol(line.text)
    named = [invoice for invoice in plan if invoice.is_named_by(line.filename, line.context)]
    ids = [booking for invoice in named for booking in invoice.bookings]
    rows = Booking.objects.filter(pk__in=ids, row__isnull=False).order_by("row") if ids else None
    return Line(
        kind=line.kind if line.kind in ("information", "warning", "error") else "",
        text=text,
        filename=workflow_text.file_name(line.filename),
        rows=tuple(row or 0 for row in rows.values_list("row", flat=True)) if rows is not None else (),
        is_withheld=workflow_text.is_withheld(text),
        raw=line.text,
        raw_filename=line.filename,
    )


def _page(batch: Batch) -> str:
    return settings.PUBLIC_URL + reverse("admin:bookings_batch_change", args=[batch.pk])
