"""E-invoices among the documents of a record: compared with what is booked, and a source for the mapping.

Shared by every pair that books invoices.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from bookings.einvoice.comparing import Figures, compare
from bookings.einvoice.invoice import AMOUNTS, DATES, TERMS, EInvoice
from bookings.entry import Books, Direction, Entry, Side
from bookings.validation import AccountKind, kind_of
from bookings.validation.taxes import find_key
from connections.base import Option, SettingField
from connections.messages import DataFault
from pairs.mapping import MappingRow, SourceValue

PREFIX = "einvoice:"
IS_CREDIT_NOTE = f"{PREFIX}is_credit_note"
COMPARE_SETTING = SettingField(
    "compare_einvoice",
    "E-invoice among the attachments",
    "choice",
    default="no",
    choices=(
        ("no", "not compared"),
        ("show", "compared, differences are shown"),
        ("park", "compared, nothing is booked while there are differences"),
    ),
    help_text="ZUGFeRD, Factur-X and XRechnung: total, tax, number, date and VAT id against the booking.",
)
E_INVOICE = _("e-invoice")
CREDIT_NOTE = _("is a credit note")
TAXED = "S"


def source_fields() -> list[Option]:
    """The fields that a mapping row may read from the e-invoice, in the reader's language."""
    return [
        *(
            Option(
                f"{PREFIX}{term}",
                f"{gettext(E_INVOICE)} {term}: {gettext(label)}",
                "date" if term in DATES else "number" if term in AMOUNTS else "text",
            )
            for term, label in TERMS.items()
        ),
        Option(IS_CREDIT_NOTE, f"{gettext(E_INVOICE)}: {gettext(CREDIT_NOTE)}", "boolean"),
    ]


def reads(rows: Sequence[MappingRow]) -> bool:
    """Whether the mapping takes values from the e-invoice."""
    return any(row.source_field.startswith(PREFIX) for row in rows)


def is_wanted(compare_rule: str, rows: Sequence[MappingRow]) -> bool:
    """Whether an integration looks at e-invoices at all."""
    return compare_rule != "no" or reads(rows)


def values(invoice: EInvoice | None) -> dict[str, SourceValue]:
    """Every field that can be mapped; all of them empty without an e-invoice."""
    terms = invoice.terms if invoice else {}
    found = {f"{PREFIX}{term}": SourceValue(terms.get(term), str(terms.get(term, ""))) for term in TERMS}
    found[IS_CREDIT_NOTE] = SourceValue(invoice.is_credit_note if invoice else None)
    return found


def differences(invoice: EInvoice, entry: Entry, books: Books) -> list[DataFault]:
    """What the e-invoice says differently from the one row that is to be booked for it."""
    return compare(invoice, figures_of(invoice, entry, books))


def figures_of(invoice: EInvoice, entry: Entry, books: Books) -> Figures:
    is_incoming = entry.direction is Direction.INCOMING
    vat_id = _partner_vat_id(entry, books)
    return Figures(
        number=entry.document_field_1,
        document_date=entry.document_date,
        currency=entry.currency,
        gross_total=entry.amount,
        is_credit_note=_is_credit_note(entry, books),
        taxes=_taxes(invoice, entry, books),
        seller_vat_id=vat_id if is_incoming else None,
        buyer_vat_id=None if is_incoming else vat_id,
        due_date=entry.due_date,
    )


def _partner_vat_id(entry: Entry, books: Books) -> str | None:
    """Full VAT id of the creditor or debtor: of the booking, else of the client's table."""
    if len(entry.eu_vat_id) > 2:
        return entry.eu_vat_id
    for number in (entry.account, entry.contra_account):
        if number in books.partners:
            return books.partners[number].vat_id or None
    return None


def _is_credit_note(entry: Entry, books: Books) -> bool | None:
    """Seen from the personal account: an invoice credits a creditor and debits a debtor; None = has none."""
    for number, side in ((entry.account, entry.side), (entry.contra_account, _other(entry.side))):
        kind = kind_of(number, books.account_length)
        if kind is AccountKind.CREDITOR:
            return side is Side.DEBIT
        if kind is AccountKind.DEBTOR:
            return side is Side.CREDIT
    return None


def _other(side: Side) -> Side:
    return Side.CREDIT if side is Side.DEBIT else Side.DEBIT


def _taxes(
    invoice: EInvoice, entry: Entry, books: Books
) -> dict[Decimal, tuple[Decimal | None, Decimal | None]] | None:
    """The rate of the tax key against the one of an e-invoice that is taxed as usual.

    An invoice without tax may well be booked with a key that has a rate (§13b, acquisitions), and an
    automatic account names no rate: neither is compared.
    """
    key, _is_reversal = find_key(entry.bu_key, books) if entry.bu_key else (None, False)
    if key is None or not key.rate or {group.category for group in invoice.taxes} != {TAXED}:
        return None
    return {key.rate: (None, None)}
