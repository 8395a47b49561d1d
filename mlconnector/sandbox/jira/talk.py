"""Comments, their properties, and remote links. Source: Jira REST v3, "Issue comments" (read 2026-11)."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import values
from mlconnector.sandbox.jira.changes import Changes
from mlconnector.sandbox.jira.errors import JiraError, Refused
from mlconnector.sandbox.jira.state import Comment, Issue
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.api import ApiCall

BODY = ("body", "properties", "visibility", "jsdPublic")
GLOBAL_ID_CHARACTERS = 255


def comments(call: "ApiCall", issue: str) -> Response:
    """GET /issue/{id}/comment, 100 on a page, by `orderBy=created` or `-created`."""
    found = call.issue(issue)
    rows = list(found.comments)
    if call.request.args.get("orderBy") == "-created":
        rows.reverse()
    return call.page(rows, lambda one: _shown(call, found, one), key="comments", size=100)


def _shown(call: "ApiCall", issue: Issue, comment: Comment) -> dict[str, Any]:
    return call.shapes.comment(issue, comment, properties="properties" in call.listed("expand"))


def create(call: "ApiCall", issue: str) -> Response:
    """POST /issue/{id}/comment -> 201."""
    given = call.body(BODY)
    found = call.issue(issue)
    if not call.may("ADD_COMMENTS", call.site.projects[found.project]):
        # 403 is not among the operation's answers.
        raise call.field_error("comment", "permission")
    body = _body(call, given.get("body"))
    properties = {one["key"]: one.get("value") for one in given.get("properties") or []}
    comment = Changes(call.sim, call.site, call.person.account_id).comment(found, body, properties)
    return call.answer(_shown(call, found, comment), 201)


def _body(call: "ApiCall", value: Any) -> dict[str, Any]:
    """The document of a comment. Raises JiraError 400."""
    try:
        return values.document(value, "comment")
    except Refused as refusal:
        raise call.field_error("comment", refusal.key) from None
    except values.Faulty as fault:
        raise JiraError(400, str(fault)) from None


def _comment(call: "ApiCall", issue: Issue, id: str) -> Comment:
    found = next((one for one in issue.comments if one.id == id), None)
    if found is None:
        raise call.error(404, "no_comment", id=id)
    return found


def one(call: "ApiCall", issue: str, comment: str) -> Response:
    found = call.issue(issue)
    return call.answer(_shown(call, found, _comment(call, found, comment)))


def change(call: "ApiCall", issue: str, comment: str) -> Response:
    given = call.body(BODY)
    found = call.issue(issue)
    known = _comment(call, found, comment)
    body = _body(call, given.get("body"))
    Changes(call.sim, call.site, call.person.account_id).change_comment(found, known, body)
    return call.answer(_shown(call, found, known))


def delete(call: "ApiCall", issue: str, comment: str) -> Response:
    found = call.issue(issue)
    Changes(call.sim, call.site, call.person.account_id).delete_comment(found, _comment(call, found, comment))
    return call.nothing()


def property_value(call: "ApiCall", comment: str, key: str) -> Response:
    """GET /comment/{id}/properties/{key}."""
    found = next(
        (one for issue in call.site.issues.values() for one in issue.comments if one.id == comment), None
    )
    if found is None or key not in found.properties:
        raise call.error(404, "no_property")
    return call.answer({"key": key, "value": found.properties[key]})


# --- remote links -----------------------------------------------------------------------------------------
def links(call: "ApiCall", issue: str) -> Response:
    """All links, or the one with `globalId`."""
    found = call.issue(issue)
    wanted = call.request.args.get("globalId")
    rows = [one for one in found.links if wanted in (None, one.global_id)]
    if wanted is None:
        return call.answer([call.shapes.remote_link(found, one) for one in rows])
    if not rows:
        raise call.error(404, "no_property")
    return call.answer(call.shapes.remote_link(found, rows[0]))


def link(call: "ApiCall", issue: str) -> Response:
    """POST: 201 for a new link, 200 when a link with this globalId was replaced."""
    given = call.body(("globalId", "application", "relationship", "object"))
    found = call.issue(issue)
    call.must("LINK_ISSUES", call.site.projects[found.project])
    target = given.get("object")
    if not isinstance(target, dict) or not target.get("url") or not target.get("title"):
        raise JiraError(400, errors={"object": call.says("payload")})
    if len(given.get("globalId") or "") > GLOBAL_ID_CHARACTERS:
        raise call.field_error("globalId", "too_long", limit=GLOBAL_ID_CHARACTERS)
    made, is_new = Changes(call.sim, call.site, call.person.account_id).link(found, given)
    shown = call.shapes.remote_link(found, made)
    return call.answer({"id": shown["id"], "self": shown["self"]}, 201 if is_new else 200)
