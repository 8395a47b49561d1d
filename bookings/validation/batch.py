"""What a whole EXTF batch must keep: one month of one fiscal year, its limits, and a correct header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bookings.entry import Books, Entry
from bookings.extf.header import HEADER_FIELDS, Header
from bookings.extf.writer import MAX_BYTES, MAX_ROWS
from bookings.validation import labels
from bookings.validation.dates import shown
from connections.messages import DataFault, say

MAX_HEADER_LENGTH = 1000


def check_batch(
    entries: Sequence[Entry], header: Header, books: Books, *, size_bytes: int | None = None
) -> list[DataFault]:
    """Every rule that the batch breaks as a whole; each entry was checked by `check_entry`.

    `size_bytes`, once the file is written, is checked against DATEV's 50 MB.
    """
    return [
        *_check_count(len(entries)),
        *_check_size(size_bytes),
        *_check_owner(header, books),
        *_check_period(header, books),
        *_check_rows(entries, header),
        *check_header(header),
    ]


def check_header(header: Header) -> list[DataFault]:
    """The 31 fields against DATEV's patterns, and the length of the record."""
    faults = [
        DataFault(
            labels.HEADER,
            value,
            say(
                "Field %(number)s (%(name)s) isn't as DATEV demands.",
                number=field.number,
                name=field.name,
            ),
            say("Correct the settings of the DATEV client, then try again."),
        )
        for field, value in zip(HEADER_FIELDS, header.values(), strict=True)
        if not field.accepts(value)
    ]
    if len(header.line()) > MAX_HEADER_LENGTH:
        faults.append(
            DataFault(
                labels.HEADER,
                str(len(header.line())),
                say("The header has more than %(limit)s characters.", limit=MAX_HEADER_LENGTH),
                say("Shorten the label of the batch."),
            )
        )
    return faults


def _check_count(count: int) -> Iterator[DataFault]:
    if count < 1:
        yield DataFault(
            labels.ROWS, "0", say("A batch needs at least one booking."), say("Nothing is to be sent.")
        )
    if count > MAX_ROWS:
        yield DataFault(
            labels.ROWS,
            str(count),
            say("A file holds at most %(limit)s bookings.", limit=MAX_ROWS),
            say("The bookings above that number go into the next file."),
        )


def _check_size(size_bytes: int | None) -> Iterator[DataFault]:
    if size_bytes is not None and size_bytes > MAX_BYTES:
        yield DataFault(
            labels.FILE_SIZE,
            str(size_bytes),
            say("A file may have at most 50 MB (%(limit)s bytes).", limit=MAX_BYTES),
            say("Close the batch after fewer bookings."),
        )


def _check_owner(header: Header, books: Books) -> Iterator[DataFault]:
    for label, told, kept in (
        (labels.CONSULTANT_NUMBER, header.consultant_number, books.consultant_number),
        (labels.CLIENT_NUMBER, header.client_number, books.client_number),
        (labels.ACCOUNT_LENGTH, header.account_length, books.account_length),
    ):
        if told != kept:
            yield DataFault(
                label,
                str(told),
                say("The DATEV client has %(kept)s.", kept=kept),
                say("Close the batch and start a new one with the client's present settings."),
            )


def _check_period(header: Header, books: Books) -> Iterator[DataFault]:
    first, last = header.date_from, header.date_to
    period = f"{shown(first)} - {shown(last)}"
    if first > last:
        yield DataFault(
            labels.PERIOD,
            period,
            say("The period ends before it begins."),
            say("Correct the month of the batch."),
        )
    if (first.year, first.month) != (last.year, last.month):
        yield DataFault(
            labels.PERIOD,
            period,
            say("A batch covers one calendar month; DATEV refuses two calendar years."),
            say("Make one batch per month."),
        )
    year = books.fiscal_year(first)
    if year is None or year.start != header.fiscal_year_start or last > year.end:
        yield DataFault(
            labels.FISCAL_YEAR,
            shown(header.fiscal_year_start),
            say("The period of the batch (%(period)s) isn't inside this fiscal year.", period=period),
            say("Read the fiscal years from DATEV again, or correct them at the DATEV client."),
        )


def _check_rows(entries: Iterable[Entry], header: Header) -> Iterator[DataFault]:
    for row, entry in enumerate(entries, start=1):
        if not header.date_from <= entry.document_date <= header.date_to:
            yield DataFault(
                labels.DOCUMENT_DATE,
                shown(entry.document_date),
                say(
                    "Row %(row)s (%(document)s) lies outside the period of the batch.",
                    row=row,
                    document=entry.document_field_1 or "-",
                ),
                say("Put it into the batch of its own month."),
            )
