"""Portfolios and what is in them; a paid feature. Source: Asana portfolios reference (read 2026-11)."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import checks
from mlconnector.sandbox.asana.errors import PAID, ApiError, unknown
from mlconnector.sandbox.asana.planning import Portfolio
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall
    from mlconnector.sandbox.asana.shapes import Record

ITEMS_PER_PORTFOLIO = 1500
PRIVACY = ("public_to_domain", "members_only")
CHANGE: dict[str, checks.Check] = {
    "name": checks.text,
    "privacy_setting": checks.one_of(*PRIVACY),
    "public": checks.flag,
    "color": checks.text,
}
CREATE: dict[str, checks.Check] = CHANGE | {"workspace": checks.gid}
ITEM: dict[str, checks.Check] = {
    "item": checks.gid,
    "insert_before": checks.nullable(checks.gid),
    "insert_after": checks.nullable(checks.gid),
}


def _paid(call: "ApiCall") -> None:
    if call.sim.options.is_free_plan:
        raise ApiError(402, PAID)


def found(call: "ApiCall", gid: str, name: str = "portfolio") -> Portfolio:
    """A portfolio that the token may see. Raises ApiError 402 or 404."""
    _paid(call)
    portfolio: Portfolio = call.found("portfolio", gid, name)
    is_inside = call.token.user in (portfolio.owner, *portfolio.members)
    if not call.state.may_use(call.token, portfolio.workspace) or not (portfolio.is_public or is_inside):
        raise unknown(name, gid)
    return portfolio


def _own(call: "ApiCall", gid: str) -> Portfolio:
    """A portfolio that the token's user may edit. Raises ApiError 403."""
    portfolio = found(call, gid)
    if call.token.user not in (portfolio.owner, *portfolio.members):
        raise ApiError(403, "portfolio: You do not have permission to edit this portfolio")
    return portfolio


def listed(call: "ApiCall") -> Response:
    """GET /portfolios: only those that the token's user owns."""
    _paid(call)
    workspace = call.workspace(call.given("workspace"))
    owner = call.query.get("owner")
    if owner and call.found_user(owner, "owner").gid != call.token.user:
        raise ApiError(403, "owner: You can only list portfolios that you own")
    mine = [
        portfolio
        for portfolio in call.state.all("portfolio")
        if portfolio.workspace == workspace.gid and portfolio.owner == call.token.user
    ]
    return call.page(mine, call.records.portfolio)


def create(call: "ApiCall") -> Response:
    _paid(call)
    data = call.data(CREATE, required=("workspace", "name"))
    workspace = call.workspace(data["workspace"])
    portfolio = Portfolio(call.state.next_gid(), data["name"], workspace.gid, call.token.user, call.now)
    _set(portfolio, data)
    call.state.add(portfolio)
    return call.created(call.records.portfolio(portfolio), f"/portfolios/{portfolio.gid}")


def _set(portfolio: Portfolio, data: dict[str, Any]) -> None:
    portfolio.name = data.get("name", portfolio.name)
    portfolio.is_public = data.get("public", portfolio.is_public)
    if "privacy_setting" in data:
        portfolio.is_public = data["privacy_setting"] == "public_to_domain"


def one(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.portfolio(found(call, gid)))


def change(call: "ApiCall", gid: str) -> Response:
    portfolio = _own(call, gid)
    _set(portfolio, call.data(CHANGE))
    return call.one(call.records.portfolio(portfolio))


# --- what is in it -------------------------------------------------------------
def items(call: "ApiCall", gid: str) -> Response:
    portfolio = found(call, gid)
    living = [record for one in portfolio.items if (record := _item(call, one))]
    return call.page(living, lambda record: _shown(call, record))


def _item(call: "ApiCall", gid: str) -> Any:
    """A visible project or portfolio, or None."""
    project = call.state.get("project", gid)
    if project and not call.state.may_see_project(call.token, project):
        return None
    return project or call.state.get("portfolio", gid)


def _shown(call: "ApiCall", record: Any) -> "Record":
    is_portfolio = record.kind == "portfolio"
    return call.records.portfolio(record) if is_portfolio else call.records.project(record)


def add_item(call: "ApiCall", gid: str) -> Response:
    """Adding what is there already changes nothing."""
    portfolio = _own(call, gid)
    data = call.data(ITEM, required=("item",))
    item = _item(call, data["item"])
    if item is None or item.workspace != portfolio.workspace:
        raise unknown("item", data["item"])
    if data.get("insert_before") and data.get("insert_after"):
        raise ApiError(400, "insert_before: Must not be used together with insert_after")
    if item.gid in portfolio.items:
        return call.nothing()
    if len(portfolio.items) >= ITEMS_PER_PORTFOLIO:
        raise ApiError(400, f"item: The portfolio has {ITEMS_PER_PORTFOLIO} items already")
    portfolio.items.insert(_place(portfolio, data), item.gid)
    return call.nothing()


def _place(portfolio: Portfolio, data: dict[str, Any]) -> int:
    for name, offset in (("insert_before", 0), ("insert_after", 1)):
        if anchor := data.get(name):
            if anchor not in portfolio.items:
                raise unknown(name, anchor)
            return portfolio.items.index(anchor) + offset
    return len(portfolio.items)


def remove_item(call: "ApiCall", gid: str) -> Response:
    portfolio = _own(call, gid)
    item = call.data({"item": checks.gid}, required=("item",))["item"]
    if item not in portfolio.items:
        raise unknown("item", item)
    portfolio.items.remove(item)
    return call.nothing()
