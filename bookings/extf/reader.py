"""A row of an EXTF file as an entry: the same values that our own writer puts into the columns.

Only for rows that the parser found in order (`bookings.extf.parser`): every value fits its column by then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from bookings.entry import Entry, Side
from bookings.extf.parser import ParsedRow

# Beleglink to documents in Belege online. Source: DATEV-Format, Buchungsstapel, column 20 (read 2026-11).
LINK = re.compile(r'BEDI ("[0-9A-Fa-f-]{36}"(?:,"[0-9A-Fa-f-]{36}")*)')
FIRST_NOTE, NOTES = 21, 8
# The columns that an entry can carry; what else is filled would be lost if we wrote the row anew.
CARRIED = frozenset((*range(1, 15), 20, *range(21, 42), 114, 115, 116, 117, 118))


def values_of(row: ParsedRow, header: tuple[str, ...]) -> dict[str, Any]:
    """The fields of `bookings.entry.Entry` that stand in the row; `header` has the file's 31 values.

    Raises ValueError if the document date is no day in the period of the file.
    """
    value = row.value
    return {
        "amount": amount(value(1)),
        "side": Side(value(2)),
        "account": value(7),
        "contra_account": value(8),
        "document_date": document_date(value(10), header),
        "currency": value(3) or header[21],
        "exchange_rate": _optional(value(4)),
        "base_amount": _optional(value(5)),
        "bu_key": value(9),
        "document_field_1": value(11),
        "document_field_2": value(12),
        "discount": _optional(value(13)),
        "posting_text": value(14),
        "cost_center_1": value(37),
        "cost_center_2": value(38),
        "cost_quantity": _optional(value(39)),
        "eu_vat_id": value(40),
        "eu_tax_rate": amount(value(41)) / 100 if value(41) else None,
        "delivery_date": full_date(value(115)),
        "tax_period_date": full_date(value(116)),
        "due_date": full_date(value(117)),
        "is_reversal": value(118) == "1",
        "documents": documents(value(20)),
        "notes": _notes(row),
    }


def entry_of(row: ParsedRow, header: tuple[str, ...]) -> Entry:
    """Raises ValueError as `values_of` does."""
    values: Mapping[str, Any] = values_of(row, header)
    return Entry(**values)


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


@lru_cache(maxsize=2000)
def full_date(text: str) -> date | None:
    """DDMMYYYY."""
    return datetime.strptime(text, "%d%m%Y").replace(tzinfo=UTC).date() if text else None


@lru_cache(maxsize=100)
def period(header: tuple[str, ...]) -> tuple[date, date]:
    """Header fields 15 and 16; raises ValueError for what is no day."""
    first, last = (datetime.strptime(header[at], "%Y%m%d").replace(tzinfo=UTC).date() for at in (14, 15))
    return first, last


@lru_cache(maxsize=2000)
def document_date(text: str, header: tuple[str, ...]) -> date:
    """DDMM as the day inside the period of the file; raises ValueError if there is none, or two."""
    first, last = period(header)
    days = set()
    for year in {first.year, last.year}:
        try:
            days.add(date(year, int(text[2:]), int(text[:2])))
        except ValueError:
            continue  # 29 February of a year that has none
    inside = [day for day in days if first <= day <= last]
    if len(inside) != 1:
        raise ValueError(text)
    return inside[0]


def documents(text: str) -> tuple[UUID, ...]:
    """The GUIDs of a link to Belege online; other links are left alone."""
    found = LINK.fullmatch(text)
    return tuple(UUID(guid.strip('"')) for guid in found[1].split(",")) if found else ()


def _notes(row: ParsedRow) -> tuple[tuple[str, str], ...]:
    pairs = [(row.value(FIRST_NOTE + 2 * at), row.value(FIRST_NOTE + 2 * at + 1)) for at in range(NOTES)]
    return tuple(pair for pair in pairs if any(pair))


def _optional(text: str) -> Decimal | None:
    return amount(text) if text else None
