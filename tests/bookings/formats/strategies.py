"""Entries of every kind: sensible ones, in which none, one or two fields hold any text, amount or date."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from bookings.entry import Direction, Entry, Route, Side
from bookings.validation import base_amount
from tests.bookings.formats.samples import BOOKS, VAT_ID

# Half surrogates included: JSON can carry them.
any_text = st.text(st.characters(exclude_categories=()), max_size=80)
any_decimal = st.decimals() | st.decimals(0, 10**11, places=2)
any_date = st.dates() | st.dates(date(2024, 12, 30), date(2026, 1, 2))
guids = st.integers(0, 9).map(lambda number: UUID(int=number))

cents = st.decimals("0.01", "9999999999.99", places=2)
days = st.dates(date(2025, 1, 1), date(2025, 12, 31))
document_fields = st.text("ABCabc019$%&*+-/", min_size=1, max_size=12)
short_notes = st.tuples(st.text("abcÄß \"';€", min_size=1, max_size=9).filter(str.strip)).map(lambda t: t * 2)

ANYTHING = {
    "amount": any_decimal,
    "account": any_text | st.sampled_from([*BOOKS.accounts, *BOOKS.partners]),
    "contra_account": any_text | st.sampled_from([*BOOKS.accounts, *BOOKS.partners]),
    "bu_key": any_text | st.sampled_from([*BOOKS.tax_keys]),
    "document_date": any_date,
    "document_field_1": any_text,
    "document_field_2": any_text,
    "discount": any_decimal,
    "cost_center_1": any_text,
    "cost_center_2": any_text,
    "cost_quantity": any_decimal,
    "currency": any_text,
    "exchange_rate": any_decimal,
    "base_amount": any_decimal,
    "eu_vat_id": any_text,
    "eu_tax_rate": any_decimal,
    "delivery_date": any_date,
    "tax_period_date": any_date,
    "due_date": any_date,
    "is_reversal": st.booleans(),
    "direction": st.sampled_from(Direction),
    "documents": st.lists(guids, max_size=9).map(tuple),
    "notes": st.lists(st.tuples(any_text, any_text), max_size=9).map(tuple),
}
# account, contra account, key, VAT id, EU rate that go together.
PURCHASES = [
    ("70001", "4930", "9", "", None),
    ("4930", "70001", "9", VAT_ID, None),
    ("70002", "3123", "", "", None),
    ("70002", "3200", "19", VAT_ID, None),
    ("70002", "4900", "506", "", None),
    ("3400", "70000", "40", "NL", None),
]
SALES = [
    ("10001", "8400", "", "", None),
    ("8200", "10002", "3", "", None),
    ("10001", "8125", "", VAT_ID, None),
    ("10001", "8200", "240", "EL", Decimal("0.24")),
]
MAX_DAYS_LATER = 90


@st.composite
def entries(draw, route):
    values = draw(sensible(route))
    for name in draw(st.sampled_from([0, 0, 1, 2]).flatmap(_some_fields)):
        values[name] = draw(ANYTHING[name])
    return Entry(**values)


def _some_fields(count):
    return st.lists(st.sampled_from(sorted(ANYTHING)), min_size=count, max_size=count)


@st.composite
def sensible(draw, route):
    """Values of an entry that may be sent by `route`; its free texts are arbitrary all the same."""
    direction = draw(st.sampled_from(Direction))
    posting = draw(st.sampled_from(PURCHASES if direction is Direction.INCOMING else SALES))
    names = ("account", "contra_account", "bu_key", "eu_vat_id", "eu_tax_rate")
    day = draw(days)
    values = dict(zip(names, posting, strict=True)) | {
        "amount": draw(cents),
        "side": draw(st.sampled_from(Side)),
        "direction": direction,
        "document_date": day,
        "document_field_1": draw(document_fields),
        "document_field_2": draw(st.just("") | document_fields),
        "posting_text": draw(any_text),
        "partner_name": draw(any_text),
        "partner_city": draw(any_text),
        "cost_center_1": draw(st.sampled_from(["", *BOOKS.cost_centers])),
        "cost_quantity": draw(st.none() | st.decimals("0.0001", "99999", places=4)),
        "due_date": draw(st.none() | st.dates(day + timedelta(1), day + timedelta(MAX_DAYS_LATER))),
        "documents": tuple(draw(st.lists(guids, max_size=3))),
        "notes": tuple(draw(st.lists(short_notes, max_size=8))),
    }
    if draw(st.booleans()):
        values |= draw(foreign_money())
    if draw(st.booleans()):
        values["delivery_date"] = day
        values["tax_period_date"] = day if route is Route.EXTF else None
    if route is Route.EXTF:
        values["is_reversal"] = draw(st.booleans())
        values["discount"] = draw(st.none() | st.just(values["amount"] / 2).filter(_is_discount))
    return values


def _is_discount(amount):
    return Decimal("0.01") <= amount < 10**8 and amount == round(amount, 2)


@st.composite
def foreign_money(draw):
    amount = draw(st.decimals("100", "9999999", places=2))
    rate = draw(st.decimals("0.01", "999", places=6))
    return {
        "amount": amount,
        "currency": draw(st.sampled_from(["USD", "GBP", "CHF"])),
        "exchange_rate": rate,
        "base_amount": base_amount(amount, rate),
    }
