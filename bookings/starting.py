"""The first tables of a new DATEV client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction

from bookings import starter
from bookings.models import Account, DatevClient, TaxCase, TaxKey
from connections import audit
from connections.errors import RejectedError
from connections.messages import say


@dataclass(frozen=True)
class Started:
    accounts: int
    tax_keys: int
    tax_cases: int


def load_starter(client: DatevClient, chart: str = "", by: object = None) -> Started:
    """Add the starter accounts of SKR `chart` ("03" or "04", the client's own if empty), tax keys and cases.

    What is there already stays as it is, so that it may be run again. Nothing is confirmed by it: tax
    keys and tax cases wait for the admin. `by` is the user who does it. Raises RejectedError for another
    chart.
    """
    chart = chart or client.chart
    if chart not in starter.CHARTS:
        raise RejectedError(
            say("There are starter tables for SKR03 and SKR04 only. Import your own accounts as CSV.")
        )
    with transaction.atomic():
        accounts, keys, cases = missing(client, chart)
        added = Started(_stored(accounts, by), _stored(keys, by), _stored(cases, by))
        audit.record(
            "table.started",
            f"datev_client:{client.pk}",
            say("Starter tables of SKR%(chart)s were added.", chart=chart),
            actor=str(by or ""),
            accounts=added.accounts,
            tax_keys=added.tax_keys,
            tax_cases=added.tax_cases,
        )
    return added


def missing(client: DatevClient, chart: str) -> tuple[list[Account], list[TaxKey], list[TaxCase]]:
    """The rows that `load_starter` would add, not stored."""
    there = set(client.accounts.values_list("number", flat=True))
    accounts = [
        Account(client=client, **asdict(info))
        for info in starter.accounts(chart, client.account_length)
        if info.number not in there
    ]
    known = set(client.tax_keys.values_list("bu_key", flat=True))
    keys = [TaxKey(client=client, **asdict(info)) for info in starter.tax_keys() if info.bu_key not in known]
    named = set(client.tax_cases.values_list("key", flat=True))
    cases = [
        TaxCase(client=client, **asdict(info))
        for info in starter.tax_cases(chart, client.account_length)
        if info.key not in named
    ]
    return accounts, keys, cases


def _stored(rows: Sequence[Account | TaxKey | TaxCase], by: object) -> int:
    """One by one, so that each row has its history."""
    for row in rows:
        row._history_user = by  # type: ignore[union-attr]
        row.save()
    return len(rows)
