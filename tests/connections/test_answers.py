"""How long a vendor asks us to wait, and JSON without floats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.answers import decode_json, encode_json, wait_asked_for

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("5", timedelta(seconds=5)),
        (" 90 ", timedelta(seconds=90)),
        ("2.5", timedelta(seconds=2.5)),
        ("0", timedelta(seconds=1)),
        ("3600", HOUR),
        ("86400", HOUR),
        ("9" * 400, HOUR),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("5 minutes", None),
        ("٥", None),
        ("NaN", None),
        ("1e3", None),
        ("Sat, 32 Nov 2026 10:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_in_every_form(text, wait):
    assert wait_asked_for({"Retry-After": text}) == wait


def test_an_absent_retry_after_asks_for_nothing():
    assert wait_asked_for({}) is None


@pytest.mark.parametrize(
    ("date", "wait"),
    [
        ("Sat, 21 Nov 2026 10:00:30 GMT", timedelta(seconds=30)),
        ("Saturday, 21-Nov-26 10:00:30 GMT", timedelta(seconds=30)),
        ("Sat Nov 21 10:00:30 2026", timedelta(seconds=30)),
        ("Sat, 21 Nov 2026 09:00:00 GMT", timedelta(seconds=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", HOUR),
    ],
)
def test_a_date_is_measured_against_the_vendors_own_clock(date, wait):
    """Our clock is years away from the vendor's here, which does not matter."""
    headers = {"Retry-After": date, "Date": "Sat, 21 Nov 2026 10:00:00 GMT"}
    assert wait_asked_for(headers) == wait


def test_a_date_without_the_vendors_clock_is_measured_against_ours(monkeypatch):
    now = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    monkeypatch.setattr("connections.clock.now", lambda: now)
    assert wait_asked_for({"Retry-After": "Sat, 21 Nov 2026 10:01:00 GMT"}) == timedelta(minutes=1)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_a_decimal_keeps_its_digits_on_the_way_out_and_in(amount):
    sent = encode_json({"amount": amount, "text": f"{amount}"})
    assert Decimal(decode_json(sent)["amount"]) == amount
    assert decode_json(sent)["text"] == f"{amount}"


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), float("nan"), {1, 2}, b"bytes"])
def test_what_is_no_json_is_not_sent(value):
    with pytest.raises((TypeError, ValueError)):
        encode_json({"value": value})
