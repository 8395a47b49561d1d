"""Entries of every kind: mostly sensible values, and any text, amount or date in their place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from bookings.entry import Direction, Entry, Side
from bookings.validation import base_amount
from tests.bookings.formats.samples import BOOKS, VAT_ID

# Half surrogates included: JSON can carry them.
any_text = st.text(st.characters(exclude_categories=()), max_size=80)
any_decimal = st.decimals() | st.decimals(0, 10**11, places=2)
cents = st.decimals("0.01", "9999999999.99", places=2)
any_date = st.dates() | st.dates(date(2024, 12, 30), date(2026, 1, 2))
days = st.dates(date(2025, 1, 1), date(2025, 12, 31))
keys = st.text("ABCabc019$%&*+-/", max_size=12)


def mostly(usual, anything):
    """`usual` most of the time."""
    return st.one_of(usual, usual, usual, usual, usual, usual, anything)


def maybe(strategy):
    return st.none() | strategy


@st.composite
def entries(draw):
    direction = draw(st.sampled_from(Direction))
    accounts = st.sampled_from([*BOOKS.accounts, *BOOKS.partners])
    wanted = st.sampled_from(["70001", "70002"] if direction is Direction.INCOMING else ["10001", "10002"])
    values = {
        "amount": draw(mostly(cents, any_decimal)),
        "side": draw(st.sampled_from(Side)),
        "account": draw(mostly(wanted, any_text)),
        "contra_account": draw(mostly(accounts, any_text)),
        "document_date": draw(mostly(days, any_date)),
        "bu_key": draw(mostly(st.just(""), st.sampled_from([*BOOKS.tax_keys]) | any_text)),
        "document_field_1": draw(mostly(keys, any_text)),
        "document_field_2": draw(mostly(keys, any_text)),
        "discount": draw(mostly(st.none(), any_decimal)),
        "posting_text": draw(any_text),
        "cost_center_1": draw(mostly(st.sampled_from(["", *BOOKS.cost_centers]), any_text)),
        "cost_quantity": draw(mostly(maybe(st.decimals("0.0001", "99999", places=4)), any_decimal)),
        "eu_vat_id": draw(mostly(st.sampled_from(["", "NL", "EL", VAT_ID]), any_text)),
        "eu_tax_rate": draw(mostly(maybe(st.decimals(0, "0.9999", places=4)), any_decimal)),
        "due_date": draw(mostly(maybe(days), any_date)),
        "is_reversal": draw(mostly(st.just(False), st.booleans())),
        "direction": direction,
        "partner_name": draw(any_text),
        "partner_city": draw(any_text),
        "documents": tuple(
            UUID(int=n)
            for n in draw(
                mostly(st.lists(st.integers(0, 9), max_size=3), st.lists(st.integers(0, 9), max_size=9))
            )
        ),
        "notes": tuple(draw(mostly(st.just([]), st.lists(st.tuples(any_text, any_text), max_size=9)))),
    }
    values |= draw(mostly(st.just({}), foreign(values["amount"])))
    values |= draw(mostly(st.just({}), periods()))
    return Entry(**values)


@st.composite
def foreign(draw, amount):
    rate = draw(mostly(st.decimals("0.01", "9999", places=6), any_decimal))
    fits = amount.is_finite() and rate.is_finite() and 0 < amount < 10**11 and 0 < rate < 10**5
    exact = st.just(base_amount(amount, rate)) if fits else st.just(Decimal("1.00"))
    return {
        "currency": draw(mostly(st.sampled_from(["USD", "GBP", "EUR"]), any_text)),
        "exchange_rate": draw(maybe(st.just(rate))),
        "base_amount": draw(mostly(exact, maybe(any_decimal))),
    }


@st.composite
def periods(draw):
    return {"delivery_date": draw(maybe(any_date)), "tax_period_date": draw(maybe(any_date))}
