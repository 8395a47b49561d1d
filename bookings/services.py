"""What pairs and the admin may do with bookings: place them, take them back, say that they were told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Sum

from bookings import dxso_plan, validation
from bookings.batches import Slot, collect, estimated_bytes
from bookings.closing import Closing
from bookings.entry import Books, Entry, Route
from bookings.models import SETTLED, Batch, BatchState, Booking, BookingVerdict, DatevClient, Document
from bookings.snapshot import books
from bookings.starting import load_starter
from connections import audit, clock
from connections.effects import Guard
from connections.errors import RejectedError, TransientError
from connections.messages import DataFault, say

__all__ = [
    "Closing",
    "books",
    "faults_of",
    "load_starter",
    "mark_announced",
    "place",
    "release_earlier",
    "release_refused",
    "withdraw",
]

# Bookings of an earlier revision in these states of their batch have not reached DATEV's books.
NOT_BOOKED = (BatchState.FAILED, BatchState.STOPPED)


def faults_of(known: Books, entries: Sequence[Entry], route: Route) -> list[DataFault]:
    """Everything for which DATEV would refuse these rows, weeks later; [] = they may be sent."""
    if route == Route.DXSO:
        return dxso_plan.faults_of(entries, known)
    return [fault for entry in entries for fault in validation.check_entry(entry, known, route=route)]


def place(
    origin: str,
    revision: int,
    client: DatevClient,
    entries: Sequence[Entry],
    *,
    route: Route,
    batch_origin: str,
    label: str,
    closing: Closing,
    source_url: str = "",
    booking_label: str = "",
    guard: Guard | None = None,
) -> list[Booking]:
    """The bookings of this origin and revision by position, put into their open batches unless they are.

    `label` begins the name of the batch in DATEV ("Asana" -> "Asana 07/2026"), `booking_label` is shown for
    the booking. `guard` runs in the transaction and raises if the caller no longer holds the origin.
    Raises RejectedError with all faults, and nothing is stored, if a row breaks a rule; with the code
    "placed_differently" if this revision was placed with other values; with the code "earlier_unsettled" if
    it is not known yet what became of an earlier revision. An earlier one that DATEV refused is replaced.
    """
    placed = _placed(origin, revision)
    if placed:
        return _unless_different(placed, entries)
    known = books(client)
    if faults := faults_of(known, entries, route):
        raise RejectedError(
            say("Our checks refuse this booking; nothing was sent to DATEV. Correct the values listed here."),
            faults=faults,
        )
    bookings = [
        Booking(
            origin=origin,
            revision=revision,
            position=position,
            client=client,
            data=entry.to_json(),
            label=booking_label[:200],
            source_url=source_url,
        )
        for position, entry in enumerate(entries, start=1)
    ]
    slots = _by_slot(known, bookings, entries, route, batch_origin)
    try:
        with transaction.atomic():
            if guard is not None:
                guard()
            _replace_earlier(origin, revision)
            for slot in sorted(slots):
                batch = collect(
                    client,
                    slot,
                    [booking for booking, _ in slots[slot]],
                    _size(slots[slot], route),
                    label=f"{label[:22]} {slot.month:%m/%Y}".strip(),
                    closing=closing,
                )
                audit.record("booking.placed", origin, say("Put into a batch for DATEV."), batch=batch.pk)
    except IntegrityError as error:
        # Another worker has placed the same revision in this very moment.
        placed = _placed(origin, revision)
        if not placed:
            raise TransientError(say("Another worker changed the batch at the same moment.")) from error
        return _unless_different(placed, entries)
    return bookings


def _placed(origin: str, revision: int) -> list[Booking]:
    return list(
        Booking.objects.filter(origin=origin, revision=revision).select_related("batch").order_by("position")
    )


def _unless_different(placed: list[Booking], entries: Sequence[Entry]) -> list[Booking]:
    if [booking.entry for booking in placed] != list(entries):
        raise RejectedError(
            say(
                "This was handed over with other values before. Decide whether the first booking stays, "
                "or is corrected by a reversal and a new booking."
            ),
            code="placed_differently",
        )
    return placed


def _by_slot(
    known: Books, bookings: Sequence[Booking], entries: Sequence[Entry], route: Route, batch_origin: str
) -> dict[Slot, list[tuple[Booking, Entry]]]:
    slots: dict[Slot, list[tuple[Booking, Entry]]] = defaultdict(list)
    for booking, entry in zip(bookings, entries, strict=True):
        year = known.fiscal_year(entry.document_date)
        if year is None:  # The check has refused such an entry already.
            raise RejectedError(say("The document date lies in no fiscal year that is set up."))
        month = entry.document_date.replace(day=1)
        slots[Slot(route, batch_origin, entry.direction.value, year.start, month)].append((booking, entry))
    return slots


def _size(pairs: Sequence[tuple[Booking, Entry]], route: Route) -> int:
    size = sum(estimated_bytes(entry, route) for _, entry in pairs)
    if route == Route.DXSO:
        guids = [guid for _, entry in pairs for guid in entry.documents]
        files = Document.objects.filter(guid__in=guids).aggregate(size=Sum("size_bytes"))
        size += files["size"] or 0
    return size


def release_earlier(origin: str, revision: int) -> None:
    """Take what DATEV refused of earlier revisions out of its batches: nobody can send it again from there.

    Raises RejectedError with the code "earlier_unsettled" if it is on its way again, or unknown.
    """
    with transaction.atomic():
        _replace_earlier(origin, revision)


def release_refused(origin: str) -> int:
    """Take all that DATEV refused of `origin` out of its batches: nobody can send it again. How many."""
    with transaction.atomic():
        refused = Booking.objects.filter(origin=origin).exclude(verdict=BookingVerdict.RELEASED)
        ids = sorted(set(refused.values_list("batch_id", flat=True)) - {None})
        # Held until the end of this transaction: none of them can be sent again meanwhile.
        list(Batch.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
        released = [
            booking
            for booking in refused.select_related("batch").defer("batch__content")
            if booking.batch is not None
            and (
                booking.verdict == BookingVerdict.FAILED
                or (booking.verdict == BookingVerdict.FOLLOWS and booking.batch.state in NOT_BOOKED)
            )
        ]
        for booking in released:
            _release(booking)
    return len(released)


def _replace_earlier(origin: str, revision: int) -> None:
    """Take earlier revisions that did not reach the books out of the way: they are never sent again."""
    if revision == 1:
        return
    earlier = list(
        Booking.objects.filter(origin=origin, revision__lt=revision)
        .exclude(verdict=BookingVerdict.RELEASED)
        .order_by("id")
    )
    if not earlier:
        return
    # Held until the end of this transaction: no batch of theirs can be sent or sent again meanwhile.
    held = {
        batch.pk: batch
        for batch in Batch.objects.select_for_update()
        .filter(pk__in={booking.batch_id for booking in earlier if booking.batch_id})
        .defer("content")
        .order_by("pk")
    }
    for booking in Booking.objects.filter(pk__in=[booking.pk for booking in earlier]):
        batch = held.get(booking.batch_id or 0)
        if batch is None:
            raise TransientError(say("The batch of the earlier booking is just being sent again."))
        if _is_booked(booking, batch):
            continue
        if batch.state == BatchState.OPEN:
            _take_out(booking)
        elif batch.state in NOT_BOOKED or booking.verdict == BookingVerdict.FAILED:
            _release(booking)
        else:
            raise RejectedError(
                say(
                    "It is not known yet what became of the earlier booking (file %(file)s): wait for "
                    "DATEV's answer, or settle the batch after a look into DATEV.",
                    file=str(batch),
                ),
                code="earlier_unsettled",
            )


def _is_booked(booking: Booking, batch: Batch) -> bool:
    if booking.verdict == BookingVerdict.FOLLOWS:
        return batch.state == BatchState.POSTED
    return booking.verdict == BookingVerdict.POSTED


def _release(booking: Booking) -> None:
    Booking.objects.filter(pk=booking.pk).update(verdict=BookingVerdict.RELEASED, announced_at=clock.now())
    audit.record(
        "booking.released", booking.origin, say("Replaced by a newer revision."), revision=booking.revision
    )


def _take_out(booking: Booking) -> None:
    Batch.objects.filter(bookings=booking).update(rows=F("rows") - 1)
    booking.delete()
    audit.record(
        "booking.withdrawn",
        booking.origin,
        say("Taken out of a batch that was not closed yet."),
        revision=booking.revision,
        batch=booking.batch_id,
    )


def withdraw(origin: str) -> int:
    """Take the latest bookings of `origin` out of batches that are still open; how many were taken out.

    All of them or none: a reversal must not travel without the booking that takes its place. 0 also means:
    too late, or nothing there. What is closed stays and goes to DATEV.
    """
    with transaction.atomic():
        latest = Booking.objects.filter(origin=origin).aggregate(latest=Max("revision"))["latest"]
        collected = Booking.objects.filter(origin=origin, revision=latest)
        wanted = set(collected.values_list("batch_id", flat=True))
        held = Batch.objects.select_for_update().filter(pk__in=wanted - {None}, state=BatchState.OPEN)
        if {batch.pk for batch in held.defer("content").order_by("pk")} != wanted:
            return 0
        bookings = list(collected)
        for booking in bookings:
            _take_out(booking)
    return len(bookings)


def mark_announced(ids: Iterable[int]) -> int:
    """Note that the settled result of these bookings was told to their source; how many were noted.

    What a person has sent again or asked for meanwhile is not settled any more: its new result is told later.
    """
    told = Booking.objects.filter(pk__in=list(ids), announced_at=None, batch__state__in=SETTLED)
    return told.update(announced_at=clock.now())
