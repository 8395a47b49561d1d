"""Debtors as the bytes of a file of category 16 (Debitoren/Kreditoren), format version 5.

Rows are checked beforehand (`bookings.validation.debtors`). Source: DATEV-Format, Debitoren/Kreditoren and
the official sample (read 2026-11): the header's fields 15 to 22 stay empty for master data; importing a
number that DATEV knows updates it.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bookings.debtor_details import DebtorDetails
from bookings.entry import Books
from bookings.extf.columns import Kind
from bookings.extf.header import HEADER_FIELDS, HeaderField, created_text
from bookings.extf.partner_columns import COLUMNS, HEADINGS
from bookings.extf.text import clean, quoted
from bookings.extf.writer import LINE_END, UTF8, encoder

# Fields of the header that are as for bookings, except these.
MASTER_DATA: Mapping[int, str] = {
    3: "16",
    4: "Debitoren/Kreditoren",
    5: "5",
    **dict.fromkeys(range(15, 23), ""),
}
PARTNER_HEADER_FIELDS = tuple(
    HeaderField(field.number, field.name, field.is_text, MASTER_DATA.get(field.number, field.pattern))
    for field in HEADER_FIELDS
)
# Source: DATEV-Format, column 101: numbers of languages.
LANGUAGES = {"de": "1", "fr": "4", "en": "5", "es": "10", "it": "19"}
STREET, EXTRA = 36, 36


@dataclass(frozen=True)
class PartnerHeader:
    """What the file says of itself; `created_at` is aware."""

    consultant_number: int
    client_number: int
    fiscal_year_start: date
    account_length: int
    created_at: datetime
    chart: str = ""
    exported_by: str = "ml_connector"
    application: str = "ml-connector"

    @classmethod
    def of(cls, books: Books, fiscal_year_start: date, created_at: datetime) -> PartnerHeader:
        return cls(
            consultant_number=books.consultant_number,
            client_number=books.client_number,
            fiscal_year_start=fiscal_year_start,
            account_length=books.account_length,
            created_at=created_at,
            chart=books.chart,
        )

    def values(self) -> tuple[str, ...]:
        """The 31 values without quotes, in DATEV's order."""
        return (
            *("EXTF", "700", MASTER_DATA[3], MASTER_DATA[4], MASTER_DATA[5]),
            created_text(self.created_at),
            *("", "RE", self.exported_by, ""),
            str(self.consultant_number),
            str(self.client_number),
            f"{self.fiscal_year_start:%Y%m%d}",
            str(self.account_length),
            *[""] * 12,
            self.chart,
            *("", "", ""),
            self.application,
        )

    def line(self) -> str:
        """The header record without its line end."""
        return ";".join(
            f'"{value}"' if field.is_text else value
            for field, value in zip(PARTNER_HEADER_FIELDS, self.values(), strict=True)
        )


def values_of(number: str, details: DebtorDetails) -> dict[int, str]:
    """The columns that hold something, by position, without quotes, cleaned and cut to DATEV's lengths."""
    street, extra = split_street(details.street, details.address_extra)
    written = {
        1: number,
        2: "" if details.is_person else details.name,
        4: details.name if details.is_person else "",
        5: details.first_name if details.is_person else "",
        7: "1" if details.is_person else "2",
        8: details.short_name,
        9: details.vat_id[:2],
        10: details.vat_id[2:],
        11: details.salutation,
        15: _address_kind(details),
        16: street,
        17: details.post_box,
        18: details.postal_code,
        19: details.city,
        20: details.country,
        22: extra,
        26: "1" if street or details.post_box or details.city else "",
        29: details.phone,
        33: details.email,
        35: details.website,
        37: details.fax,
        45: details.iban,
        47: details.bic,
        49: "1" if details.iban else "",
        99: details.customer_number,
        101: LANGUAGES.get(details.language, ""),
        102: details.contact_person,
        110: "" if details.due_days is None else str(details.due_days),
        222: details.sepa_mandate,
    }
    cleaned = {
        position: clean(text, COLUMNS[position - 1].length).strip() for position, text in written.items()
    }
    return {position: text for position, text in cleaned.items() if text}


def split_street(street: str, extra: str) -> tuple[str, str]:
    """DATEV has 36 characters for the street: what does not fit moves to the second line, if that is free."""
    if len(street) <= STREET or extra:
        return street, extra
    head, rest = street[:STREET], street[STREET:]
    if not rest.startswith(" ") and " " in head:
        head, _, carried = head.rpartition(" ")
        rest = carried + rest
    return head.strip(), rest.strip()


def _address_kind(details: DebtorDetails) -> str:
    if details.street:
        return "STR"
    return "PF" if details.post_box else ""


def row(number: str, details: DebtorDetails) -> str:
    """One row with its line end."""
    filled = values_of(number, details)
    cells = []
    for column in COLUMNS:
        value = filled.get(column.number, "")
        cells.append(quoted(value) if column.kind is Kind.TEXT else value)
    return ";".join(cells) + LINE_END


def render(
    header: PartnerHeader, debtors: Iterable[tuple[str, DebtorDetails]], *, encoding: str = UTF8
) -> bytes:
    """The whole file; `debtors` are numbers with their details."""
    encode = encoder(encoding)
    mark = codecs.BOM_UTF8 if encoding == UTF8 else b""
    rows = "".join(row(number, details) for number, details in debtors)
    return mark + encode(header.line() + LINE_END + HEADINGS + LINE_END + rows)
