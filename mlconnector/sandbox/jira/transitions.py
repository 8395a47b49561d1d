"""Transitions: what the workflow allows now, and taking one. Source: Jira REST v3 (read 2026-11)."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import values
from mlconnector.sandbox.jira.changes import Changes
from mlconnector.sandbox.jira.errors import JiraError, Refused
from mlconnector.sandbox.jira.issues import DETAILS
from mlconnector.sandbox.jira.state import Issue, Project, Transition
from mlconnector.sandbox.jira.words import said
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.api import ApiCall


def _allowed(call: "ApiCall", issue: Issue) -> list[Transition]:
    """Nothing without the permission, instead of a refusal."""
    if not call.may("TRANSITION_ISSUES", call.site.projects[issue.project]):
        return []
    return call.site.transitions(issue)


def listed(call: "ApiCall", issue: str) -> Response:
    found = call.issue(issue)
    wanted = call.request.args.get("transitionId")
    ways = [way for way in _allowed(call, found) if wanted in (None, way.id)]
    with_fields = "transitions.fields" in call.listed("expand")
    project = call.site.projects[found.project]
    shown = []
    for way in ways:
        fields = {id: _field(call, id, required, project) for id, required in way.screen.items()}
        shown.append(call.shapes.transition(way, fields if with_fields else None))
    return call.answer({"expand": "transitions", "transitions": shown})


def _field(call: "ApiCall", id: str, required: bool, project: Project) -> dict[str, Any]:
    """A field of a transition's screen; unlike createmeta it has no `fieldId`."""
    shown = call.shapes.field_on_screen(call.site.fields[id], required, project)
    del shown["fieldId"]
    return shown


def take(call: "ApiCall", issue: str) -> Response:
    """POST -> 204; values and comments travel with it."""
    given = call.body(DETAILS)
    found = call.issue(issue)
    wanted = given.get("transition")
    id = str(wanted.get("id") or "") if isinstance(wanted, dict) else ""
    if not id:
        raise call.error(400, "no_transition")
    way = next((one for one in _allowed(call, found) if one.id == id), None)
    if way is None:
        raise call.error(400, "wrong_transition", id=id)
    stored, wrong = values.checked(call, given.get("fields") or {}, way.screen)
    for name, required in way.screen.items():
        if required and not stored.get(name) and name not in wrong:
            wrong[name] = call.says("required", name=said(call.site.fields[name].name, call.language))
    bodies = _comments(call, given.get("update") or {}, wrong)
    if wrong:
        raise JiraError(400, errors=wrong)
    changes = Changes(call.sim, call.site, call.person.account_id)
    changes.transition(found, way, stored)
    for body in bodies:
        changes.comment(found, body)
    return call.nothing()


def _comments(call: "ApiCall", update: dict[str, Any], wrong: dict[str, str]) -> list[dict[str, Any]]:
    """The comments in {"comment": [{"add": {"body": document}}]}; other names are not on the screen."""
    bodies = []
    for name, operations in update.items():
        if name != "comment":
            wrong[name] = call.says("screen", field=name)
            continue
        for operation in operations:
            try:
                bodies.append(values.document(operation.get("add", {}).get("body"), "comment"))
            except Refused as refusal:
                wrong["comment"] = call.says(refusal.key)
            except values.Faulty as fault:
                wrong["comment"] = str(fault)
    return bodies
