"""What the DXSO route (ledger XML v6.0) demands of one entry beyond the rules of every booking.

Source: DATEV XML-Schnittstelle online 6.0, ledger schema and its documentation (read 2026-11). Faults that
the EXTF route would not have; the check of a whole invoice is `bookings.dxso.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from bookings.dxso.codes import CURRENCIES
from bookings.entry import Books, Direction, Entry
from bookings.validation import labels
from bookings.validation.accounts import AccountKind, kinds
from bookings.validation.dates import shown
from connections.messages import DataFault, say

MAX_RATE = Decimal("9999.999999")


def check_dxso(entry: Entry, books: Books) -> Iterator[DataFault]:
    yield from _check_partner(entry, books)
    yield from _check_what_cannot_travel(entry)
    yield from _check_dates(entry)
    if not entry.document_field_1:
        yield DataFault(
            labels.DOCUMENT_FIELD_1,
            "",
            say("Belege online needs the number of the invoice."),
            say("Map the document number."),
        )
    if entry.currency not in CURRENCIES:
        yield DataFault(
            labels.CURRENCY,
            entry.currency,
            say("Belege online doesn't know this currency."),
            say("Correct the currency, or use the EXTF route."),
        )
    if entry.exchange_rate is not None and entry.exchange_rate.is_finite() and entry.exchange_rate > MAX_RATE:
        yield DataFault(
            labels.EXCHANGE_RATE,
            str(entry.exchange_rate),
            say("Belege online takes rates up to 9999,999999."),
            say("Correct the rate, or use the EXTF route."),
        )


def _check_partner(entry: Entry, books: Books) -> Iterator[DataFault]:
    """Exactly one personal account, and of the right kind."""
    wanted = AccountKind.CREDITOR if entry.direction is Direction.INCOMING else AccountKind.DEBTOR
    if sorted(kind.value for kind in kinds(entry, books)) == sorted(
        (wanted.value, AccountKind.GENERAL.value)
    ):
        return
    rule = (
        say("An incoming invoice is booked between a G/L account and a creditor.")
        if wanted is AccountKind.CREDITOR
        else say("An outgoing invoice is booked between a G/L account and a debtor.")
    )
    yield DataFault(
        labels.CONTRA_ACCOUNT,
        f"{entry.account} / {entry.contra_account}",
        rule,
        say("Correct the accounts or the direction, or use the EXTF route for other bookings."),
    )


def _check_what_cannot_travel(entry: Entry) -> Iterator[DataFault]:
    if entry.is_reversal:
        yield DataFault(
            labels.REVERSAL,
            "",
            say("Belege online has no reversal flag (Generalumkehr)."),
            say("Send a credit note instead (debit and credit swapped), or correct it in DATEV."),
        )
    if entry.discount is not None:
        yield DataFault(
            labels.DISCOUNT,
            str(entry.discount),
            say("Belege online takes a discount only with its percentage and date, which are unknown here."),
            say("Leave the discount empty and enter it with the payment, or use the EXTF route."),
        )
    if entry.tax_period_date is not None:
        yield DataFault(
            labels.TAX_PERIOD_DATE,
            shown(entry.tax_period_date),
            say("Belege online has no field for the tax period."),
            say("Leave it empty, or use the EXTF route."),
        )


def _check_dates(entry: Entry) -> Iterator[DataFault]:
    if entry.due_date is not None and entry.due_date <= entry.document_date:
        yield DataFault(
            labels.DUE_DATE,
            shown(entry.due_date),
            say("The due date must lie after the date of the invoice."),
            say("Correct it, or leave it empty when the invoice is due at once."),
        )
    if entry.delivery_date is not None and entry.delivery_date > entry.document_date:
        yield DataFault(
            labels.DELIVERY_DATE,
            shown(entry.delivery_date),
            say("Belege online silently ignores a delivery date after the date of the invoice."),
            say("Correct it, leave it empty, or use the EXTF route."),
        )
