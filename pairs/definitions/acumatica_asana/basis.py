"""What a decision is about: amount, currency and status as the task showed them when it was decided.

The link of a document keeps two sets of facts. `shown`: what the task shows now. `basis`: what it showed when
a decision on it was last open; an update of a task that is decided already does not touch it. Every doubt
(a worker killed in between, a task adopted as approved) leaves the older basis, or none: then the decision is
asked for again, and nothing is released.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connections import clock
from connections.vendors.asana.tasks import Task
from pairs.definitions.acumatica_asana.decisions import Verdict, verdict_of
from pairs.engine import Context
from pairs.models import Link, Record, RecordState
from pairs.work_items import Ensured
from pairs.work_items.links import of_document, store

Facts = Mapping[str, str]


def shown(context: Context, ensured: Ensured, facts: Facts) -> None:
    """The task shows `facts` now. They become the basis unless somebody has decided before."""
    link = of_document(context)
    if link is None or (link.content.get("shown") == facts and link.content.get("basis") == facts):
        return
    task = ensured.task or context.target.task(ensured.gid)
    if verdict_of(context, task) == Verdict.OPEN:
        store(link, shown=dict(facts), basis=dict(facts))
        return
    store(link, shown=dict(facts))
    _hurry(context, link, clock.now())


def undecided(context: Context, link: Link) -> None:
    """The task was seen without a decision: an older basis is renewed, once that is made sure of."""
    if link.content.get("basis") == link.content.get("shown"):
        return
    task: Task = context.target.task(link.target_ref)
    if verdict_of(context, task) == Verdict.OPEN:
        store(link, basis=link.content.get("shown"))


def _hurry(context: Context, link: Link, now: datetime) -> None:
    """An approval that waits for further approvers in Acumatica goes on now: the document has changed."""
    Record.objects.filter(
        integration=context.integration,
        flow="approvals",
        source_ref=link.target_ref,
        state=RecordState.SENT,
    ).update(due_at=now)
