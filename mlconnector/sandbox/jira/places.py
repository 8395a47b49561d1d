"""The site and its furniture: myself, permissions, projects, statuses, priorities, server information."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import catalog
from mlconnector.sandbox.jira.api import PERMISSIONS
from mlconnector.sandbox.jira.errors import JiraError
from mlconnector.sandbox.jira.state import Project
from mlconnector.sandbox.jira.words import is_called, said
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.api import ApiCall


def myself(call: "ApiCall") -> Response:
    locale = {"en": "en_US", "de": "de_DE"}[call.language]
    return call.answer({**(call.shapes.person(call.person.account_id) or {}), "locale": locale})


def user(call: "ApiCall") -> Response:
    shown = call.shapes.person(call.request.args.get("accountId", ""))
    if shown is None:
        raise call.error(404, "user")
    return call.answer(shown)


def server_info(call: "ApiCall") -> Response:
    return call.answer(
        {
            "baseUrl": call.site.url,
            "displayUrl": call.site.url,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100300,
            "buildDate": "2026-11-02T00:00:00.000+0000",
            "serverTime": call.shapes.moment(call.now),
            "scmInfo": "0000000000000000000000000000000000000000",
            "serverTitle": "Jira",
        }
    )


def my_permissions(call: "ApiCall") -> Response:
    asked = call.listed("permissions")
    if not asked:
        raise call.error(400, "no_permissions")
    unknown = [key for key in asked if key not in PERMISSIONS]
    if unknown:
        raise call.error(400, "wrong_permission", key=unknown[0])
    args = call.request.args
    project = None
    if ref := args.get("projectKey") or args.get("projectId"):
        project = call.project(ref)
    elif ref := args.get("issueKey") or args.get("issueId"):
        project = call.site.projects[call.issue(ref).project]
    numbers = {key: str(number) for number, key in enumerate(PERMISSIONS)}
    return call.answer(
        {
            "permissions": {
                key: {
                    "id": numbers[key],
                    "key": key,
                    "name": PERMISSIONS[key],
                    "type": "GLOBAL" if key == "ADMINISTER" else "PROJECT",
                    "description": "",
                    "havePermission": call.may(key, project),
                }
                for key in asked
            }
        }
    )


# --- projects ---------------------------------------------------------------------------------------------
def projects(call: "ApiCall") -> Response:
    """GET /project/search; `action=create` leaves those where the person may create issues."""
    action = {"create": "CREATE_ISSUES", "edit": "ADMINISTER"}.get(call.request.args.get("action", "view"))
    query = call.request.args.get("query", "").casefold()
    keys, ids = call.listed("keys"), call.listed("id")
    found = [
        project
        for project in sorted(call.site.projects.values(), key=lambda one: one.key)
        if call.may("BROWSE_PROJECTS", project)
        and (action is None or call.may(action, project))
        and (query in project.key.casefold() or query in project.name.casefold())
        and (not keys or project.key in keys)
        and (not ids or project.id in ids)
    ]
    return call.page(found, call.shapes.project)


def project(call: "ApiCall", project: str) -> Response:
    found = call.project(project)
    types = [call.shapes.issue_type(call.site.types[id]) for id in found.screens]
    return call.answer({**call.shapes.project(found), "issueTypes": types})


def project_statuses(call: "ApiCall", project: str) -> Response:
    """The statuses of each issue type."""
    found = call.project(project)
    statuses = [call.shapes.status(id) for id in found.statuses]
    types = [call.shapes.issue_type(call.site.types[id]) for id in found.screens]
    names = ("self", "id", "name", "subtask")
    return call.answer([{**{name: one[name] for name in names}, "statuses": statuses} for one in types])


# --- statuses and such ------------------------------------------------------------------------------------
def statuses(call: "ApiCall") -> Response:
    """GET /status: those of workflows that are in use."""
    used = {id for one in call.site.projects.values() for id in one.statuses}
    return call.answer([call.shapes.status(id) for id in call.site.statuses if id in used])


def statuses_search(call: "ApiCall") -> Response:
    """GET /statuses/search: all of them, in a shape of its own."""

    def shape(status: Any) -> dict[str, Any]:
        scope: dict[str, Any] = {"type": "GLOBAL"}
        if status.project:
            scope = {"type": "PROJECT", "project": {"id": status.project}}
        return {
            "id": status.id,
            "name": said(status.name, call.language),
            "statusCategory": catalog.CATEGORY_WORDS[status.category],
            "scope": scope,
            "description": "",
        }

    text = call.request.args.get("searchString", "").casefold()
    wanted = call.request.args.get("projectId", "")
    found = [
        status
        for status in call.site.statuses.values()
        if text in said(status.name, call.language).casefold() and (not wanted or status.project == wanted)
    ]
    return call.page(found, shape, size=200, cap=200)


def status(call: "ApiCall", status: str) -> Response:
    """GET /status/{id or name}."""
    found = [one for one in call.site.statuses.values() if status == one.id or is_called(one.name, status)]
    if not found:
        raise JiraError(404)
    return call.answer(call.shapes.status(found[0].id))


def categories(call: "ApiCall") -> Response:
    return call.answer([call.shapes.category(key) for key in catalog.CATEGORIES])


def priorities(call: "ApiCall") -> Response:
    return call.answer([call.shapes.priority(one) for one in call.site.priorities])


def priority_search(call: "ApiCall") -> Response:
    def shape(option: Any) -> dict[str, Any]:
        is_default = option.id == catalog.DEFAULT_PRIORITY
        return {**call.shapes.priority(option), "isDefault": is_default}

    return call.page(call.site.priorities, shape)


def resolutions(call: "ApiCall") -> Response:
    return call.answer([call.shapes.resolution(one.id) for one in call.site.resolutions])


def issue_types(call: "ApiCall") -> Response:
    return call.answer([call.shapes.issue_type(one) for one in call.site.types.values()])


# --- createmeta -------------------------------------------------------------------------------------------
def _creatable(call: "ApiCall", ref: str) -> Project:
    """A project where issues may be created. Raises JiraError 404 or 400."""
    found = call.project(ref)
    if not call.may("CREATE_ISSUES", found):
        raise call.field_error("project", "may_not_create")
    return found


def create_types(call: "ApiCall", project: str) -> Response:
    """GET /issue/createmeta/{project}/issuetypes."""
    found = _creatable(call, project)
    types = [call.site.types[id] for id in found.screens]
    return call.page(types, call.shapes.issue_type, key="issueTypes", cap=200, is_refused=True)


def create_fields(call: "ApiCall", project: str, type_id: str) -> Response:
    """GET /issue/createmeta/{project}/issuetypes/{type}."""
    found = _creatable(call, project)
    screen = found.screens.get(type_id)
    if screen is None:
        raise call.field_error("issuetype", "wrong_issuetype")
    known = {field.id for field in call.site.fields_of(found.id)}
    rows = [(call.site.fields[id], required) for id, required in screen.items() if id in known]
    return call.page(
        rows,
        lambda row: call.shapes.field_on_screen(*row, found),
        key="fields",
        cap=200,
        is_refused=True,
    )
