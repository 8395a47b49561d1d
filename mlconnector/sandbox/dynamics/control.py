"""Set-up and assertions for other processes: the helpers over HTTP, under `/_sim/`.

    POST /_sim/do/<helper>  {"argument": value, ...}  ->  {"result": ...}   any helper named in ALLOWED
    POST /_sim/deliver      posts what waits          ->  [{"target", "status", "body"}, ...]

Bytes (`content`) are sent as base64 in `content_base64`, days as 2026-11-30, amounts as text.
"""

import base64
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics import wire
from mlconnector.sandbox.dynamics.errors import ApiError
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.dynamics.tables import Lookup
from mlconnector.sandbox.kit import Response, Route, json_answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

ALLOWED = (
    "add_account",
    "add_contact",
    "add_product",
    "add_currency",
    "set_rate",
    "currency",
    "merge_accounts",
    "add_invoice",
    "add_order",
    "convert_order",
    "add_line",
    "override_totals",
    "set_status",
    "bill",
    "pay",
    "cancel",
    "reactivate",
    "add_note",
    "add_template",
    "change",
    "delete",
    "add_column",
    "add_status",
    "set_language",
    "set_organization",
    "disable_tracking",
    "enable_tracking",
    "expire_delta_tokens",
    "add_secret",
    "remove_secret",
    "add_certificate",
    "expire_tokens",
    "set_privilege",
    "remove_app_user",
    "disable_app_user",
    "fail",
    "pass_time",
)
DAYS = ("due_on", "delivered_on")


class Control:
    def __init__(self, sim: "DynamicsSimulator") -> None:
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
            given |= {name: date.fromisoformat(given[name]) for name in DAYS if given.get(name)}
            result = getattr(self.sim, name)(**given)
        except (ApiError, TypeError, ValueError, KeyError, ArithmeticError) as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_answer({"result": vars(result) if hasattr(result, "hits") else result})

    def deliver(self, request: "Request") -> Response:
        done = self.sim.deliver()
        return json_answer(
            [{"target": one.target, "status": one.status, "body": json.loads(one.body)} for one in done]
        )


# --- /_sim/state -------------------------------------------------------------------------------------------
SHOWN = ("invoice", "account", "contact", "salesorder", "transactioncurrency", "annotation")


def shown(sim: "DynamicsSimulator") -> dict[str, Any]:
    """What another process wants to know or assert; amounts as text."""
    known = sim.known
    return {
        "organization_id": known.organization_id,
        "tenant_id": sim.tenant_id,
        "client_id": sim.client_id,
        "client_secret": sim.client_secret,
        **{known.tables[name].entity_set: [_row(row) for row in known.all(name)] for name in SHOWN},
        "invoicedetails": [_row(row) for row in known.all("invoicedetail")],
        "webhooks": [_row(row) for row in known.all("sdkmessageprocessingstep")],
        "deleted": [{"table": one.table, "id": one.id} for one in known.deleted],
        "deliveries": len(sim.deliveries.attempts),
        "undelivered": len(sim.deliveries.waiting),
    }


def _row(row: Row) -> dict[str, Any]:
    values = {
        name: value for name, value in row.values.items() if value is not None and name != "documentbody"
    }
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Lookup):
        return value.id
    if isinstance(value, dict):
        return value["name"]
    if isinstance(value, date):
        return wire.iso(value)
    return value if isinstance(value, bool | int) else str(value)
