"""Issues: create, read, edit, delete, changelog, properties. Source: Jira REST v3 (read 2026-11)."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import catalog, values
from mlconnector.sandbox.jira.changes import Changes
from mlconnector.sandbox.jira.errors import JiraError
from mlconnector.sandbox.jira.state import Issue, Project
from mlconnector.sandbox.jira.words import said
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.api import ApiCall

BULK_ISSUES = 100
BULK_HISTORIES = 40
BULK_CHANGELOGS = 1000
DETAILS = ("fields", "update", "properties", "transition", "historyMetadata")
PROPERTY_CHARACTERS = 32_768
KEY_CHARACTERS = 255


# --- create -----------------------------------------------------------------------------------------------
def create(call: "ApiCall") -> Response:
    """POST /issue. All faults are told at once, by field; there is no idempotency key."""
    given = call.body(DETAILS)
    sent = given.get("fields")
    if not isinstance(sent, dict):
        raise call.payload_error()
    properties = _properties(call, given.get("properties"))
    project, type_id = _place(call, sent)
    screen = {
        id: required
        for id, required in project.screens[type_id].items()
        if id in {field.id for field in call.site.fields_of(project.id)}
    }
    rest = {id: value for id, value in sent.items() if id not in ("project", "issuetype")}
    stored, wrong = values.checked(call, rest, screen)
    if stored.get("reporter") is None:
        stored["reporter"] = call.person.account_id
    if "priority" in screen and stored.get("priority") is None:
        stored["priority"] = catalog.DEFAULT_PRIORITY
    missing = _missing(call, screen, stored, wrong)
    if call.sim.options.required_as_message:
        messages = [call.says("required_field", field=id) for id in missing]
    else:
        messages, wrong = [], {**wrong, **missing}
    if wrong or messages:
        raise JiraError(400, *messages, errors=wrong)
    issue = Changes(call.sim, call.site, call.person.account_id).create(project, type_id, stored, properties)
    return call.answer(call.shapes.ref(issue), 201)


def _place(call: "ApiCall", sent: dict[str, Any]) -> tuple[Project, str]:
    """Project and issue type. Raises JiraError 400 for one that is missing or unknown."""
    ref = sent.get("project")
    ref = (ref.get("id") or ref.get("key")) if isinstance(ref, dict) else None
    project = call.site.project(str(ref)) if ref else None
    wrong = {}
    if project is None or not call.may("BROWSE_PROJECTS", project):
        wrong["project"] = call.says("project")
    elif not call.may("CREATE_ISSUES", project):
        wrong["project"] = call.says("may_not_create")
    kind = sent.get("issuetype")
    if not isinstance(kind, dict) or not (kind.get("id") or kind.get("name")):
        wrong["issuetype"] = call.says("issuetype")
        raise JiraError(400, errors=wrong)
    if wrong or project is None:
        raise JiraError(400, errors=wrong)
    for id in project.screens:
        if id == str(kind.get("id")) or said(call.site.types[id].name, call.language) == kind.get("name"):
            return project, id
    raise JiraError(400, errors={"issuetype": call.says("wrong_issuetype")})


def _missing(
    call: "ApiCall", screen: dict[str, bool], stored: dict[str, Any], wrong: dict[str, str]
) -> dict[str, str]:
    """Required fields without a value, each with its sentence."""
    found = {}
    for id, required in screen.items():
        is_given = stored.get(id) not in (None, "", [])
        if not required or id in ("project", "issuetype") or id in wrong or is_given:
            continue
        name = said(call.site.fields[id].name, call.language)
        found[id] = call.says("no_summary") if id == "summary" else call.says("required", name=name)
    return found


def _properties(call: "ApiCall", given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, list) or not all(isinstance(one, dict) and one.get("key") for one in given):
        raise call.payload_error()
    return {one["key"]: one.get("value") for one in given}


# --- read -------------------------------------------------------------------------------------------------
def one(call: "ApiCall", issue: str) -> Response:
    """GET /issue/{id or key}: from the store, never late."""
    found = call.issue(issue)
    expand, properties = call.listed("expand"), call.listed("properties")
    shown = whole(call, found, call.listed("fields"), expand, properties)
    if "changelog" in expand:
        histories = [call.shapes.change(change) for change in reversed(found.history)]
        shown["changelog"] = _histories(histories, len(found.history))
    if "transitions" in expand and call.may("TRANSITION_ISSUES", call.site.projects[found.project]):
        shown["transitions"] = [call.shapes.transition(way) for way in call.site.transitions(found)]
    return call.answer(shown)


def whole(
    call: "ApiCall", issue: Issue, fields: list[str], expand: list[str], properties: list[str]
) -> dict[str, Any]:
    """The issue with the chosen fields and properties, and the names of its fields when asked for."""
    chosen = call.shapes.selection(issue, fields)
    shown = call.shapes.issue(issue, chosen)
    if "names" in expand:
        shown["names"] = {id: said(call.site.fields[id].name, call.language) for id in chosen}
    if properties:
        shown["properties"] = {key: issue.properties[key] for key in properties if key in issue.properties}
    return shown


def _histories(histories: list[Any], total: int) -> dict[str, Any]:
    return {"startAt": 0, "maxResults": len(histories), "total": total, "histories": histories}


def bulk(call: "ApiCall") -> Response:
    """POST /issue/bulkfetch: what is missing or may not be seen is in neither list."""
    given = call.body(
        ("issueIdsOrKeys", "fields", "fieldsByKeys", "expand", "properties"), ("issueIdsOrKeys",)
    )
    refs = given["issueIdsOrKeys"]
    if not isinstance(refs, list) or not 0 < len(refs) <= BULK_ISSUES:
        raise call.payload_error()
    issues = _seen(call, refs)
    expand = given.get("expand") or []
    shown = []
    for issue in issues:
        entry = whole(call, issue, given.get("fields") or [], expand, given.get("properties") or [])
        if "changelog" in expand:
            newest = list(reversed(issue.history))[:BULK_HISTORIES]
            entry["changelog"] = _histories([call.shapes.change(one) for one in newest], len(issue.history))
        shown.append(entry)
    return call.answer({"issues": shown, "issueErrors": []})


def _seen(call: "ApiCall", refs: list[Any]) -> list[Issue]:
    """The visible issues among `refs`, in ascending order of their ids."""
    found = {
        issue.id: issue
        for ref in refs
        if (issue := call.site.issue(str(ref)))
        and call.may("BROWSE_PROJECTS", call.site.projects[issue.project])
    }
    call.read += len(found)
    return [found[id] for id in sorted(found, key=int)]


def changelog(call: "ApiCall", issue: str) -> Response:
    """GET /issue/{id}/changelog: oldest first."""
    return call.page(call.issue(issue).history, call.shapes.change, size=100)


def bulk_changelog(call: "ApiCall") -> Response:
    """POST /changelog/bulkfetch, optionally of some fields alone; one page."""
    given = call.body(("issueIdsOrKeys", "fieldIds", "maxResults", "nextPageToken"), ("issueIdsOrKeys",))
    refs, wanted = given["issueIdsOrKeys"], given.get("fieldIds")
    if not isinstance(refs, list) or not 0 < len(refs) <= BULK_CHANGELOGS or len(wanted or []) > 10:
        raise call.payload_error()
    logs = [
        {"issueId": issue.id, "changeHistories": [_plain_change(call, one) for one in histories]}
        for issue in _seen(call, refs)
        if (
            histories := [
                one
                for one in issue.history
                if not wanted or any(item.field_id in wanted for item in one.items)
            ]
        )
    ]
    return call.answer({"issueChangeLogs": logs})


def _plain_change(call: "ApiCall", change: Any) -> dict[str, Any]:
    """In bulk the moment is a number (milliseconds). Source: the operation's own example (read 2026-11)."""
    return {**call.shapes.change(change), "created": int(change.at.timestamp() * 1000)}


# --- edit, delete -----------------------------------------------------------------------------------------
def edit(call: "ApiCall", issue: str) -> Response:
    """PUT /issue/{id}; a transition in it is ignored."""
    given = call.body(DETAILS)
    found = call.issue(issue)
    project = call.site.projects[found.project]
    call.must("EDIT_ISSUES", project)
    screen = {id: False for id in project.screens[found.type] if id not in ("project", "issuetype")}
    stored, wrong = values.checked(call, given.get("fields") or {}, screen)
    if stored.get("summary", "-") is None:
        wrong["summary"] = call.says("no_summary")
    if wrong:
        raise JiraError(400, errors=wrong)
    changes = Changes(call.sim, call.site, call.person.account_id)
    changes.edit(found, stored)
    for key, value in _properties(call, given.get("properties")).items():
        changes.set_property(found, key, value)
    return call.nothing()


def delete(call: "ApiCall", issue: str) -> Response:
    found = call.issue(issue)
    call.must("DELETE_ISSUES", call.site.projects[found.project])
    Changes(call.sim, call.site, call.person.account_id).delete(found)
    return call.nothing()


# --- properties -------------------------------------------------------------------------------------------
def property_keys(call: "ApiCall", issue: str) -> Response:
    found = call.issue(issue)
    base = f"{call.shapes.base}/issue/{found.id}/properties"
    return call.answer({"keys": [{"key": key, "self": f"{base}/{key}"} for key in found.properties]})


def property_value(call: "ApiCall", issue: str, key: str) -> Response:
    found = call.issue(issue)
    if key not in found.properties:
        raise call.error(404, "no_property")
    return call.answer({"key": key, "value": found.properties[key]})


def set_property(call: "ApiCall", issue: str, key: str) -> Response:
    """201 for a new one, 200 for a changed one."""
    found = call.issue(issue)
    text = call.request.get_data(as_text=True)
    value = call.request.get_json(force=True, silent=True)
    if value is None and text.strip() != "null":
        raise JiraError(400, body={"errorMessages": [call.says("no_json")]})
    if len(text) > PROPERTY_CHARACTERS or len(key) > KEY_CHARACTERS:
        raise call.error(400, "property_long")
    call.must("EDIT_ISSUES", call.site.projects[found.project])
    is_new = Changes(call.sim, call.site, call.person.account_id).set_property(found, key, value)
    return call.nothing(201 if is_new else 200)


def delete_property(call: "ApiCall", issue: str, key: str) -> Response:
    found = call.issue(issue)
    if key not in found.properties:
        raise call.error(404, "no_property")
    Changes(call.sim, call.site, call.person.account_id).delete_property(found, key)
    return call.nothing()
