"""POST /batch: up to ten requests in one. Source: Asana batch reference (read 2026-11)."""

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from mlconnector.sandbox.asana import checks
from mlconnector.sandbox.asana.errors import ApiError
from mlconnector.sandbox.kit import Response, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall

MOST_ACTIONS = 10
METHODS = ("get", "post", "put", "delete", "patch", "head")
ACTION: dict[str, checks.Check] = {
    "relative_path": checks.text,
    "method": checks.one_of(*METHODS),
    "data": checks.obj,
    "options": checks.obj,
}


def run(call: "ApiCall") -> Response:
    """Each action answers for itself behind the outer 200; each counts in the rate limit."""
    actions = call.data({"actions": checks.each(checks.obj)}, required=("actions",))["actions"]
    if not 1 <= len(actions) <= MOST_ACTIONS:
        raise ApiError(400, f"actions: Must be between 1 and {MOST_ACTIONS} actions")
    for action in actions:
        checks.body(action, ACTION, required=("relative_path", "method"))
    call.sim.limits.check("POST", call.token.value, weight=len(actions) - 1)
    return json_answer({"data": [_answer(call, action) for action in actions]})


def _answer(call: "ApiCall", action: dict[str, Any]) -> dict[str, Any]:
    try:
        response = _run(call, action)
    except ApiError as error:
        response = error.response()
    location = response.headers.get("Location")
    return {
        "status_code": response.status_code,
        "headers": {"location": location} if location else {},
        "body": json.loads(response.get_data()),
    }


def _run(call: "ApiCall", action: dict[str, Any]) -> Response:
    path, method = action["relative_path"], action["method"].upper()
    if not path.startswith("/") or "?" in path:
        raise ApiError(400, f"relative_path: Must be a path without a query: {path}")
    if path == "/batch" or (path == "/attachments" and method == "POST"):
        raise ApiError(400, f"relative_path: Not allowed in a batch: {path}")
    options = action.get("options") or {}
    query = {name: str(options[name]) for name in ("limit", "offset") if name in options}
    if options.get("fields"):
        query["opt_fields"] = ",".join(options["fields"])
    data = action.get("data") or {}
    if method == "GET":
        query |= {name: str(value) for name, value in data.items()}
    builder = EnvironBuilder(
        path=f"/api/1.0{path}",
        method=method,
        query_string=urlencode(query),
        data=None if method == "GET" else json.dumps({"data": data}, default=str),
        content_type=None if method == "GET" else "application/json",
        headers={"Authorization": call.request.headers["Authorization"]},
    )
    return call.sim.inner(Request(builder.get_environ()))
