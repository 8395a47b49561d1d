"""From an invoice in Dynamics to the rows that are to be booked, or to all that speaks against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings

from bookings import debtors as ledger
from bookings import services
from bookings.einvoice.comparing import Figures
from bookings.einvoice.invoice import EInvoice
from bookings.entry import Books, Entry, PartnerInfo, Route
from bookings.invoices import invoice as plain
from bookings.invoices import labels
from bookings.invoices.rows import InvoiceRows, rows_of
from bookings.invoices.situation import Supply, Treatment
from bookings.models import DatevClient
from connections.errors import ConfigurationError
from connections.messages import DataFault, say
from connections.vendors.dynamics.api import Bundle, Invoice, InvoiceLine
from pairs import einvoices
from pairs.definitions.dynamics_datev.countries import iso_code
from pairs.definitions.dynamics_datev.customers import Debtor, debtor_of
from pairs.definitions.dynamics_datev.fields import INVOICE_FIELDS, LINE_FIELDS
from pairs.definitions.dynamics_datev.settings import rules_of, seller_of
from pairs.definitions.dynamics_datev.values import values
from pairs.engine import FlowContext
from pairs.mapping import Mapped, MappingRow, apply

CENT = Decimal("0.01")
ZERO = Decimal(0)
LINE_KEYS = frozenset(field.key for field in LINE_FIELDS)
LABELS = {field.key: field.label for field in (*INVOICE_FIELDS, *LINE_FIELDS)}
# Stands for what is missing, so that the other checks can run; with any fault nothing of it is booked.
SOME_DAY = date(2000, 1, 1)
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Wanted:
    """What the invoice asks to be booked, and all that speaks against it.

    `entries` name the debtor's account as far as it is known; none and no faults: it comes to nothing.
    """

    entries: tuple[Entry, ...]
    faults: tuple[DataFault, ...]
    debtor: Debtor | None
    document_date: date | None
    # What an e-invoice is compared with; None where the rows could not be made.
    figures: Figures | None = None

    def on(self, account: str, documents: Sequence[Any]) -> list[Entry]:
        """The entries on the debtor's account, with their documents."""
        return [replace(entry, account=account, documents=tuple(documents)) for entry in self.entries]


def want(
    context: FlowContext,
    bundle: Bundle,
    client: DatevClient,
    books: Books,
    rows: Sequence[MappingRow],
    e_invoice: EInvoice | None,
) -> Wanted:
    """The rows that the invoice describes now, and every fault at once. Makes no call."""
    invoice = bundle.invoice
    mapped = _mapped_head(rows, invoice, e_invoice)
    faults = [*mapped.faults, *_head_faults(invoice), *_destination_faults(mapped, invoice)]
    debtor = debtor_of(context, invoice.customer, client) if invoice.customer else None
    faults += debtor.faults if debtor else [_no_customer(invoice)]
    lines, line_faults = _lines(context, rows, invoice)
    faults += line_faults
    document_date = mapped.values["document_date"]
    comes_to_nothing = bool(invoice.lines) and not (lines or line_faults or any(_totals(invoice)))
    if debtor is None or comes_to_nothing or any(amount is None for amount in _totals(invoice)):
        return Wanted((), tuple(_once(faults)), debtor, document_date)
    account = _account(client, debtor)
    described = _plain(context, invoice, mapped, lines, debtor, account)
    found = rows_of(described, rules_of(context), seller_of(client), books)
    faults += found.faults
    known = replace(
        books, partners={**books.partners, account: PartnerInfo(account, debtor.details.shown_name)}
    )
    if not faults:
        # Rules about a row that could not be made, or with stand-ins in it, would only repeat a fault.
        faults += services.faults_of(known, found.entries, Route.EXTF)
    figures = _figures(described, found) if found.rows else None
    return Wanted(found.entries, tuple(_once(faults)), debtor, document_date, figures)


def _figures(described: plain.Invoice, found: InvoiceRows) -> Figures:
    taxes: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for row in found.rows:
        net, tax = taxes.get(row.rate, (ZERO, ZERO))
        sign = 1 if row.entry.side == found.rows[0].entry.side else -1
        taxes[row.rate] = (net + sign * row.net, tax + sign * row.tax)
    return Figures(
        number=described.number,
        document_date=described.document_date,
        currency=described.currency,
        gross_total=abs(described.gross_total),
        is_credit_note=described.is_credit_note or described.gross_total < 0,
        tax_total=abs(described.tax_total),
        taxes=taxes,
        buyer_vat_id=described.customer.vat_id or None,
        due_date=described.due_date,
    )


def _once(faults: Iterable[DataFault]) -> list[DataFault]:
    return list({str(fault.to_json()): fault for fault in faults}.values())


def _account(client: DatevClient, debtor: Debtor) -> str:
    """The debtor's account; one that is right for this client where it is not given yet."""
    known = ledger.of(client, debtor.customer_ref)
    return known.number if known else debtor.number or str(10**client.account_length)


# --- the head -----------------------------------------------------------------------------------------------


def _mapped_head(rows: Sequence[MappingRow], invoice: Invoice, e_invoice: EInvoice | None) -> Mapped:
    head = [row for row in rows if row.target_field not in LINE_KEYS]
    return _apply(head, _sources(head, invoice, None) | einvoices.values(e_invoice), INVOICE_FIELDS)


def _apply(rows: Sequence[MappingRow], source: Mapping[str, Any], fields: Sequence[Any]) -> Mapped:
    mapped = apply(rows, source, fields, zone=ZoneInfo(settings.TIME_ZONE))
    if mapped.gone:
        raise ConfigurationError(
            say("The mapping of the integration does not fit the invoice any more."), faults=mapped.gone
        )
    return mapped


def _sources(rows: Sequence[MappingRow], invoice: Invoice, line: InvoiceLine | None) -> dict[str, Any]:
    customer, order = invoice.customer, invoice.order
    at_hand = {
        "invoice": invoice.row,
        "order": order.row if order else None,
        "line": line.row if line else None,
    }
    if customer is not None:
        at_hand[customer.table] = customer.row
    return values((row.source_field for row in rows if row.source_field), at_hand)


def _totals(invoice: Invoice) -> tuple[Decimal | None, ...]:
    return invoice.total, invoice.total_tax, invoice.total_before_freight


def _head_faults(invoice: Invoice) -> list[DataFault]:
    faults = []
    if invoice.pricing_error or any(line.pricing_error for line in invoice.lines):
        faults.append(
            DataFault(
                labels.GROSS_TOTAL,
                str(invoice.pricing_error or ""),
                say("Dynamics could not work out the prices, so that its totals can't be trusted."),
                say("Open the invoice in Dynamics, correct the price list or the line, and recalculate it."),
            )
        )
    for label, amount in zip(
        (labels.GROSS_TOTAL, labels.TAX_TOTAL, labels.NET_TOTAL), _totals(invoice), strict=True
    ):
        if amount is None:
            faults.append(
                DataFault(
                    label,
                    "",
                    say("The amount is empty, or the application user may not read it."),
                    say(
                        "Give the application user the right to read this column, or recalculate the invoice."
                    ),
                )
            )
    if invoice.currency is None:
        faults.append(
            DataFault(
                "currency (WKZ)",
                "",
                say("The currency of the invoice can't be read."),
                say("Give the application user the right to read currencies."),
            )
        )
    return faults


def _destination(mapped: Mapped, invoice: Invoice) -> str:
    return mapped.values["ship_to"] or invoice.shipping.country


def _destination_faults(mapped: Mapped, invoice: Invoice) -> list[DataFault]:
    written = _destination(mapped, invoice)
    if not written or iso_code(written):
        return []
    return [
        DataFault(
            labels.DESTINATION,
            written,
            say("The name of the country is not understood."),
            say("Correct the delivery address in Dynamics, or map the name to its code by a value table."),
        )
    ]


def _no_customer(invoice: Invoice) -> DataFault:
    return DataFault(
        labels.DEBTOR,
        invoice.customer_ref.label if invoice.customer_ref else "",
        say("The customer of the invoice can't be read."),
        say("Give the application user the right to read accounts and contacts of the whole organisation."),
    )


def _plain(
    context: FlowContext,
    invoice: Invoice,
    mapped: Mapped,
    lines: tuple[plain.InvoiceLine, ...],
    debtor: Debtor,
    account: str,
) -> plain.Invoice:
    """The invoice as bookings know it; only called when its totals are there."""
    chosen = mapped.values
    net = _cents((invoice.total_before_freight or ZERO) + (invoice.freight or ZERO))
    tax, gross = _cents(invoice.total_tax or ZERO), _cents(invoice.total or ZERO)
    currency = invoice.currency.iso if invoice.currency else "EUR"
    return plain.Invoice(
        number=chosen["document_number"] or invoice.number,
        document_date=chosen["document_date"] or SOME_DAY,
        customer=plain.Customer(
            debtor=account,
            country=debtor.details.country,
            is_business=debtor.is_business,
            vat_id=debtor.vat_id,
            name=debtor.details.shown_name,
            city=debtor.details.city,
        ),
        lines=lines,
        net_total=net,
        tax_total=tax,
        gross_total=gross,
        is_credit_note=bool(chosen["is_credit_note"]),
        discount=_cents(invoice.total_discount or ZERO),
        freight=_cents(invoice.freight or ZERO),
        rounding=gross - net - tax,
        currency=currency,
        exchange_rate=_exchange_rate(context, invoice, chosen["exchange_rate"], currency),
        base_gross_total=_base_total(context, invoice, chosen["exchange_rate"], currency),
        due_date=chosen["due_date"] or invoice.due_on,
        delivery_date=chosen["delivery_date"] or _delivered_on(invoice),
        ship_to=iso_code(_destination(mapped, invoice)),
        posting_text=chosen["posting_text"] or "",
    )


def _keeps_base_in_eur(context: FlowContext) -> bool:
    return bool(context.source.facts.base_currency == "EUR")


def _exchange_rate(
    context: FlowContext, invoice: Invoice, mapped: Decimal | None, currency: str
) -> Decimal | None:
    """Dynamics keeps units of the currency for one of the base currency, which need not be EUR."""
    if currency == "EUR":
        return None
    return mapped or (invoice.exchange_rate if _keeps_base_in_eur(context) else None)


def _base_total(
    context: FlowContext, invoice: Invoice, mapped: Decimal | None, currency: str
) -> Decimal | None:
    """What Dynamics says the invoice comes to in EUR, where it says so and its own rate is used."""
    if currency == "EUR" or mapped or invoice.total_base is None or not _keeps_base_in_eur(context):
        return None
    return invoice.total_base.quantize(CENT)


def _delivered_on(invoice: Invoice) -> date | None:
    """Of the whole invoice, or of all lines alike."""
    if invoice.delivered_on:
        return invoice.delivered_on
    days = {line.delivered_on for line in invoice.lines}
    return days.pop() if len(days) == 1 else None


# --- the lines ----------------------------------------------------------------------------------------------


def _lines(
    context: FlowContext, rows: Sequence[MappingRow], invoice: Invoice
) -> tuple[tuple[plain.InvoiceLine, ...], list[DataFault]]:
    mine = [row for row in rows if row.target_field in LINE_KEYS]
    made, faults = [], []
    for position, line in enumerate(invoice.lines, start=1):
        if line.gross is not None and not (line.gross or line.tax):
            # Free of charge, or a part of a bundle, which has no price of its own: nothing to book.
            continue
        name = str(line.number or position)
        found, wrong = _line(context, mine, invoice, line, name)
        faults += [replace(fault, value=_named(fault.value, name)) for fault in wrong]
        if found is not None:
            made.append(found)
    return tuple(made), faults


def _named(value: str, line: str) -> str:
    return f"{value} ({line})" if value else line


def _line(
    context: FlowContext, rows: Sequence[MappingRow], invoice: Invoice, line: InvoiceLine, name: str
) -> tuple[plain.InvoiceLine | None, list[DataFault]]:
    mapped = _apply(rows, _sources(rows, invoice, line), LINE_FIELDS)
    faults, chosen = mapped.faults, mapped.values
    if line.net is None:
        faults.append(
            DataFault(
                labels.LINE,
                line.text,
                say("The amount is empty, or the application user may not read it."),
                say("Give the application user the right to read this column, or recalculate the invoice."),
            )
        )
        return None, faults
    supply = _word(Supply, chosen["line_supply"], "line_supply", faults) or _usual_supply(context)
    treatment = _word(Treatment, chosen["line_treatment"], "line_treatment", faults) or Treatment.STANDARD
    rate = chosen["line_tax_rate"]
    made = plain.InvoiceLine(
        number=name,
        net=_cents(line.net),
        tax=_cents(line.tax or ZERO),
        rate=None if rate is None else rate / 100,
        supply=supply,
        treatment=treatment,
        revenue_group=chosen["line_revenue_group"] or "",
        cost_center_1=chosen["line_cost_center_1"] or "",
        cost_center_2=chosen["line_cost_center_2"] or "",
    )
    return made, faults


def _usual_supply(context: FlowContext) -> Supply | None:
    usual = context.setting("supply")
    return None if usual == "unknown" else Supply(usual)


def _word(kind: type[Word], written: str | None, key: str, faults: list[DataFault]) -> Word | None:
    """One of the words of `kind`; another one is a fault."""
    if not written:
        return None
    try:
        return kind(written.strip().lower())
    except ValueError:
        faults.append(
            DataFault(
                LABELS[key],
                written,
                say("This must be one of: %(choices)s.", choices=", ".join(kind)),
                say("Use a value table that leads to one of these words."),
            )
        )
        return None


def _cents(amount: Decimal) -> Decimal:
    """Exact to the cent; what has more decimals is left as it is, for the checks to refuse."""
    exact = amount.quantize(CENT)
    return exact if exact == amount else amount
