"""A milestone whose release was confirmed, and one that is completed with a cost entry and added hours."""

from __future__ import annotations

from decimal import Decimal

from connections.messages import Message
from pairs import actions, hooks
from pairs.models import Record, RecordState
from tests.crash.scenes.exact_asana import ExactToAsana
from tests.pairs.exact_works import BUDGETS, COSTS, DELIVERABLES, FLOW, Works


class ExactCompletions(ExactToAsana):
    every = 45

    def prepare(self) -> None:
        # What webhooks hurry along is tested elsewhere: here polling alone must do.
        hooks.can_be_reached = lambda: False
        exact, asana = self.simulator("exact"), self.simulator("asana")
        works = Works(exact, asana, completes="milestones", releases_terms=True)
        works.set(
            enters_costs=True,
            cost_item=exact.some("item"),
            hour_budget="add",
            hour_item=exact.some("hours"),
        )
        exact.add_hour_budget(works.project, 10)
        self.confirmed = works.task("Rohbau")
        works.work()
        actions.decide(works.record(self.confirmed), "release_term", by="erika")
        self.fresh = works.task(
            "Dach", cost_price="250,00", cost_quantity=Decimal(3), hours=Decimal("2.50"), project="P1"
        )
        self.wanted = {self.confirmed: RecordState.DONE, self.fresh: RecordState.TO_CONFIRM}

    def is_at_rest(self) -> bool:
        return self._states() == self.wanted

    def _states(self) -> dict[str, str]:
        return dict(Record.objects.filter(flow=FLOW).values_list("source_ref", "state"))

    def faults(self) -> list[str]:
        exact, asana = self.simulator("exact"), self.simulator("asana")
        found = [] if self._states() == self.wanted else [f"states are {self._states()}: {_reasons()}"]
        for name, column in (("completed", "Completed"), ("released", "ReleaseInvoiceTerm")):
            there = sorted(row["Description"] for row in exact.rows(DELIVERABLES) if row[column])
            if there != (["Dach", "Rohbau"] if name == "completed" else ["Rohbau"]):
                found.append(f"{name} are {there}")
        amounts = [row["AmountFC"] for row in exact.rows(COSTS)]
        if amounts != [Decimal("750.00")]:
            found.append(f"cost entries are {amounts}")
        hours = [row["Budget"] for row in exact.rows(BUDGETS)]
        if hours != [Decimal("12.50")]:
            found.append(f"hour budgets are {hours}")
        for task, count in ((self.confirmed, 2), (self.fresh, 1)):
            if len(asana.comments(task)) != count:
                found.append(f"comments are {asana.comments(task)}")
        return found


def _reasons() -> list[str]:
    return [str(Message.from_json(record.reason or {"pattern": ""})) for record in Record.objects.all()]


SCENE = ExactCompletions
