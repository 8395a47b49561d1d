"""The way of one task: approved, mapped, checked, its documents uploaded, booked, its result written back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from bookings import documents, selectors, services, validation
from bookings.einvoice.invoice import EInvoice
from bookings.entry import Books, Direction, Entry, Route
from bookings.entry_reversal import reversed_entry
from bookings.models import DatevClient
from connections.effects import digest
from connections.errors import ConfigurationError, RejectedError
from connections.messages import DataFault, Message, say
from connections.vendors.asana.api import Task
from pairs import corrections, exclusive
from pairs.base import Outcome, done, dormant, parked, sent
from pairs.booking_fields import BOOKING_FIELDS, LABELS, differences, entry_from
from pairs.closing import closing_of
from pairs.datev import chosen_client
from pairs.definitions.asana_datev import attachments, einvoices, results, source
from pairs.einvoices import values as e_invoice_values
from pairs.engine import Context
from pairs.mapping import MappingRow, apply
from pairs.mapping_rows import rows_for
from pairs.models import RecordState
from pairs.work_items.values import values as values_of

# DATEV's answer wakes the record at once; this look finds an answer whose wake was lost.
NEXT_LOOK = timedelta(hours=6)


@dataclass(frozen=True)
class Wanted:
    """What the task asks to be booked, and all that speaks against it."""

    entry: Entry
    faults: tuple[DataFault, ...]
    # False: some values are stand-ins, because the task's could not be read.
    is_whole: bool = True


def handle(context: Context) -> Outcome:
    """Bring one task as far as it can be brought now. May be run twice, killed anywhere, and replayed."""
    record = context.record
    booked = selectors.outcome(record.subject, record.revision)
    if booked is None:
        return _first_time(context)
    if booked.state == "collecting" and _has_news(context):
        return _reconsider(context)
    if booked.state in ("collecting", "sending", "sent"):
        return sent(booked.message, look_at=context.now + NEXT_LOOK)
    if booked.state in ("failed", "stopped") and _is_corrected(context):
        # The refused booking is not in the books: the corrected task is booked anew, under a new revision.
        with transaction.atomic():
            context.hold()
            # From here on nobody can send the old booking again out of its batch, beside the new one.
            services.release_earlier(context.record.subject, context.record.revision + 1)
            context.start_over()
        return _first_time(context)
    return _settled(context, booked)


def _is_corrected(context: Context) -> bool:
    """Whether a person asked for a new try, or the task now says something else than what DATEV refused."""
    if context.record.instruction:
        return True
    if not _has_news(context):
        return False
    task = source.read(context)
    return task is not None and bool(_changes(context, task))


def _first_time(context: Context, *, is_decided: bool = False) -> Outcome:
    """Book what the task says now; `is_decided`: a person has decided already to replace what is booked."""
    task = source.read(context)
    standing = corrections.standing(context)
    if standing and not (is_decided or corrections.decision(context) == "correct"):
        version = source.version_of(task) if task else ""
        if corrections.decision(context) == "keep":
            return corrections.kept(version)
        return corrections.undecided(version, standing)
    reason = source.why_not_booked(context, task)
    if task is None or reason is not None:
        if standing:
            return corrections.impossible(source.version_of(task) if task else "", [_not_approved(reason)])
        return dormant(reason or source.GONE, version=source.version_of(task) if task else "")
    version = source.version_of(task)
    if other := exclusive.other_record(context):
        return exclusive.refused(other, version)
    client = chosen_client(context.integration)
    if wrong := corrections.in_other_books(context, client):
        return corrections.impossible(version, wrong)
    books = services.books(client)
    listed = attachments.listed(context, task)
    rows = rows_for(context.integration, context.flow.key, client)
    found = einvoices.look(context, client, listed, rows)
    wanted = want(context, task, books, rows, found.invoice)
    shown = einvoices.differences(context, found, wanted.entry, books) if wanted.is_whole else []
    faults = (
        *wanted.faults,
        *attachments.faults(context, listed),
        *einvoices.stopping(context, found, shown, rows),
    )
    if faults and standing:
        return corrections.impossible(version, faults)
    if faults:
        message = say("Not booked. To be corrected: %(count)s.", count=len(faults))
        return _refused(context, task, RejectedError(message, faults=faults))
    try:
        uploaded = attachments.upload(context, client, listed, found.contents)
    except RejectedError as error:
        return _refused(context, task, error)
    _place(context, task, client, books, replace(wanted.entry, documents=uploaded.guids))
    _note_differences(context, [*found.faults, *shown])
    return sent(
        uploaded.warning or say("The booking is on its way to DATEV."),
        look_at=context.now + NEXT_LOOK,
        version=version,
    )


def _note_differences(context: Context, shown: Sequence[DataFault]) -> None:
    """They stand in the record's timeline; the integration books all the same."""
    if shown:
        told = "; ".join(str(fault) for fault in shown)
        context.note("einvoice.differs", say("The e-invoice differs from the booking: %(told)s", told=told))


def want(
    context: Context, task: Task, books: Books, rows: Sequence[MappingRow], invoice: EInvoice | None
) -> Wanted:
    """The entry that the task describes now, and every fault of it at once. Makes no call."""
    values = {**values_of(task), **e_invoice_values(invoice)}
    mapped = apply(rows, values, BOOKING_FIELDS, zone=ZoneInfo(settings.TIME_ZONE))
    if mapped.gone:
        raise ConfigurationError(
            say("The mapping of the integration does not fit the task any more."), faults=mapped.gone
        )
    entry = entry_from(mapped, books, direction=Direction(context.setting("direction")))
    route = Route(context.setting("route"))
    # Rules about a value that could not even be read would only repeat that fault.
    silent = {LABELS[key] for key in mapped.unusable}
    checked = [
        fault for fault in validation.check_entry(entry, books, route=route) if fault.field not in silent
    ]
    return Wanted(entry, (*mapped.faults, *checked), is_whole=not mapped.unusable)


def _refused(context: Context, task: Task, error: RejectedError) -> Outcome:
    """Nothing was booked; the task says why, once for each different reason."""
    reason = digest([error.message.to_json(), *(fault.to_json() for fault in error.faults)])[:10]
    result = results.TaskResult(
        "failed" if error.vendor else "refused",
        error.message,
        f"{context.record.revision}:{reason}",
        code=error.code,
        faults=error.faults,
    )
    written = results.write(context, result, task)
    return parked(
        RecordState.REJECTED if error.vendor else RecordState.REFUSED,
        error.message,
        faults=error.faults,
        code=error.code,
        help_url=error.help_url,
        version=source.version_of(written or task),
    )


def _place(context: Context, task: Task, client: DatevClient, books: Books, entry: Entry) -> None:
    """Put the booking into a batch; a correction also takes the earlier booking back."""
    record = context.record
    entries, route = [entry], Route(context.setting("route"))
    earlier = corrections.standing(context)
    if earlier:
        entries = [*(reversed_entry(old, books, route=route) for old in earlier), entry]
    services.place(
        record.subject,
        record.revision,
        client,
        entries,
        route=route,
        batch_origin=f"integration:{context.integration.pk}",
        label=str(context.setting("batch_label")),
        booking_label=task.name,
        source_url=task.permalink_url,
        closing=closing_of(context),
        guard=lambda: exclusive.hold_alone(context),
    )


def _reconsider(context: Context) -> Outcome:
    """The task changed while its booking was still being collected: nothing was sent, so it starts again."""
    if not services.withdraw(context.record.subject):
        return sent(say("The booking is on its way to DATEV."), look_at=context.now + timedelta(minutes=1))
    context.note(
        "booking.withdrawn", say("The task changed before the batch was closed; it is looked at again.")
    )
    return _first_time(context, is_decided=True)


def _settled(context: Context, booked: selectors.BookingOutcome) -> Outcome:
    """DATEV has answered: write the result back, then see whether the task says something else by now."""
    record = context.record
    decision = corrections.decision(context)
    if booked.state == "posted" and decision == "correct":
        context.start_over()
        return _first_time(context)
    is_asked = _has_news(context) or bool(record.instruction)
    task = source.read(context) if is_asked else None
    if is_asked and task is None:
        return _gone(booked)
    try:
        written = _write_result(context, booked, task) or task
    except RejectedError as error:
        if error.status in (404, 410):
            return _gone(booked)
        raise
    version = source.version_of(written) if written else record.handled_version
    if booked.state == "unknown":
        return parked(RecordState.UNSETTLED, booked.message, code=booked.code, version=version)
    if booked.state != "posted":
        return parked(
            RecordState.REJECTED,
            booked.message,
            faults=booked.faults,
            code=booked.code,
            help_url=booked.help_url,
            version=version,
        )
    changes = _changes(context, written) if written and decision != "keep" else ()
    if changes:
        return parked(
            RecordState.CHANGED,
            say(
                "The task was changed after it was booked. Nothing is booked by itself: choose "
                "'reverse and book again', or keep the booking as it is."
            ),
            faults=changes,
            version=version,
        )
    return _done(context, booked, version)


def _gone(booked: selectors.BookingOutcome) -> Outcome:
    """The task can't be read any more, so that its result can't be written back either."""
    if booked.state == "posted":
        message = say("The task was deleted in Asana, or is no longer shared with us, after it was booked.")
    else:
        message = say("The task was deleted in Asana, or is no longer shared with us; it was not booked.")
    return parked(RecordState.CHANGED, message)


def _done(context: Context, booked: selectors.BookingOutcome, version: str) -> Outcome:
    missing = documents.missing(context.record.subject)
    if missing and context.record.instruction:
        attachments.repair(context, chosen_client(context.integration))
        missing = documents.missing(context.record.subject)
    if missing:
        return parked(
            RecordState.DOCUMENT_MISSING,
            say(
                "Booked, but a document is not in DATEV: %(names)s. Replay the record to upload it; "
                "nothing is booked again.",
                names=", ".join(missing),
            ),
            version=version,
        )
    return done(booked.message, version=version)


def _write_result(context: Context, booked: selectors.BookingOutcome, task: Task | None) -> Task | None:
    kind = booked.state if booked.state in ("posted", "unknown") else "failed"
    token = f"{context.record.revision}:{booked.job_ref or booked.batch_id}"
    return results.write(
        context,
        results.TaskResult(
            kind, booked.message, token, job_ref=booked.job_ref, code=booked.code, booked_on=booked.sent_on
        ),
        task,
    )


def _changes(context: Context, task: Task) -> tuple[DataFault, ...]:
    """What the task says differently from what was booked, if it is still approved and readable."""
    entries = selectors.entries(context.record.subject, context.record.revision)
    booked = next((entry for entry in reversed(entries) if not entry.is_reversal), None)
    if booked is None:
        return ()
    reason = source.why_not_approved(context, task)
    if reason is not None:
        return (_not_approved(reason),)
    # In whose books it stands, whatever client the integration has by now.
    record = context.record
    client = selectors.client_of(record.subject, record.revision) or chosen_client(context.integration)
    rows = rows_for(context.integration, context.flow.key, client)
    invoice = einvoices.kept(record.subject, booked)
    wanted = want(context, task, services.books(client), rows, invoice)
    return (*wanted.faults, *differences(booked, wanted.entry))


def _not_approved(reason: Message | None) -> DataFault:
    return DataFault("Approval", "", reason or source.GONE, say("It was approved when it was booked."))


def _has_news(context: Context) -> bool:
    """Whether the task was seen to change since it was last read."""
    record = context.record
    return record.is_deleted_at_source or (
        bool(record.seen_version) and source.is_news(record.seen_version, record.handled_version)
    )
