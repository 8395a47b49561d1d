"""The rows of a refused batch as people correct them: as they would be sent next, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bookings.corrections.outlook import to_be_sent
from bookings.given import formats, next_revision
from bookings.given.reading import GivenRow
from bookings.models import Batch, Booking
from bookings.noted import noted

# Of a file from elsewhere: what tells its rows apart, by column or element.
ACCOUNT, CONTRA, AMOUNT, NUMBER = (
    ("7", "bpAccountNo"),
    ("8", "accountNo"),
    ("1", "amount"),
    ("11", "invoiceId"),
)


@dataclass(frozen=True)
class ShownRow:
    """`key`: for the address of its form (a booking, or the number of the row)."""

    key: int
    row: int
    document: str
    accounts: str
    amount: str
    is_corrected: bool


def page(batch: Batch, first: int, count: int) -> tuple[Sequence[ShownRow], int]:
    """`count` rows from `first` (0), and how many there are."""
    known = noted(batch)
    if batch.is_given:
        found = given_rows(batch)
        return [_given(row, row.number in known.rows) for row in found[first : first + count]], len(found)
    query = to_be_sent(batch)
    bookings = list(query[first : first + count])
    for booking in bookings:
        booking.corrected = known.bookings.get(booking.pk, booking.corrected)
    return [_own(booking, booking.pk in known.bookings) for booking in bookings], query.count()


def booking_row(batch: Batch, booking_id: int) -> Booking | None:
    """A booking that is to be sent again, with what was noted about it."""
    booking = to_be_sent(batch).filter(pk=booking_id).first()
    if booking is not None:
        booking.corrected = noted(batch).bookings.get(booking.pk, booking.corrected)
    return booking


def given_rows(batch: Batch) -> Sequence[GivenRow]:
    """All rows of a file from elsewhere, with what was noted about them."""
    form, known = formats.of(batch), noted(batch)
    content = form.changed(next_revision.base(batch, known.file), known.rows)
    return form.read(content, None).rows


def _own(booking: Booking, is_corrected: bool) -> ShownRow:
    entry = booking.sent_entry
    return ShownRow(
        booking.pk,
        booking.row or 0,
        entry.document_field_1,
        f"{entry.account} / {entry.contra_account}",
        f"{entry.amount} {entry.currency} {entry.side.value}",
        is_corrected,
    )


def _given(row: GivenRow, is_corrected: bool) -> ShownRow:
    account, contra, amount, number = (
        next((row.value(key) for key in keys if row.value(key)), "")
        for keys in (ACCOUNT, CONTRA, AMOUNT, NUMBER)
    )
    return ShownRow(row.number, row.number, number, f"{account} / {contra}", amount, is_corrected)
