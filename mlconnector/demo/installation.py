"""The product set up for the demonstration as a finance admin would: a configuration file, a sign-in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.contrib.auth import get_user_model

from connections import services
from connections.base import Checkup, Option
from connections.models import Connection, TokenSet
from connections.registry import vendor
from mlconnector.config import applying, reading
from mlconnector.config.exporting import VERSION
from mlconnector.demo import books, tasks
from mlconnector.demo.browser import Browser
from mlconnector.demo.stage import (
    BOOKED,
    CALLS_PER_MINUTE,
    HINT,
    JOB,
    PROJECTS,
    REFUSED_BY_DATEV,
    RESULT,
    TO_CHECK,
    UNKNOWN,
    Stage,
)

ADMIN = "demo"
ASANA, DATEV = "Asana (simuliert)", "DATEV (simuliert)"
ASANA_SECRET, DATEV_SECRET = "DEMO_ASANA_PAT", "DEMO_DATEV_CLIENT_SECRET"  # noqa: S105 (names, not values)
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


class Refused(Exception):
    """The configuration file of the demonstration was not taken; the text lists the faults."""


def make_admin(password: str) -> None:
    get_user_model().objects.create_superuser(ADMIN, password=password)


def set_up(stage: Stage, file: Path) -> None:
    """Write and apply the configuration file: the connections first, so that Asana's fields can be read."""
    os.environ[ASANA_SECRET] = stage.asana.pat
    os.environ[DATEV_SECRET] = stage.datev.apps[0].client_secret
    document: dict[str, Any] = {"version": VERSION, "connections": _connections(stage)}
    _apply(document, file)
    asana = Connection.objects.get(name=ASANA)
    document["datev_clients"] = books.clients(DATEV, stage.today)
    document["value_tables"] = []
    document["integrations"] = []
    offered = vendor("asana").discover
    workspace = offered["workspaces"](asana, "")[0].ref
    document["connections"][0]["settings"]["workspace"] = workspace
    projects = {option.label: option.ref for option in offered["projects"](asana, workspace)}
    for name in PROJECTS:
        fields = {option.label: option for option in offered["fields"](asana, projects[name])}
        document["value_tables"] += _tables(name, fields)
        document["integrations"].append(_integration(name, projects[name], fields, stage))
    _apply(document, file)


def _apply(document: Mapping[str, Any], file: Path) -> None:
    file.write_text(
        yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=110), encoding="utf-8"
    )
    read, faults = reading.read(file.read_text(encoding="utf-8"))
    faults = faults or applying.run(read, is_check=False, by=ADMIN).faults
    if faults:
        raise Refused("\n".join(faults))


def _connections(stage: Stage) -> list[dict[str, Any]]:
    return [
        {
            "name": ASANA,
            "vendor": "asana",
            "settings": {
                "sign_in": "pat",
                "base_url": f"{stage.asana_url}/api/1.0",
                "oauth_url": f"{stage.asana_url}/-",
                "calls_per_minute": str(CALLS_PER_MINUTE),
            },
            "secrets": {"pat": f"env:{ASANA_SECRET}"},
        },
        {
            "name": DATEV,
            "vendor": "datev",
            "settings": {
                "environment": "production",
                "client_id": stage.datev.apps[0].client_id,
                "token_mode": "short",
                **stage.datev.addresses(stage.datev_url),
            },
            "secrets": {"client_secret": f"env:{DATEV_SECRET}"},
        },
    ]


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


def _integration(name: str, project: str, fields: Mapping[str, Option], stage: Stage) -> dict[str, Any]:
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
        "source": ASANA,
        "target": DATEV,
        "is_on": True,
        "settings": {
            "project": project,
            "datev_client": books.reference(PROJECTS[name]),
            "begin_on": tasks.month_before(stage.today, 0).isoformat(),
            "attachments": "required",
            **OWN_SETTINGS[name],
        },
        "mappings": [
            *({"flow": "tasks", "way": "into", **row} for row in into),
            *({"flow": "tasks", "way": "back", **row} for row in back),
        ],
    }


def sign_in(password: str) -> None:
    """Connect DATEV as a person does: the admin's sign-in, DATEV's page, our callback."""
    browser = Browser(settings.PUBLIC_URL)
    browser.sign_in(ADMIN, password)
    connection = Connection.objects.get(name=DATEV)
    browser.connect(connection)
    if not TokenSet.objects.filter(connection=connection, signed_in_at__isnull=False).exists():
        raise Refused("The sign-in at the simulated DATEV did not end with tokens.")


def tested() -> dict[str, Checkup]:
    """What "Test connection" says, by the connection's name. Raises Refused when something is missing."""
    found = {}
    for connection in Connection.objects.order_by("name"):
        found[connection.name] = services.test_connection(connection, ADMIN)
        if found[connection.name].missing:
            raise Refused("\n".join(str(message) for message in found[connection.name].missing))
    return found
