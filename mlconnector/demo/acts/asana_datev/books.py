"""The two DATEV clients of the demonstration, as a configuration file describes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from bookings import starter
from mlconnector.demo.acts.asana_datev import tasks

CONSULTANT = 455148
TOOLS, GARDEN = 1, 2
NAMES = {TOOLS: "Muster Werkzeugbau GmbH", GARDEN: "Beispiel Gärtnerei & Söhne KG"}
CHARTS = {TOOLS: "03", GARDEN: "04"}
# As an accountant would have them confirmed by the tax adviser; 91 is left open on purpose.
TAX_CASES = {
    tasks.FULL: "9",
    tasks.REDUCED: "8",
    tasks.ACQUISITION: "19",
    tasks.REVERSE_CHARGE: "94",
    tasks.UNCONFIRMED: "91",
    tasks.SALES_TAX: "3",
}
UNCONFIRMED_KEYS = (TAX_CASES[tasks.UNCONFIRMED],)
COST_CENTERS = {
    TOOLS: {"100": "Büro", "200": "Fertigung"},
    GARDEN: {"10": "Gewächshaus", "20": "Laden"},
}
PARTNERS = {
    TOOLS: {
        "70001": tasks.PAPER,
        "70002": tasks.STEEL,
        "70003": tasks.POWER,
        "70004": tasks.VIENNA,
        "70005": tasks.BUILDER,
        "70006": tasks.ZURICH,
        "70007": tasks.CARS,
        "70008": tasks.INN,
        "70009": tasks.BOOKS,
        "70010": tasks.OVERSEAS,
    },
    GARDEN: {
        "10001": tasks.HOTEL,
        "10002": tasks.TOWN,
        "10003": tasks.CAFE,
        "10004": tasks.FARM,
        "71001": tasks.SOIL,
        "71002": tasks.SEEDS,
        "71003": tasks.POWER,
        "71004": tasks.BULBS,
        "71005": tasks.BUILDER,
        "71006": tasks.PAPER,
        "71007": tasks.SIGNS,
        "71008": tasks.INSURER,
        "71009": tasks.CARS,
    },
}
VAT_IDS = {tasks.VIENNA: tasks.AUSTRIAN, tasks.BULBS: tasks.AUSTRIAN, tasks.FARM: tasks.AUSTRIAN}


def reference(client: int) -> str:
    return f"{CONSULTANT}-{client}"


def partner_number(client: int, name: str) -> str:
    return next(number for number, known in PARTNERS[client].items() if known == name)


def years(today: date) -> Sequence[int]:
    """The calendar years in which invoices of the demonstration can lie."""
    return (today.year - 1, today.year)


def clients(connection: str, today: date) -> list[dict[str, Any]]:
    """The section `datev_clients` of a configuration file."""
    return [
        {
            "consultant_number": CONSULTANT,
            "client_number": client,
            "name": NAMES[client],
            "connection": connection,
            "chart": CHARTS[client],
            "account_length": 4,
            "fiscal_years": [_fiscal_year(year, today) for year in years(today)],
            "accounts": [_account(account) for account in starter.accounts(CHARTS[client], 4)],
            "partners": [
                {"number": number, "name": name, "vat_id": VAT_IDS.get(name, "")}
                for number, name in PARTNERS[client].items()
            ],
            "cost_centers": [{"number": n, "name": name} for n, name in COST_CENTERS[client].items()],
            "tax_keys": [_tax_key(key) for key in starter.tax_keys() if key.bu_key in TAX_CASES.values()],
        }
        for client in NAMES
    ]


def _fiscal_year(year: int, today: date) -> dict[str, Any]:
    closed_until = tasks.month_before(today, tasks.CLOSED - 1) - timedelta(days=1)
    return {
        "start": date(year, 1, 1),
        "end": date(year, 12, 31),
        "closed_until": min(closed_until, date(year, 12, 31)) if closed_until.year >= year else None,
    }


def _account(account: starter.AccountInfo) -> dict[str, Any]:
    return {
        "number": account.number,
        "name": account.name,
        "is_automatic": account.is_automatic,
        "is_collective": account.is_collective,
    }


def _tax_key(key: starter.TaxKeyInfo) -> dict[str, Any]:
    return {
        "bu_key": key.bu_key,
        "meaning": key.meaning,
        "rate": str(key.rate) if key.rate is not None else None,
        "direction": key.direction,
        "needs_vat_id": key.needs_vat_id,
        "needs_country": key.needs_country,
        "reversal_key": key.reversal_key,
        "is_confirmed": key.bu_key not in UNCONFIRMED_KEYS,
    }
