"""What an invoice and a job must keep on the DXSO route, beyond each entry (`check_entry`).

DATEV checks nothing at the upload and wants the files to be valid beforehand. The equality of rows and total
is in no schema; what the schema does check is checked here as well, because its files aren't shipped.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from bookings.dxso.archive import FILE_NAME, Archive, Voucher
from bookings.dxso.ledger import partner_account, signed_amount
from bookings.dxso.names import ALLOWED
from bookings.entry import Books, Entry
from bookings.validation import labels
from bookings.validation.amounts import MAX_AMOUNT, comma
from bookings.validation.dates import shown
from connections.messages import DataFault, say

# Source: ledger and document schema v6.0, #DCO01016.
MAX_ROWS = 5000
MAX_VOUCHERS = 4999
MAX_EXTENSIONS = 50
MAX_FILE_BYTES = 20 * 1024 * 1024
FOLDER_LENGTH, LEVEL_LENGTH, MAX_LEVELS = 40, 30, 3

# What every row of an invoice shares with its total.
SHARED: tuple[tuple[str, Callable[[Entry, Books], str]], ...] = (
    (labels.DIRECTION, lambda entry, books: entry.direction.value),
    (labels.DOCUMENT_DATE, lambda entry, books: shown(entry.document_date)),
    (labels.DOCUMENT_FIELD_1, lambda entry, books: entry.document_field_1),
    (labels.CURRENCY, lambda entry, books: entry.currency),
    (
        labels.EXCHANGE_RATE,
        lambda entry, books: "" if entry.exchange_rate is None else f"{entry.exchange_rate:.6f}",
    ),
    (labels.DELIVERY_DATE, lambda entry, books: shown(entry.delivery_date) if entry.delivery_date else ""),
    (labels.DUE_DATE, lambda entry, books: shown(entry.due_date) if entry.due_date else ""),
    (labels.CONTRA_ACCOUNT, partner_account),
)


def check_invoice(entries: Sequence[Entry], books: Books, *, month: date) -> list[DataFault]:
    """Every rule that the rows of one invoice break together; `month` is any day of the job's month."""
    if not 1 <= len(entries) <= MAX_ROWS:
        return [
            DataFault(
                labels.ROWS,
                str(len(entries)),
                say("An invoice has 1 to %(limit)s rows.", limit=MAX_ROWS),
                say("Split the invoice."),
            )
        ]
    return [
        *_check_shared(entries, books),
        *_check_total(entries, books),
        *_check_month(entries, books, month),
    ]


def _check_shared(entries: Sequence[Entry], books: Books) -> Iterator[DataFault]:
    for label, read in SHARED:
        values = list(dict.fromkeys(read(entry, books) for entry in entries))
        if len(values) > 1:
            yield DataFault(
                label,
                ", ".join(value or "-" for value in values),
                say("All rows of an invoice must agree here, or DATEV refuses the invoice."),
                say("Correct the rows, or book them as invoices of their own."),
            )


def _check_total(entries: Sequence[Entry], books: Books) -> Iterator[DataFault]:
    amounts = [signed_amount(entry, books) for entry in entries]
    if not all(amount.is_finite() for amount in amounts):
        return  # said by `check_entry` already
    total = sum(amounts, Decimal(0))
    if abs(total) > MAX_AMOUNT:
        yield DataFault(
            labels.AMOUNT,
            str(total),
            say("The rows of an invoice add up to at most %(limit)s.", limit=comma(MAX_AMOUNT)),
            say("Split the invoice."),
        )


def _check_month(entries: Sequence[Entry], books: Books, month: date) -> Iterator[DataFault]:
    first = month.replace(day=1)
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    for day in sorted({entry.document_date for entry in entries}):
        if not first <= day <= last:
            yield DataFault(
                labels.DOCUMENT_DATE,
                shown(day),
                say("The invoice isn't of the job's month (%(month)s).", month=f"{month:%m/%Y}"),
                say("Put it into the job of its own month."),
            )
    year = books.fiscal_year(first)
    if year is None or last > year.end:
        yield DataFault(
            labels.FISCAL_YEAR,
            f"{month:%m/%Y}",
            say("Belege online takes whole calendar months of one fiscal year only."),
            say("Check the fiscal years of the DATEV client, or use the EXTF route for this month."),
        )


def check_archive(archive: Archive) -> list[DataFault]:
    """Every rule that the job's document.xml breaks."""
    return [
        *_check_folder(archive),
        *_check_count(len(archive.vouchers)),
        *(fault for voucher in archive.vouchers for fault in _check_voucher(voucher)),
        *_check_names(archive),
    ]


def _check_folder(archive: Archive) -> Iterator[DataFault]:
    if not 1 <= len(archive.folder.strip()) <= FOLDER_LENGTH:
        yield DataFault(
            labels.LEDGER_FOLDER,
            archive.folder,
            say("Belege online needs the name of the ledger folder, up to 40 characters."),
            say("Use one of the folder names that DATEV reports for this client."),
        )
    bad_levels = [name for name in archive.repository if not 1 <= len(name.strip()) <= LEVEL_LENGTH]
    if len(archive.repository) > MAX_LEVELS or bad_levels:
        yield DataFault(
            labels.REPOSITORY,
            " / ".join(archive.repository),
            say("The filing place has up to 3 levels of 1 to 30 characters each."),
            say("Shorten category, folder or register."),
        )


def _check_count(count: int) -> Iterator[DataFault]:
    if not 1 <= count <= MAX_VOUCHERS:
        yield DataFault(
            labels.ROWS,
            str(count),
            say("A job holds 1 to %(limit)s invoices.", limit=MAX_VOUCHERS),
            say("Split the batch."),
        )


def _check_voucher(voucher: Voucher) -> Iterator[DataFault]:
    if len(voucher.files) >= MAX_EXTENSIONS:
        yield DataFault(
            labels.FILES,
            str(len(voucher.files)),
            say("An invoice takes at most %(limit)s files.", limit=MAX_EXTENSIONS - 1),
            say("Put the attachments into one PDF file, or attach fewer."),
        )
    for name in (voucher.ledger_file, *voucher.files):
        if not ALLOWED.fullmatch(name) or name.lower() == FILE_NAME:
            yield DataFault(
                labels.FILES,
                name,
                say("DATEV doesn't take this file name."),
                say("Use letters, digits, blank and & ( ) + - . _ only, up to 255 characters."),
            )


def _check_names(archive: Archive) -> Iterator[DataFault]:
    seen: set[str] = set()
    for voucher in archive.vouchers:
        for name in (voucher.ledger_file, *voucher.files):
            if name.lower() in seen:
                yield DataFault(
                    labels.FILES,
                    name,
                    say("Two files of the job have the same name."),
                    say("Rename one of them."),
                )
            seen.add(name.lower())
