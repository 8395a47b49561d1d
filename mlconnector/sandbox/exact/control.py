"""Set-up and assertions for other processes: the helpers over HTTP, under `/_sim/`.

    POST /_sim/do/<helper>  {"argument": value, ...}  ->  {"result": ...}   any helper named in ALLOWED
    POST /_sim/deliver      posts what is due         ->  [{"url", "status", "content"}, ...]

`seconds` stands for a timedelta `by`. Amounts are sent as text, days as ISO text.
"""

from dataclasses import asdict, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.exact import catalogue
from mlconnector.sandbox.exact.deliveries import Attempt
from mlconnector.sandbox.exact.errors import Refused
from mlconnector.sandbox.kit import Response, Route, json_answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.exact.simulator import ExactSimulator

_ALLOWED = """
    add_division add_user admit shut_out grant_only switch_division set_language refuse_user
    block_division move_division add_app set_scopes add_oauth_tokens revoke refresh_log use_up
    subscriptions drop_subscription pass_time fail add add_account add_supplier add_customer
    add_gl_account add_cost_center add_cost_unit add_item some add_purchase_order add_sales_invoice
    add_line lines receive bill cancel_order approve_order print_invoice change delete rename block
    add_project add_deliverable add_activity add_expense add_invoice_term add_hour_budget add_cost
    finalize_entry process_term row rows
"""
ALLOWED = frozenset(_ALLOWED.split())


class Control:
    def __init__(self, sim: "ExactSimulator") -> None:
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
        if "seconds" in given:
            given["by"] = timedelta(seconds=given.pop("seconds"))
        try:
            result = getattr(self.sim, name)(**given)
        except (Refused, TypeError, ValueError, KeyError, StopIteration) as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_answer({"result": plain(result)})

    def deliver(self, request: "Request") -> Response:
        return json_answer(plain(self.sim.deliver()))


def plain(value: Any) -> Any:
    """As JSON values: amounts and times as text."""
    if isinstance(value, Attempt):
        return {"url": value.url, "status": value.status, "content": value.content()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(one) for one in value]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime | date) else value


# --- /_sim/state -------------------------------------------------------------
SHOWN = {
    "purchase_orders": (
        catalogue.PURCHASE_ORDERS,
        "PurchaseOrderID OrderNumber SupplierName AmountFC Currency OrderStatus ReceiptStatus",
    ),
    "sales_invoices": (
        catalogue.SALES_INVOICES,
        "InvoiceID OrderNumber InvoiceNumber OrderedByName AmountFC Status",
    ),
    "accounts": (catalogue.ACCOUNTS, "ID Code Name IsSupplier Blocked"),
    "gl_accounts": (catalogue.GL_ACCOUNTS, "ID Code Description IsBlocked"),
    "cost_centers": (catalogue.COST_CENTERS, "ID Code Description EndDate"),
    "projects": (catalogue.PROJECTS, "ID Code Description BudgetedCosts EndDate"),
    "deliverables": (
        catalogue.DELIVERABLES,
        "ID Project Description Milestone Completed ProjectTerm ReleaseInvoiceTerm",
    ),
    "activities": (catalogue.ACTIVITIES, "ID Project Description Completed EndDate BudgetedCost"),
    "expenses": (catalogue.EXPENSES, "ID Project Description Completed BudgetedCost"),
    "invoice_terms": (catalogue.INVOICE_TERMS, "ID Project Description Amount InvoiceStatus InvoiceDate"),
    "hour_budgets": (catalogue.HOUR_BUDGETS, "ID Project ItemCode Budget"),
    "costs": (catalogue.COSTS, "ID Project Quantity PriceFC AmountFC HourStatus Notes"),
}


def shown(sim: "ExactSimulator") -> dict[str, Any]:
    """What another process wants to assert, the books by division."""
    known = sim.known
    return {
        "region": sim.region.code,
        "client_id": sim.client_id,
        "client_secret": sim.client_secret,
        "webhook_secret": sim.webhook_secret,
        "user": sim.user,
        "divisions": {str(code): one.name for code, one in known.divisions.items()},
        "books": {str(code): _books(sim, code) for code in known.divisions},
        "subscriptions": plain(list(known.subscriptions.values())),
        "deletions": plain(known.deletions),
        "refreshes": plain(sim.refresh_log()),
        "errors": sim.limits.errors(),
        "undelivered": len(known.waiting),
        "deliveries": plain(sim.deliveries.attempts),
    }


def _books(sim: "ExactSimulator", division: int) -> dict[str, Any]:
    return {
        name: [
            plain({field: sim.books.value(row, field) for field in fields.split()})
            for row in sim.known.table(division, path).values()
        ]
        for name, (path, fields) in SHOWN.items()
    }
