"""A closed batch becomes the bytes that are sent; from then on they never change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from django.db import transaction

from bookings import debtor_batches, dxso_plan, isolation, validation
from bookings.claims import Claim
from bookings.entry import Entry, Route
from bookings.extf import header, writer
from bookings.models import Batch, BatchKind, BatchState, Booking, BookingVerdict
from bookings.snapshot import books
from connections import audit
from connections.errors import RejectedError
from connections.messages import DataFault, say

SLICE = 2000
REFUSED = say("Our checks refuse this batch; nothing was sent to DATEV. Correct the values listed here.")


def render(claim: Claim) -> None:
    """Store the bytes, their checksum and the number of each row, in one transaction.

    Rows that break a rule are set aside first, and the others go on. Raises RejectedError with all faults,
    and nothing is stored, if none is left or the batch breaks a rule as a whole.
    """
    batch = claim.batch
    _set_culprits_aside(claim)
    content, faults = _written(batch)
    if faults:
        raise RejectedError(REFUSED, faults=faults)
    sha256 = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        rows = _number_rows(batch)
        claim.save(content=content, sha256=sha256, rows=rows, size_bytes=len(content))
        audit.record(
            "batch.written",
            batch.owner,
            say("The file is written and will not change."),
            sha256=sha256,
            rows=rows,
        )


def _set_culprits_aside(claim: Claim) -> None:
    """What was right when it was placed and is not any more: a table or a period was changed since."""
    batch = claim.batch
    culprits = isolation.refused_by_us(batch)
    if not culprits:
        return
    if len(culprits) >= batch.rows:
        raise RejectedError(REFUSED, faults=isolation.listed(culprits))
    with transaction.atomic():
        isolation.set_aside(claim, culprits, REFUSED, BatchState.STOPPED)


def _written(batch: Batch) -> tuple[bytes, list[DataFault]]:
    if batch.kind == BatchKind.DEBTORS:
        return debtor_batches.write(batch)
    return WRITERS[Route(batch.route)](batch)


def _extf(batch: Batch) -> tuple[bytes, list[DataFault]]:
    return _file(batch, [booking.sent_entry for booking in travelling(batch)])


def extf_content(batch: Batch, entries: Sequence[Entry]) -> tuple[bytes, list[DataFault]]:
    """The file of a closed batch with these rows, and every rule that it or one of its rows breaks."""
    known = books(batch.client)
    faults = [
        isolation.named(fault, entry.document_field_1)
        for entry in entries
        for fault in validation.check_entry(entry, known, route=Route.EXTF)
    ]
    content, of_file = _file(batch, entries)
    return content, [*faults, *of_file]


def _file(batch: Batch, entries: Sequence[Entry]) -> tuple[bytes, list[DataFault]]:
    client, known = batch.client, books(batch.client)
    year = known.fiscal_year(batch.fiscal_year_start)
    if year is None or batch.closed_at is None:
        raise RejectedError(
            say(
                "The fiscal year from %(start)s is not set up for %(client)s any more. Add it and try again.",
                start=f"{batch.fiscal_year_start:%d.%m.%Y}",
                client=client,
            )
        )
    head = header.Header.for_month(
        known,
        year,
        batch.month,
        created_at=batch.closed_at,
        label=batch.label,
        dictation_code=client.dictation_code,
        is_finalized=client.is_finalized,
    )
    content = writer.render(head, entries, encoding=client.encoding)
    return content, validation.check_batch(entries, head, known, size_bytes=len(content))


WRITERS = {Route.EXTF: _extf, Route.DXSO: dxso_plan.make}


def travelling(batch: Batch) -> Iterator[Booking]:
    """The bookings that go with this batch, in the order of their rows."""
    found = Booking.objects.filter(batch=batch, verdict=BookingVerdict.FOLLOWS).order_by("pk")
    return found.only("id", "origin", "revision", "data", "corrected", "row").iterator(chunk_size=SLICE)


def _number_rows(batch: Batch) -> int:
    """Give each booking (or debtor) the number of its row in the file; how many rows."""
    if batch.kind == BatchKind.DEBTORS:
        return debtor_batches.number_rows(batch)
    changed: list[Booking] = []
    row = 0
    for row, booking in enumerate(travelling(batch), start=1):
        if booking.row != row:
            booking.row = row
            changed.append(booking)
    Booking.objects.bulk_update(changed, ("row",), batch_size=SLICE)
    return row
