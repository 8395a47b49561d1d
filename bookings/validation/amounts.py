"""Amounts: positive, exact to the cent, inside the columns; currency, rate and base amount in step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal

from bookings.entry import Books, Entry
from bookings.validation import labels
from bookings.validation.accounts import personal_accounts
from connections.messages import DataFault, say

CENT = Decimal("0.01")
# Source: DATEV-Format, Buchungsstapel, columns 1, 4, 13, 39: digits before the comma.
MAX_AMOUNT = Decimal("9999999999.99")
MAX_DISCOUNT = Decimal("99999999.99")
MAX_RATE = Decimal("99999.999999")
MAX_QUANTITY = Decimal("999999999999.9999")
CURRENCY_CODE = re.compile("[A-Z]{3}")
# Wide enough for every allowed amount by every allowed rate. Other input gives NaN, which no check lets pass.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP, traps=[])


def has_places(number: Decimal, places: int) -> bool:
    """Whether `number` (finite) is exact with so many decimals; trailing zeros don't count."""
    _, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits))
    zeros = len(written) - len(written.rstrip("0"))
    return not number or (isinstance(exponent, int) and exponent + zeros >= -places)


def base_amount(amount: Decimal, exchange_rate: Decimal) -> Decimal:
    """Column 5 = column 1 / column 4, rounded half up to cents: 102,80 GBP / 0,830000 = 123,86."""
    return EXACT.quantize(EXACT.divide(amount, exchange_rate), CENT)


def comma(number: Decimal) -> str:
    """As an accountant writes it, without grouping."""
    return f"{number:f}".replace(".", ",")


def check_amounts(entry: Entry, books: Books) -> Iterator[DataFault]:
    yield from _check_money(labels.AMOUNT, entry.amount, MAX_AMOUNT)
    if entry.discount is not None:
        yield from _check_money(labels.DISCOUNT, entry.discount, MAX_DISCOUNT)
        yield from _check_discount(entry, books)
    if entry.cost_quantity is not None:
        yield from _check_quantity(entry.cost_quantity)


def _check_money(label: str, amount: Decimal, limit: Decimal) -> Iterator[DataFault]:
    if not amount.is_finite():
        yield DataFault(label, str(amount), say("This is not an amount."), say("Enter an amount in figures."))
        return
    shown = _shown(amount)
    if amount <= 0:
        yield DataFault(
            label,
            shown,
            say("The amount must be larger than zero."),
            say("DATEV takes no sign: a credit note swaps debit and credit (Soll/Haben) instead."),
        )
    elif amount > limit:
        yield DataFault(
            label,
            shown,
            say("The largest amount for this field is %(limit)s.", limit=comma(limit)),
            say("Split the booking."),
        )
    if not has_places(amount, 2):
        yield DataFault(
            label,
            shown,
            say("An amount has at most two decimals."),
            say("Enter the amount exact to the cent; nothing is rounded here."),
        )


def _shown(number: Decimal) -> str:
    """A number of any size in a readable length."""
    return comma(number) if abs(number.adjusted()) < 20 else str(number)


def _check_discount(entry: Entry, books: Books) -> Iterator[DataFault]:
    if entry.discount is None:
        return
    shown = _shown(entry.discount) if entry.discount.is_finite() else str(entry.discount)
    if len(personal_accounts(entry, books)) != 1:
        yield DataFault(
            labels.DISCOUNT,
            shown,
            say("A cash discount belongs on the payment of a debtor or creditor."),
            say("Book it against exactly one personal account, or leave the discount empty."),
        )
    if entry.discount.is_finite() and entry.amount.is_finite() and entry.discount >= entry.amount:
        yield DataFault(
            labels.DISCOUNT,
            shown,
            say("The discount must be smaller than the amount."),
            say("Check amount and discount against the bank statement."),
        )


def _check_quantity(quantity: Decimal) -> Iterator[DataFault]:
    if not quantity.is_finite() or not 0 < quantity <= MAX_QUANTITY or not has_places(quantity, 4):
        yield DataFault(
            labels.COST_QUANTITY,
            str(quantity),
            say("A quantity is larger than zero, with at most 12 digits and 4 decimals."),
            say("Correct the quantity or leave it empty."),
        )


def check_currency(entry: Entry, books: Books) -> Iterator[DataFault]:
    """Base currency alone, or foreign currency with rate and base amount that fit each other."""
    if not CURRENCY_CODE.fullmatch(entry.currency):
        yield DataFault(
            labels.CURRENCY,
            entry.currency,
            say("A currency is three capital letters (ISO code)."),
            say("Enter a code such as EUR, USD or CHF."),
        )
    if entry.currency == books.base_currency:
        yield from _check_no_rate(entry, books)
        return
    rate_faults = list(_check_rate(entry.exchange_rate)) if entry.exchange_rate is not None else []
    money_faults = (
        list(_check_money(labels.BASE_AMOUNT, entry.base_amount, MAX_AMOUNT))
        if entry.base_amount is not None
        else []
    )
    yield from rate_faults
    yield from money_faults
    if not rate_faults and not money_faults:
        yield from _check_arithmetic(entry, books)


def _check_no_rate(entry: Entry, books: Books) -> Iterator[DataFault]:
    for label, value in (
        (labels.EXCHANGE_RATE, entry.exchange_rate),
        (labels.BASE_AMOUNT, entry.base_amount),
    ):
        if value is not None:
            yield DataFault(
                label,
                str(value),
                say("A booking in %(currency)s carries no exchange rate.", currency=books.base_currency),
                say("Leave rate and base amount empty, or enter the foreign currency."),
            )


def _check_rate(rate: Decimal) -> Iterator[DataFault]:
    if not rate.is_finite() or not 0 < rate <= MAX_RATE or not has_places(rate, 6):
        yield DataFault(
            labels.EXCHANGE_RATE,
            str(rate),
            say("The rate is foreign units per 1 EUR: above zero, up to 5 digits and 6 decimals."),
            say("Enter the rate as 1 EUR = ..., for example 0,830000 for British pounds."),
        )


def _check_arithmetic(entry: Entry, books: Books) -> Iterator[DataFault]:
    if entry.base_amount is None:
        return
    if entry.exchange_rate is None:
        yield DataFault(
            labels.EXCHANGE_RATE,
            "",
            say("The base amount has no rate."),
            say("Enter the rate as foreign units per 1 %(base)s.", base=books.base_currency),
        )
        return
    if not entry.amount.is_finite() or not 0 < entry.amount <= MAX_AMOUNT:
        return
    expected = base_amount(entry.amount, entry.exchange_rate)
    if expected != entry.base_amount:
        yield DataFault(
            labels.BASE_AMOUNT,
            comma(entry.base_amount),
            say(
                "%(amount)s %(currency)s at a rate of %(rate)s are %(expected)s %(base)s.",
                amount=comma(entry.amount),
                currency=entry.currency,
                rate=comma(entry.exchange_rate),
                expected=comma(expected),
                base=books.base_currency,
            ),
            say("Correct the rate or the base amount; DATEV divides the amount by the rate."),
        )


def check_currency_is_complete(entry: Entry, books: Books) -> Iterator[DataFault]:
    """EXTF only: columns 3 to 6 are filled together or not at all."""
    if entry.currency == books.base_currency:
        return
    for label, value in (
        (labels.EXCHANGE_RATE, entry.exchange_rate),
        (labels.BASE_AMOUNT, entry.base_amount),
    ):
        if value is None and not (label == labels.EXCHANGE_RATE and entry.base_amount is not None):
            yield DataFault(
                label,
                "",
                say("A booking in foreign currency needs both exchange rate and base amount."),
                say("Map both fields; the base amount is the amount divided by the rate."),
            )
