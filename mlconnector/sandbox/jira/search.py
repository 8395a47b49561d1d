"""Search: JQL over the lagging index, pages by token. Source: Jira REST v3, "Issue search" (read 2026-11)."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import jql
from mlconnector.sandbox.jira.errors import Refused
from mlconnector.sandbox.jira.issues import whole
from mlconnector.sandbox.jira.jql_match import Matcher
from mlconnector.sandbox.jira.state import Issue
from mlconnector.sandbox.jira.words import said
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.api import ApiCall

TOKEN_LIFETIME = timedelta(days=7)
MOST_RESULTS = 5000
MOST_RECONCILED = 50
KNOWN = (
    "jql",
    "nextPageToken",
    "maxResults",
    "fields",
    "expand",
    "properties",
    "fieldsByKeys",
    "reconcileIssues",
)


def removed(call: "ApiCall") -> Response:
    """GET and POST /search, gone since 2025."""
    raise call.error(410, "search_removed")


def by_post(call: "ApiCall") -> Response:
    given = call.body(KNOWN)
    for name in ("fields", "properties", "reconcileIssues"):
        if not isinstance(given.get(name) or [], list):
            raise call.payload_error()
    return _answered(call, {**given, "expand": str(given.get("expand") or "").split(",")})


def by_get(call: "ApiCall") -> Response:
    args = call.request.args
    reconciled = call.listed("reconcileIssues")
    if not all(one.isdigit() for one in reconciled):
        raise call.payload_error()
    return _answered(
        call,
        {
            "jql": args.get("jql"),
            "nextPageToken": args.get("nextPageToken"),
            "maxResults": call.number("maxResults", 50),
            "fields": call.listed("fields"),
            "expand": call.listed("expand"),
            "properties": call.listed("properties"),
            "reconcileIssues": [int(one) for one in reconciled],
        },
    )


def _answered(call: "ApiCall", given: dict[str, Any]) -> Response:
    size = given.get("maxResults")
    size = 50 if size is None else size
    if isinstance(size, bool) or not isinstance(size, int):
        raise call.payload_error()
    if not 1 <= size <= MOST_RESULTS:
        raise call.error(400, "search_max")
    reconciled = given.get("reconcileIssues") or []
    if len(reconciled) > MOST_RECONCILED or not all(type(one) is int for one in reconciled):
        raise call.payload_error()
    fields = given.get("fields") or ["id"]
    if fields != ["id"]:
        size = min(size, call.sim.options.search_page_cap)
    text = given.get("jql") or ""
    # The next page must repeat the question.
    question = (call.site.cloud_id, call.person.account_id, text, tuple(fields), tuple(reconciled))
    hits = found(call, text, frozenset(map(str, reconciled)))
    if token := given.get("nextPageToken"):
        rest = _continued(call, token, question)
    else:
        rest = [one.id for one in hits]
    by_id = {one.id: one for one in hits}
    shown = [by_id[id] for id in rest[:size] if id in by_id]
    call.read += len(shown)
    body: dict[str, Any] = {
        "issues": [_hit(call, one, fields, given.get("properties") or []) for one in shown],
        "isLast": len(rest) <= size,
    }
    if not body["isLast"]:
        body["nextPageToken"] = _kept(call, question, rest[size:])
    if "names" in given["expand"]:
        ids = {id for one in shown for id in call.shapes.selection(one, fields)}
        body["names"] = {id: said(call.site.fields[id].name, call.language) for id in sorted(ids)}
    return call.answer(body)


def _hit(call: "ApiCall", issue: Issue, fields: list[str], properties: list[str]) -> dict[str, Any]:
    """By default the id alone: no key, no fields."""
    if fields == ["id"]:
        return {"id": issue.id}
    return whole(call, issue, fields, [], properties)


def _kept(call: "ApiCall", question: Any, rest: list[str]) -> str:
    token = secrets.token_urlsafe(32)
    call.sim.known.pages[token] = {"question": question, "rest": rest, "until": call.now + TOKEN_LIFETIME}
    return token


def _continued(call: "ApiCall", token: Any, question: Any) -> list[str]:
    page = call.sim.known.pages.get(token) if isinstance(token, str) else None
    if page is None or page["question"] != question or page["until"] <= call.now:
        raise call.error(400, "search_token")
    return page["rest"]


def found(call: "ApiCall", text: str, reconciled: frozenset[str] = frozenset()) -> list[Issue]:
    """The hits of a bounded query. Raises JiraError 400."""
    try:
        query = jql.parse(text)
        if query.where is None:
            raise Refused("unbounded")
        matcher = Matcher(
            call.site,
            call.person,
            call.now,
            call.sim.index.issues(call.site, reconciled),
            lambda project: call.may("BROWSE_PROJECTS", project),
        )
        return matcher.found(query)
    except Refused as refusal:
        raise call.refused(refusal) from None


def count(call: "ApiCall") -> Response:
    """POST /search/approximate-count."""
    given = call.body(("jql",), ("jql",))
    return call.answer({"count": len(found(call, str(given["jql"])))})
