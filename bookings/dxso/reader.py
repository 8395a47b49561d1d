"""A ledger file (LedgerImport) read back into entries, and its values as people correct them.

Source: DATEV XML-Schnittstelle online, Belegverwaltung_online_ledger_import_v060 (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from bookings.dxso.ledger import ELEMENTS, NAMESPACE, PARTNER_NAME, ROW_NAME
from bookings.entry import Direction, Entry, Side
from connections.errors import RejectedError
from connections.messages import DataFault, say

# A ledger file is some kilobytes; DATEV takes at most 20 MB.
MAX_BYTES = 20 * 1024 * 1024
DIRECTIONS = {name: direction for direction, name in ROW_NAME.items()}
REQUIRED = ("date", "amount", "currencyCode", "invoiceId")
# What an entry does not know; a row of our own bookings can't take it over.
CARRIED = frozenset(name for name, _ in ELEMENTS) | frozenset(
    name for names in PARTNER_NAME.values() for name in names
)


@dataclass(frozen=True)
class LedgerRow:
    """One row: its element names and texts in the order of the file; `line` counts from 1."""

    line: int
    direction: Direction
    values: dict[str, str]

    def value(self, name: str) -> str:
        return self.values.get(name, "")


@dataclass(frozen=True)
class Ledger:
    """One invoice: what its rows must agree in, and the rows."""

    consolidated: dict[str, str]
    rows: tuple[LedgerRow, ...]

    @property
    def direction(self) -> Direction:
        return self.rows[0].direction


def tree_of(content: bytes) -> etree._Element:
    """The XML, without entities and external parts. Raises RejectedError for what is none."""
    if len(content) > MAX_BYTES:
        raise RejectedError(say("The XML file is larger than 20 MB."))
    try:
        root = etree.fromstring(
            content,
            etree.XMLParser(
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
                remove_comments=True,
                remove_pis=True,
            ),
        )
    except etree.XMLSyntaxError as error:
        raise RejectedError(say("The XML can't be read: %(text)s", text=error.msg or "")) from error
    if root.getroottree().docinfo.doctype:
        raise RejectedError(say("The XML has a document type declaration, which DATEV's files never have."))
    return root


def read(content: bytes) -> Ledger:
    """Raises RejectedError for what is no ledger file of version 6.0 with one invoice of one kind."""
    root = tree_of(content)
    if root.tag != f"{{{NAMESPACE}}}LedgerImport":
        raise RejectedError(say("This is no ledger file (LedgerImport) of DATEV's XML interface 6.0."))
    invoices = list(root)
    if len(invoices) != 1 or etree.QName(invoices[0]).localname != "consolidate":
        raise RejectedError(say("A ledger file holds exactly one invoice (consolidate)."))
    kinds = {etree.QName(row).localname for row in invoices[0]}
    if len(kinds) != 1 or not kinds <= set(DIRECTIONS):
        raise RejectedError(
            say("The invoice must have rows of one kind, incoming or outgoing; cash is not taken from here.")
        )
    rows = tuple(
        LedgerRow(
            row.sourceline or 0,
            DIRECTIONS[etree.QName(row).localname],
            {etree.QName(element).localname: element.text or "" for element in row},
        )
        for row in invoices[0]
    )
    return Ledger({str(name): str(value) for name, value in invoices[0].attrib.items()}, rows)


def faults_of(ledger: Ledger) -> list[tuple[int, DataFault]]:
    """(line, fault): values that can't be read, and rows that do not agree with the total."""
    found = [
        (row.line, DataFault(name, row.value(name), say("This value is missing or can't be read.")))
        for row in ledger.rows
        for name in unreadable(row)
    ]
    return found or [(0, fault) for fault in _total_faults(ledger)]


def unreadable(row: LedgerRow) -> list[str]:
    broken = [name for name in REQUIRED if not row.value(name)]
    for name, read_value in READERS.items():
        try:
            if row.value(name):
                read_value(row.value(name))
        except ValueError:
            broken.append(name)
    return broken


def _total_faults(ledger: Ledger) -> list[DataFault]:
    """Sum, date, number and currency of the whole must be those of the rows."""
    wanted = consolidated(ledger)
    return [
        DataFault(
            name,
            ledger.consolidated.get(name, ""),
            say("The rows say %(value)s; DATEV refuses an invoice whose total differs.", value=value),
        )
        for name, value in wanted.items()
        if ledger.consolidated.get(name, "") != value
    ]


# Attribute of the whole -> element of the rows.
SHARED = {
    "consolidatedDate": "date",
    "consolidatedInvoiceId": "invoiceId",
    "consolidatedCurrencyCode": "currencyCode",
    "consolidatedDeliveryDate": "deliveryDate",
    "consolidatedOrderId": "orderId",
}


def consolidated(ledger: Ledger) -> dict[str, str]:
    """What the attributes of the whole must be; of the optional ones only those that are there."""
    total = sum((Decimal(row.value("amount")) for row in ledger.rows), Decimal(0))
    values = {"consolidatedAmount": f"{total:.2f}"}
    for attribute, element in SHARED.items():
        if attribute in ledger.consolidated:
            texts = list(dict.fromkeys(row.value(element) for row in ledger.rows))
            values[attribute] = texts[0] if len(texts) == 1 else " / ".join(texts)
    return values


def _money(text: str) -> Decimal:
    """Two decimals with a dot, never zero. Source: type of `amount` in the ledger schema."""
    if not re.fullmatch(r"-?[0-9]{1,10}\.[0-9]{2}", text) or not Decimal(text):
        raise ValueError(text)
    return Decimal(text)


def _figure(text: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):
        raise ValueError(text)
    return Decimal(text)


def _iso_day(text: str) -> date:
    """YYYY-MM-DD alone, without a time zone."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(text)
    return date.fromisoformat(text)


READERS: dict[str, Callable[[str], Any]] = {
    "date": _iso_day,
    "amount": _money,
    "costAmount": _figure,
    "exchangeRate": _figure,
    "dueDate": _iso_day,
    "deliveryDate": _iso_day,
    "tax": _figure,
}


def values_of(row: LedgerRow) -> dict[str, Any]:
    """The fields of `bookings.entry.Entry` in the row, which was found readable by `faults_of`.

    The personal account stands first; an invoice credits a creditor and debits a debtor, a negative amount
    (Rechnungskorrektur) does the opposite.
    """
    signed = Decimal(row.value("amount"))
    is_invoice = signed > 0
    is_debit = is_invoice == (row.direction is Direction.OUTGOING)
    name, city = PARTNER_NAME[row.direction]
    country = row.value("shipFromCountry") or row.value("shipToCountry")
    return {
        "amount": abs(signed),
        "side": Side.DEBIT if is_debit else Side.CREDIT,
        "account": row.value("bpAccountNo"),
        "contra_account": row.value("accountNo"),
        "document_date": date.fromisoformat(row.value("date")),
        "currency": row.value("currencyCode"),
        "exchange_rate": _optional(row, "exchangeRate"),
        "bu_key": "" if row.value("buCode") == "0" else row.value("buCode"),
        "document_field_1": row.value("invoiceId"),
        "document_field_2": row.value("internalInvoiceId"),
        "posting_text": row.value("bookingText"),
        "cost_center_1": row.value("costCategoryId"),
        "cost_center_2": row.value("costCategoryId2"),
        "cost_quantity": _optional(row, "costAmount"),
        "eu_vat_id": row.value("vatId") or ("EL" if country == "GR" else country),
        "delivery_date": _day(row, "deliveryDate"),
        "due_date": _day(row, "dueDate"),
        "direction": row.direction,
        "partner_name": row.value(name),
        "partner_city": row.value(city),
    }


def entry_of(row: LedgerRow) -> Entry:
    return Entry(**values_of(row))


def _optional(row: LedgerRow, name: str) -> Decimal | None:
    return Decimal(row.value(name)) if row.value(name) else None


def _day(row: LedgerRow, name: str) -> date | None:
    return date.fromisoformat(row.value(name)) if row.value(name) else None
