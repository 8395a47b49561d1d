"""Completed tasks of Asana back to Exact Online: milestones, invoice terms, budgets and cost entries.

What is written is a matter of settings, all off until chosen (`settings`); what a task wants is read from its
mapped fields (`wishes`), where it belongs is found out (`places`), and each write happens once (`writes`).
"""

from datetime import timedelta

from pairs.base import Flow
from pairs.definitions.exact_asana.common import COMPLETIONS
from pairs.definitions.exact_asana.completions import flow
from pairs.definitions.exact_asana.completions.settings import (
    DECISIONS,
    FIELDS,
    PROJECT_SETTING,
    SETTINGS,
    WRITE_BACK,
    check,
    is_wanted,
)
from pairs.work_items import watch

FLOW = Flow(
    COMPLETIONS,
    "Completed tasks",
    poll=flow.poll,
    handle=flow.handle,
    wake=flow.wake,
    reads="target",
    watched=flow.watched,
    fields=FIELDS,
    fields_of=PROJECT_SETTING,
    write_back=WRITE_BACK,
    write_back_side="target",
    poll_every=timedelta(minutes=10),
    is_news=watch.is_news,
    decisions=DECISIONS,
)

__all__ = ("FLOW", "SETTINGS", "check", "is_wanted")
