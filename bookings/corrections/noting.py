"""What people note about a refused batch: a corrected row, a corrected file, or that nothing of it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from bookings.corrections import checks, uploaded
from bookings.corrections.rows import booking_row
from bookings.decisions import MAY_BE_CORRECTED
from bookings.entry import Entry
from bookings.given import formats, next_revision
from bookings.models import Batch, BatchKind, Booking, Correction, CorrectionKind
from bookings.noted import noted, stand
from bookings.shown_values import differences_of
from bookings.snapshot import books
from connections import audit, clock
from connections.errors import RejectedError
from connections.messages import Message, say

Difference = dict[str, str]


def correct_row(
    batch: Batch,
    row: Booking | int,
    values: Entry | Mapping[str, str],
    by: str,
    *,
    based_on: int | None = None,
) -> Sequence[Difference]:
    """Note the corrected values of one row for the next revision; what has changed.

    `row` and `values`: a booking and its entry, or of a file from elsewhere the number of the row and the
    changed {column or element: text}. `based_on` is the stand (`bookings.noted.stand`) that the person has
    seen. Raises RejectedError with all faults, and nothing is noted, if a check refuses the row, the batch
    can't be corrected any more, or somebody else has corrected it since.
    """
    if isinstance(row, Booking) and isinstance(values, Entry):
        return _correct_booking(batch, row, values, by, based_on)
    if isinstance(row, int) and not isinstance(values, Entry):
        return _correct_given(batch, row, values, by, based_on)
    raise TypeError("A booking is corrected by an entry, a row of a file by texts.")


def _correct_booking(
    batch: Batch, booking: Booking, entry: Entry, by: str, based_on: int | None
) -> Sequence[Difference]:
    faults = checks.faults_of(batch, entry)
    if faults:
        raise RejectedError(say("The row is not stored: our checks refuse it."), faults=faults)
    with transaction.atomic():
        held = _held(batch, based_on)
        before = booking_row(held, booking.pk)
        if before is None:
            raise RejectedError(say("This booking is not to be sent again from this batch any more."))
        changes = differences_of(before.sent_entry, entry, row=before.row or 0)
        if changes:
            _note(
                held, CorrectionKind.ROW, by, changes, row=before.row, booking=booking, data=entry.to_json()
            )
    return changes


def _correct_given(
    batch: Batch, number: int, values: Mapping[str, str], by: str, based_on: int | None
) -> Sequence[Difference]:
    form = formats.of(batch)
    faults = form.field_faults(values)
    if faults:
        raise RejectedError(say("The row is not stored: our checks refuse it."), faults=faults)
    known, basis = noted(batch), stand(batch) if based_on is None else based_on
    before = form.changed(next_revision.base(batch, known.file), known.rows)
    after = form.changed(before, {number: values})
    reading = form.read(after, books(batch.client))
    place = next(((row.line, row.file) for row in reading.rows if row.number == number), None)
    found = [one for one in reading.faults if (one.line, one.file) == place]
    if found:
        raise RejectedError(
            say("The row is not stored: our checks refuse it."), faults=[one.fault for one in found]
        )
    changes = form.difference(before, after)
    with transaction.atomic():
        held = _held(batch, basis)
        if changes:
            _note(held, CorrectionKind.ROW, by, changes, row=number, data=dict(values))
    return changes


def accept_file(batch: Batch, filename: str, content: bytes, by: str) -> Sequence[Difference]:
    """Take a corrected file for the next revision; how it differs from what would have been sent.

    Of a file from elsewhere these very bytes will be sent. Of a batch of our own each row must belong to the
    booking in the same place: the rows are taken over as its corrections.
    Raises RejectedError with all faults.
    """
    compared = uploaded.compare(batch, content)
    if compared.faults:
        raise RejectedError(
            say("The file is not accepted: correct what is listed here, then upload it again."),
            faults=compared.faults,
        )
    if not compared.differences:
        raise RejectedError(say("The file says the same as what was refused; there is nothing to correct."))
    with transaction.atomic():
        held = _held(batch, compared.basis)
        if held.is_given:
            _note(
                held,
                CorrectionKind.FILE,
                by,
                compared.differences,
                content=content,
                filename=filename[:255],
                sha256=hashlib.sha256(content).hexdigest(),
            )
        for booking, entry, changes in compared.entries:
            _note(
                held,
                CorrectionKind.ROW,
                by,
                changes,
                row=booking.row,
                booking=booking,
                data=entry.to_json(),
                filename=filename[:255],
                sha256=hashlib.sha256(content).hexdigest(),
            )
    return compared.differences


def withdraw_corrections(batch: Batch, by: str) -> None:
    """Nothing that was noted so far will be sent, but it stays visible.

    Raises RejectedError if nothing is noted.
    """
    with transaction.atomic():
        held = _held(batch)
        if not noted(held):
            raise RejectedError(say("Nothing is noted that could be withdrawn."))
        _note(held, CorrectionKind.DROPPED, by, [])


def _held(batch: Batch, based_on: int | None = None) -> Batch:
    """The batch, locked until the end of the transaction: nobody sends it again meanwhile."""
    held = Batch.objects.select_for_update().defer("content").get(pk=batch.pk)
    if held.state not in MAY_BE_CORRECTED:
        raise RejectedError(say("Only a refused or stopped batch can be corrected."))
    if held.kind == BatchKind.DEBTORS:
        raise RejectedError(say("Debtors are corrected in the table of debtors; then send the batch again."))
    if held.corrections.exists():
        raise RejectedError(say("This batch was sent again already; correct its successor."))
    if based_on is not None and stand(held) != based_on:
        raise RejectedError(say("Somebody else has just corrected this batch: look at it again."))
    return held


SENTENCES: Mapping[str, Message] = {
    CorrectionKind.ROW: say("A row was corrected for the next revision."),
    CorrectionKind.FILE: say("A corrected file was accepted for the next revision."),
    CorrectionKind.DROPPED: say("The corrections noted so far were withdrawn."),
}


def _note(
    batch: Batch, kind: CorrectionKind, by: str, changes: Sequence[Difference], **fields: Any
) -> Correction:
    correction = Correction.objects.create(
        batch=batch, kind=kind, differences=list(changes), by=by[:150], at=clock.now(), **fields
    )
    audit.record(
        f"batch.correction_{kind.value}",
        batch.owner,
        SENTENCES[kind],
        actor=by,
        correction=correction.pk,
        changes=list(changes),
        sha256=correction.sha256,
    )
    return correction
