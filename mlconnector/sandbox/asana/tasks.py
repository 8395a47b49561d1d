"""Tasks: lists, one, create, change, move, delete. Source: Asana tasks reference (read 2026-11)."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import checks, fields
from mlconnector.sandbox.asana.changes import DECIDED, Changes
from mlconnector.sandbox.asana.errors import ApiError, missing
from mlconnector.sandbox.asana.state import Project, Task, Value
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall

SUBTYPES = ("default_task", "milestone", "approval")
STATUSES = ("pending", *DECIDED)
PROJECTS_PER_TASK = 20
CHANGE: dict[str, checks.Check] = {
    "name": checks.text,
    "resource_subtype": checks.one_of(*SUBTYPES),
    "approval_status": checks.one_of(*STATUSES),
    "completed": checks.flag,
    "assignee": checks.nullable(checks.text),
    "notes": checks.text,
    "html_notes": checks.text,
    "due_on": checks.nullable(checks.day),
    "due_at": checks.nullable(checks.moment),
    "start_on": checks.nullable(checks.day),
    "start_at": checks.nullable(checks.moment),
    "liked": checks.flag,
    "custom_fields": checks.obj,
    "external": checks.obj,
}
CREATE: dict[str, checks.Check] = CHANGE | {
    "workspace": checks.gid,
    "projects": checks.each(checks.gid),
    "memberships": checks.each(checks.obj),
    "parent": checks.nullable(checks.text),
    "followers": checks.each(checks.text),
    "tags": checks.each(checks.gid),
}


# --- lists -------------------------------------------------------------
def listed(call: "ApiCall") -> Response:
    """GET /tasks of a project, a section, or an assignee in a workspace."""
    if project := call.query.get("project"):
        found = _of_project(call, call.project(project))
    elif section := call.query.get("section"):
        found = _of_section(call, section)
    elif call.query.get("assignee") and call.query.get("workspace"):
        found = _of_assignee(call, call.query["assignee"], call.query["workspace"])
    else:
        raise ApiError(
            400, "You should specify one of project, tag, section, user task list, or assignee + workspace"
        )
    since = call.since("modified_since")
    if since and call.sim.options.modified_since_is_exclusive:
        found = [task for task in found if task.modified_at > since]
    elif since:
        found = [task for task in found if task.modified_at >= since]
    return call.page(_not_completed_before(call, found), call.records.task)


def of_project(call: "ApiCall", gid: str) -> Response:
    return call.page(_not_completed_before(call, _of_project(call, call.project(gid))), call.records.task)


def of_section(call: "ApiCall", gid: str) -> Response:
    return call.page(_not_completed_before(call, _of_section(call, gid)), call.records.task)


def subtasks(call: "ApiCall", gid: str) -> Response:
    children = call.state.subtasks_of.get(call.task(gid).gid, [])
    return call.page(_living(call, children), call.records.task)


def _living(call: "ApiCall", gids: list[str]) -> list[Task]:
    return [task for gid in gids if (task := call.state.get("task", gid))]


def _of_project(call: "ApiCall", project: Project) -> list[Task]:
    """In the project's order, section by section."""
    order = {gid: place for place, gid in enumerate(project.sections)}
    found = _living(call, project.tasks)
    return sorted(found, key=lambda task: order.get(task.memberships.get(project.gid, ""), 0))


def _of_section(call: "ApiCall", gid: str) -> list[Task]:
    section = call.section(gid)
    project = call.project(section.project)
    return [task for task in _of_project(call, project) if task.memberships.get(project.gid) == gid]


def _of_assignee(call: "ApiCall", assignee: str, workspace: str) -> list[Task]:
    user, place = call.found_user(assignee, "assignee"), call.workspace(workspace)
    return [
        task
        for task in call.state.all("task")
        if task.assignee == user.gid
        and task.workspace == place.gid
        and call.state.may_see_task(call.token, task)
    ]


def _not_completed_before(call: "ApiCall", found: list[Task]) -> list[Task]:
    """`completed_since`: open tasks and those completed since then; `now` means open ones only."""
    if call.query.get("completed_since") == "now":
        return [task for task in found if not task.is_completed]
    since = call.since("completed_since")
    if since is None:
        return found
    return [task for task in found if not task.completed_at or task.completed_at >= since]


# --- one -------------------------------------------------------------
def one(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.task(call.task(gid)))


def create(call: "ApiCall") -> Response:
    data = call.data(CREATE)
    if not any(data.get(name) for name in ("workspace", "projects", "memberships", "parent")):
        raise missing("workspace")
    return _created(call, data)


def create_subtask(call: "ApiCall", gid: str) -> Response:
    parent = call.task(gid)
    return _created(call, call.data(CREATE) | {"parent": parent.gid})


def _created(call: "ApiCall", data: dict[str, Any]) -> Response:
    parent = call.task(data["parent"], "parent") if data.get("parent") else None
    memberships = _memberships(call, data)
    workspace = _workspace(call, data, parent, memberships)
    task = Task(
        call.state.next_gid(),
        "",
        workspace,
        call.token.user,
        call.now,
        call.now,
        parent=parent.gid if parent else "",
        memberships={project.gid: section for project, section in memberships},
    )
    changed = _checked_changes(call, task, data)
    _fill(call, task, data, changed)
    task.memberships = {}
    Changes(call.sim, call.token.user).add(task, memberships)
    if task.assignee:
        task.followers = [task.assignee]
    return call.created(call.records.task(task), f"/tasks/{task.gid}")


def _memberships(call: "ApiCall", data: dict[str, Any]) -> list[tuple[Project, str]]:
    found: dict[str, tuple[Project, str]] = {}
    for gid in data.get("projects") or []:
        found[gid] = (call.project(gid, "projects"), "")
    for entry in data.get("memberships") or []:
        given = checks.body(
            entry, {"project": checks.gid, "section": checks.nullable(checks.gid)}, ("project",)
        )
        project = call.project(given["project"], "memberships")
        found[project.gid] = (project, _section_in(call, project, given.get("section")))
    if len(found) > PROJECTS_PER_TASK:
        raise ApiError(400, f"projects: More than {PROJECTS_PER_TASK} projects")
    return list(found.values())


def _section_in(call: "ApiCall", project: Project, gid: str | None) -> str:
    if gid is None:
        return ""
    if call.section(gid).project != project.gid:
        raise ApiError(400, f"section: Not in project {project.gid}: {gid}")
    return gid


def _workspace(
    call: "ApiCall", data: dict[str, Any], parent: Task | None, memberships: list[tuple[Project, str]]
) -> str:
    known = {project.workspace for project, _ in memberships} | ({parent.workspace} if parent else set())
    if data.get("workspace"):
        known.add(call.workspace(data["workspace"]).gid)
    if len(known) > 1:
        raise ApiError(400, "workspace: Not the workspace of the given projects or parent")
    return known.pop()


def _fill(call: "ApiCall", task: Task, data: dict[str, Any], changed: dict[str, Value]) -> None:
    """The fields of a new task: no stories, no events of their own."""
    task.name = data.get("name", "")
    for name in ("notes", "html_notes", "due_on", "due_at", "start_on", "start_at"):
        setattr(task, name, data.get(name, getattr(task, name)))
    task.is_liked = data.get("liked", False)
    task.resource_subtype = data.get("resource_subtype", "default_task")
    is_completed = bool(data.get("completed"))
    if task.resource_subtype == "approval":
        task.approval_status = data.get("approval_status") or ("approved" if is_completed else "pending")
        is_completed = task.approval_status in DECIDED
    task.is_completed = is_completed
    task.completed_at = call.now if is_completed else None
    task.completed_by = call.token.user if is_completed else ""
    if data.get("assignee"):
        task.assignee = call.found_user(data["assignee"], "assignee").gid
    task.values = dict(changed)
    _set_external(call, task, data)


def change(call: "ApiCall", gid: str) -> Response:
    """PUT /tasks/{gid}: only the fields sent; all are checked before the first is changed."""
    task = call.task(gid)
    data = call.data(CHANGE)
    changed = _checked_changes(call, task, data)
    apply(Changes(call.sim, call.token.user), task, data, changed, call)
    return call.one(call.records.task(task))


def _checked_changes(call: "ApiCall", task: Task, data: dict[str, Any]) -> dict[str, Value]:
    """The custom field values of `data`, checked; every other rule of a task as well. Raises ApiError."""
    subtype = data.get("resource_subtype", task.resource_subtype)
    if "approval_status" in data and subtype != "approval":
        raise ApiError(400, "approval_status: Only approval tasks have an approval status")
    if data.get("due_on") and data.get("due_at"):
        raise ApiError(400, "due_on: Must not be used together with due_at")
    for name in ("start_on", "start_at"):
        if name in data and not ("due_on" in data or "due_at" in data):
            raise ApiError(400, f"{name}: due_on or due_at must be in the same request")
        if data.get(name) and subtype == "milestone":
            raise ApiError(400, f"{name}: Milestones have no start")
    if "notes" in data and "html_notes" in data:
        raise ApiError(400, "notes: Must not be used together with html_notes")
    if "external" in data:
        _check_external(call, task, data["external"])
    if data.get("assignee"):
        call.found_user(data["assignee"], "assignee")
    return fields.checked_values(call, task, data.get("custom_fields") or {})


def apply(
    changes: Changes, task: Task, data: dict[str, Any], changed: dict[str, Value], call: "ApiCall"
) -> None:
    if "name" in data:
        changes.rename(task, data["name"])
    if "resource_subtype" in data:
        changes.retype(task, data["resource_subtype"])
    if "approval_status" in data:
        changes.decide(task, data["approval_status"])
    elif "completed" in data:
        changes.complete(task, data["completed"])
    if "assignee" in data:
        given = data["assignee"]
        changes.assign(task, call.found_user(given, "assignee").gid if given else "")
    if "notes" in data:
        task.html_notes = ""
    for name in ("notes", "html_notes"):
        if name in data:
            changes.set_plain(task, name, data[name], field="notes", subtype="notes_changed")
    for name, other in (("due_on", "due_at"), ("due_at", "due_on")):
        if name in data:
            changes.set_plain(task, name, data[name], field=name, subtype="due_date_changed")
            if data[name]:
                setattr(task, other, None)
    for name in ("start_on", "start_at"):
        if name in data:
            changes.set_plain(task, name, data[name], field=name, subtype="due_date_changed")
    if "liked" in data:
        task.is_liked = data["liked"]
    for gid, value in changed.items():
        changes.set_value(task, call.state.get("custom_field", gid), value)
    _set_external(call, task, data)


def delete(call: "ApiCall", gid: str) -> Response:
    Changes(call.sim, call.token.user).delete(call.task(gid))
    return call.nothing()


# --- external data -------------------------------------------------------------
def _check_external(call: "ApiCall", task: Task, external: dict[str, Any]) -> None:
    """External data belongs to the OAuth app; its gid is unique there."""
    checks.body(external, {"gid": checks.text, "data": checks.text})
    if not call.token.app:
        if not call.sim.options.ignore_external_of_pat:
            raise ApiError(403, "external: Only an OAuth app may use external data")
        return
    if len(external.get("gid", "")) > 1024 or len(external.get("data", "")) > 32768:
        raise ApiError(400, "external: Value is too long")
    for other in call.state.all("task"):
        held = other.external.get(call.token.app, {})
        if other.gid != task.gid and external.get("gid") and held.get("gid") == external["gid"]:
            raise ApiError(400, f"external: A task with this external gid exists: {external['gid']}")


def _set_external(call: "ApiCall", task: Task, data: dict[str, Any]) -> None:
    if "external" in data and call.token.app:
        task.external[call.token.app] = task.external.get(call.token.app, {}) | data["external"]


# --- projects, sections, parents -------------------------------------------------------------
def add_project(call: "ApiCall", gid: str) -> Response:
    task = call.task(gid)
    anchors = {name: checks.nullable(checks.gid) for name in ("section", "insert_before", "insert_after")}
    data = call.data({"project": checks.gid, **anchors}, required=("project",))
    if data.get("insert_before") and data.get("insert_after"):
        raise ApiError(400, "insert_before: Must not be used together with insert_after")
    project = call.project(data["project"])
    if project.gid not in task.memberships and len(task.memberships) >= PROJECTS_PER_TASK:
        raise ApiError(400, f"project: The task is in {PROJECTS_PER_TASK} projects already")
    section = _section_in(call, project, data.get("section"))
    Changes(call.sim, call.token.user).join(task, project, section)
    return call.nothing()


def remove_project(call: "ApiCall", gid: str) -> Response:
    task = call.task(gid)
    project = call.project(call.data({"project": checks.gid}, required=("project",))["project"])
    if project.gid not in task.memberships:
        raise ApiError(400, f"project: The task is not in project {project.gid}")
    Changes(call.sim, call.token.user).leave(task, project)
    return call.nothing()


def add_to_section(call: "ApiCall", gid: str) -> Response:
    """POST /sections/{gid}/addTask: to the top of that section."""
    section = call.section(gid)
    anchors = {name: checks.nullable(checks.gid) for name in ("insert_before", "insert_after")}
    task = call.task(call.data({"task": checks.gid, **anchors}, required=("task",))["task"])
    project = call.project(section.project)
    Changes(call.sim, call.token.user).join(task, project, gid)
    project.tasks.remove(task.gid)
    project.tasks.insert(0, task.gid)
    return call.nothing()


def set_parent(call: "ApiCall", gid: str) -> Response:
    task = call.task(gid)
    anchors = {name: checks.nullable(checks.gid) for name in ("insert_before", "insert_after")}
    data = call.data({"parent": checks.nullable(checks.gid), **anchors})
    if "parent" not in data:
        raise missing("parent")
    parent = call.task(data["parent"], "parent") if data["parent"] else None
    if parent and task in call.state.chain(parent):
        raise ApiError(400, "parent: A task cannot be its own parent")
    if task.parent:
        call.state.subtasks_of[task.parent].remove(task.gid)
    task.parent = parent.gid if parent else ""
    if parent:
        call.state.subtasks_of.setdefault(parent.gid, []).append(task.gid)
    return call.one(call.records.task(task))
