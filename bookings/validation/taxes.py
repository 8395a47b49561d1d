"""Tax keys: known, confirmed, allowed on these accounts, and with the data they need.

A wrong key falsifies the VAT return, so nothing is derived: a key is in the client's table and confirmed, or
the booking is refused. Gross and net: see `bookings.entry.Entry`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from stdnum.eu import vat

from bookings.entry import AccountInfo, Books, Direction, Entry, TaxKeyInfo
from bookings.validation import labels
from bookings.validation.accounts import personal_accounts
from bookings.validation.amounts import has_places
from connections.messages import DataFault, say

KEY = re.compile("[1-9][0-9]{0,3}")
# Suppresses the tax that is built into an automatic account.
SUPPRESS = "40"
# Reversal of a posting without a key, and of one with 40: they carry no tax of their own.
REVERSAL_WITHOUT_KEY, REVERSAL_OF_SUPPRESS = "20", "80"
ALLOWED_ON_AUTOMATIC = (SUPPRESS, REVERSAL_WITHOUT_KEY, REVERSAL_OF_SUPPRESS)
# They need columns 43 to 47 (service case), which no booking here can fill.
# Source: DATEV's sample file, rows 49 to 56 (read 2026-11).
NEED_SERVICE_CASE = ("49", "501", "502", "6501", "6502")
# "EL" is Greece in VAT ids, "XI" Northern Ireland.
EU = "AT BE BG CY CZ DE DK EE EL ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"
EU_COUNTRIES = frozenset(EU.split())
HOME = "DE"
DIRECTIONS = {"sale": Direction.OUTGOING, "purchase": Direction.INCOMING}


def find_key(bu_key: str, books: Books) -> tuple[TaxKeyInfo | None, bool]:
    """The key's row in the client's table, and whether `bu_key` is its reversal key (29 of 9)."""
    if bu_key in books.tax_keys:
        return books.tax_keys[bu_key], bu_key == REVERSAL_WITHOUT_KEY
    original = next((key for key in books.tax_keys.values() if key.reversal_key == bu_key), None)
    return original, original is not None


def check_taxes(entry: Entry, books: Books) -> Iterator[DataFault]:
    yield from _check_eu_fields(entry)
    if not entry.bu_key:
        yield from _check_two_automatic(entry, books)
        return
    if not KEY.fullmatch(entry.bu_key):
        yield DataFault(
            labels.BU_KEY,
            entry.bu_key,
            say("A tax key has 1 to 4 digits and no leading zero."),
            say("Enter the key as in DATEV, for example 9."),
        )
        return
    key, is_reversal_key = find_key(entry.bu_key, books)
    if key is None:
        yield DataFault(
            labels.BU_KEY,
            entry.bu_key,
            say("This tax key isn't in the client's table of tax keys."),
            say("Correct the key, or add and confirm it there together with the tax adviser."),
        )
    else:
        yield from _check_key(entry, key)
    yield from _check_key_on_accounts(entry, books)
    if entry.is_reversal and is_reversal_key:
        yield DataFault(
            labels.REVERSAL,
            entry.bu_key,
            say("A correction key and the reversal flag (Generalumkehr) exclude each other."),
            say("Use the original key with the flag, or the correction key without it."),
        )


def _check_key(entry: Entry, key: TaxKeyInfo) -> Iterator[DataFault]:
    if not key.is_confirmed:
        yield DataFault(
            labels.BU_KEY,
            entry.bu_key,
            say("This tax key isn't confirmed yet."),
            say("Confirm it with the tax adviser, then press 'Confirm' at the tax key of the client."),
        )
    if DIRECTIONS.get(key.direction, entry.direction) != entry.direction:
        rule = (
            say("This tax key is for sales, but the booking is an incoming invoice.")
            if key.direction == "sale"
            else say("This tax key is for purchases, but the booking is an outgoing invoice.")
        )
        yield DataFault(
            labels.BU_KEY, entry.bu_key, rule, say("Choose the matching key, or correct the direction.")
        )
    yield from _check_needed_data(entry, key)


def _check_needed_data(entry: Entry, key: TaxKeyInfo) -> Iterator[DataFault]:
    if key.bu_key in NEED_SERVICE_CASE:
        yield DataFault(
            labels.BU_KEY,
            entry.bu_key,
            say("This tax key needs a service case (Sachverhalt L+L), which can't be sent from here."),
            say("Ask the tax adviser for a key without one, or book it in DATEV by hand."),
        )
    if key.needs_vat_id and not is_vat_id(entry.eu_vat_id):
        yield DataFault(
            labels.EU_VAT_ID,
            entry.eu_vat_id,
            say("Tax key %(key)s needs the full VAT id of the business partner.", key=entry.bu_key),
            say("Enter it with its country prefix, for example ATU12345675."),
        )
    elif key.needs_country and not entry.eu_vat_id:
        yield DataFault(
            labels.EU_VAT_ID,
            "",
            say("Tax key %(key)s needs the EU country.", key=entry.bu_key),
            say("Enter its two letters, for example AT, or the full VAT id."),
        )
    if (key.needs_vat_id or key.needs_country) and entry.eu_vat_id[:2] == HOME:
        yield DataFault(
            labels.EU_VAT_ID,
            entry.eu_vat_id,
            say("Tax key %(key)s is for business with another EU country.", key=entry.bu_key),
            say("Enter the foreign VAT id or country, or choose a domestic tax key."),
        )
    if key.needs_country and key.rate is None and entry.eu_tax_rate is None:
        yield DataFault(
            labels.EU_TAX_RATE,
            "",
            say("Tax key %(key)s needs the tax rate of the destination.", key=entry.bu_key),
            say("Enter the rate of that country; 0.21 stands for 21 percent."),
        )


def _check_key_on_accounts(entry: Entry, books: Books) -> Iterator[DataFault]:
    automatic = _automatic(entry, books)
    if automatic and entry.bu_key not in ALLOWED_ON_AUTOMATIC:
        yield DataFault(
            labels.BU_KEY,
            entry.bu_key,
            say(
                "Account %(account)s is an automatic account: tax is built in, so it takes no key but 40.",
                account=automatic[0].number,
            ),
            say("Leave the tax key empty, or use an account without automatic tax."),
        )
    if entry.bu_key == SUPPRESS and not automatic:
        yield DataFault(
            labels.BU_KEY,
            entry.bu_key,
            say("Key 40 suppresses the tax of an automatic account, and neither account is one."),
            say("Leave the tax key empty, or mark the account as automatic in the table of accounts."),
        )
    if len(personal_accounts(entry, books)) == 2:
        yield DataFault(
            labels.BU_KEY,
            entry.bu_key,
            say("Between two personal accounts there is no account that could carry the tax."),
            say("Leave the tax key empty, or use an expense or revenue account."),
        )


def _check_two_automatic(entry: Entry, books: Books) -> Iterator[DataFault]:
    if len(_automatic(entry, books)) == 2:
        yield DataFault(
            labels.BU_KEY,
            "",
            say("Account and contra account are both automatic accounts; the tax would be computed twice."),
            say("Use key 40 to suppress it, or an account without automatic tax."),
        )


def _automatic(entry: Entry, books: Books) -> list[AccountInfo]:
    accounts = (books.accounts.get(entry.account), books.accounts.get(entry.contra_account))
    return [account for account in accounts if account is not None and account.is_automatic]


def _check_eu_fields(entry: Entry) -> Iterator[DataFault]:
    text = entry.eu_vat_id
    if text and text not in EU_COUNTRIES and not is_vat_id(text):
        proposal = compact_vat_id(text)
        yield DataFault(
            labels.EU_VAT_ID,
            text,
            say("This is neither a valid EU VAT id with country prefix nor an EU country."),
            say("DATEV would take %(proposal)s.", proposal=proposal)
            if is_vat_id(proposal)
            else say("Check it with the business partner; the check digit or the prefix is wrong."),
        )
    rate = entry.eu_tax_rate
    if rate is not None and (not rate.is_finite() or not 0 <= rate < 1 or not has_places(rate, 4)):
        yield DataFault(
            labels.EU_TAX_RATE,
            str(rate),
            say("A tax rate is a fraction between 0 and 1."),
            say("Write 0.21 for 21 percent."),
        )


def is_vat_id(text: str) -> bool:
    """Whether `text` is a VAT id of an EU country as DATEV takes it: prefix, capitals, no blanks."""
    return text.isascii() and len(text) <= 15 and text == compact_vat_id(text) and bool(vat.is_valid(text))


def compact_vat_id(text: str) -> str:
    """Capitals without blanks, dots and hyphens: the spelling that DATEV takes."""
    return re.sub("[^A-Z0-9+*]", "", text.upper())


def percent(rate: Decimal) -> Decimal:
    """0.19 as 19.00."""
    return (rate * 100).quantize(Decimal("0.01"))
