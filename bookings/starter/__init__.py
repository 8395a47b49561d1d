"""Starter tables for a new DATEV client: accounts, tax keys and tax cases for SKR03 and SKR04.

The client's own chart decides, so everything can be changed afterwards; each tax key must be confirmed with
the tax adviser before it is used. Keys whose meaning isn't certain, or that need service case numbers, are
left out on purpose.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from bookings.entry import AccountInfo, TaxKeyInfo
from bookings.invoices.cases import TaxCaseInfo

CHARTS = ("03", "04")
ACCOUNT_LENGTHS = range(4, 9)
FOLDER = Path(__file__).parent


def accounts(chart: str, account_length: int) -> list[AccountInfo]:
    """G/L accounts of SKR `chart` ("03" or "04"); longer numbers get zeros at the end (4930 -> 493000)."""
    if chart not in CHARTS or account_length not in ACCOUNT_LENGTHS:
        raise ValueError(f"There are starter tables for {CHARTS} with 4 to 8 digits, not for {chart!r}.")
    return [
        AccountInfo(
            number=row["number"].ljust(account_length, "0"),
            name=row["name"],
            is_automatic=row["is_automatic"] == "1",
            is_collective=row["is_collective"] == "1",
        )
        for row in _rows(f"skr{chart}.csv")
    ]


def tax_keys() -> list[TaxKeyInfo]:
    """Tax keys, the same in both charts, none of them confirmed."""
    return [
        TaxKeyInfo(
            bu_key=row["bu_key"],
            meaning=row["meaning"],
            rate=Decimal(row["rate"]) if row["rate"] else None,
            direction=row["direction"],
            is_confirmed=False,
            needs_vat_id=row["needs_vat_id"] == "1",
            needs_country=row["needs_country"] == "1",
            reversal_key=row["reversal_key"],
        )
        for row in _rows("tax_keys.csv")
    ]


def tax_cases(chart: str, account_length: int) -> list[TaxCaseInfo]:
    """Tax cases of outgoing invoices, none of them confirmed. Only what DATEV's papers name for sure or
    nearly so: discount, freight and rounding are not among it.
    """
    if chart not in CHARTS:
        raise ValueError(f"There are starter tables for {CHARTS}, not for {chart!r}.")
    return [
        TaxCaseInfo(
            key=row["key"],
            kind=row["kind"],
            rate=Decimal(row["rate"]) if row["rate"] else None,
            account=row[f"account_{chart}"].ljust(account_length, "0"),
            bu_key=row["bu_key"],
            name=row["name"],
            valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
            valid_until=date.fromisoformat(row["valid_until"]) if row["valid_until"] else None,
        )
        for row in _rows("tax_cases.csv")
    ]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=";")
