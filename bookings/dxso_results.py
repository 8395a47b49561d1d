"""What DATEV's answer to a DXSO job means for the batch and for each of its bookings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from bookings import dxso_plan, endings, isolation, successors
from bookings.claims import Claim
from bookings.models import (
    Batch,
    BatchState,
    Booking,
    BookingVerdict,
    Document,
    DocumentState,
    Job,
    JobState,
    ProtocolEntry,
)
from connections import clock
from connections.messages import DataFault, Message, say

# Source: DATEV accounting:dxso-jobs 2.1.7, DXSoJobStatus (read 2026-11).
SUCCEEDED, FAILED, PARTLY, CANCELLED, NOT_CANCELLED = 2, 3, 4, 5, 6
ERROR = "error"


def settle(claim: Claim, job: Job, status: int, lines: Sequence[Any]) -> Message:
    """The protocol is kept and the batch settled, in one transaction."""
    with transaction.atomic():
        keep_protocol(job, lines)
        if status == SUCCEEDED:
            return _succeeded(claim, job)
        if status == PARTLY:
            return _partly(claim, job, lines)
        if status == FAILED:
            return _failed(claim, job, lines)
        if status == CANCELLED:
            return _cancelled(claim, job)
        why = (
            say("DATEV could not cancel the transfer.")
            if status == NOT_CANCELLED
            else say("DATEV reports the status %(status)s, which is not known here.", status=status)
        )
        return endings.unknown(claim, why, job)


def keep_protocol(job: Job, lines: Iterable[Any]) -> None:
    """Store the lines in DATEV's order, each once; more of them may come with every reading."""
    for line in lines:
        digest = hashlib.sha256(
            "\x1f".join((str(line.at), line.filename, line.text, line.context)).encode()
        ).hexdigest()
        ProtocolEntry.objects.get_or_create(
            job=job,
            digest=digest,
            defaults={
                "at": line.at,
                "kind": line.kind[:12],
                "text": line.text,
                "filename": line.filename[:255],
                "context": line.context,
            },
        )


def _succeeded(claim: Claim, job: Job) -> Message:
    arrived(claim.batch, Booking.objects.filter(batch=claim.batch).values_list("pk", flat=True))
    message = say("DATEV has taken the documents with their booking proposals into Belege online.")
    return endings.settle(claim, BatchState.POSTED, message, job=job, job_state=JobState.SUCCEEDED)


def _failed(claim: Claim, job: Job, lines: Sequence[Any]) -> Message:
    """None was taken. Where the protocol names the culprits, the others go on by themselves without them."""
    batch, said = claim.batch, _errors(lines)
    blamed, is_complete = blame(batch, lines)
    travelled = batch.bookings.filter(verdict=BookingVerdict.FOLLOWS).count()
    goes_on = is_complete and 0 < len(blamed) < travelled
    message = say("DATEV has taken none of the documents: %(text)s", text=said or say("no reason was given."))
    if goes_on:
        _set_aside(claim, blamed)
        message = say(
            "DATEV has taken none of the documents, because of %(count)s bookings that are set aside now: "
            "%(text)s. The others are sent again by themselves.",
            count=len(blamed),
            text=said,
        )
    settled = endings.settle(claim, BatchState.FAILED, message, job=job, text=said, code="3")
    if goes_on:
        successors.correct(batch, by="")
    return settled


def _set_aside(claim: Claim, blamed: Mapping[int, str]) -> None:
    names = {
        booking.pk: booking.sent_entry.document_field_1
        for booking in Booking.objects.filter(pk__in=list(blamed))
    }
    culprits = {
        key: isolation.Culprit(names[key], (DataFault("DATEV", text, say("DATEV refused this document.")),))
        for key, text in blamed.items()
    }
    reason = say(
        "DATEV refused these documents. Correct them and send them again: nothing was booked of them."
    )
    isolation.set_aside(claim, culprits, reason, BatchState.FAILED)


def _cancelled(claim: Claim, job: Job) -> Message:
    message = say(
        "The transfer was cancelled in Belege online; nothing of it was booked. It can be sent again."
    )
    return endings.settle(claim, BatchState.FAILED, message, job=job, job_state=JobState.CANCELLED, code="5")


def _partly(claim: Claim, job: Job, lines: Sequence[Any]) -> Message:
    """Only what the protocol blames is refused; if it blames nothing that we know, a person is asked."""
    batch = claim.batch
    if batch.is_given:
        return _partly_given(claim, job, lines)
    blamed, is_complete = blame(batch, lines)
    if not blamed:
        return endings.unknown(
            claim, say("DATEV has taken only a part, and its protocol does not say which documents."), job
        )
    travelled = list(
        Booking.objects.filter(batch=batch, verdict=BookingVerdict.FOLLOWS).values_list("pk", flat=True)
    )
    for booking_id in travelled:
        _judge(booking_id, blamed.get(booking_id), is_complete)
    if is_complete:
        arrived(batch, [pk for pk in travelled if pk not in blamed])
    message = say(
        "DATEV has taken only a part of the documents; %(count)s bookings were refused. Correct them and "
        "send them again: the others are in DATEV.",
        count=len(blamed),
    )
    return endings.settle(
        claim, BatchState.PARTLY, message, job=job, job_state=JobState.PARTLY, text=_errors(lines), code="4"
    )


def _partly_given(claim: Claim, job: Job, lines: Sequence[Any]) -> Message:
    """Of a package from elsewhere: the documents that the protocol blames can be corrected and sent again."""
    named, is_complete = dxso_plan.blamed(
        dxso_plan.load(claim.batch), [(line.filename, line.context) for line in lines if line.kind == ERROR]
    )
    if not named or not is_complete:
        return endings.unknown(
            claim, say("DATEV has taken only a part, and its protocol does not say which documents."), job
        )
    message = say(
        "DATEV has taken only a part of the documents; %(count)s were refused. Correct them and send them "
        "again: the others are in DATEV.",
        count=len(named),
    )
    return endings.settle(
        claim, BatchState.PARTLY, message, job=job, job_state=JobState.PARTLY, text=_errors(lines), code="4"
    )


def _judge(booking_id: int, refusal: str | None, is_complete: bool) -> None:
    if refusal is not None:
        verdict = BookingVerdict.FAILED
        reason = say("DATEV refused this document: %(text)s", text=refusal)
    elif is_complete:
        verdict, reason = (
            BookingVerdict.POSTED,
            say("DATEV has taken the document with its booking proposal."),
        )
    else:
        verdict = BookingVerdict.UNKNOWN
        reason = say(
            "DATEV reports errors without naming the document. Look in Belege online whether this one is "
            "there, then settle the batch."
        )
    Booking.objects.filter(pk=booking_id).update(verdict=verdict, reason=reason.to_json())


def blame(batch: Batch, lines: Iterable[Any]) -> tuple[Mapping[int, str], bool]:
    """Booking -> DATEV's text for those that an error names, and whether every error named one.

    A line names a document by the name of one of its files, or by its GUID or a file name in the context. The
    wording itself changes and says nothing.
    """
    plan = dxso_plan.load(batch)
    blamed: dict[int, str] = {}
    is_complete = True
    for line in lines:
        if line.kind != ERROR:
            continue
        named, names_one = dxso_plan.blamed(plan, [(line.filename, line.context)])
        is_complete = is_complete and names_one
        for invoice in named:
            for booking_id in invoice.bookings:
                blamed.setdefault(booking_id, line.text)
    return blamed, is_complete


def arrived(batch: Batch, booking_ids: Iterable[int]) -> None:
    """The images of these bookings are in DATEV with them."""
    wanted = set(booking_ids)
    carried = [
        image.document_id
        for invoice in dxso_plan.load(batch)
        if wanted & set(invoice.bookings)
        for image in invoice.images
    ]
    Document.objects.filter(pk__in=carried, state=DocumentState.PLANNED).update(
        state=DocumentState.UPLOADED, uploaded_at=clock.now(), reason=None
    )


def _errors(lines: Iterable[Any]) -> str:
    return "; ".join(dict.fromkeys(line.text for line in lines if line.kind == ERROR))
