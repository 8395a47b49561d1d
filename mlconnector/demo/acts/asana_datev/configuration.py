"""The three integrations of the act, with DATEV's clients and tables, as rows of a configuration file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connections.base import Option
from connections.models import Connection
from connections.registry import vendor
from mlconnector.demo.acts.asana_datev import books, tasks
from mlconnector.demo.acts.asana_datev.names import (
    BOOKED,
    HINT,
    JOB,
    PROJECTS,
    REFUSED_BY_DATEV,
    RESULT,
    TO_CHECK,
    UNKNOWN,
)

if TYPE_CHECKING:
    from mlconnector.demo.acts.asana_datev.act import AsanaToDatev

# Settings of the three integrations beyond what is the same for all of them.
OWN_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    tasks.TOOLS: {"route": "extf", "direction": "incoming", "close_count": 1, "result_comment": True},
    tasks.GARDEN: {"route": "extf", "direction": "incoming", "close_count": 3, "close_minutes": 1},
    tasks.SALES: {"route": "dxso", "direction": "outgoing", "close_count": 2, "close_minutes": 1},
}
# Field of the booking -> (how, field in Asana).
MAPPINGS = {
    "amount": ("amount", "Bruttobetrag"),
    "account": ("account", "Geschäftspartner"),
    "contra_account": ("account", "Sachkonto"),
    "bu_key": ("table", "Steuerfall"),
    "document_date": ("date", "Rechnungsdatum"),
    "document_field_1": ("direct", "Rechnungsnummer"),
    "posting_text": ("direct", "builtin:name"),
    "cost_center_1": ("cost_center", "Kostenstelle"),
    "is_credit_note": ("table", "Belegart"),
    "due_date": ("date", "Fällig am"),
    "currency": ("direct", "Währung"),
    "exchange_rate": ("direct", "Kurs"),
    "eu_vat_id": ("direct", "USt-IdNr."),
    "partner_name": ("direct", "Geschäftspartner"),
}
RESULTS = {"posted": BOOKED, "failed": REFUSED_BY_DATEV, "refused": TO_CHECK, "unknown": UNKNOWN}


def rows(act: AsanaToDatev) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The fields are read from Asana by their names, as a person chooses them."""
    asana, datev = act.stage.stand("asana").name, act.stage.stand("datev").name
    connection = Connection.objects.get(name=asana)
    offered = vendor("asana").discover
    projects = {
        option.label: option.ref
        for option in offered["projects"](connection, connection.setting("workspace"))
    }
    tables: list[Mapping[str, Any]] = []
    integrations = []
    for name in PROJECTS:
        fields = {option.label: option for option in offered["fields"](connection, projects[name])}
        tables += _tables(name, fields)
        declared = _integration(name, projects[name], fields, act)
        integrations.append({**declared, "source": asana, "target": datev})
    return {
        "datev_clients": books.clients(datev, act.today),
        "value_tables": tables,
        "integrations": integrations,
    }


def _tables(name: str, fields: Mapping[str, Option]) -> list[dict[str, Any]]:
    """From the options of the project's fields, by their ids, to what DATEV knows; back for the result."""
    into = {
        "Steuerfall": books.TAX_CASES,
        "Belegart": {"Rechnung": "nein", "Gutschrift": "ja"},
    }
    tables = [
        {
            "name": f"{field}, {name}",
            "rows": [
                {"source_value": option.ref, "source_label": option.label, "target_value": rows[option.label]}
                for option in fields[field].options
            ],
        }
        for field, rows in into.items()
    ]
    results = {option.label: option.ref for option in fields[RESULT].options}
    back = [{"source_value": key, "target_value": results[label]} for key, label in RESULTS.items()]
    return [*tables, {"name": f"{RESULT}, {name}", "rows": back}]


def _integration(name: str, project: str, fields: Mapping[str, Option], act: AsanaToDatev) -> dict[str, Any]:
    side = "S" if OWN_SETTINGS[name]["direction"] == "outgoing" else "H"
    into = [
        {
            "target_field": target,
            "kind": kind,
            "source_field": field if field.startswith("builtin:") else fields[field].ref,
            "source_label": "" if field.startswith("builtin:") else field,
            **({"table": f"{field}, {name}"} if kind == "table" else {}),
        }
        for target, (kind, field) in MAPPINGS.items()
    ]
    into.append({"target_field": "side", "kind": "constant", "constant": side})
    back = [
        {"target_field": "result", "source_field": fields[RESULT].ref, "table": f"{RESULT}, {name}"},
        {"target_field": "text", "source_field": fields[HINT].ref},
        {"target_field": "job_ref", "source_field": fields[JOB].ref},
    ]
    return {
        "name": name,
        "pair": "asana_datev",
        "is_on": True,
        "settings": {
            "project": project,
            "datev_client": books.reference(PROJECTS[name]),
            "begin_on": tasks.month_before(act.today, 0).isoformat(),
            "attachments": "required",
            **OWN_SETTINGS[name],
        },
        "mappings": [
            *({"flow": "tasks", "way": "into", **row} for row in into),
            *({"flow": "tasks", "way": "back", **row} for row in back),
        ],
    }
