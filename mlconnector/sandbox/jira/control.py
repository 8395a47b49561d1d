"""Set-up and assertions for other processes: the helpers over HTTP, under `/_sim/`.

    POST /_sim/do/<helper>  {"argument": value, ...}  ->  {"result": ...}   any helper named in ALLOWED
    POST /_sim/deliver      posts what is due         ->  [{"url", "event", "status", "identifier"}, ...]

Bytes (`content`) are sent as base64 in `content_base64`; `seconds` of pass_time stands for a timedelta `by`.
"""

import base64
import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import adf
from mlconnector.sandbox.jira.deliveries import Attempt
from mlconnector.sandbox.jira.state import Issue, Site
from mlconnector.sandbox.jira.words import said
from mlconnector.sandbox.kit import Response, Route, json_answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.jira.app import JiraSimulator

ALLOWED = (
    "add_app",
    "set_app_owner",
    "rotate_secret",
    "sign_in",
    "revoke",
    "expire",
    "add_person",
    "add_site",
    "set_language",
    "set_search_lag",
    "vanish",
    "add_project",
    "add_status",
    "set_workflow",
    "status_id",
    "type_id",
    "add_custom_field",
    "put_on_screen",
    "require_field",
    "take_from_screen",
    "deny",
    "add_admin_webhook",
    "add_issue",
    "move",
    "edit",
    "comment",
    "attach",
    "move_to_project",
    "delete_issue",
    "pass_time",
    "fail",
)


class Control:
    def __init__(self, sim: "JiraSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [
            Route("_sim.do", "POST", "/_sim/do/<name>", self.do),
            Route("_sim.deliver", "POST", "/_sim/deliver", self.deliver),
        ]

    def do(self, request: "Request", name: str) -> Response:
        """Call a helper with the body's arguments."""
        if name not in ALLOWED:
            return json_answer({"error": f"There is no helper {name!r}."}, 404)
        given: dict[str, Any] = request.get_json(silent=True) or {}
        if "content_base64" in given:
            given["content"] = base64.b64decode(given.pop("content_base64"))
        if name == "pass_time":
            given["by"] = timedelta(seconds=given.pop("seconds"))
        try:
            result = getattr(self.sim, name)(**given)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_answer({"result": plain(result)})

    def deliver(self, request: "Request") -> Response:
        return json_answer(plain(self.sim.deliver()))


def plain(result: Any) -> Any:
    """A helper's answer as JSON values."""
    if isinstance(result, list | tuple):
        return [plain(one) for one in result]
    if isinstance(result, Attempt):
        names = ("url", "event", "status", "identifier")
        return {name: getattr(result, name) for name in names}
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return {name: plain(value) for name, value in vars(result).items()}
    if isinstance(result, dict):
        return {name: plain(value) for name, value in result.items()}
    if isinstance(result, datetime):
        return result.isoformat()
    return f"{len(result)} bytes" if isinstance(result, bytes) else result


# --- /_sim/state ------------------------------------------------------------------------------------------
def shown(sim: "JiraSimulator") -> dict[str, Any]:
    """Sites with their projects, issues and webhooks: what another process wants to assert."""
    return {
        "site": sim.site,
        "consenting": sim.consenting,
        "accountant": sim.accountant,
        "client_id": sim.client_id,
        "client_secret": sim.client_secret,
        "sites": [_site(sim, one) for one in sim.known.sites.values()],
        "points": {app: sim.limits.points(app) for app in sim.known.apps},
        "deliveries": len(sim.deliveries.attempts),
        "undelivered": len(sim.deliveries.waiting),
        "lost_deliveries": len(sim.deliveries.lost),
    }


def _site(sim: "JiraSimulator", site: Site) -> dict[str, Any]:
    return {
        "cloud_id": site.cloud_id,
        "name": site.name,
        "url": site.url,
        "language": site.language,
        "projects": [
            {
                "id": one.id,
                "key": one.key,
                "name": one.name,
                "statuses": {id: said(site.statuses[id].name, site.language) for id in one.statuses},
                "types": {id: said(site.types[id].name, site.language) for id in one.screens},
            }
            for one in site.projects.values()
        ],
        "fields": {one.id: said(one.name, site.language) for one in site.fields.values() if one.is_custom},
        "issues": [_issue(site, one) for one in site.issues.values()],
        "webhooks": [plain(one) for one in site.hooks.values()],
        "admin_webhooks": [plain(one) for one in site.admin_hooks.values()],
    }


def _issue(site: Site, issue: Issue) -> dict[str, Any]:
    status = site.statuses[issue.status]
    return {
        "id": issue.id,
        "key": issue.key,
        "project": site.projects[issue.project].key,
        "summary": issue.values.get("summary"),
        "status": said(status.name, site.language),
        "status_id": status.id,
        "category": status.category,
        "values": plain(issue.values),
        "comments": [adf.plain(one.body) for one in issue.comments],
        "attachments": [{"name": one.name, "size": len(one.content)} for one in issue.attachments],
        "properties": issue.properties,
        "changes": len(issue.history),
    }
