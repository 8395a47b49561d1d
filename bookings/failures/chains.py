"""A failure read from the rows of its chain of batches, or of a file that never became one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from bookings import dxso_plan, workflow_text
from bookings.corrections.chain import latest_revision, revisions
from bookings.entry import Route
from bookings.extf_jobs import TRY_AGAIN
from bookings.failures.told import STATES, Attempt, Element, Failure, FailureState, Line, Rule
from bookings.given.reading import LineFault
from bookings.models import Batch, BatchState, Booking, BookingVerdict, HandedIn, Job, JobState, ProtocolEntry
from bookings.noted import stand
from connections.messages import Message, faults_from_json, say

REFUSED = (BatchState.FAILED, BatchState.PARTLY, BatchState.STOPPED)
LINES_TOLD = 200


def of_chain(chain: Sequence[Batch]) -> Failure | None:
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
    plan = dxso_plan.load(told) if told.route == Route.DXSO and told.sha256 else []
    lines = list(job.protocol.all()[:LINES_TOLD]) if job is not None else []
    elements = tuple(_element(item) for item in (job.affected_elements if job is not None else ()))
    rows = _refused_rows(told, lines, plan)
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
        protocol=tuple(_line(line, plan) for line in lines),
        attempts=tuple(_attempt(batch, jobs) for batch in chain),
        faults=tuple(Rule.of(fault) for fault in faults_from_json(told.faults)),
        may_go_unchanged=told.code == TRY_AGAIN,
        failed_at=told.settled_at,
        page=_page(latest),
        batch_id=latest.pk,
    )
    return _versioned(known, stand(latest))


def of_file(file: HandedIn) -> Failure:
    """A file from elsewhere that our checks refused, or that was refused before and is taken now."""
    if file.batch is not None:
        told = of_chain(revisions(file.batch))
        state = told.state if told is not None else STATES[BatchState(latest_revision(file.batch).state)]
    else:
        told, state = None, FailureState.STOPPED
    faults = [LineFault.from_json(item) for item in file.faults]
    known = Failure(
        ref=f"file:{file.pk}",
        version="",
        kind="file",
        state=state,
        route=file.route,
        client_id=file.client_id,
        client_ref=file.client_ref,
        client_label=file.client.name if file.client else "",
        job_ref=told.job_ref if told else "",
        latest_job_ref=told.latest_job_ref if told else "",
        code="",
        text=say("Our own checks refused a file from elsewhere: %(count)s faults.", count=len(faults))
        if file.batch is None
        else say("The file from elsewhere is right now and was taken."),
        detail=Message(""),
        help_url="",
        # The name that others gave the file may say anything.
        filename="",
        reference=str(file.public_id),
        revision=1,
        refused=len(faults),
        rows=tuple(sorted({one.line for one in faults if one.line})),
        elements=(),
        protocol=(),
        attempts=(),
        faults=tuple(Rule.of(one.fault, one.line) for one in faults),
        may_go_unchanged=False,
        failed_at=file.decided_at,
        page=settings.PUBLIC_URL + reverse("admin:bookings_handedin_change", args=[file.pk]),
        batch_id=file.batch_id,
    )
    return _versioned(known, 0)


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


def _refused_rows(
    batch: Batch, lines: Sequence[ProtocolEntry], plan: Sequence[dxso_plan.PlannedInvoice]
) -> tuple[int, ...]:
    """The numbers of the rows that DATEV's protocol blames, in this revision's file."""
    if batch.is_given:
        errors = [(line.filename, line.context) for line in lines if line.kind == "error"]
        return tuple(sorted(row for one in dxso_plan.blamed(plan, errors)[0] for row in one.rows))
    blamed = Booking.objects.filter(batch=batch, verdict=BookingVerdict.FAILED, row__isnull=False)
    return tuple(row or 0 for row in blamed.order_by("row").values_list("row", flat=True))


def _line(line: ProtocolEntry, plan: Sequence[dxso_plan.PlannedInvoice]) -> Line:
    text = workflow_text.protocol(line.text)
    named = [invoice for invoice in plan if invoice.is_named_by(line.filename, line.context)]
    return Line(
        kind=line.kind if line.kind in ("information", "warning", "error") else "",
        text=text,
        filename=workflow_text.file_name(line.filename),
        rows=tuple(row for invoice in named for row in (invoice.rows or _rows_of(invoice))),
        is_withheld=workflow_text.is_withheld(text),
        raw=line.text,
        raw_filename=line.filename,
    )


def _rows_of(invoice: dxso_plan.PlannedInvoice) -> tuple[int, ...]:
    placed = Booking.objects.filter(pk__in=invoice.bookings, row__isnull=False).order_by("row")
    return tuple(row or 0 for row in placed.values_list("row", flat=True))


def _page(batch: Batch) -> str:
    return settings.PUBLIC_URL + reverse("admin:bookings_batch_change", args=[batch.pk])
