"""The integration as a finance admin sets it up, and the fields of the projects in Asana."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlconnector.demo.acts.acumatica_asana.papers import MINIMUM, NORTH
from mlconnector.demo.acts.acumatica_asana.staff import DOMAIN

if TYPE_CHECKING:
    from mlconnector.demo.acts.acumatica_asana.act import AcumaticaToAsana

INTEGRATION = "Freigaben aus Acumatica"
# Branch -> project.
PROJECTS = {"": "Freigaben", NORTH: "Freigaben Nord"}
# Name -> type of the custom fields that both projects have.
FIELDS = {
    "Betrag": "number",
    "Währung": "text",
    "Lieferant": "text",
    "Rechnung des Lieferanten": "text",
    "Beleg": "text",
    "Belegdatum": "date",
    "Termin": "date",
    "Status": "text",
    "Niederlassung": "text",
    "In Acumatica": "text",
    "Ergebnis": "text",
}
# Custom field <- value of the document, for bills and orders alike.
BOTH = {
    "amount": "Betrag",
    "currency": "Währung",
    "supplier": "Lieferant",
    "supplier_reference": "Rechnung des Lieferanten",
    "number": "Beleg",
    "document_date": "Belegdatum",
    "status": "Status",
    "branch": "Niederlassung",
    "link": "In Acumatica",
}
MAPPINGS = {
    "bills": BOTH | {"due_date": "Termin"},
    "purchase_orders": BOTH | {"promised_on": "Termin"},
    "approvals": {"result": "Ergebnis"},
}


def rows(act: AcumaticaToAsana) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return {
        "integrations": [
            {
                "name": INTEGRATION,
                "pair": act.pair,
                "source": act.stage.stand("acumatica").name,
                "target": act.stage.stand("asana").name,
                "is_on": True,
                "settings": {
                    "project": act.projects[""],
                    "project_rules": f"branch = {NORTH} -> {act.projects[NORTH]}",
                    "with_files": True,
                    "bill_minimum": str(MINIMUM),
                    "order_reject_action": "Reject",
                    "roster": "add_and_remove",
                    "roster_domains": DOMAIN,
                    "roster_percent_removed": 20,
                },
                "mappings": [
                    {"flow": flow, "way": "back", "target_field": target, "source_field": act.fields[field]}
                    for flow, mapped in MAPPINGS.items()
                    for target, field in mapped.items()
                ],
            }
        ],
    }
