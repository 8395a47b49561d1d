"""Tasks that we make and change: Asana has no key against a second one, so each is looked for beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from connections.vendors.asana import fields, tasks
from connections.vendors.asana.client import Client, path
from connections.vendors.asana.tasks import TASK_FIELDS, Task

# The specification names no limits; longer texts were seen refused. Kept well below (read 2026-11).
MAX_NAME_LENGTH = 1024
MAX_NOTES_LENGTH = 65_000


class Kept:
    """The type of `kept`: "leave it as it is", where None clears."""


kept: Final = Kept()


@dataclass(frozen=True)
class Draft:
    """A task to be made. It needs a project, or a parent whose subtask it becomes.

    A subtask has its parent's custom fields only when it is put into the project as well (and then shows
    there as a row of its own). `assignee` is a user's gid or e-mail address. `fields` are values by gid, as
    `AsanaApi.set_fields` takes them.
    """

    name: str
    project: str = ""
    section: str = ""
    parent: str = ""
    notes: str = ""
    is_approval: bool = False
    is_milestone: bool = False
    due_on: date | None = None
    assignee: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    def to_wire(self) -> dict[str, Any]:
        """The `data` of the create call. Source: TaskCreateRequest (OpenAPI file of 2026-06)."""
        sent: dict[str, Any] = {"name": shortened(self.name, MAX_NAME_LENGTH)}
        if self.project and self.section:
            sent["memberships"] = [{"project": self.project, "section": self.section}]
        elif self.project:
            sent["projects"] = [self.project]
        if self.is_approval or self.is_milestone:
            sent["resource_subtype"] = "approval" if self.is_approval else "milestone"
        more = {
            "parent": self.parent,
            "notes": shortened(self.notes, MAX_NOTES_LENGTH),
            "due_on": self.due_on.isoformat() if self.due_on else "",
            "assignee": self.assignee,
            "custom_fields": {ref: fields.to_wire(value) for ref, value in self.fields.items()},
        }
        return sent | {key: value for key, value in more.items() if value}


def create(client: Client, draft: Draft) -> Task:
    """The new task. A lost answer raises OutcomeUnknownError: `find` it before a second try.

    Whether each field was stored is for the caller to ask (`tasks.lost`): the task is there in any case.
    """
    for ref, value in draft.fields.items():
        tasks.refuse_too_long(ref, value)
    return Task.from_json(client.write("POST", "/tasks", draft.to_wire(), opt_fields=TASK_FIELDS))


def change(
    client: Client,
    gid: str,
    *,
    name: str | None = None,
    notes: str | None = None,
    due_on: date | None | Kept = kept,
    assignee: str | None = None,
    completed: bool | None = None,
    approval_status: str = "",
    subtype: str = "",
    values: Mapping[str, Any] | None = None,
) -> Task:
    """Write what is given and return the task as it is now. The same values twice do no harm.

    `assignee` is a user's gid or e-mail address, "" for nobody. `subtype` "default_task" makes an approval a
    plain task, so that completing it approves nothing; "approval" makes it an approval (again).

    Raises RejectedError with the fields' names where Asana answered well and did not store them.
    """
    for ref, value in (values or {}).items():
        tasks.refuse_too_long(ref, value)
    sent: dict[str, Any] = {}
    if name is not None:
        sent["name"] = shortened(name, MAX_NAME_LENGTH)
    if notes is not None:
        sent["notes"] = shortened(notes, MAX_NOTES_LENGTH)
    if not isinstance(due_on, Kept):
        sent["due_on"] = due_on.isoformat() if due_on else None
    if assignee is not None:
        sent["assignee"] = assignee or None
    if completed is not None:
        sent["completed"] = completed
    if subtype:
        sent["resource_subtype"] = subtype
    if approval_status:
        sent["approval_status"] = approval_status
    if values:
        sent["custom_fields"] = {ref: fields.to_wire(value) for ref, value in values.items()}
    task = Task.from_json(client.write("PUT", path("tasks", gid), sent, opt_fields=TASK_FIELDS))
    tasks.refuse_lost(task, values or {})
    return task


def subtasks(client: Client, parent: str) -> list[Task]:
    """The subtasks of a task with everything that a task has."""
    found = client.everything(path("tasks", parent, "subtasks"), opt_fields=TASK_FIELDS)
    return [Task.listed(raw) for raw in found]


def find(client: Client, project: str, *, since: datetime, is_it: Callable[[Task], bool]) -> Task | None:
    """The task of a project, made or changed since then, that `is_it` knows; the oldest if there are more.

    Lists show a new task at once, unlike the search, which lags and needs a paid plan.
    Source: Asana "Search tasks in a workspace" (read 2026-11).
    """
    return min(filter(is_it, _listed(client, project, since)), key=lambda task: task.created_at, default=None)


def _listed(client: Client, project: str, since: datetime) -> Iterator[Task]:
    offset = ""
    while True:
        page = tasks.page(client, project, since, offset)
        yield from page.tasks
        offset = page.next_offset
        if not offset:
            return


def add_to_project(client: Client, task: str, project: str, section: str = "") -> None:
    """Put a task into a project (or another section of it); once more does no harm."""
    sent = {"project": project, **({"section": section} if section else {})}
    client.post("POST", path("tasks", task, "addProject"), sent)


def remove_from_project(client: Client, task: str, project: str) -> None:
    client.post("POST", path("tasks", task, "removeProject"), {"project": project})


def delete(client: Client, task: str) -> None:
    """Into the trash, from which a person can take it for 30 days; one that is gone already is fine."""
    client.call("DELETE", path("tasks", task), is_write=True, ok=(200, 204, 404, 410))


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
