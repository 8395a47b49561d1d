"""Deliverables, activities and expenses of Exact Online's projects as milestones and tasks in theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connections.messages import say
from connections.vendors.exact.api import ChangedRow, WbsItem, WbsKind
from pairs import work_items
from pairs.base import Outcome, done, dormant, waiting
from pairs.definitions.exact_asana import projects
from pairs.definitions.exact_asana.common import (
    PROJECTS,
    guid_of,
    own_project,
    refuse_other_company,
    watching,
)
from pairs.definitions.exact_asana.polling import Feed, content, poll_of
from pairs.definitions.exact_asana.words import key_of
from pairs.engine import Context, FlowContext
from pairs.models import Record
from pairs.work_items import Closing, WorkItem

WBS = "wbs"
PROJECT_COMES_IN = timedelta(minutes=2)


def is_wanted(context: FlowContext) -> bool:
    is_any = context.setting("with_milestones") or context.setting("with_activities")
    return projects.is_wanted(context) and bool(is_any)


def handle(context: Context) -> Outcome:
    refuse_other_company(context)
    version = context.record.seen_version
    item = read(context)
    if item is None:
        return _gone(context, version)
    if not _is_shown(context, item):
        return dormant(say("By the rule of the integration nothing is made of it."), version=version)
    ref = context.source.ref(PROJECTS, item.project_id)
    place = own_project(context.integration, PROJECTS, ref)
    if place is None:
        return _without_place(context, ref, version)
    work_item = WorkItem(
        key=key_of("Work item", None, context.source.division, item.id),
        name=item.description,
        project=place.target_ref,
        kind="milestone" if item.kind == WbsKind.DELIVERABLE else "task",
        notes=item.notes,
        values={
            "budgeted_cost": item.budgeted_cost,
            "budgeted_hours": item.budgeted_hours,
            "administration": str(context.source.division),
        },
        due_on=item.ends_on,
    )
    watched_by = watching(context.integration)
    ensured = work_items.ensure(context, work_item, work_items.rules_of(context, watched_by=watched_by))
    if item.is_completed and ensured.what not in ("gone", "moved"):
        work_items.close(context, Closing("completed"), watched_by=watched_by)
    return done(ensured.message, target_url=ensured.url, version=version)


def read(context: Context) -> WbsItem | None:
    """The record's object as it is now; None when it is gone. What kind it is, is found out once."""
    found = content(context)
    if found is not None:
        return WbsItem.from_row(*found)
    guid = guid_of(context.record.source_ref)
    for kind in WbsKind:
        item: WbsItem | None = context.source.wbs_item(guid, kind)
        if item is not None:
            return item
    return None


def _is_shown(context: Context, item: WbsItem) -> bool:
    key = "with_milestones" if item.kind == WbsKind.DELIVERABLE else "with_activities"
    return projects.is_wanted(context) and bool(context.setting(key))


def _without_place(context: Context, ref: str, version: str) -> Outcome:
    """Its project comes first; if it never comes, there is no place for it."""
    project = Record.objects.filter(integration=context.integration, flow=PROJECTS, source_ref=ref).first()
    if project is not None and project.done_at is not None:
        return dormant(say("Its project is not in Asana."), version=version)
    return waiting(
        say("Its project in Asana is made first."), until=context.now + PROJECT_COMES_IN, version=version
    )


def _gone(context: Context, version: str) -> Outcome:
    closing = Closing("deleted", say("This was deleted in Exact Online."))
    link = work_items.close(context, closing, watched_by=watching(context.integration))
    if link is None:
        return dormant(say("It was deleted in Exact Online before a task was made."), version=version)
    return done(
        say("It was deleted in Exact Online; its task says so and is completed."),
        target_url=link.target_url,
        version=version,
    )


def _still_there(context: FlowContext, ids: Sequence[str]) -> Mapping[str, Any]:
    wanted = set(ids)
    return {
        item.id: item
        for project in context.source.projects()
        for kind in WbsKind
        for item in context.source.wbs(project.id, kind)
        if item.id in wanted
    }


def _label(changed: ChangedRow) -> str:
    return changed.row.text("Description") if changed.row is not None else ""


poll = poll_of(
    Feed(WBS, label=_label, still_there=_still_there, from_the_start=True, has_content=True),
    is_wanted=is_wanted,
)
