"""What is written to Exact Online for a task, each once: completion, release, plan figures, cost entry.

The tie (a link row of the task) holds what stands in Exact Online because of it, and the sentences about it
that the task was not told yet. It is stored after each write, so a killed run comes back to the same write,
which is then repeated harmlessly or found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from connections import clock
from connections.effects import Effects
from connections.errors import RejectedError
from connections.messages import Message, say
from connections.vendors.asana.tasks import Task
from connections.vendors.exact.api import NewCost, WbsItem, WbsKind
from pairs.definitions.exact_asana.common import COMPLETIONS
from pairs.definitions.exact_asana.completions import hours
from pairs.definitions.exact_asana.completions.places import Place
from pairs.definitions.exact_asana.completions.wishes import Cost, Wishes
from pairs.engine import Context
from pairs.models import Link
from pairs.work_items import links
from pairs.work_items.links import TIE

# Before an unclear entry is believed not to be there: the request may still be under way.
SETTLES_AFTER = timedelta(seconds=30)


@dataclass
class Writing:
    """The writes of one task."""

    context: Context
    task: Task
    tie: Link

    # --- what stands there --------------------------------------------------------------------------------

    @property
    def cycle(self) -> int:
        """Counts up when the task was opened again and what it had brought was taken back."""
        return int(self.tie.content.get("cycle", 1))

    @property
    def has_something(self) -> bool:
        """Whether anything stands in Exact Online that could be taken back."""
        kept = self.tie.content
        return bool(kept.get("completed") or kept.get("cost") or kept.get("cost_plan")) or any(
            kept.get(key) is not None for key in ("hours", "budget")
        )

    @property
    def is_taken_back(self) -> bool:
        """Whether that has been done since the task was opened again."""
        return bool(self.tie.content.get("taken_back"))

    def begin(self) -> None:
        """The task is completed (again)."""
        if self.is_taken_back:
            links.store(self.tie, taken_back=False)

    @property
    def effects(self) -> Effects:
        return self.context.effects(f"{self.context.record.subject}:exact")

    def _once(self, name: str, do: Any, content: Any, **safety: Any) -> Any:
        return self.effects.once(self._name(name), do, content=content, **safety)

    def _name(self, name: str) -> str:
        return f"{name} {self.tie.content.get('writes', 0)}"[:100]

    def store(self, *messages: Message, **changes: Any) -> None:
        """After a write: what stands now, what the task is to be told, another number for the next one."""
        untold = [*(self.tie.content.get("untold") or []), *(message.to_json() for message in messages)]
        number = int(self.tie.content.get("writes", 0)) + 1
        links.store(self.tie, writes=number, untold=untold, **changes)
        for message in messages:
            self.context.note("completion.written", message)

    # --- milestones, activities, expenses -----------------------------------------------------------------

    def complete(self, place: Place) -> None:
        element = place.element
        if element is None or self.tie.content.get("completed"):
            return
        # One that we have completed a moment ago, in a run that was killed, is ours as well.
        is_ours = not element.is_completed or self.effects.is_done(self._name(f"complete {element.id}"))
        if is_ours:
            self._once(
                f"complete {element.id}",
                lambda: self.context.source.complete(element.id, element.kind),
                [element.id, True],
                is_repeatable=True,
            )
        words = {"name": element.description, "project": place.project.code}
        message = say("'%(name)s' (project %(project)s) is set to completed in Exact Online.", **words)
        if not is_ours:
            message = say("'%(name)s' (project %(project)s) was completed in Exact Online already.", **words)
        self.store(message, completed=True)

    def reopen(self) -> None:
        element = self.tie.content.get("element") or {}
        if not self.tie.content.get("completed") or not element:
            return
        self._once(
            f"reopen {element['id']}",
            lambda: self.context.source.reopen(element["id"], WbsKind(int(element["kind"]))),
            [element["id"], False],
            is_repeatable=True,
        )
        self.store(
            say(
                "'%(name)s' is set back to not completed in Exact Online.", name=str(element.get("name", ""))
            ),
            completed=False,
        )

    def release(self, element: WbsItem, released_on: date) -> None:
        """ONCE ONLY, CAN'T BE UNDONE: kept for the milestone itself, whatever becomes of task and record."""
        owner = f"integration:{self.context.integration.pk}:release"
        self.context.effects(owner).once(
            element.id,
            lambda: self.context.source.release_term(element.id, released_on),
            find=lambda: self.context.source.find_release(element.id),
            content=[element.id, released_on.isoformat()],
            search_lag=SETTLES_AFTER,
        )
        self.store(
            say(
                "The invoice term '%(term)s' is released in Exact Online, dated %(day)s.",
                term=element.term.label if element.term else element.description,
                day=released_on.isoformat(),
            ),
            released=True,
        )

    # --- plan figures -------------------------------------------------------------------------------------

    def budget(self, place: Place, wishes: Wishes) -> None:
        wanted = wishes.budget
        if wanted is None or self.tie.content.get("budget") == str(wanted):
            return
        element, project, api = place.element, place.project, self.context.source
        if wishes.budget_is_of_element and element is not None:
            former, name = element.budgeted_cost, element.description
            write = lambda: api.set_wbs_budget(element.id, element.kind, cost=wanted)  # noqa: E731
        else:
            former, name = project.budgeted_costs, project.label
            write = lambda: api.set_cost_budget(project.id, wanted)  # noqa: E731
        plan = self.tie.content.get("budget_plan") or {}
        if plan.get("new") != str(wanted):
            # Kept beforehand: afterwards nobody can tell what it was.
            plan = {"new": str(wanted), "old": "-" if former is None else f"{former:f}"}
            links.store(self.tie, budget_plan=plan)
        self._once("budget", write, [name, str(wanted)], is_repeatable=True)
        self.store(
            say(
                "The budgeted costs of '%(name)s' are %(new)s in Exact Online (before: %(old)s).",
                name=name,
                new=f"{wanted:f}",
                old=plan["old"],
            ),
            budget=str(wanted),
            budget_plan=None,
        )

    def hour_budget(self, place: Place, wishes: Wishes) -> None:
        wanted = wishes.hours
        if wanted is None or self.tie.content.get("hours") == str(wanted):
            return
        project, item = place.project, str(self.context.setting("hour_item"))
        if self.context.setting("hour_budget") == "add":
            total = hours.contribute(self.context, project.id, item, self.task.gid, wanted)
        else:
            self._once(
                "hours",
                lambda: self.context.source.set_hour_budget(project.id, item, wanted),
                [project.id, item, str(wanted)],
                is_repeatable=True,
            )
            total = wanted
        self.store(
            say(
                "The hour budget of the project %(project)s is %(hours)s hours in Exact Online.",
                project=project.code,
                hours=f"{total:f}",
            ),
            hours=str(wanted),
        )

    # --- the cost entry -----------------------------------------------------------------------------------

    def cost(self, place: Place, wishes: Wishes, item_id: str) -> None:
        """The one entry of this task, as the task says now."""
        if planned := self.tie.content.get("cost_plan"):
            # An earlier run has begun it; only what was planned then can be looked for.
            self._enter(planned)
        if wishes.cost is None:
            return
        entered = self.tie.content.get("cost")
        if entered is None:
            self._enter(self._planned(place, wishes.cost, item_id))
        elif (entered["quantity"], entered["price"]) != (str(wishes.cost.quantity), str(wishes.cost.price)):
            self._change(entered, wishes.cost)

    def _planned(self, place: Place, cost: Cost, item_id: str) -> dict[str, str]:
        """Stored before the write: by day and marker an entry is found again."""
        number = int(self.tie.content.get("entries", 0)) + 1
        element = place.element
        plan = {
            "marker": f"asana:{self.task.gid}" + (f":{number}" if number > 1 else ""),
            "project": place.project.id,
            "project_code": place.project.code,
            "item": item_id,
            "quantity": str(cost.quantity),
            "price": str(cost.price),
            "currency": cost.currency,
            "day": cost.entered_on.isoformat(),
            "text": self.task.name,
            "expense": element.id if element is not None and element.kind == WbsKind.EXPENSE else "",
        }
        links.store(self.tie, cost_plan=plan, entries=number)
        return plan

    def _enter(self, plan: dict[str, str]) -> None:
        new = NewCost(
            project_id=plan["project"],
            item_id=plan["item"],
            quantity=Decimal(plan["quantity"]),
            price=Decimal(plan["price"]),
            currency=plan["currency"],
            entered_on=date.fromisoformat(plan["day"]),
            marker=plan["marker"],
            text=plan["text"],
            expense_id=plan["expense"],
        )

        def find() -> str | None:
            found = self.context.source.find_cost(new.project_id, new.entered_on, new.marker)
            return found.id if found else None

        entry_id = self.effects.once(
            f"cost {plan['marker']}",
            lambda: self.context.source.add_cost(new),
            find=find,
            content=plan,
            search_lag=SETTLES_AFTER,
        )
        self.store(
            say(
                "A cost entry of %(amount)s %(currency)s (draft) stands in the project %(project)s in Exact "
                "Online.",
                amount=f"{new.quantity * new.price:.2f}",
                currency=new.currency,
                project=plan["project_code"],
            ),
            cost={**plan, "id": entry_id},
            cost_plan=None,
        )

    def _change(self, entered: dict[str, str], cost: Cost) -> None:
        self._once(
            f"change cost {entered['id']}",
            lambda: self.context.source.change_cost(entered["id"], quantity=cost.quantity, price=cost.price),
            [str(cost.quantity), str(cost.price)],
            is_repeatable=True,
        )
        self.store(
            say(
                "The cost entry in Exact Online is now %(amount)s %(currency)s.",
                amount=f"{cost.amount:.2f}",
                currency=entered["currency"],
            ),
            cost={**entered, "quantity": str(cost.quantity), "price": str(cost.price)},
        )

    def delete_cost(self) -> Message | None:
        """Take the draft back. An entry that is submitted or approved stays: the sentence that says so."""
        entered = self.tie.content.get("cost")
        if not entered:
            return None
        try:
            self._once(
                f"delete cost {entered['id']}",
                lambda: self.context.source.delete_cost(entered["id"]),
                [entered["id"]],
                is_repeatable=True,
            )
        except RejectedError as error:
            if error.code != "entry_is_final":
                raise
            return error.message
        self.store(say("The draft of the cost entry is deleted in Exact Online."), cost=None)
        return None

    # --- taken back ---------------------------------------------------------------------------------------

    def take_back(self) -> None:
        """All that Exact Online gives back, once each time; what it does not is named."""
        self.reopen()
        final = self.delete_cost()
        kept = self.tie.content
        if kept.get("hours") is not None and self.context.setting("hour_budget") == "add":
            total = hours.contribute(
                self.context,
                kept["project"],
                str(self.context.setting("hour_item")),
                self.task.gid,
                Decimal(0),
            )
            message = say("The added hours are taken off; the budget is %(hours)s.", hours=f"{total:f}")
            self.store(message, hours=None)
        stays = [*([final] if final else []), *self._stays()]
        # Where nothing is left of it, the task may belong elsewhere next time.
        place = {} if stays else {"element": None}
        self.store(*stays, taken_back=True, cycle=self.cycle + 1, asked=None, declined=False, **place)

    def _stays(self) -> Iterator[Message]:
        kept = self.tie.content
        if kept.get("released"):
            yield say("The released invoice term stays released; Exact Online does not take that back.")
        if kept.get("budget") is not None or kept.get("hours") is not None:
            yield say("Plan figures that were set stay as they are in Exact Online.")


def tie(context: Context, task: Task, place: Place) -> Link:
    """The row of a task that something is about to be brought to Exact Online for."""
    element, gid = place.element, task.gid
    with transaction.atomic():
        context.hold()
        link, _ = Link.objects.get_or_create(
            integration=context.integration,
            flow=f"{COMPLETIONS}{TIE}",
            source_ref=gid,
            defaults={"target_ref": gid, "target_url": task.permalink_url[:500]},
        )
    noted: dict[str, Any] = {"project": place.project.id}
    if element is not None:
        noted["element"] = {
            "id": element.id,
            "kind": int(element.kind),
            "name": element.description,
        }
    if any(link.content.get(key) != value for key, value in noted.items()):
        links.store(link, since=link.content.get("since") or clock.now().isoformat(), **noted)
    return link
