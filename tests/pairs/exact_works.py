"""A project of Exact Online with milestones, and an Asana project in which people complete tasks."""

from __future__ import annotations

from typing import Any

from pairs import actions
from pairs.models import FieldMapping, Record
from tests.pairs.exact_world import ExactWorld

DELIVERABLES, COSTS = "project/WBSDeliverables", "project/CostTransactions"
BUDGETS, TERMS = "project/ProjectHourBudgets", "project/InvoiceTerms"
FLOW = "completions"


class Works:
    """An Exact project with two milestones, and an Asana project in which people complete tasks."""

    def __init__(self, exact: Any, asana: Any, **settings: Any) -> None:
        self.exact, self.asana = exact, asana
        self.world = ExactWorld(exact, asana, orders_as="off", invoices_as="off", **settings)
        self.place: str = asana.add_project("Umbau")
        self.fields = {
            "project": self._field("Projekt"),
            "milestone": self._field("Meilenstein"),
            "hours": self._field("Stunden", "number", precision=2),
            "budget": self._field("Budget", "number", precision=2),
            "cost_price": self._field("Kosten"),
            "cost_quantity": self._field("Menge", "number", precision=2),
        }
        for key, gid in self.fields.items():
            FieldMapping.objects.create(
                integration=self.integration, flow=FLOW, way="into", target_field=key, source_field=gid
            )
        self.result = self._field("Ergebnis")
        FieldMapping.objects.create(
            integration=self.integration,
            flow=FLOW,
            way="back",
            target_field="result_text",
            source_field=self.result,
        )
        self.set(milestones_project=self.place)
        self.project: str = exact.add_project(
            "P1", "Umbau Halle", milestones=[("Rohbau", "10000.00"), ("Dach", "5000.00")]
        )

    @property
    def integration(self) -> Any:
        return self.world.integration

    def _field(self, name: str, kind: str = "text", **more: Any) -> str:
        gid: str = self.asana.add_custom_field(self.place, name, kind, **more)
        return gid

    def set(self, **settings: Any) -> None:
        self.integration.settings = {**self.integration.settings, **settings}
        self.integration.save()

    def task(self, name: str = "Rohbau", kind: str = "milestone", *, done: bool = True, **values: Any) -> str:
        fields = {self.fields[key]: value for key, value in ({"project": "P1"} | values).items() if value}
        gid: str = self.asana.add_task(self.place, name, resource_subtype=kind, fields=fields)
        if done:
            self.asana.complete(gid)
        return gid

    def work(self, minutes: float = 1) -> None:
        self.world.work(minutes=minutes)

    def record(self, gid: str) -> Record:
        return Record.objects.get(flow=FLOW, source_ref=gid)

    def milestone(self, name: str = "Rohbau") -> Any:
        (found,) = self.exact.rows(DELIVERABLES, Description=name)
        return found

    def written(self) -> list[str]:
        """What was written to Exact Online."""
        return [
            f"{call.method} {call.route}"
            for call in self.exact.calls
            if call.method in ("POST", "PUT", "DELETE") and not call.route.startswith("oauth")
        ]

    def said(self, gid: str) -> str:
        return "\n".join(self.asana.comments(gid))

    def decide(self, gid: str, decision: str, by: str) -> None:
        actions.decide(self.record(gid), decision, by=by)
        self.work()
