"""The integration of the act, with DATEV's client and its tables, as rows of a configuration file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from bookings import starter
from mlconnector.demo.acts.dynamics_datev.sales import EARLIER, ELECTRONIC, GOODS, SERVICE

if TYPE_CHECKING:
    from mlconnector.demo.acts.dynamics_datev.act import DynamicsToDatev

CONSULTANT, CLIENT, NAME = 455148, 11, "Muster Maschinenbau GmbH"
CHART = "03"
INTEGRATION = "Ausgangsrechnungen Maschinenbau"
SUPPLIES = "Lieferung oder Leistung"
BILLED = "4"
OWN_COLUMNS = (
    ("invoice", "new_invoicedate", "datetime"),
    ("invoicedetail", "new_supply", "string"),
    ("invoicedetail", "new_treatment", "string"),
    ("invoicedetail", "new_rate", "decimal"),
    ("account", "new_vatid", "string"),
)
MAPPINGS = (
    ("invoices", "document_date", "date", "invoice:new_invoicedate"),
    ("invoices", "line_supply", "table", "line:new_supply"),
    ("invoices", "line_treatment", "direct", "line:new_treatment"),
    ("invoices", "line_tax_rate", "direct", "line:new_rate"),
    ("debtors", "vat_id", "direct", "account:new_vatid"),
)


def month_before(today: date, months: int) -> date:
    """The first day of the month so many months before that of `today`."""
    count = today.year * 12 + today.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def reference() -> str:
    return f"{CONSULTANT}-{CLIENT}"


def years(today: date) -> Sequence[int]:
    return (today.year - 1, today.year)


def rows(act: DynamicsToDatev) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    dynamics, datev = act.stage.stand("dynamics").name, act.stage.stand("datev").name
    words = {GOODS: "goods", SERVICE: "service", ELECTRONIC: "electronic"}
    return {
        "datev_clients": [_client(datev, act.today)],
        "value_tables": [
            {
                "name": SUPPLIES,
                "rows": [{"source_value": word, "target_value": kind} for word, kind in words.items()],
            }
        ],
        "integrations": [
            {
                "name": INTEGRATION,
                "pair": "dynamics_datev",
                "source": dynamics,
                "target": datev,
                "is_on": True,
                "settings": {
                    "datev_client": reference(),
                    "begin_on": month_before(act.today, EARLIER).isoformat(),
                    "final_status": BILLED,
                    "discount": "proportional",
                    "freight": "proportional",
                    "compare_einvoice": "park",
                    "debtor_minutes": 0,
                    "close_count": 2,
                    "close_minutes": 1,
                },
                "mappings": [
                    {
                        "flow": flow,
                        "way": "into",
                        "target_field": target,
                        "kind": kind,
                        "source_field": source,
                        **({"table": SUPPLIES} if kind == "table" else {}),
                    }
                    for flow, target, kind, source in MAPPINGS
                ],
            }
        ],
    }


def _client(connection: str, today: date) -> dict[str, Any]:
    """As an accountant would have its tables confirmed by the tax adviser."""
    cases = starter.tax_cases(CHART, 4)
    keys = {case.bu_key for case in cases}
    return {
        "consultant_number": CONSULTANT,
        "client_number": CLIENT,
        "name": NAME,
        "connection": connection,
        "chart": CHART,
        "account_length": 4,
        "uses_oss": True,
        "debtor_from": 20000,
        "debtor_until": 29999,
        "fiscal_years": [{"start": date(year, 1, 1), "end": date(year, 12, 31)} for year in years(today)],
        "accounts": [
            {
                "number": account.number,
                "name": account.name,
                "is_automatic": account.is_automatic,
                "is_collective": account.is_collective,
            }
            for account in starter.accounts(CHART, 4)
        ],
        "tax_keys": [
            {
                "bu_key": key.bu_key,
                "meaning": key.meaning,
                "rate": str(key.rate) if key.rate is not None else None,
                "direction": key.direction,
                "needs_vat_id": key.needs_vat_id,
                "needs_country": key.needs_country,
                "reversal_key": key.reversal_key,
                "is_confirmed": True,
            }
            for key in starter.tax_keys()
            if key.bu_key in keys
        ],
        "tax_cases": [
            {
                "key": case.key,
                "name": case.name,
                "kind": case.kind,
                "rate": str(case.rate) if case.rate is not None else None,
                "account": case.account,
                "bu_key": case.bu_key,
                "valid_from": case.valid_from,
                "valid_until": case.valid_until,
                "is_confirmed": True,
            }
            for case in cases
        ],
    }
