"""The starter tables of SKR03 and SKR04."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bookings import starter
from bookings.entry import Route
from bookings.validation import check_entry, labels
from tests.bookings.formats.samples import BOOKS, purchase

SKR04_OF_SKR03 = {"8400": "4400", "8300": "4300", "8125": "4125", "3400": "5400", "3123": "5923"}


def numbers(chart, what=lambda account: True, length=4):
    return {account.number for account in starter.accounts(chart, length) if what(account)}


@pytest.mark.parametrize("chart", starter.CHARTS)
def test_accounts_are_sorted_and_unique(chart):
    found = [account.number for account in starter.accounts(chart, 4)]
    assert found == sorted(set(found))
    assert all(account.name for account in starter.accounts(chart, 4))


def test_both_charts_have_the_same_accounts():
    names = [sorted(account.name for account in starter.accounts(chart, 4)) for chart in starter.CHARTS]
    assert names[0] == names[1]


def test_automatic_and_collective_accounts_are_marked():
    automatic = [numbers(chart, lambda account: account.is_automatic) for chart in starter.CHARTS]
    assert set(SKR04_OF_SKR03) <= automatic[0] and set(SKR04_OF_SKR03.values()) <= automatic[1]
    assert not automatic[0] & {"8200", "3200", "4900", "4930"}
    assert not automatic[1] & {"4200", "5200", "6300", "6815"}
    assert numbers("03", lambda account: account.is_collective) == {"1400", "1600"}
    assert numbers("04", lambda account: account.is_collective) == {"1200", "3300"}


@pytest.mark.parametrize("length", starter.ACCOUNT_LENGTHS)
def test_longer_numbers_get_zeros_at_the_end(length):
    assert {len(number) for number in numbers("03", length=length)} == {length}
    assert "4930".ljust(length, "0") in numbers("03", length=length)


@pytest.mark.parametrize(("chart", "length"), [("07", 4), ("03", 3), ("03", 9)])
def test_other_charts_and_lengths_are_refused(chart, length):
    with pytest.raises(ValueError, match="starter tables"):
        starter.accounts(chart, length)


def test_no_tax_key_is_confirmed_before_the_tax_adviser_was_asked():
    keys = {key.bu_key: key for key in starter.tax_keys()}
    assert not any(key.is_confirmed for key in keys.values())
    assert keys["9"].reversal_key == "29"
    assert str(keys["9"].rate) == "0.19"
    assert keys["240"].rate is None and keys["240"].needs_country
    assert {bu_key for bu_key, key in keys.items() if key.needs_vat_id} == {"11", "18", "19", "231", "701"}
    books = replace(BOOKS, tax_keys=keys)
    assert [fault.field for fault in check_entry(purchase(), books, route=Route.EXTF)] == [labels.BU_KEY]
