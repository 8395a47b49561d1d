"""The Asana side: which tasks changed, what a task says, and whether it is approved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from connections import clock
from connections.errors import RejectedError
from connections.messages import Message, say
from connections.vendors.asana.api import Task
from connections.vendors.asana.webhooks import task_refs
from pairs.base import Change, Page
from pairs.engine import Context, FlowContext
from pairs.work_items.values import moment as moment_of

# Tasks are read again for this long before the newest one seen: whether Asana compares with > or >= is
# not documented, and several tasks may have changed at the same moment.
OVERLAP = timedelta(minutes=5)


def version_of(task: Task) -> str:
    """`modified_at|hash of the content`: sorts by time, and differs for two changes at one moment."""
    content = json.dumps(task.raw, sort_keys=True, default=str).encode()
    return f"{task.modified_at}|{hashlib.sha256(content).hexdigest()[:12]}"


def is_news(version: str, known: str) -> bool:
    """Whether `version` tells more than `known`.

    A poll knows the content, a webhook only the moment of its event (no hash): an event that is not newer
    than the content we have read is already in it.
    """
    moment, _, content = version.partition("|")
    known_moment, _, known_content = known.partition("|")
    if moment != known_moment:
        return moment > known_moment
    return bool(content) and content != known_content


def poll(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
    """One page of the tasks that changed since the cursor, with their content.

    The watermark is Asana's own clock (`modified_at`), and moves only when the listing has ended; never past
    the beginning of the listing: a task that changes after its page was read is found by the next one.
    """
    reads = [context.setting("project"), str(context.setting("begin_on"))]
    if cursor.get("reads", reads) != reads:
        # Another project, or an earlier first day: what was not looked at so far is read from the beginning.
        cursor, more = {}, ""
    page = context.source.tasks(
        context.setting("project"), modified_since=_since(context, cursor), offset=more
    )
    newest = max([cursor.get("newest", ""), *(task.modified_at for task in page.tasks)])
    started = cursor.get("started") or _as_asana_writes(clock.now())
    changes = [change_of(task) for task in page.tasks if not task.is_separator]
    if page.next_offset:
        under_way = {"reads": reads, "newest": newest, "started": started}
        return Page(changes, {**cursor, **under_way}, page.next_offset)
    watermark = max(cursor.get("watermark", ""), min(newest, started))
    return Page(changes, {"reads": reads, "watermark": watermark})


def _as_asana_writes(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _since(context: FlowContext, cursor: Mapping[str, Any]) -> datetime:
    watermark = cursor.get("watermark")
    if watermark:
        return datetime.fromisoformat(watermark) - OVERLAP
    begin_on = date.fromisoformat(str(context.setting("begin_on")))
    return datetime.combine(begin_on, time.min, tzinfo=UTC) - timedelta(days=1)


def change_of(task: Task) -> Change:
    return Change(
        ref=task.gid, version=version_of(task), label=task.name, url=task.permalink_url, snapshot=task.raw
    )


def wake(context: FlowContext, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
    """The tasks that a delivery names. Raises ValueError when it is not what Asana sends."""
    return [
        Change(ref=gid, version=created_at, is_deleted=is_deleted)
        for gid, created_at, is_deleted in task_refs(body)
    ]


def watched(context: FlowContext) -> Sequence[str]:
    project = context.setting("project")
    return (project,) if project else ()


def read(context: Context) -> Task | None:
    """The task as it is now; None when it is gone or not shared with us any more."""
    snapshot = context.fresh_snapshot()
    if snapshot is not None:
        return Task.from_json(snapshot)
    try:
        task: Task = context.source.task(context.record.source_ref)
    except RejectedError as error:
        if error.status in (404, 410):
            return None
        raise
    return task


GONE = say("The task was deleted in Asana or is no longer shared with us; nothing was booked.")


def why_not_booked(context: FlowContext, task: Task | None) -> Message | None:
    """The sentence that says why the task is not booked (yet); None when it is to be booked."""
    if task is None:
        return GONE
    if context.setting("project") not in task.projects:
        return say("The task is not in the project of this integration any more; nothing is booked.")
    return why_not_approved(context, task)


def why_not_approved(context: FlowContext, task: Task) -> Message | None:
    """The sentence that says why nothing is booked yet; None when the task is approved."""
    rule = context.setting("approval_rule")
    if _is_too_old(context, task):
        return say(
            "Approved before %(day)s, the day from which this integration books.",
            day=context.setting("begin_on"),
        )
    if rule == "completed":
        return None if task.completed else say("Not completed yet.")
    if rule == "option":
        chosen = task.fields.get(context.setting("approval_field"))
        is_approved = chosen is not None and chosen.value == context.setting("approval_option")
        return (
            None if is_approved else say("The approval field does not have the option that means approved.")
        )
    if task.approval_status == "approved":
        return None
    if task.resource_subtype != "approval":
        return say("This is not an approval task, and only approvals are booked.")
    return REASONS.get(task.approval_status or "", say("Not approved yet."))


REASONS = {
    "rejected": say("The approval was rejected in Asana; nothing is booked."),
    "changes_requested": say("Changes were requested in Asana; nothing is booked until it is approved."),
}


def _is_too_old(context: FlowContext, task: Task) -> bool:
    """Whether it was approved before the integration's first day, and so was booked by hand.

    Asana notes when a task was completed, which an approval is; for an option there is no such moment,
    so that tasks count from the day of their creation. A later comment makes no old task a new one.
    """
    begin_on = date.fromisoformat(str(context.setting("begin_on")))
    decided_at = moment_of(task.raw.get("completed_at")) or moment_of(task.raw.get("created_at"))
    return decided_at is not None and decided_at.astimezone(ZoneInfo(settings.TIME_ZONE)).date() < begin_on
