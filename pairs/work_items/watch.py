"""Tasks that are watched for decisions of people, and the quietness of our own writes to them.

The version of a task is "modified_at|content|until": a poll compares the content; a webhook event, which
names a moment alone, is no news up to `until`: what it tells is our own write or was returned by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from connections import clock
from connections.messages import say
from connections.vendors.asana.tasks import Task
from connections.vendors.asana.webhooks import decided_refs, task_refs
from pairs import records
from pairs.base import Change, Page
from pairs.engine import Context, FlowContext
from pairs.models import Integration, Link, Record
from pairs.work_items import links

# Whether Asana compares with > or >= is not documented; tasks may have changed at the same moment.
OVERLAP = timedelta(minutes=5)
# The events of one write follow its `modified_at` within moments. Should a person's event fall into this
# time, the next poll finds it by its content.
ECHO = timedelta(seconds=2)
UNSEEN = ("modified_at", "permalink_url")
WAITING = say("Waiting for a decision in Asana.")


# --- versions ---------------------------------------------------------------------------------------------


def version_of(task: Task) -> str:
    """The version of a task as just read. A comment or a file does not change it, beyond its moment."""
    content = {key: value for key, value in task.raw.items() if key not in UNSEEN}
    text = json.dumps(content, sort_keys=True, default=str).encode()
    return f"{task.modified_at}|{hashlib.sha256(text).hexdigest()[:12]}"


def is_news(version: str, known: str) -> bool:
    """`Flow.is_news` of a flow that watches tasks."""
    moment, content, _ = _parts(version)
    known_moment, known_content, until = _parts(known)
    if content and known_content:
        return content != known_content and moment >= known_moment
    return moment > max(known_moment, until)


def version(context: Context, task: Task) -> str:
    """What `handle` of a watching flow returns as its version, having decided upon `task`.

    That is the state which our own writes have left it in, unless a person has changed it meanwhile: then
    the record is looked at again.
    """
    noted = _noted(context).get(task.gid)
    if noted:
        return noted
    # The events of earlier writes of ours may still be on their way.
    until = _parts(context.record.seen_version)[2] if context.record.source_ref == task.gid else ""
    return f"{version_of(task)}|{until}" if until else version_of(task)


def _parts(version: str) -> tuple[str, str, str]:
    moment, _, rest = version.partition("|")
    content, _, until = rest.partition("|")
    return moment, content, until


def _after(moment: str) -> str:
    """The end of the time in which events of a write at `moment` come."""
    return as_asana_writes(datetime.fromisoformat(moment) + ECHO)


def as_asana_writes(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


# --- learning of changes ----------------------------------------------------------------------------------


def poll(
    context: FlowContext,
    projects: Sequence[str],
    cursor: Mapping[str, Any],
    more: str,
    *,
    flows: Sequence[str],
    also: Callable[[Task], bool] = lambda task: False,
) -> Page:
    """One page of the linked tasks (of documents of `flows`) in `projects` that changed since the cursor.

    Others are in it where `also` says so. A project's watermark is Asana's own clock and never moves past
    the beginning of its listing.
    """
    marks = {project: mark for project, mark in cursor.get("marks", {}).items() if project in projects}
    at, _, offset = more.partition(":")
    index = int(at or 0)
    if index >= len(projects):
        return Page((), {"marks": marks})
    project = projects[index]
    page = context.target.tasks(
        project, modified_since=_since(context, marks.get(project, "")), offset=offset
    )
    under_way = cursor if offset else {}
    newest = max([under_way.get("newest", ""), *(task.modified_at for task in page.tasks)])
    started = under_way.get("started") or as_asana_writes(clock.now())
    watched = linked(context.integration, [task.gid for task in page.tasks], flows)
    changes = [change_of(task) for task in page.tasks if task.gid in watched or also(task)]
    if page.next_offset:
        value = {"marks": marks, "newest": newest, "started": started}
        return Page(changes, value, f"{index}:{page.next_offset}")
    marks[project] = max(marks.get(project, ""), min(newest, started))
    return Page(changes, {"marks": marks}, f"{index + 1}:" if index + 1 < len(projects) else "")


def _since(context: FlowContext, mark: str) -> datetime:
    """Before the integration there was nothing of ours to decide upon; what is adopted is looked at then."""
    begun = datetime.fromisoformat(mark) if mark else context.integration.created_at
    return begun - OVERLAP


def changes(
    context: FlowContext, body: bytes, *, flows: Sequence[str], with_decided: bool = False
) -> Sequence[Change]:
    """The linked tasks that a webhook delivery names. Raises ValueError when it is not what Asana sends.

    `with_decided`: others as well, where the delivery says that somebody has completed or decided them, or
    where the flow has a record of them.
    """
    refs = task_refs(body)
    gids = [ref.gid for ref in refs]
    watched = linked(context.integration, gids, flows)
    if with_decided:
        known = Record.objects.filter(
            integration=context.integration, flow=context.flow.key, source_ref__in=gids
        )
        watched |= decided_refs(body) | set(known.values_list("source_ref", flat=True))
    return [
        Change(ref=ref.gid, version=ref.created_at, is_deleted=ref.is_deleted)
        for ref in refs
        if ref.gid in watched
    ]


def linked(integration: Integration, gids: Iterable[str], flows: Sequence[str]) -> set[str]:
    """Those tasks that belong to documents of `flows`."""
    found = Link.objects.filter(integration=integration, flow__in=flows, target_ref__in=list(gids))
    return set(found.values_list("target_ref", flat=True))


def change_of(task: Task) -> Change:
    return Change(
        ref=task.gid, version=version_of(task), label=task.name, url=task.permalink_url, snapshot=task.raw
    )


# --- our own writes ---------------------------------------------------------------------------------------


def parts_of(task: Task) -> dict[str, str]:
    """A mark for each part of a task that people or we can change."""
    found: dict[str, Any] = {
        "name": task.name,
        "notes": task.notes,
        "due_on": task.due_on,
        "kind": task.resource_subtype,
        "approval_status": task.approval_status,
        "completed": task.completed,
        "place": sorted(task.memberships),
    }
    fields = [field for field in task.fields.values() if field.is_enabled and not field.is_read_only]
    found |= {f"field:{field.gid}": field.value for field in fields}
    return {part: links.mark(value) for part, value in found.items()}


def written(
    context: Context, link: Link, task: Task, *, flow: str, own: Iterable[str], is_new: bool = False
) -> None:
    """Note `task` as Asana returned it after we wrote the parts `own`: its own event is then no news.

    Where it shows anything else than we knew and wrote, a person was at it: the watching record of `flow` is
    woken with it.
    """
    known, now = link.content.get("known") or {}, parts_of(task)
    skipped = set(own)
    foreign = not is_new and any(
        known.get(part) != now.get(part) for part in {*known, *now} if part not in skipped
    )
    links.store(link, known=now)
    if not flow:
        return
    if foreign:
        _pin(context, task.gid)
        with transaction.atomic():
            records.wake(context.integration, flow, [change_of(task)])
        return
    change = change_of(task)
    noted = f"{change.version}|{_after(task.modified_at)}"
    _note(context, task.gid, noted)
    records.note(context.integration, flow, change.ref, noted, WAITING, label=task.name, url=change.url)


def touched(context: Context, gid: str, *, flow: str, moment: str = "") -> None:
    """Note that we wrote a comment or a file, or moved the task: its content is what it was.

    `moment` is Asana's own, or "" where it did not tell one.
    """
    until = _after(moment or as_asana_writes(clock.now()))
    if not flow:
        return

    def later(known: str) -> str:
        at, content, before = _parts(known)
        return f"{at}|{content}|{max(before, until)}" if content else known

    records.retouch(context.integration, flow, gid, later)
    noted = _noted(context)
    if noted.get(gid):
        noted[gid] = later(noted[gid])


def remember(context: Context, task: Task) -> None:
    """A watching flow has handled `task`: what it shows is known when we next write to it.

    A task that was taken out of the trash again is kept up to date again.
    """
    link = links.of_task(context.integration, task.gid)
    if link is None:
        return
    was_gone = bool(link.content.get("gone")) and not link.content.get("removed")
    links.store(link, known=parts_of(task), **({"gone": False, "source": ""} if was_gone else {}))
    if was_gone and not link.flow.endswith((links.LINE, links.TIE)):
        _wake_document(context, link)


def gone(context: FlowContext, gid: str) -> Link | None:
    """A task was deleted by a person: its document's record is woken to act by the rule, once."""
    link = links.of_task(context.integration, gid)
    if link is None or link.content.get("gone") or link.flow.endswith((links.LINE, links.TIE)):
        return link
    links.store(link, gone=True)
    _wake_document(context, link)
    return link


def _wake_document(context: FlowContext, link: Link) -> None:
    with transaction.atomic():
        records.wake(context.integration, link.flow, [Change(ref=link.source_ref)])


def _noted(context: Context) -> dict[str, str]:
    """Versions that this run's own writes have left tasks in; "" where a person was at it meanwhile."""
    held: dict[str, str] = context.__dict__.setdefault("noted_versions", {})
    return held


def _note(context: Context, gid: str, version: str) -> None:
    held = _noted(context)
    if held.get(gid) != "":
        held[gid] = version


def _pin(context: Context, gid: str) -> None:
    _noted(context)[gid] = ""
