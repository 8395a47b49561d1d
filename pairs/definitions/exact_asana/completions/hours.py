"""Hours that several tasks add to one hour budget: each counts once, and what people change there stays.

A row for each project and hour type holds what each task has added, and the plan of a change under way (from,
to). A plan is finished before another begins, by whoever comes: it writes a total, so a repeat is harmless.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from connections.errors import RejectedError, TransientError
from connections.messages import say
from pairs.definitions.exact_asana.common import COMPLETIONS
from pairs.engine import Context
from pairs.models import Link

FLOW = f"{COMPLETIONS}/hours"
MOST_ROUNDS = 5


def contribute(context: Context, project_id: str, item_id: str, gid: str, wanted: Decimal) -> Decimal:
    """Let the task count with `wanted` hours; the total as it is then."""
    row = _row(context, project_id, item_id)
    for _ in range(MOST_ROUNDS):
        _finish(context, row, project_id, item_id)
        current = _current(context, project_id, item_id)
        before = Decimal((row.content.get("added") or {}).get(gid, "0"))
        if wanted == before:
            return current
        plan = {"gid": gid, "hours": str(wanted), "from": str(current), "to": str(current + wanted - before)}
        if _plan(row, plan):
            _finish(context, row, project_id, item_id)
            return Decimal(plan["to"])
    raise TransientError(
        say("Other tasks are changing the same hour budget."), retry_after=timedelta(seconds=30)
    )


def _row(context: Context, project_id: str, item_id: str) -> Link:
    with transaction.atomic():
        context.hold()
        row, _ = Link.objects.get_or_create(
            integration=context.integration,
            flow=FLOW,
            source_ref=f"{project_id}|{item_id}",
            defaults={"target_ref": project_id},
        )
    return row


def _current(context: Context, project_id: str, item_id: str) -> Decimal:
    found = context.source.find_hour_budget(project_id, item_id)
    return found.hours if found is not None and found.hours is not None else Decimal(0)


def _plan(row: Link, plan: dict[str, Any]) -> bool:
    """Store the plan if nobody was quicker; `row` is up to date afterwards."""
    with transaction.atomic():
        held = Link.objects.select_for_update().get(pk=row.pk)
        is_same = held.content == row.content
        if is_same:
            held.content = {**held.content, "plan": plan, "number": held.content.get("number", 0) + 1}
            held.save(update_fields=("content",))
    row.content = held.content
    return is_same


def _finish(context: Context, row: Link, project_id: str, item_id: str) -> None:
    """Carry out the plan that is under way, if there is one."""
    plan, number = row.content.get("plan"), row.content.get("number", 0)
    if not plan:
        return
    start, end = Decimal(plan["from"]), Decimal(plan["to"])
    current = _current(context, project_id, item_id)
    if current not in (start, end):
        raise RejectedError(
            say(
                "While hours were added, the hour budget was changed in Exact Online: it was %(start)s, "
                "should become %(end)s and is %(now)s. Set it there to one of the two, then try again.",
                start=plan["from"],
                end=plan["to"],
                now=f"{current:f}",
            )
        )
    context.effects(f"link:{row.pk}:hours").once(
        f"plan {number}",
        lambda: context.source.set_hour_budget(project_id, item_id, end),
        is_repeatable=True,
        content=plan,
    )
    with transaction.atomic():
        held = Link.objects.select_for_update().get(pk=row.pk)
        if held.content.get("number") == number and held.content.get("plan"):
            added = {**(held.content.get("added") or {}), plan["gid"]: plan["hours"]}
            held.content = {**held.content, "plan": None, "added": added}
            held.save(update_fields=("content",))
    row.content = held.content
