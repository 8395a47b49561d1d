"""One invoice as a ledger file (LedgerImport v6.0) of the XML interface.

Source: DATEV XML-Schnittstelle online, Belegverwaltung_online_ledger_import_v060 (read 2026-11). A negative
amount makes a credit note ("Rechnungskorrektur"), the opposite of EXTF, where the side is swapped instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from lxml import etree

from bookings.entry import Books, Direction, Entry, Side
from bookings.extf.text import clean
from bookings.validation.accounts import is_personal, kind_of
from bookings.validation.taxes import EU_COUNTRIES, find_key, percent

NAMESPACE = "http://xml.datev.de/bedi/tps/ledger/v060"
NOT_FOR_INPUT_TAX = "Kopie nur zur Verbuchung berechtigt nicht zum Vorsteuerabzug"
SYSTEM = "ml-connector"
ROW_NAME = {Direction.INCOMING: "accountsPayableLedger", Direction.OUTGOING: "accountsReceivableLedger"}
PARTNER_NAME = {
    Direction.INCOMING: ("supplierName", "supplierCity"),
    Direction.OUTGOING: ("customerName", "customerCity"),
}


def render(entries: Sequence[Entry], books: Books, *, sender: str) -> bytes:
    """The rows of one invoice, checked beforehand (`bookings.dxso.rules`); `sender` is shown in DATEV."""
    root = etree.Element(
        _tag("LedgerImport"),
        nsmap={None: NAMESPACE},
        version="6.0",
        generator_info=clean(sender, 40) or SYSTEM,
        generating_system=SYSTEM,
        xml_data=NOT_FOR_INPUT_TAX,
    )
    consolidate = etree.SubElement(root, _tag("consolidate"), consolidated(entries, books))
    for entry in entries:
        row = etree.SubElement(consolidate, _tag(ROW_NAME[entry.direction]))
        for name, text in row_values(entry, books):
            etree.SubElement(row, _tag(name)).text = text
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def consolidated(entries: Sequence[Entry], books: Books) -> dict[str, str]:
    """The invoice's total and what all its rows have in common."""
    first = entries[0]
    total = sum((signed_amount(entry, books) for entry in entries), Decimal(0))
    values = {
        "consolidatedAmount": f"{total:.2f}",
        "consolidatedDate": first.document_date.isoformat(),
        "consolidatedInvoiceId": first.document_field_1,
        "consolidatedCurrencyCode": first.currency,
    }
    if first.delivery_date is not None:
        values["consolidatedDeliveryDate"] = first.delivery_date.isoformat()
    return values


def row_values(entry: Entry, books: Books) -> list[tuple[str, str]]:
    """The filled elements of one row in the order that the schema demands."""
    name, city = PARTNER_NAME[entry.direction]
    partner_number = partner_account(entry, books)
    partner = books.partners.get(partner_number)
    values = [(element, read(entry, books)) for element, read in ELEMENTS]
    values.append((name, clean(entry.partner_name or (partner.name if partner else ""), 50)))
    values.append((city, clean(entry.partner_city or (partner.city if partner else ""), 30)))
    return [(element, text) for element, text in values if text]


def partner_account(entry: Entry, books: Books) -> str:
    """The debtor or creditor of the row; "" when there is none."""
    numbers = (entry.account, entry.contra_account)
    return next((n for n in numbers if is_personal(kind_of(n, books.account_length))), "")


def signed_amount(entry: Entry, books: Books) -> Decimal:
    """Positive for an invoice, negative for a credit note.

    An invoice credits a creditor (Haben) or debits a debtor (Soll), seen from the personal account.
    """
    is_debit = (entry.side is Side.DEBIT) == (partner_account(entry, books) == entry.account)
    is_invoice = is_debit == (entry.direction is Direction.OUTGOING)
    return entry.amount if is_invoice else entry.amount.copy_negate()


def _general_account(entry: Entry, books: Books) -> str:
    is_first = partner_account(entry, books) == entry.account
    return entry.contra_account if is_first else entry.account


def _tax(entry: Entry, books: Books) -> str:
    """The rate in percent, as additional information to the tax key."""
    key, _ = find_key(entry.bu_key, books) if entry.bu_key else (None, False)
    rate = entry.eu_tax_rate if entry.eu_tax_rate is not None else key.rate if key else None
    return "" if rate is None else str(percent(rate))


def _information(entry: Entry, books: Books) -> str:
    """Document info as a message to the tax adviser."""
    return clean("; ".join(f"{kind}: {content}" for kind, content in entry.notes), 120)


def _country(entry: Entry, direction: Direction) -> str:
    """The country of the business partner, when it is given without a VAT id. Greece is GR here."""
    if entry.eu_vat_id not in EU_COUNTRIES or entry.direction is not direction:
        return ""
    return "GR" if entry.eu_vat_id == "EL" else entry.eu_vat_id


def _vat_id(entry: Entry) -> str:
    return "" if entry.eu_vat_id in EU_COUNTRIES else entry.eu_vat_id


def _number(number: Decimal | None, places: int) -> str:
    return "" if number is None else f"{number:.{places}f}"


# Element and value in the order of the schema; empty values are left out.
ELEMENTS: tuple[tuple[str, Callable[[Entry, Books], str]], ...] = (
    ("date", lambda e, b: e.document_date.isoformat()),
    ("amount", lambda e, b: _number(signed_amount(e, b), 2)),
    ("accountNo", _general_account),
    ("buCode", lambda e, b: e.bu_key),
    ("costAmount", lambda e, b: _number(e.cost_quantity, 4)),
    ("costCategoryId", lambda e, b: e.cost_center_1),
    ("costCategoryId2", lambda e, b: e.cost_center_2),
    ("tax", _tax),
    ("information", _information),
    ("currencyCode", lambda e, b: e.currency),
    ("invoiceId", lambda e, b: e.document_field_1),
    ("bookingText", lambda e, b: clean(e.posting_text, 60)),
    ("shipFromCountry", lambda e, b: _country(e, Direction.INCOMING)),
    ("internalInvoiceId", lambda e, b: e.document_field_2),
    ("vatId", lambda e, b: _vat_id(e)),
    ("shipToCountry", lambda e, b: _country(e, Direction.OUTGOING)),
    ("exchangeRate", lambda e, b: _number(e.exchange_rate, 6)),
    ("dueDate", lambda e, b: e.due_date.isoformat() if e.due_date else ""),
    ("bpAccountNo", partner_account),
    ("deliveryDate", lambda e, b: e.delivery_date.isoformat() if e.delivery_date else ""),
)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
