"""Tasks of an earlier installation: found by their natural keys in one listing of a project, and linked."""

from __future__ import annotations

from django.db import transaction

from connections.messages import say
from connections.vendors.asana.tasks import Task
from pairs import records
from pairs.engine import Context
from pairs.models import Finding, Link
from pairs.work_items import links, watch
from pairs.work_items.item import WorkItem, keys_in
from pairs.work_items.nodes import Node, agreeing

UNDECIDED = ("", "pending")


def adopt(context: Context, item: WorkItem, node: Node, *, id_field: str, watched_by: str) -> Link | None:
    """The link to a task that carried the document's key before we knew it; None if there is none."""
    _look_through(context, item, id_field)
    task = _take(context, item.project, item.key)
    if task is None:
        return None
    link = links.make(
        context,
        context.flow.key,
        context.record.source_ref,
        task.gid,
        task.permalink_url,
        _content(node, task),
    )
    _forget(context, item.project, item.key)
    context.note(
        "task.adopted",
        say("A task for this document was in Asana already; it is linked, no second one is made."),
        task=task.gid,
    )
    if watched_by and (task.completed or task.approval_status not in UNDECIDED):
        # What people have decided while nobody watched is looked at now.
        with transaction.atomic():
            records.wake(context.integration, watched_by, [watch.change_of(task)])
    elif watched_by:
        version = watch.version_of(task)
        records.note(
            context.integration,
            watched_by,
            task.gid,
            version,
            watch.WAITING,
            label=task.name,
            url=task.permalink_url,
        )
    return link


def adopt_line(context: Context, node: Node, ref: str, project: str) -> Link | None:
    """The same for a line that is a row of the project."""
    task = _take(context, project, node.key)
    if task is None:
        return None
    content = {**_content(node, task), "parent": node.parent}
    link = links.make(context, links.line_flow(context), ref, task.gid, task.permalink_url, content)
    _forget(context, project, node.key)
    return link


def _content(node: Node, task: Task) -> dict[str, object]:
    place = {"place": list(node.parts["place"])} if "place" in node.parts else {}
    return {
        "adopted": True,
        "written": agreeing(node, task),
        "known": watch.parts_of(task),
        **place,
    }


def _look_through(context: Context, item: WorkItem, id_field: str) -> None:
    """List the project once for the integration and keep which task carries which key, the oldest first."""
    known = Finding.objects.filter(integration=context.integration, container=item.project)
    if known.filter(key="").exists():
        return
    found: dict[str, Task] = {}
    offset = ""
    while True:
        page = context.target.tasks(item.project, modified_since=None, offset=offset)
        context.hold()
        for task in page.tasks:
            for key in _keys(task, item.prefix, id_field):
                if key not in found or task.created_at < found[key].created_at:
                    found[key] = task
        offset = page.next_offset
        if not offset:
            break
    rows = [
        Finding(
            integration=context.integration,
            container=item.project,
            key=key[:300],
            target_ref=task.gid,
            snapshot=dict(task.raw),
        )
        for key, task in found.items()
    ]
    with transaction.atomic():
        Finding.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
        Finding.objects.get_or_create(integration=context.integration, container=item.project, key="")


def _keys(task: Task, prefix: str, id_field: str) -> list[str]:
    held = task.fields.get(id_field) if id_field else None
    in_field = [held.value] if held and isinstance(held.value, str) and held.value.startswith(prefix) else []
    # Only the last such line: people quote other documents above it.
    return [*in_field, *keys_in(task.notes, prefix)[:1]]


def _forget(context: Context, project: str, key: str) -> None:
    """It is linked now: what it held is no longer needed."""
    Finding.objects.filter(integration=context.integration, container=project, key=key[:300]).update(
        snapshot=None
    )


def _take(context: Context, project: str, key: str) -> Task | None:
    finding = Finding.objects.filter(
        integration=context.integration, container=project, key=key[:300], snapshot__isnull=False
    ).first()
    if finding is None or links.of_task(context.integration, finding.target_ref) is not None:
        return None
    return Task.listed(finding.snapshot or {})
