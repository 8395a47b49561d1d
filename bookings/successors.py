"""The next revision of a batch that DATEV did not take: what is left of it, written anew under a new name."""

from __future__ import annotations

import hashlib

from bookings import debtor_batches
from bookings.batches import names_of
from bookings.given import next_revision
from bookings.models import Batch, BatchKind, BatchState, Booking, BookingVerdict
from bookings.noted import Noted, noted
from connections import audit, clock
from connections.errors import RejectedError
from connections.messages import say


def correct(batch: Batch, by: str) -> Batch:
    """The next revision of `batch`, with those of its bookings that are not in DATEV; `by` "" = by itself.

    Runs in a transaction that holds the batch. Raises RejectedError if it was sent again already, or nothing
    of it is left.
    """
    check_not_corrected(batch)
    if batch.kind == BatchKind.DEBTORS:
        return debtor_batches.send_again(batch, by)
    verdict = BookingVerdict.FAILED if batch.state == BatchState.PARTLY else BookingVerdict.FOLLOWS
    ids = list(
        Booking.objects.filter(batch=batch, verdict=verdict).order_by("pk").values_list("pk", flat=True)
    )
    if not ids and not batch.is_given:
        raise RejectedError(say("Nothing of this batch is left to be sent: its bookings were replaced."))
    known = noted(batch)
    successor = _successor(batch, rows=len(ids))
    if batch.is_given:
        _fill(successor, batch, known)
    for booking_id, corrected in known.bookings.items():
        Booking.objects.filter(pk=booking_id, batch=batch, verdict=verdict).update(corrected=corrected)
    Booking.objects.filter(pk__in=ids).update(
        batch=successor, verdict=BookingVerdict.FOLLOWS, reason=None, faults=[], announced_at=None
    )
    audit.record(
        "batch.corrected",
        successor.owner,
        say("Sent again as a new file instead of %(file)s.", file=batch.filename),
        actor=by,
        corrects=batch.pk,
        bookings=len(ids),
    )
    successor.refresh_from_db()
    return successor


def _successor(batch: Batch, *, rows: int) -> Batch:
    """The next revision of `batch`, closed and due, under its own name."""
    now = clock.now()
    successor = Batch.objects.create(
        client=batch.client,
        route=batch.route,
        origin=batch.origin,
        label=batch.label,
        direction=batch.direction,
        fiscal_year_start=batch.fiscal_year_start,
        month=batch.month,
        state=BatchState.CLOSED,
        token=batch.token,
        revision=batch.revision + 1,
        corrects=batch,
        close_count=batch.close_count,
        is_given=batch.is_given,
        rows=rows,
        closed_at=now,
        due_at=now,
    )
    Batch.objects.filter(pk=successor.pk).update(**names_of(successor))
    return successor


def _fill(successor: Batch, batch: Batch, known: Noted) -> None:
    """A file from elsewhere goes as it is, with what was noted put into it: its bytes are known at once."""
    made = next_revision.make(batch, known.file, known.rows)
    if made.faults:
        raise RejectedError(
            say("Our checks refuse the corrected file; nothing was sent. Correct what is listed."),
            faults=made.faults,
        )
    Batch.objects.filter(pk=successor.pk).update(
        content=made.content,
        sha256=hashlib.sha256(made.content).hexdigest(),
        size_bytes=len(made.content),
        rows=made.rows,
        label=made.label,
        month=made.month or batch.month,
        fiscal_year_start=made.fiscal_year_start or batch.fiscal_year_start,
    )


def check_not_corrected(batch: Batch) -> None:
    """Its bookings travel in another file by now: sending it would book them twice."""
    if batch.corrections.exists():
        raise RejectedError(say("This batch was sent again already; look at its successor."))
