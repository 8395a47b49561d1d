"""Set-up and assertions for other processes: the helpers over HTTP, under `/_sim/`.

    POST /_sim/do/<helper>  {"argument": value, ...}  ->  {"result": ...}   any helper named in ALLOWED
    POST /_sim/deliver      posts what is due         ->  [{"url", "status", "body"}, ...]

Positional arguments are given as "steps" (set_approval_map); bytes as base64 in `content_base64`; `seconds`
stands for a timedelta `by`.
"""

import base64
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.acumatica.pushes import Attempt
from mlconnector.sandbox.acumatica.state import Record
from mlconnector.sandbox.acumatica.workflow import Refused
from mlconnector.sandbox.kit import Fault, Response, Route, json_answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

ALLOWED = (
    "add_tenant",
    "add_user",
    "set_approval_map",
    "rename_action",
    "close_period",
    "add_vendor_class",
    "add_vendor",
    "add_employee",
    "deactivate_employee",
    "change_employee",
    "add_bill",
    "add_purchase_order",
    "change_bill",
    "change_purchase_order",
    "delete_bill",
    "delete_purchase_order",
    "press",
    "add_file",
    "bill",
    "purchase_order",
    "sign_in",
    "expire_tokens",
    "revoke_grants",
    "end_sessions",
    "add_push",
    "pass_time",
    "fail",
)


class Control:
    def __init__(self, sim: "AcumaticaSimulator") -> None:
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
        steps = given.pop("steps", ())
        if "content_base64" in given:
            given["content"] = base64.b64decode(given.pop("content_base64"))
        if "seconds" in given:
            given["by"] = timedelta(seconds=given.pop("seconds"))
        try:
            first = (given.pop("entity"),) if steps else ()
            result = getattr(self.sim, name)(*first, *steps, **given)
        except (Refused, ArithmeticError, TypeError, ValueError, KeyError, AttributeError) as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_answer({"result": _plain(result)})

    def deliver(self, request: "Request") -> Response:
        return json_answer(_plain(self.sim.deliver()))


def _plain(result: Any) -> Any:
    """The helper's answer as JSON values."""
    if isinstance(result, dict):
        return {name: _plain(value) for name, value in result.items()}
    if isinstance(result, list):
        return [_plain(one) for one in result]
    if isinstance(result, Attempt):
        return {"url": result.url, "status": result.status, "body": result.json()}
    if isinstance(result, Fault):
        return asdict(result)
    if isinstance(result, datetime | date):
        return result.isoformat()
    return str(result) if isinstance(result, Decimal) else result


# --- /_sim/state ------------------------------------------------------------------------------------------
def shown(sim: "AcumaticaSimulator") -> dict[str, Any]:
    """Documents with their status, employees, sessions, the release log: what another process asserts."""
    everything = [record for tenant in sim.tenants.values() for record in tenant.records.values()]
    return {
        "instance": sim.instance,
        "tenant": sim.tenant,
        "user": sim.user,
        "client_id": sim.client_id,
        "bills": _records(everything, "Bill"),
        "purchase_orders": _records(everything, "PurchaseOrder"),
        "employees": _records(everything, "Employee"),
        "done": [_plain(asdict(done)) for done in sim.done],
        "operations": [_plain(asdict(operation)) for operation in sim.operations.values()],
        "sessions": {
            "opened": sim.sessions_opened,
            "closed": sim.sessions_closed,
            "open": sim.sessions_open,
            "most_at_once": sim.sessions_most_at_once,
            "refused": sim.sessions.refused,
        },
        "most_requests_at_once": sim.limits.most_at_once,
        "pushes": {
            "waiting": len(sim.pushes.waiting()),
            "failed": len(sim.pushes.failed()),
            "attempts": len(sim.pushes.attempts),
        },
    }


def _records(records: Iterable[Record], entity: str) -> list[dict[str, Any]]:
    return [
        {
            "id": record.id,
            "tenant": record.tenant,
            "ref": record.ref,
            "modified_at": record.modified_at.isoformat(),
            "files": [file.name for file in record.files],
            **_plain(record.values),
        }
        for record in records
        if record.entity.name == entity
    ]
