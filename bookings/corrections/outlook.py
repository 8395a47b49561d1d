"""What the next revision of a refused batch would be: how it differs from what was refused, its faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from bookings import debtor_batches, dxso_plan, rendering
from bookings.dxso import ledger
from bookings.entry import Route
from bookings.given import next_revision as given_revision
from bookings.models import Batch, BatchFile, BatchKind, BatchState, Booking, BookingVerdict
from bookings.noted import Noted, noted
from bookings.snapshot import books
from connections.errors import RejectedError
from connections.messages import DataFault


@dataclass(frozen=True)
class Outlook:
    """`is_corrected`: it differs from the refused file: noted, replaced, or mended in the settings.

    `rows`: how many rows it has; `replaced`: how many bookings travel elsewhere, because their source was
    replayed. `faults`: why our own checks would refuse it.
    """

    is_corrected: bool
    rows: int
    replaced: int
    faults: tuple[DataFault, ...]


def outlook(batch: Batch) -> Outlook:
    """For a batch that was refused or stopped. Makes no call and stores nothing."""
    known = noted(batch)
    if batch.kind == BatchKind.DEBTORS:
        return _of_debtors(batch)
    if batch.is_given:
        return _of_file(batch, known)
    bookings = next_bookings(batch, known)
    replaced = batch.bookings.filter(verdict=BookingVerdict.RELEASED).count()
    if not bookings:
        return Outlook(False, 0, replaced, ())
    check = _extf if batch.route == Route.EXTF else _dxso
    try:
        differs, faults = check(batch, bookings)
    except RejectedError as error:
        differs, faults = True, [DataFault("Batch", str(batch), error.message), *error.faults]
    return Outlook(bool(known) or replaced > 0 or differs, len(bookings), replaced, tuple(faults))


def next_bookings(batch: Batch, known: Noted) -> list[Booking]:
    """What is to be sent again, as it would travel: corrected in memory alone, nothing is stored."""
    found = list(to_be_sent(batch))
    for booking in found:
        booking.corrected = known.bookings.get(booking.pk, booking.corrected)
    return found


def to_be_sent(batch: Batch) -> QuerySet[Booking]:
    """The bookings that would go with the next revision, in the order of their rows."""
    verdict = BookingVerdict.FAILED if batch.state == BatchState.PARTLY else BookingVerdict.FOLLOWS
    return Booking.objects.filter(batch=batch, verdict=verdict).order_by("pk")


def _extf(batch: Batch, bookings: Sequence[Booking]) -> tuple[bool, list[DataFault]]:
    """The same header and rows would be the same bytes: what was mended shows in them."""
    content, faults = rendering.extf_content(batch, [booking.sent_entry for booking in bookings])
    stored = Batch.objects.values_list("content", flat=True).get(pk=batch.pk)
    return stored is None or bytes(stored) != content, faults


def _dxso(batch: Batch, bookings: Sequence[Booking]) -> tuple[bool, list[DataFault]]:
    """Compared ledger by ledger: the GUIDs and names of a package are new each time."""
    client_books = books(batch.client)
    sent = _sent_ledgers(batch)
    differs, faults = False, []
    for invoice in dxso_plan.invoices_of(bookings, client_books):
        entries = [booking.sent_entry for booking in invoice]
        broken = dxso_plan.faults_of(entries, client_books)
        faults += broken
        if not broken:
            xml = ledger.render(entries, client_books, sender=batch.label)
            differs |= sent.get(tuple(booking.pk for booking in invoice)) != xml
    return differs or bool(faults), faults


def _sent_ledgers(batch: Batch) -> dict[tuple[int, ...], bytes]:
    """Bookings of an invoice -> its ledger file as it was last sent."""
    contents = {
        file.filename: bytes(file.content or b"")
        for file in BatchFile.objects.filter(batch=batch, attempt=batch.attempt, content__isnull=False)
    }
    return {
        invoice.bookings: contents[invoice.ledger_file]
        for invoice in dxso_plan.load(batch)
        if invoice.ledger_file in contents
    }


def _of_debtors(batch: Batch) -> Outlook:
    """They are corrected at the debtors themselves: the next file carries their present details."""
    left = debtor_batches.not_taken_over(batch)
    if not left:
        return Outlook(False, 0, batch.rows, ())
    return Outlook(debtor_batches.differs_now(batch), len(left), batch.rows - len(left), ())


def _of_file(batch: Batch, known: Noted) -> Outlook:
    made = given_revision.make(batch, known.file, known.rows)
    return Outlook(bool(known), made.rows, 0, made.faults)
