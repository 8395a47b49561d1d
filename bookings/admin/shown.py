"""Bookings and files as tables that an accountant can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from bookings.entry import Entry
from bookings.extf import parser
from bookings.extf.columns import Kind
from bookings.given.package import ORDER
from bookings.given.reading import GivenRow
from bookings.models import Batch, BookingVerdict, DocumentState, JobState
from bookings.models.batch import BatchState
from bookings.validation import labels
from connections.adminsite import FaultRow, Tone, fault_rows
from connections.errors import RejectedError

PARTNER = _("creditor or debtor")

BATCH_TONES: Mapping[str, Tone] = {
    BatchState.OPEN: "neutral",
    BatchState.CLOSED: "info",
    BatchState.SENT: "info",
    BatchState.POSTED: "success",
    BatchState.FAILED: "danger",
    BatchState.PARTLY: "warning",
    BatchState.UNKNOWN: "danger",
    BatchState.STOPPED: "warning",
}
JOB_TONES: Mapping[str, Tone] = {
    JobState.OPEN: "neutral",
    JobState.PENDING: "info",
    JobState.SUCCEEDED: "success",
    JobState.FAILED: "danger",
    JobState.PARTLY: "warning",
    JobState.CANCELLED: "warning",
    JobState.UNKNOWN: "danger",
}
DOCUMENT_TONES: Mapping[str, Tone] = {
    DocumentState.PLANNED: "info",
    DocumentState.UPLOADED: "success",
    DocumentState.REFUSED: "danger",
    DocumentState.DUPLICATE: "warning",
}
VERDICT_TONES: Mapping[str, Tone] = {
    BookingVerdict.POSTED: "success",
    BookingVerdict.FAILED: "danger",
    BookingVerdict.UNKNOWN: "danger",
}


@dataclass(frozen=True)
class Cell:
    text: str
    is_number: bool = False


@dataclass(frozen=True)
class ShownTable:
    """Only columns that hold something; `more` rows are not shown."""

    headings: Sequence[Cell] = ()
    rows: Sequence[Sequence[Cell]] = ()
    more: int = 0


@dataclass(frozen=True)
class ShownFile:
    """An EXTF file as people read it. `problem`: why it can't be shown."""

    header: Sequence[tuple[str, str]] = ()
    table: ShownTable = field(default_factory=ShownTable)
    encoding: str = ""
    faults: Sequence[FaultRow] = ()
    problem: str = ""


def amount(value: Decimal | None, currency: str = "") -> str:
    if value is None:
        return ""
    shown = number_format(value, decimal_pos=2, use_l10n=True, force_grouping=True)
    return f"{shown} {currency}".strip()


def day(value: date | None) -> str:
    return f"{value:%d.%m.%Y}" if value else ""


def percent(value: Decimal | None) -> str:
    if value is None:
        return ""
    shown = Decimal(f"{(value * 100).normalize():f}")
    return f"{number_format(shown, use_l10n=True)} %"


# (label, value as text, whether it is a number)
ENTRY_COLUMNS: tuple[tuple[str, Callable[[Entry], str], bool], ...] = (
    (labels.AMOUNT, lambda e: amount(e.amount, e.currency), True),
    (labels.BASE_AMOUNT, lambda e: amount(e.base_amount, "EUR" if e.base_amount is not None else ""), True),
    (labels.EXCHANGE_RATE, lambda e: "" if e.exchange_rate is None else str(e.exchange_rate), True),
    (labels.SIDE, lambda e: e.side.value, False),
    (labels.ACCOUNT, lambda e: e.account, False),
    (labels.CONTRA_ACCOUNT, lambda e: e.contra_account, False),
    (labels.BU_KEY, lambda e: e.bu_key, False),
    (labels.DOCUMENT_DATE, lambda e: day(e.document_date), False),
    (labels.DOCUMENT_FIELD_1, lambda e: e.document_field_1, False),
    (labels.DOCUMENT_FIELD_2, lambda e: e.document_field_2, False),
    (labels.POSTING_TEXT, lambda e: e.posting_text, False),
    (labels.DISCOUNT, lambda e: amount(e.discount), True),
    (labels.COST_CENTER_1, lambda e: e.cost_center_1, False),
    (labels.COST_CENTER_2, lambda e: e.cost_center_2, False),
    (labels.COST_QUANTITY, lambda e: "" if e.cost_quantity is None else str(e.cost_quantity), True),
    (labels.EU_VAT_ID, lambda e: e.eu_vat_id, False),
    (labels.EU_TAX_RATE, lambda e: percent(e.eu_tax_rate), True),
    (labels.DELIVERY_DATE, lambda e: day(e.delivery_date), False),
    (labels.TAX_PERIOD_DATE, lambda e: day(e.tax_period_date), False),
    (labels.DUE_DATE, lambda e: day(e.due_date), False),
    (labels.REVERSAL, lambda e: gettext("yes") if e.is_reversal else "", False),
    (PARTNER, lambda e: ", ".join(filter(None, (e.partner_name, e.partner_city))), False),
    (labels.NOTES, lambda e: "; ".join(f"{kind}: {text}" for kind, text in e.notes), False),
    (labels.DOCUMENT_LINK, lambda e: ", ".join(str(guid) for guid in e.documents), False),
)


def entry_fields(entry: Entry) -> list[tuple[str, str]]:
    """The fields of a booking that hold something, by their names."""
    filled = ((name, read(entry)) for name, read, _is_number in ENTRY_COLUMNS)
    return [(capfirst(gettext(name)), text) for name, text in filled if text]


def entries_table(entries: Sequence[Entry], more: int = 0) -> ShownTable:
    columns = [
        (Cell(capfirst(gettext(name)), is_number), [Cell(read(entry), is_number) for entry in entries])
        for name, read, is_number in ENTRY_COLUMNS
    ]
    return _filled(columns, more)


def given_table(rows: Sequence[GivenRow], limit: int) -> ShownTable:
    """The rows of a DXSO package from elsewhere, by the names of their elements."""
    shown = rows[:limit]
    columns = [(Cell(name), [Cell(row.value(name)) for row in shown]) for name in ORDER]
    return _filled(columns, len(rows) - len(shown))


def _filled(columns: Iterable[tuple[Cell, Sequence[Cell]]], more: int) -> ShownTable:
    kept = [(heading, cells) for heading, cells in columns if any(cell.text for cell in cells)]
    rows = list(zip(*(cells for _heading, cells in kept), strict=True))
    return ShownTable([heading for heading, _cells in kept], rows, more)


def extf_file(content: bytes, max_rows: int) -> ShownFile:
    """The stored bytes read back by our own column table."""
    try:
        parsed = parser.parse(content, max_rows=max_rows, categories=(parser.BOOKINGS, parser.PARTNERS))
    except RejectedError as error:
        return ShownFile(problem=str(error))
    columns = [
        (
            Cell(column.name, column.kind is Kind.AMOUNT),
            [Cell(row.values[at], column.kind is Kind.AMOUNT) for row in parsed.rows],
        )
        for at, column in enumerate(parsed.rows[0].columns if parsed.rows else ())
    ]
    return ShownFile(
        header=[(header.name, value) for header, value in parsed.header_filled()],
        table=_filled(columns, parsed.row_count - len(parsed.rows)),
        encoding=parsed.encoding,
        faults=fault_rows(parsed.faults),
    )


def bookings_of(batch: Batch, limit: int) -> list[Any]:
    """The first bookings of a batch in the order of their rows."""
    return list(batch.bookings.order_by("row", "pk")[:limit])
