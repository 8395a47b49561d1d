"""The integration of the act as rows of a configuration file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlconnector.demo.acts.exact_asana.act import ExactToAsana

INTEGRATION = "Bestellungen und Projekte Muster Bau"
# Key of the value, name of the custom field, its type. All stand in both projects of documents.
DOCUMENT_FIELDS = (
    ("document_number", "Belegnummer", "text"),
    ("net_amount", "Nettobetrag", "number"),
    ("currency", "Währung", "text"),
    ("document_status", "Belegstatus", "text"),
    ("gl_account", "Sachkonto", "enum"),
    ("cost_center", "Kostenstelle", "enum"),
    ("quantity", "Menge", "number"),
    ("item", "Artikel", "text"),
)
WORK_FIELDS = (
    ("project", "Projekt", "text"),
    ("milestone", "Meilenstein", "text"),
    ("hours", "Stunden", "number"),
    ("budget", "Budget Kosten", "number"),
    ("cost_price", "Kosten je Einheit", "text"),
    ("cost_quantity", "Kosten Menge", "number"),
)


def rows(act: ExactToAsana) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return {
        "integrations": [
            {
                "name": INTEGRATION,
                "pair": "exact_asana",
                "source": act.stage.stand("exact").name,
                "target": act.stage.stand("asana").name,
                "is_on": True,
                "settings": {
                    "project": act.orders_project,
                    "invoices_project": act.invoices_project,
                    "begin_on": f"{act.today.year - 1}-01-01",
                    "lines_as": "in_project",
                    "projects_as": "portfolio",
                    "portfolio": act.portfolio,
                    "with_milestones": True,
                    "milestones_project": act.works_project,
                    "completes": "milestones",
                    "reopens": True,
                    "releases_terms": True,
                    "hour_budget": "add",
                    "hour_item": act.hour_item,
                    "cost_budget": "project",
                    "enters_costs": True,
                    "cost_item": act.cost_item,
                },
                "mappings": list(_mappings(act)),
            }
        ],
    }


def _mappings(act: ExactToAsana) -> Iterator[Mapping[str, Any]]:
    for flow, partner in (("purchase_orders", "supplier"), ("sales_invoices", "customer")):
        for key, gid in act.document_fields.items():
            yield _back(flow, partner if key == "partner" else key, gid)
    for key in ("gl_account", "cost_center"):
        yield _back("dimensions", key, act.document_fields[key])
    for key, gid in act.work_fields.items():
        yield {
            "flow": "completions",
            "way": "into",
            "target_field": key,
            "kind": "direct",
            "source_field": gid,
        }


def _back(flow: str, key: str, gid: str) -> dict[str, Any]:
    return {"flow": flow, "way": "back", "target_field": key, "kind": "direct", "source_field": gid}
