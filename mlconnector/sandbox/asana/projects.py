"""Projects, sections, memberships. Source: Asana API reference (read 2026-11)."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import checks
from mlconnector.sandbox.asana.errors import ApiError, missing, unknown
from mlconnector.sandbox.asana.state import Project, Section, Workspace
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall

PRIVACY = ("public_to_workspace", "private_to_team", "private")
CHANGE: dict[str, checks.Check] = {
    "name": checks.text,
    "notes": checks.text,
    "archived": checks.flag,
    "privacy_setting": checks.one_of(*PRIVACY),
    "default_view": checks.one_of("list", "board", "calendar", "timeline"),
    "due_on": checks.nullable(checks.day),
    "start_on": checks.nullable(checks.day),
    "owner": checks.nullable(checks.text),
    "color": checks.nullable(checks.text),
}
CREATE: dict[str, checks.Check] = CHANGE | {
    "workspace": checks.gid,
    "team": checks.gid,
    "followers": checks.text,
}
LEVELS = ("admin", "editor", "commenter", "viewer")


# --- projects -------------------------------------------------------------
def projects(call: "ApiCall") -> Response:
    if not call.query.get("workspace") and not call.query.get("team"):
        raise missing("workspace")
    return _page_of_projects(call, call.given("workspace"))


def projects_of_workspace(call: "ApiCall", gid: str) -> Response:
    return _page_of_projects(call, gid)


def _page_of_projects(call: "ApiCall", workspace_gid: str) -> Response:
    workspace = call.workspace(workspace_gid)
    archived = call.query.get("archived")
    if archived not in (None, "true", "false"):
        raise ApiError(400, f"archived: Not a Boolean: {archived}")
    found = [
        project
        for project in call.state.all("project")
        if project.workspace == workspace.gid
        and call.state.may_see_project(call.token, project)
        and archived in (None, str(project.is_archived).lower())
    ]
    return call.page(found, call.records.project)


def project(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.project(call.project(gid)))


def create_project(call: "ApiCall") -> Response:
    data = call.data(CREATE, required=("workspace", "name"))
    return _created(call, call.workspace(data["workspace"]), data)


def create_project_in(call: "ApiCall", gid: str) -> Response:
    return _created(call, call.workspace(gid), call.data(CREATE, required=("name",)))


def _created(call: "ApiCall", workspace: Workspace, data: dict[str, Any]) -> Response:
    project = Project(call.state.next_gid(), data["name"], workspace.gid, call.token.user, call.now, call.now)
    call.state.add(project)
    new_section(call, project, "Untitled section")
    _set(call, project, data)
    return call.created(call.records.project(project), f"/projects/{project.gid}")


def new_section(call: "ApiCall", project: Project, name: str) -> Section:
    section = Section(call.state.next_gid(), name, project.gid, call.now)
    project.sections.append(section.gid)
    return call.state.add(section)


def _set(call: "ApiCall", project: Project, data: dict[str, Any]) -> None:
    names = ("name", "notes", "privacy_setting", "default_view", "due_on", "start_on")
    for name in names:
        if name in data:
            setattr(project, name, data[name])
    project.is_archived = data.get("archived", project.is_archived)
    if data.get("owner"):
        project.owner = call.found_user(data["owner"], "owner").gid


def change_project(call: "ApiCall", gid: str) -> Response:
    project = call.project(gid)
    _set(call, project, call.data(CHANGE))
    project.modified_at = call.now
    places = frozenset({project.gid, project.workspace})
    call.sim.log.add(
        places,
        user=call.token.user,
        action="changed",
        resource=("project", project.gid, ""),
        field="name",
        change="changed",
    )
    return call.one(call.records.project(project))


def delete_project(call: "ApiCall", gid: str) -> Response:
    project = call.project(gid)
    places = frozenset({project.gid, project.workspace})
    call.sim.log.add(places, user=call.token.user, action="deleted", resource=("project", project.gid, ""))
    project.is_deleted = True
    return call.nothing()


# --- sections -------------------------------------------------------------
def sections(call: "ApiCall", gid: str) -> Response:
    project = call.project(gid)
    return call.page([call.state.by_gid[one] for one in project.sections], call.records.section)


def section(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.section(call.section(gid)))


def create_section(call: "ApiCall", gid: str) -> Response:
    project = call.project(gid)
    known: dict[str, checks.Check] = {
        "name": checks.text,
        "insert_before": checks.gid,
        "insert_after": checks.gid,
    }
    section = new_section(call, project, call.data(known, required=("name",))["name"])
    return call.created(call.records.section(section), f"/sections/{section.gid}")


def change_section(call: "ApiCall", gid: str) -> Response:
    section = call.section(gid)
    section.name = call.data({"name": checks.text}, required=("name",))["name"]
    return call.one(call.records.section(section))


def delete_section(call: "ApiCall", gid: str) -> Response:
    """Neither the last section nor one with tasks in it."""
    section = call.section(gid)
    project = call.project(section.project)
    inside = [one for one in project.tasks if call.state.by_gid[one].memberships.get(project.gid) == gid]
    if inside or len(project.sections) == 1:
        raise ApiError(400, "section: Only an empty section that is not the last one can be deleted")
    project.sections.remove(gid)
    call.state.by_gid.pop(gid)
    return call.nothing()


# --- memberships -------------------------------------------------------------
def memberships(call: "ApiCall") -> Response:
    project = call.project(call.given("parent"), "parent")

    class _Member:
        def __init__(self, gid: str) -> None:
            self.gid = gid

    found = [_Member(gid) for gid in project.members]
    return call.page(found, lambda member: call.records.membership(project, member.gid))


def create_membership(call: "ApiCall") -> Response:
    known: dict[str, checks.Check] = {
        "parent": checks.gid,
        "member": checks.text,
        "access_level": checks.one_of(*LEVELS),
    }
    data = call.data(known, required=("parent", "member"))
    project = call.project(data["parent"], "parent")
    user = call.found_user(data["member"], "member")
    if project.workspace not in user.workspaces:
        raise unknown("member", data["member"])
    gid = call.state.next_gid()
    project.members[gid] = (user.gid, data.get("access_level", "editor"))
    return call.created(call.records.membership(project, gid), f"/memberships/{gid}")
