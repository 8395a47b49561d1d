"""Set-up and assertions for other processes: the helpers over HTTP, under `/_sim/`.

    POST /_sim/do/<helper>  {"argument": value, ...}  ->  {"result": ...}   any helper named in ALLOWED
    POST /_sim/deliver      posts what is due         ->  [{"target", "status", "events"}, ...]

Bytes (`content`) are sent as base64 in `content_base64`; `seconds` stands for a timedelta `by`.
"""

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import values
from mlconnector.sandbox.asana.errors import ApiError
from mlconnector.sandbox.asana.state import Project, Task, Token, Webhook
from mlconnector.sandbox.kit import Response, Route, json_answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.asana.app import AsanaSimulator

ALLOWED = (
    "add_workspace",
    "add_user",
    "add_token",
    "add_app",
    "add_oauth_tokens",
    "revoke",
    "expire",
    "block",
    "add_project",
    "add_section",
    "add_custom_field",
    "add_option",
    "option",
    "add_field_to_project",
    "remove_field_from_project",
    "add_task",
    "approve",
    "reject",
    "decide",
    "complete",
    "set_field",
    "rename_task",
    "add_comment",
    "comments",
    "delete_task",
    "add_to_project",
    "remove_from_project",
    "add_attachment",
    "remove_from_portfolio",
    "add_portfolio",
    "add_to_portfolio",
    "add_template",
    "set_status",
    "invite",
    "remove_user",
    "move_task",
    "heartbeat",
    "pass_time",
    "fail",
)


class Control:
    def __init__(self, sim: "AsanaSimulator") -> None:
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
        if "seconds" in given:
            given["by"] = timedelta(seconds=given.pop("seconds"))
        try:
            result = getattr(self.sim, name)(**given)
        except (ApiError, TypeError, ValueError, KeyError, AttributeError) as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_answer({"result": _plain(result)})

    def deliver(self, request: "Request") -> Response:
        return json_answer(_plain(self.sim.deliver()))


def _plain(result: Any) -> Any:
    """The helper's answer as JSON values."""
    if isinstance(result, list) and result and hasattr(result[0], "webhook"):
        return [
            {"target": attempt.target, "status": attempt.status, "events": attempt.events()}
            for attempt in result
        ]
    return vars(result) if hasattr(result, "hits") else result


# --- /_sim/state -------------------------------------------------------------
def shown(sim: "AsanaSimulator") -> dict[str, Any]:
    """Projects, tasks with values and comments, webhooks: what another process wants to assert."""
    known = sim.known
    return {
        "workspace": sim.workspace,
        "connector": sim.connector,
        "approver": sim.approver,
        "pat": sim.pat,
        "client_id": sim.client_id,
        "client_secret": sim.client_secret,
        "projects": [_project(sim, project) for project in known.all("project")],
        "tasks": [_task(sim, task) for task in known.all("task")],
        "portfolios": [
            {"gid": one.gid, "name": one.name, "items": list(one.items)} for one in known.all("portfolio")
        ],
        "users": [
            {"gid": one.gid, "email": one.email, "workspaces": list(one.workspaces)}
            for one in known.all("user")
        ],
        "webhooks": [_webhook(hook) for hook in known.webhooks.values()],
        "deleted_webhooks": len(known.deleted_webhooks),
        "events": len(known.events),
        "deliveries": len(sim.deliveries.attempts),
        "undelivered": sum(len(hook.waiting) for hook in known.webhooks.values()),
    }


def _project(sim: "AsanaSimulator", project: Project) -> dict[str, Any]:
    fields = [sim.known.by_gid[gid] for gid in project.fields]
    return {
        "gid": project.gid,
        "name": project.name,
        "fields": {field.name: field.gid for field in fields},
        "options": {
            field.name: {option.name: option.gid for option in field.options}
            for field in fields
            if field.options
        },
        "sections": {sim.known.by_gid[gid].name: gid for gid in project.sections},
        "completed": project.completed_at is not None,
        "statuses": sim.statuses(project.gid),
    }


def _task(sim: "AsanaSimulator", task: Task) -> dict[str, Any]:
    token = Token("", "pat", sim.connector)
    fields = {gid: sim.known.get("custom_field", gid) for gid in task.values}
    attached = [sim.known.by_gid[gid] for gid in sim.known.attachments_of.get(task.gid, [])]
    return {
        "gid": task.gid,
        "name": task.name,
        "resource_subtype": task.resource_subtype,
        "notes": task.notes,
        "due_on": task.due_on,
        "assignee": sim.known.by_gid[task.assignee].email if task.assignee else "",
        "projects": list(task.memberships),
        "sections": {
            project: sim.known.by_gid[section].name for project, section in task.memberships.items()
        },
        "parent": task.parent,
        "approval_status": task.approval_status,
        "completed": task.is_completed,
        "modified_at": values.iso(task.modified_at),
        "visible": sim.known.may_see_task(token, task),
        # By name for people; by gid for machines.
        "fields": {field.name: _value(sim, task, field.gid) for field in fields.values() if field},
        "fields_by_gid": {gid: _value(sim, task, gid) for gid, field in fields.items() if field},
        "comments": sim.comments(task.gid),
        "attachments": [
            {"gid": one.gid, "name": one.name, "host": one.host, "size": len(one.content)} for one in attached
        ],
    }


def _value(sim: "AsanaSimulator", task: Task, field: str) -> Any:
    value = sim.value(task.gid, field)
    return value if isinstance(value, list) or value is None else str(value)


def _webhook(hook: Webhook) -> dict[str, Any]:
    return {
        "gid": hook.gid,
        "resource": hook.resource,
        "target": hook.target,
        "active": hook.is_active,
        "filters": hook.filters,
        "retries": hook.retry_count,
        "waiting": len(hook.waiting),
        "last_success_at": values.iso(hook.last_success_at),
        "last_failure_at": values.iso(hook.last_failure_at),
        "next_attempt_at": values.iso(hook.next_attempt_at),
    }
