"""A closed batch becomes the bytes that are sent; from then on they never change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.db import transaction

from bookings import dxso_plan, validation
from bookings.claims import Claim
from bookings.entry import Entry, Route
from bookings.extf import header, writer
from bookings.models import Batch, Booking, BookingVerdict
from bookings.snapshot import books
from connections import audit
from connections.errors import RejectedError
from connections.messages import DataFault, say

SLICE = 2000


def render(claim: Claim) -> None:
    """Store the bytes, their checksum and the number of each row, in one transaction.

    Raises RejectedError with all faults if the batch breaks a rule; nothing is stored then.
    """
    batch = claim.batch
    content, faults = WRITERS[Route(batch.route)](batch)
    if faults:
        raise RejectedError(
            say("Our checks refuse this batch; nothing was sent to DATEV. Correct the values listed here."),
            faults=faults,
        )
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


def _extf(batch: Batch) -> tuple[bytes, list[DataFault]]:
    return extf_content(batch, [booking.sent_entry for booking in travelling(batch)])


def extf_content(batch: Batch, entries: Sequence[Entry]) -> tuple[bytes, list[DataFault]]:
    """The file of a closed batch with these rows, and every rule that it breaks."""
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
    return content, [
        *_since_placed(entries, batch),
        *validation.check_batch(entries, head, known, size_bytes=len(content)),
    ]


def _since_placed(entries: Sequence[Entry], batch: Batch) -> list[DataFault]:
    """What was right when it was placed and is not any more: a table or a period was changed since."""
    known, route = books(batch.client), Route(batch.route)
    return [
        replace(fault, value=f"{fault.value} ({row}: {entry.document_field_1})")
        for row, entry in enumerate(entries, start=1)
        for fault in validation.check_entry(entry, known, route=route)
    ]


WRITERS = {Route.EXTF: _extf, Route.DXSO: dxso_plan.make}


def travelling(batch: Batch) -> Iterator[Booking]:
    """The bookings that go with this batch, in the order of their rows."""
    found = Booking.objects.filter(batch=batch, verdict=BookingVerdict.FOLLOWS).order_by("pk")
    return found.only("id", "origin", "revision", "data", "corrected", "row").iterator(chunk_size=SLICE)


def _number_rows(batch: Batch) -> int:
    """Give each booking the number of its row in the file; how many rows."""
    changed: list[Booking] = []
    row = 0
    for row, booking in enumerate(travelling(batch), start=1):
        if booking.row != row:
            booking.row = row
            changed.append(booking)
    Booking.objects.bulk_update(changed, ("row",), batch_size=SLICE)
    return row
