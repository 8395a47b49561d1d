"""Entries as the bytes of a Buchungsstapel. Rows are checked beforehand (`bookings.validation`).

Source: DATEV-Format, Einstieg and Zeichensatz (read 2026-11): CR LF after every line, `;` between fields,
text always in quotes, decimal comma. The byte order mark decides how DATEV reads the file; without one it
is read as Windows-1252.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from bookings.entry import Entry
from bookings.extf.columns import HEADINGS, blanks, column
from bookings.extf.header import Header
from bookings.extf.text import clean, quoted

UTF8 = "utf-8-sig"
WINDOWS = "cp1252"
LINE_END = "\r\n"
ROWS_PER_CHUNK = 500
MAX_ROWS = 99_999
MAX_BYTES = 50 * 1024 * 1024

# What we never fill, as it stands in every row.
DOMESTIC = ";" + blanks(3, 6) + ";"
DISCOUNT_TO_LINK = ";" + blanks(15, 19) + ";"
NO_NOTES = ";" + blanks(21, 36) + ";"
AFTER_EU_RATE = ";" + blanks(42, 113) + ";"
AFTER_REVERSAL = ";" + blanks(119, 125) + LINE_END
TEXT = column(14).length
KOST = column(37).length
LINK = column(20).length
MAX_NOTES = 8


def write(header: Header, entries: Iterable[Entry], *, encoding: str = UTF8) -> Iterator[bytes]:
    """The file in pieces of a few hundred rows; `encoding` is "utf-8-sig" or "cp1252".

    What Windows-1252 does not have is written as a visible "?".
    """
    encode = encoder(encoding)
    yield (codecs.BOM_UTF8 if encoding == UTF8 else b"") + encode(header.line() + LINE_END)
    yield encode(HEADINGS + LINE_END)
    row = row_writer(is_finalized=header.is_finalized, base_currency=header.currency)
    rows: list[str] = []
    for entry in entries:
        rows.append(row(entry))
        if len(rows) == ROWS_PER_CHUNK:
            yield encode("".join(rows))
            rows.clear()
    if rows:
        yield encode("".join(rows))


def render(header: Header, entries: Iterable[Entry], *, encoding: str = UTF8) -> bytes:
    """The whole file."""
    return b"".join(write(header, entries, encoding=encoding))


def encoder(encoding: str) -> Callable[[str], bytes]:
    """Text to bytes; what Windows-1252 does not have becomes a visible "?"."""
    if encoding not in (UTF8, WINDOWS):
        raise ValueError(f"EXTF files are written as {UTF8} or {WINDOWS}, not as {encoding}.")
    codec = "utf-8" if encoding == UTF8 else WINDOWS
    return lambda text: text.encode(codec, "replace")


def row_writer(*, is_finalized: bool, base_currency: str = "EUR") -> Callable[[Entry], str]:
    """A function that writes one row with its line end."""
    locked = AFTER_EU_RATE + ("1;" if is_finalized else "0;")

    def row(entry: Entry) -> str:
        foreign = DOMESTIC if entry.exchange_rate is None else _foreign(entry, base_currency)
        reversal = '"1"' if entry.is_reversal else '""'
        return (
            f'{_amount(entry.amount)};"{entry.side.value}"{foreign}'
            f'{entry.account};{entry.contra_account};"{entry.bu_key}";{_day_and_month(entry.document_date)};'
            f'"{entry.document_field_1}";"{entry.document_field_2}";{_amount(entry.discount)};'
            f"{quoted(clean(entry.posting_text, TEXT))}{DISCOUNT_TO_LINK}{_link(entry.documents)}"
            f"{_notes(entry.notes) if entry.notes else NO_NOTES}{_cost_and_eu(entry)}{locked}"
            f"{_full_date(entry.delivery_date)};{_full_date(entry.tax_period_date)};"
            f"{_full_date(entry.due_date)};{reversal}{AFTER_REVERSAL}"
        )

    return row


def document_link(documents: Iterable[UUID]) -> str:
    """Beleglink to documents in Belege online: BEDI "<guid>","<guid>" with GUIDs in capitals."""
    return "BEDI " + ",".join([f'"{str(guid).upper()}"' for guid in documents])


def _link(documents: tuple[UUID, ...]) -> str:
    return quoted(document_link(documents)) if documents else '""'


def _foreign(entry: Entry, base_currency: str) -> str:
    """Columns 3 to 6: amount (column 1) in foreign currency, rate as foreign units per 1 base unit."""
    rate, base_amount = _decimal(entry.exchange_rate, 6), _amount(entry.base_amount)
    return f';"{entry.currency}";{rate};{base_amount};"{base_currency}";'


def _notes(notes: Iterable[tuple[str, str]]) -> str:
    """Columns 21 to 36: pairs of kind and content."""
    pairs = [f"{quoted(clean(kind, 20))};{quoted(clean(content, 210))}" for kind, content in notes]
    return ";" + ";".join(pairs + ['"";""'] * (MAX_NOTES - len(pairs))) + ";"


def _cost_and_eu(entry: Entry) -> str:
    """Columns 37 to 41."""
    if not (entry.cost_center_1 or entry.cost_center_2 or entry.eu_vat_id or entry.cost_quantity):
        return '"";"";;"";' + _percent(entry.eu_tax_rate)
    return (
        f"{quoted(clean(entry.cost_center_1, KOST))};{quoted(clean(entry.cost_center_2, KOST))};"
        f"{_quantity(entry.cost_quantity)};{quoted(entry.eu_vat_id)};{_percent(entry.eu_tax_rate)}"
    )


def _amount(amount: Decimal | None) -> str:
    """Two decimals. What is stored with two already is the usual case and the fast one."""
    if amount is None:
        return ""
    written = str(amount)
    return (written if written[-3:-2] == "." else f"{amount:.2f}").replace(".", ",")


def _decimal(number: Decimal | None, places: int) -> str:
    return "" if number is None else f"{number:.{places}f}".replace(".", ",")


def _quantity(quantity: Decimal | None) -> str:
    """Without needless decimals: the official sample writes plain 5 and 30."""
    written = _decimal(quantity, 4)
    return written.rstrip("0").rstrip(",") if written else ""


def _percent(rate: Decimal | None) -> str:
    """0.21 as 21,00."""
    return "" if rate is None else _decimal(rate * 100, 2)


@lru_cache(maxsize=1000)
def _day_and_month(day: date) -> str:
    return f"{day:%d%m}"


@lru_cache(maxsize=1000)
def _full_date(day: date | None) -> str:
    return f"{day:%d%m%Y}" if day else ""
