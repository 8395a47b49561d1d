"""What a person has decided in Asana, by the rule of the integration. Makes no call."""

from __future__ import annotations

from enum import StrEnum

from connections.vendors.asana.tasks import Task
from pairs.engine import FlowContext


class Verdict(StrEnum):
    OPEN = ""
    APPROVED = "approved"
    REJECTED = "rejected"
    CHANGES = "changes_requested"


def verdict_of(context: FlowContext, task: Task) -> Verdict:
    """A rejected approval is completed too: it is never taken for approved, whatever the rule says."""
    if task.is_approval and task.approval_status in (Verdict.REJECTED, Verdict.CHANGES):
        return Verdict(task.approval_status)
    rule = context.setting("approval_rule")
    if rule == "option":
        return _by_option(context, task)
    is_approved = task.completed if rule == "completed" else task.approval_status == Verdict.APPROVED
    return Verdict.APPROVED if is_approved else Verdict.OPEN


def _by_option(context: FlowContext, task: Task) -> Verdict:
    field = task.fields.get(str(context.setting("approval_field")))
    if field is None or field.is_empty or not field.is_readable:
        return Verdict.OPEN
    if field.value == context.setting("approval_option"):
        return Verdict.APPROVED
    return Verdict.REJECTED if field.value == context.setting("rejection_option") else Verdict.OPEN
