"""Dynamic webhooks of an app: register, list, refresh, delete.

Source: Jira REST v3, "Webhooks" (read 2026-11).
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlconnector.sandbox.jira import jql
from mlconnector.sandbox.jira.errors import JiraError, Refused
from mlconnector.sandbox.jira.state import Hook
from mlconnector.sandbox.jira.words import MESSAGES
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.api import ApiCall

LIFETIME = timedelta(days=30)
# Expired ones stay listed and refreshable for so long.
KEPT_AFTER_EXPIRY = timedelta(days=90)
PER_APP_AND_PERSON = 5
EVENTS = (
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
    "issue_property_set",
    "issue_property_deleted",
)
CLAUSES = ("issuekey", "key", "project", "issuetype", "status", "priority", "assignee", "reporter")
OPERATORS = ("=", "!=", "in", "not in")
DETAILS = ("events", "jqlFilter", "fieldIdsFilter", "issuePropertyKeysFilter")


def _own(call: "ApiCall") -> list[Hook]:
    """The app's and person's webhooks on this site; those that expired long ago are forgotten."""
    for id, hook in list(call.site.hooks.items()):
        if hook.expires_at + KEPT_AFTER_EXPIRY <= call.now:
            del call.site.hooks[id]
    mine = (call.grant.app, call.person.account_id)
    return [hook for hook in call.site.hooks.values() if (hook.app, hook.account) == mine]


def register(call: "ApiCall") -> Response:
    """POST /webhook: 200 even when entries failed; each entry has its own result, in the order sent."""
    given = call.body(("url", "webhooks"), ("url", "webhooks"))
    entries = given["webhooks"]
    if not isinstance(entries, list) or not entries or not all(_is_entry(one) for one in entries):
        raise call.payload_error()
    url = _url(call, given["url"])
    return call.answer({"webhookRegistrationResult": [_result(call, url, one) for one in entries]})


def _is_entry(entry: Any) -> bool:
    """Whether it keeps to the closed schema: there is no `secret`."""
    if not isinstance(entry, dict) or set(entry) - set(DETAILS):
        return False
    lists = [entry.get(name) for name in ("fieldIdsFilter", "issuePropertyKeysFilter") if name in entry]
    return (
        isinstance(entry.get("events"), list)
        and isinstance(entry.get("jqlFilter"), str)
        and all(isinstance(one, list) for one in lists)
    )


def _url(call: "ApiCall", url: Any) -> str:
    """The URL that will be used: one for each app. Raises JiraError 400."""
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise call.error(400, "url", value=url)
    used = {hook.url for hook in _own(call)}
    if not used or url in used:
        return url
    if call.sim.options.second_url == "keep":
        return used.pop()
    raise call.error(400, "hook_url", url=used.pop())


def _result(call: "ApiCall", url: str, entry: dict[str, Any]) -> dict[str, Any]:
    errors = [f"The event {one} is unsupported" for one in entry["events"] if one not in EVENTS]
    if not entry["events"]:
        errors.append("At least one event must be given")
    errors += filter_faults(entry["jqlFilter"])
    if not errors and len(_own(call)) >= PER_APP_AND_PERSON:
        errors.append(f"Maximum number of webhooks reached: {PER_APP_AND_PERSON}")
    if errors:
        return {"errors": errors}
    hook = Hook(
        int(call.site.next_id("hook")),
        call.grant.app,
        call.person.account_id,
        url,
        entry["jqlFilter"],
        entry["events"],
        entry.get("fieldIdsFilter"),
        entry.get("issuePropertyKeysFilter"),
        call.now + LIFETIME,
    )
    call.site.hooks[hook.id] = hook
    return {"createdWebhookId": hook.id}


def filter_faults(text: str) -> list[str]:
    """What the subset of JQL for webhooks does not take."""
    if not text.strip():
        return ["The jqlFilter must not be empty"]
    try:
        query = jql.parse(text)
    except Refused as refusal:
        return [MESSAGES[refusal.key]["en"].format(**refusal.given)]
    found = ["ORDER BY is unsupported"] if query.order or query.where is None else []
    for clause in jql.clauses(query.where):
        if clause.field.lower() not in CLAUSES and not clause.field.lower().startswith("issue.property["):
            found.append(f"The clause {clause.field} is unsupported")
        elif clause.operator not in OPERATORS:
            found.append(f"Operator {clause.operator} is unsupported")
    return found


def listed(call: "ApiCall") -> Response:
    """GET /webhook."""

    def shape(hook: Hook) -> dict[str, Any]:
        shown = {
            "id": hook.id,
            "url": hook.url,
            "jqlFilter": hook.jql,
            "events": hook.events,
            "fieldIdsFilter": hook.field_ids,
            "issuePropertyKeysFilter": hook.property_keys,
            "expirationDate": call.shapes.moment(hook.expires_at),
        }
        return {name: value for name, value in shown.items() if value is not None}

    return call.page(_own(call), shape, size=100)


def _named(call: "ApiCall") -> list[Hook]:
    """Own webhooks among {"webhookIds": [...]}; unknown ids are ignored."""
    ids = call.body(("webhookIds",), ("webhookIds",))["webhookIds"]
    if not isinstance(ids, list) or not all(type(one) is int for one in ids):
        raise call.payload_error()
    return [hook for hook in _own(call) if hook.id in ids]


def refresh(call: "ApiCall") -> Response:
    """PUT /webhook/refresh: 30 days from now."""
    expires_at = call.now + LIFETIME
    for hook in _named(call):
        hook.expires_at = expires_at
    return call.answer({"expirationDate": call.shapes.moment(expires_at)})


def delete(call: "ApiCall") -> Response:
    """DELETE /webhook with a body -> 202."""
    for hook in _named(call):
        del call.site.hooks[hook.id]
    return call.nothing(202)


def failed(call: "ApiCall") -> Response:
    """GET /webhook/failed is for Connect apps."""
    raise JiraError(403, call.says("hook_app"))
