"""The figures of an invoice against each other: every difference, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from bookings.invoices import labels
from bookings.invoices.invoice import Invoice
from bookings.invoices.rates import ZERO
from bookings.validation import labels as booking_labels
from bookings.validation.amounts import comma, has_places
from connections.messages import DataFault, Message, say


def check_totals(invoice: Invoice) -> list[DataFault]:
    """All amounts are amounts, and the totals follow from the lines to the cent."""
    unreadable = list(_check_amounts(invoice))
    return unreadable or [*_check_header(invoice), *_check_sums(invoice)]


def _amounts(invoice: Invoice) -> Iterator[tuple[str, Decimal]]:
    yield labels.NET_TOTAL, invoice.net_total
    yield labels.TAX_TOTAL, invoice.tax_total
    yield labels.GROSS_TOTAL, invoice.gross_total
    yield labels.INVOICE_DISCOUNT, invoice.discount
    yield labels.FREIGHT, invoice.freight
    yield labels.ROUNDING, invoice.rounding
    for line in invoice.lines:
        yield labels.LINE, line.net
        if line.tax is not None:
            yield labels.LINE, line.tax


def _check_amounts(invoice: Invoice) -> Iterator[DataFault]:
    for label, amount in _amounts(invoice):
        if not amount.is_finite() or not has_places(amount, 2):
            yield DataFault(
                label,
                str(amount),
                say("An amount has at most two decimals."),
                say("Enter the amount exact to the cent; nothing is rounded here."),
            )


def _check_header(invoice: Invoice) -> Iterator[DataFault]:
    if not invoice.lines:
        yield DataFault(
            labels.INVOICE_LINES,
            "",
            say("The invoice has no lines, so that its tax can't be told."),
            say("Add the lines at the source."),
        )
    for label, amount in ((labels.INVOICE_DISCOUNT, invoice.discount), (labels.FREIGHT, invoice.freight)):
        if amount < 0 and not invoice.is_credit_note:
            yield DataFault(
                label,
                comma(amount),
                say("This amount must not be negative."),
                say("Enter it as a line of the invoice."),
            )
    if not invoice.customer.debtor:
        yield DataFault(
            labels.DEBTOR, "", say("The customer has no debtor number."), say("Give the customer one first.")
        )
    rate = invoice.exchange_rate
    if invoice.currency != "EUR" and (rate is None or not rate.is_finite() or rate <= 0):
        yield DataFault(
            booking_labels.EXCHANGE_RATE,
            "",
            say("An invoice in %(currency)s needs an exchange rate.", currency=invoice.currency),
            say("Map it as foreign units per 1 EUR."),
        )


def _check_sums(invoice: Invoice) -> Iterator[DataFault]:
    lines = sum((line.net for line in invoice.lines), ZERO)
    net = lines - invoice.discount + invoice.freight
    yield from _differs(
        labels.NET_TOTAL,
        invoice.net_total,
        net,
        say("The lines less discount plus freight give %(expected)s.", expected=comma(net)),
    )
    gross = invoice.net_total + invoice.tax_total + invoice.rounding
    yield from _differs(
        labels.GROSS_TOTAL,
        invoice.gross_total,
        gross,
        say("Net, tax and rounding give %(expected)s.", expected=comma(gross)),
    )


def _differs(label: str, told: Decimal, expected: Decimal, why: Message) -> Iterator[DataFault]:
    if told != expected:
        yield DataFault(
            label,
            comma(told),
            say("%(why)s The difference is %(difference)s.", why=why, difference=comma(told - expected)),
            say("Correct the invoice at the source."),
        )
