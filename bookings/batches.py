"""Bookings are collected in batches, and batches are closed: by count, by time, by size, or at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from bookings.closing import Closing
from bookings.entry import Entry, Route
from bookings.extf.names import file_name, reference_id
from bookings.models import Batch, BatchState, Booking, DatevClient
from connections import audit, clock
from connections.errors import TransientError
from connections.messages import say


@dataclass(frozen=True, order=True)
class Slot:
    """Bookings of one slot travel in one file."""

    route: Route
    origin: str
    direction: str
    fiscal_year_start: date
    month: date


@dataclass(frozen=True)
class Capacity:
    rows: int
    size_bytes: int


CAPACITIES = {
    # Source: DATEV accounting:extf-files 3.0.1: at most 99999 postings, file at most 50 MB (read 2026-11).
    # The estimate below may be a little low, hence not the whole 50 MB.
    Route.EXTF: Capacity(rows=99_999, size_bytes=48_000_000),
    # Source: DATEV XSD v06.0: 4,999 documents; a package at most 465 MB, "stay far below" (read 2026-11).
    # Each document is two uploads or more, so that a job stays a matter of minutes.
    Route.DXSO: Capacity(rows=500, size_bytes=200_000_000),
}
# A row of 125 columns that holds nothing: 84 pairs of quotes, 124 semicolons, the line end, and the numbers.
EMPTY_ROW_BYTES = 340


def estimated_bytes(entry: Entry, route: Route) -> int:
    """How much `entry` will add to the file; images of the DXSO route are counted elsewhere."""
    if route == Route.DXSO:
        return 4_000
    texts = (
        entry.posting_text,
        entry.document_field_1,
        entry.document_field_2,
        entry.cost_center_1,
        entry.cost_center_2,
        entry.eu_vat_id,
        *(text for note in entry.notes for text in note),
    )
    # Quotes are doubled and umlauts have two bytes: at worst twice the characters.
    return (
        EMPTY_ROW_BYTES
        + sum(len(text.encode()) + text.count('"') for text in texts)
        + 50 * len(entry.documents)
    )


def collect(
    client: DatevClient,
    slot: Slot,
    bookings: Sequence[Booking],
    size_bytes: int,
    *,
    label: str,
    closing: Closing,
) -> Batch:
    """Store `bookings` in the open batch of `slot` and close it when it is full.

    Runs inside the caller's transaction. The bookings stay together: what does not fit opens the next file.
    """
    batch = _with_room(client, slot, len(bookings), size_bytes, label, closing)
    for row, booking in enumerate(bookings, start=batch.rows - len(bookings) + 1):
        booking.batch, booking.row = batch, row
    Booking.objects.bulk_create(bookings, batch_size=500)
    if batch.rows >= min(closing.count, CAPACITIES[slot.route].rows):
        close(batch)
    return batch


def _with_room(
    client: DatevClient, slot: Slot, rows: int, size_bytes: int, label: str, closing: Closing
) -> Batch:
    """The open batch in which `rows` more rows have just been reserved."""
    limit = CAPACITIES[slot.route]
    has_room = Q(rows=0) | Q(rows__lte=limit.rows - rows, size_bytes__lte=limit.size_bytes - size_bytes)
    for _ in range(5):
        batch, _is_new = Batch.objects.get_or_create(
            client=client,
            state=BatchState.OPEN,
            **asdict(slot),
            defaults={
                "label": label[:30],
                "close_count": closing.count,
                "close_at": closing.closes_at(clock.now(), ZoneInfo(settings.TIME_ZONE)),
            },
        )
        # The update also holds the row until the end of the transaction, so that nobody closes it meanwhile.
        reserved = Batch.objects.filter(has_room, pk=batch.pk, state=BatchState.OPEN).update(
            rows=F("rows") + rows, size_bytes=F("size_bytes") + size_bytes
        )
        if reserved:
            batch.refresh_from_db(fields=("rows", "size_bytes"))
            return batch
        close(batch)
    raise TransientError(say("Other workers closed the batch each time; tried again in a moment."))


def close(batch: Batch, *, by: str = "") -> bool:
    """Let nothing more into an open batch and hand it to the worker; False if it was closed already.

    `by` is the person who does not want to wait any longer.
    """
    now = clock.now()
    with transaction.atomic():
        closed = Batch.objects.filter(pk=batch.pk, state=BatchState.OPEN).update(
            state=BatchState.CLOSED,
            closed_at=now,
            due_at=now,
            **names_of(batch),
        )
        if closed:
            audit.record(
                "batch.closed",
                batch.owner,
                say("Closed; to be sent as %(file)s.", file=names_of(batch)["filename"]),
                actor=by,
            )
    return bool(closed)


def close_due(now: datetime, limit: int = 100) -> list[Batch]:
    """Close the batches whose time has come; those that were closed. Emptied ones are removed."""
    waiting = Batch.objects.filter(state=BatchState.OPEN, close_at__lte=now).order_by("close_at", "pk")[
        :limit
    ]
    return [batch for batch in waiting if not _removed_if_empty(batch.pk) and close(batch)]


def _removed_if_empty(batch_id: int) -> bool:
    """Whether the batch had been emptied by withdrawals, and is gone now."""
    with transaction.atomic():
        empty = Batch.objects.select_for_update().filter(pk=batch_id, state=BatchState.OPEN, rows=0).first()
        if empty is not None:
            empty.delete()
    return empty is not None


def names_of(batch: Batch) -> dict[str, str]:
    """File name and reference id of a batch: for ever the same for a revision, other for every other."""
    reference = reference_id(batch.pk, batch.revision, batch.token)
    is_file = batch.route == Route.EXTF
    return {
        # A DXSO job has many files; this is only what people see.
        "filename": file_name(batch.pk, batch.revision, batch.token) if is_file else f"DXSO_{reference}",
        "reference": reference,
    }
