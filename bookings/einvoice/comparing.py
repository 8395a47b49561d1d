"""An e-invoice against the figures that are to be booked: every difference, none left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bookings.einvoice.invoice import GROUP_TERMS, TERMS, EInvoice
from bookings.invoices.rates import percent
from bookings.validation.taxes import compact_vat_id
from bookings.validation.texts import clean_document_field
from connections.messages import DataFault, say


@dataclass(frozen=True)
class Figures:
    """What is to be booked; None = not known there, and not compared.

    `gross_total` is positive, `is_credit_note` says the rest. `taxes`: rate -> (net, tax); a None in the pair
    compares the rate alone.
    """

    number: str | None = None
    document_date: date | None = None
    currency: str | None = None
    gross_total: Decimal | None = None
    is_credit_note: bool | None = None
    tax_total: Decimal | None = None
    taxes: Mapping[Decimal, tuple[Decimal | None, Decimal | None]] | None = None
    seller_vat_id: str | None = None
    buyer_vat_id: str | None = None
    due_date: date | None = None


def compare(invoice: EInvoice, figures: Figures) -> list[DataFault]:
    """Each difference as a fault of the e-invoice's term, with the figure beside it."""
    return [
        *_compare_texts(invoice, figures),
        *_compare_dates(invoice, figures),
        *_compare_totals(invoice, figures),
        *_compare_taxes(invoice, figures),
    ]


def _compare_texts(invoice: EInvoice, figures: Figures) -> Iterator[DataFault]:
    if figures.number is not None and clean_document_field(figures.number) != clean_document_field(
        invoice.number
    ):
        yield _differs("BT-1", invoice.number, figures.number)
    if figures.currency is not None and figures.currency != invoice.terms["BT-5"]:
        yield _differs("BT-5", invoice.terms["BT-5"], figures.currency)
    for term, wanted in (("BT-31", figures.seller_vat_id), ("BT-48", figures.buyer_vat_id)):
        told = invoice.terms.get(term)
        if wanted and told and compact_vat_id(told) != compact_vat_id(wanted):
            yield _differs(term, told, wanted)


def _compare_dates(invoice: EInvoice, figures: Figures) -> Iterator[DataFault]:
    for term, wanted in (("BT-2", figures.document_date), ("BT-9", figures.due_date)):
        told = invoice.terms.get(term)
        if wanted is not None and told is not None and told != wanted:
            yield _differs(term, f"{told:%d.%m.%Y}", f"{wanted:%d.%m.%Y}")


def _compare_totals(invoice: EInvoice, figures: Figures) -> Iterator[DataFault]:
    if figures.is_credit_note is not None and figures.is_credit_note != invoice.is_credit_note:
        yield DataFault(
            TERMS["BT-3"],
            f"BT-3 {invoice.terms['BT-3']}",
            say("The e-invoice is a credit note.")
            if invoice.is_credit_note
            else say("The e-invoice is an invoice and no credit note."),
            say("Correct the booking or ask for a correct e-invoice."),
        )
    for term, told, wanted in (
        ("BT-112", abs(invoice.gross_total), figures.gross_total),
        ("BT-110", abs(invoice.tax_total), figures.tax_total),
    ):
        if wanted is not None and told != abs(wanted):
            yield _differs(term, _money(told), _money(abs(wanted)))


def _compare_taxes(invoice: EInvoice, figures: Figures) -> Iterator[DataFault]:
    if figures.taxes is None or not invoice.taxes:
        return
    told: dict[Decimal, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for group in invoice.taxes:
        rate = group.rate or Decimal(0)
        net, tax = told[rate]
        told[rate] = (net + group.base, tax + group.tax)
    for rate in sorted({*told, *figures.taxes}):
        if rate not in figures.taxes:
            yield _differs("BT-119", percent(rate), "-")
        elif rate not in told:
            yield _differs("BT-119", "-", percent(rate))
        else:
            for term, shown, wanted in zip(
                ("BT-116", "BT-117"), told[rate], figures.taxes[rate], strict=True
            ):
                if wanted is not None and abs(shown) != abs(wanted):
                    value = f"{_money(abs(shown))} ({percent(rate)})"
                    yield _differs(term, value, _money(abs(wanted)))


def _differs(term: str, told: str, wanted: str) -> DataFault:
    return DataFault(
        TERMS.get(term) or GROUP_TERMS[term],
        f"{term} {told}",
        say("To be booked is: %(wanted)s.", wanted=wanted),
        say("Correct the booking or ask for a correct e-invoice."),
    )


def _money(amount: Decimal) -> str:
    return f"{amount}".replace(".", ",")
