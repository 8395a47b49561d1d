"""The first tables of a new DATEV client."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction

from bookings import starter
from bookings.models import Account, DatevClient, TaxKey
from connections import audit
from connections.errors import RejectedError
from connections.messages import say


@dataclass(frozen=True)
class Started:
    accounts: int
    tax_keys: int


def load_starter(client: DatevClient, chart: str = "", by: object = None) -> Started:
    """Add the starter accounts of SKR `chart` ("03" or "04", the client's own if empty) and the tax keys.

    What is there already stays as it is, so that it may be run again. No tax key is confirmed by it: each
    waits for the admin. `by` is the user who does it. Raises RejectedError for another chart.
    """
    chart = chart or client.chart
    if chart not in starter.CHARTS:
        raise RejectedError(
            say("There are starter tables for SKR03 and SKR04 only. Import your own accounts as CSV.")
        )
    with transaction.atomic():
        accounts, keys = missing(client, chart)
        added = Started(_stored(accounts, by), _stored(keys, by))
        audit.record(
            "table.started",
            f"datev_client:{client.pk}",
            say("Starter tables of SKR%(chart)s were added.", chart=chart),
            actor=str(by or ""),
            accounts=added.accounts,
            tax_keys=added.tax_keys,
        )
    return added


def missing(client: DatevClient, chart: str) -> tuple[list[Account], list[TaxKey]]:
    """The rows that `load_starter` would add, not stored."""
    there = set(client.accounts.values_list("number", flat=True))
    accounts = [
        Account(client=client, **asdict(info))
        for info in starter.accounts(chart, client.account_length)
        if info.number not in there
    ]
    known = set(client.tax_keys.values_list("bu_key", flat=True))
    keys = [TaxKey(client=client, **asdict(info)) for info in starter.tax_keys() if info.bu_key not in known]
    return accounts, keys


def _stored(rows: list[Account] | list[TaxKey], by: object) -> int:
    """One by one, so that each row has its history."""
    for row in rows:
        row._history_user = by  # type: ignore[union-attr]
        row.save()
    return len(rows)
