"""One task at Asana, of a document or of one of its lines: made once, changed where something changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from connections.errors import ConfigurationError, RejectedError
from connections.models import Effect
from connections.vendors.asana import fields as asana_fields
from connections.vendors.asana.outgoing import MAX_NAME_LENGTH, Draft, Kept, kept, shortened
from connections.vendors.asana.tasks import Task
from pairs.engine import Context
from pairs.models import Link, UpdateMode
from pairs.work_items import links
from pairs.work_items.item import Kind, carries
from pairs.work_items.links import mark

# Before an unclear write is believed not to be there: a request may still be under way at Asana.
SETTLES_AFTER = timedelta(seconds=30)
# Our clock and Asana's may differ, and a list that is too short would make a second task.
MARGIN = timedelta(days=1)
FIELD = "field:"
# Parts that are one PUT together; the others have calls of their own.
PLACE = "place"


class Gone(Exception):
    """The task was deleted, or is not shown to us any more."""


class MovedOut(Exception):
    """The task was taken out of its project. `task` is what it is now."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.gid)
        self.task = task


@dataclass
class Node:
    """What a task should hold. `parts`: name, notes, due_on, assignee, place (project, section), field:<gid>.

    `effect` names its creation among the document's writes; `modes` of parts that are not always written.
    """

    effect: str
    key: str
    parts: dict[str, Any]
    modes: dict[str, str] = field(default_factory=dict)
    kind: Kind = "task"
    parent: str = ""

    @property
    def project(self) -> str:
        return str((self.parts.get(PLACE) or ("", ""))[0])


@dataclass(frozen=True)
class Made:
    """A task that is there now. `written` are the marks of those parts that it holds; `task` if it was read.

    `was_found`: an earlier try had arrived, and people may have seen the task already.
    """

    gid: str
    url: str
    written: Mapping[str, str]
    task: Task | None
    was_found: bool = False


# --- made -------------------------------------------------------------------------------------------------


def create(context: Context, node: Node, find: Callable[[], Task | None], *, lost: str = "") -> Made:
    """The task of `node`, made now unless it has been. `lost` is the gid of one that is gone."""
    name = f"{node.effect} after {lost}" if lost else node.effect
    seen: list[Task] = []
    was_found: list[bool] = []

    def result(task: Task) -> dict[str, Any]:
        seen.append(task)
        return {"gid": task.gid, "url": task.permalink_url, "written": agreeing(node, task)}

    def found() -> dict[str, Any] | None:
        task = find()
        was_found.append(task is not None)
        return result(task) if task is not None else None

    made = links.effects(context).once(
        name,
        lambda: result(_create(context, _draft(node))),
        find=found,
        content=plain(node.parts),
        search_lag=SETTLES_AFTER,
    )
    return Made(made["gid"], made["url"], made["written"], seen[-1] if seen else None, any(was_found))


def _create(context: Context, draft: Draft) -> Task:
    try:
        task: Task = context.target.create_task(draft)
    except RejectedError as error:
        if error.status in (404, 410) and draft.project:
            # Raises where it is the whole project that is gone.
            context.target.project(draft.project)
        raise
    return task


def begun_at(context: Context, node: Node, lost: str = "") -> datetime:
    """From when on the project's list is searched for a creation whose answer was lost."""
    name = f"{node.effect} after {lost}" if lost else node.effect
    effect = Effect.objects.filter(owner=links.effects(context).owner, name=name).first()
    started: datetime = (effect.started_at if effect else None) or context.record.entered_at
    return started - MARGIN


def _draft(node: Node) -> Draft:
    project, section = node.parts.get(PLACE) or ("", "")
    return Draft(
        name=node.parts["name"],
        project=project,
        section=section,
        parent=node.parent,
        notes=node.parts["notes"],
        is_approval=node.kind == "approval",
        is_milestone=node.kind == "milestone",
        due_on=node.parts.get("due_on"),
        assignee=node.parts.get("assignee") or "",
        fields={gid: value for gid, value in _fields(node.parts).items() if value is not None},
    )


def agreeing(node: Node, task: Task) -> dict[str, str]:
    """The marks of those parts that `task` holds as `node` wants them. Who it is assigned to isn't read."""
    return {part: mark(value) for part, value in node.parts.items() if _holds(task, part, value)}


def _holds(task: Task, part: str, value: Any) -> bool:
    if part == "name":
        return task.name == shortened(value, MAX_NAME_LENGTH)
    if part == "notes":
        return task.notes.strip() == value.strip()
    if part == "due_on":
        return task.due_on == (value.isoformat() if value else "")
    if part == PLACE:
        return any(at.project == value[0] and value[1] in ("", at.section) for at in task.memberships)
    if part.startswith(FIELD):
        held = task.fields.get(part.removeprefix(FIELD))
        return asana_fields.arrived(value, held) if held is not None else value is None
    return True


def is_it(task: Task, key: str, id_field: str = "") -> bool:
    """Whether a task carries the natural key, in its description or in the field mapped for it."""
    held = task.fields.get(id_field) if id_field else None
    return carries(task.notes, key) or (held is not None and held.value == key)


# --- changed ----------------------------------------------------------------------------------------------


def change(context: Context, node: Node, link: Link) -> tuple[Task | None, set[str]]:
    """Write what differs from what was written last: (the task as Asana returned it, the parts written).

    No call where nothing differs. Raises Gone or MovedOut.
    """
    before = link.content.get("written") or {}
    wanted = {part: value for part, value in node.parts.items() if before.get(part) != mark(value)}
    due = {part: value for part, value in wanted.items() if node.modes.get(part) != UpdateMode.NEVER}
    number = link.content.get("writes", 0)
    try:
        if PLACE in due:
            _move(context, link, number, due[PLACE])
        written = _but_filled(context, node, link, due)
        task = _put(context, link, number, written) if written else None
    except RejectedError as error:
        # Outside of its project a task has not the project's fields, or only to be cleared.
        if error.status in (400, 404, 410):
            _refuse_gone_or_moved(context, node, link)
        raise
    except ConfigurationError as error:
        if error.code == "field_not_on_task":
            _refuse_gone_or_moved(context, node, link)
        raise
    if not wanted:
        return None, set()
    marks = {part: mark(value) for part, value in wanted.items()}
    # A move is remembered by its project, so that a later one leaves it again.
    place = {PLACE: list(due[PLACE])} if PLACE in due else {}
    links.store(link, written={**before, **marks}, writes=number + 1, **place)
    if task is not None and node.project and node.project not in task.projects:
        raise MovedOut(task)
    return task, set(written) | ({PLACE} if PLACE in due else set())


def _but_filled(context: Context, node: Node, link: Link, due: Mapping[str, Any]) -> dict[str, Any]:
    """`due` for one PUT, without the fields that are written only while they are empty and are not."""
    parts = {part: value for part, value in due.items() if part != PLACE}
    guarded = [part for part in parts if node.modes.get(part) == UpdateMode.IF_EMPTY]
    if not guarded:
        return parts
    task = context.target.task(link.target_ref)
    filled = {part for part in guarded if not is_empty(task, part)}
    return {part: value for part, value in parts.items() if part not in filled}


def is_empty(task: Task, part: str) -> bool:
    held = task.fields.get(part.removeprefix(FIELD))
    return held is None or held.is_empty


def _put(context: Context, link: Link, number: int, parts: Mapping[str, Any]) -> Task:
    answers: list[Task] = []

    def do() -> dict[str, str]:
        answers.append(put(context, link.target_ref, parts))
        return {"modified_at": answers[-1].modified_at}

    links.effects(context).once(
        f"change {link.target_ref} {number} {mark(plain(parts))}",
        do,
        is_repeatable=True,
        content=plain(parts),
    )
    return answers[-1] if answers else context.target.task(link.target_ref)


def put(context: Context, gid: str, parts: Mapping[str, Any]) -> Task:
    """One PUT with exactly these parts."""
    due_on: date | None | Kept = parts.get("due_on", kept)
    task: Task = context.target.change_task(
        gid,
        name=parts.get("name"),
        notes=parts.get("notes"),
        due_on=due_on,
        assignee=parts.get("assignee"),
        fields=_fields(parts),
    )
    return task


def _move(context: Context, link: Link, number: int, place: tuple[str, str]) -> None:
    """Into the place; out of the project where it was before, if that is another one."""
    project, section = place
    gid, was = link.target_ref, (link.content.get(PLACE) or ["", ""])[0]
    writes = links.effects(context)
    writes.once(
        f"move {gid} {number} {mark(list(place))}",
        lambda: context.target.add_to_project(gid, project, section),
        is_repeatable=True,
    )
    if was and was != project:
        writes.once(
            f"leave {gid} {number} {was}",
            lambda: context.target.remove_from_project(gid, was),
            find=lambda: {} if was not in context.target.task(gid).projects else None,
        )


def _refuse_gone_or_moved(context: Context, node: Node, link: Link) -> None:
    """Raises Gone or MovedOut if that is why Asana refuses, and not a section or person in the request."""
    try:
        task = context.target.task(link.target_ref)
    except RejectedError as error:
        if error.status in (404, 410):
            raise Gone(link.target_ref) from error
        raise
    if node.project and node.project not in task.projects:
        raise MovedOut(task)


def put_back(context: Context, node: Node, link: Link) -> None:
    """Into its project again, after a person has taken it out and the rule wants it there."""
    project, section = node.parts[PLACE]
    number = link.content.get("writes", 0)
    links.effects(context).once(
        f"put back {link.target_ref} {number}",
        lambda: context.target.add_to_project(link.target_ref, project, section),
        is_repeatable=True,
    )


def _fields(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {part.removeprefix(FIELD): value for part, value in parts.items() if part.startswith(FIELD)}


def plain(parts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((part, str(value)) for part, value in parts.items())
