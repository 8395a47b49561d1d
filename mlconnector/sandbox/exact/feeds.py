"""What each endpoint lists: one Item for each row, whatever it is made from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.exact import catalogue
from mlconnector.sandbox.exact.entity import Entity
from mlconnector.sandbox.exact.errors import ApiError
from mlconnector.sandbox.exact.odata import Getter, moment
from mlconnector.sandbox.exact.rules_projects import wbs_of
from mlconnector.sandbox.exact.state import Deletion, Division, Row

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.access import ApiCall


@dataclass(frozen=True)
class Item:
    """One row of a list. `place` orders the list and stays the same for ever; `row` when it is a record."""

    key: Any
    place: int
    get: Getter
    row: Row | None = None


def listed(call: "ApiCall") -> list[Item]:
    """Everything behind the call's endpoint in its division, in a fixed order."""
    source = SOURCES.get(call.entity.path)
    items = source(call) if source else (of_row(call, row) for row in table(call, call.entity.path))
    return sorted(items, key=lambda item: item.place)


def table(call: "ApiCall", path: str) -> list[Row]:
    return list(call.sim.known.table(call.division, path).values())


def of_row(call: "ApiCall", row: Row) -> Item:
    def get(name: str) -> Any:
        return row.timestamp if name == "Timestamp" else call.sim.books.value(row, name, call.user.language)

    return Item(row.id, row.number, get, row)


def _same(source: str) -> Callable[["ApiCall"], Iterator[Item]]:
    """A bulk or sync endpoint that shows the rows of a normal one."""
    return lambda call: (of_row(call, row) for row in table(call, source))


# --- header and lines in one feed -------------------------------------------------------------
def _documents(header_path: str, lines_path: str) -> Callable[["ApiCall"], Iterator[Item]]:
    header_entity, line_entity = catalogue.BY_PATH[header_path], catalogue.BY_PATH[lines_path]

    def source(call: "ApiCall") -> Iterator[Item]:
        for header in table(call, header_path):
            yield Item(header.id, header.number, _header(call, header))
            for line in call.sim.known.lines(header.id):
                yield Item(line.id, line.number, _line(call, header, line))

    def _header(call: "ApiCall", header: Row) -> Getter:
        return lambda name: _of(call, header, header, name, header_entity)

    def _line(call: "ApiCall", header: Row, line: Row) -> Getter:
        return lambda name: _of(call, header, line, name, line_entity)

    return source


def _of(call: "ApiCall", header: Row, row: Row, name: str, entity: Entity) -> Any:
    """A field of a combined row: the line's own value where a line has such a field, else the header's."""
    if name in ("ID", "Timestamp"):
        return row.id if name == "ID" else row.timestamp
    if name == "LineNumber":
        return 0 if row is header else row["LineNumber"]
    if name in ("CostCenter", "CostUnit", "CostCenterCode", "CostUnitCode") and _has_codes(call):
        code = row.values.get(name.removesuffix("Code"))
        if name.endswith("Code"):
            return code
        path = catalogue.COST_CENTERS if name == "CostCenter" else catalogue.COST_UNITS
        found = call.sim.known.by(call.division, path, "Code", code)
        return found.id if found else None
    if name == "DocumentNumber":
        document = call.sim.known.rows.get(header["Document"] or "")
        return document["HID"] if document else None
    owner = row if name in entity.fields else header
    return call.sim.books.value(owner, name, call.user.language) if name in owner.entity.fields else None


def _has_codes(call: "ApiCall") -> bool:
    return "CostCenterCode" in call.entity.fields


# --- work breakdown structure, times and costs -------------------------------------------------------------
BULK_NAMES = {
    "Parent": "PartOf",
    "Cost": "BudgetedCost",
    "Hours": "BudgetedHours",
    "Revenue": "BudgetedRevenue",
    "PurchaseMarkupPercentage": "MarkupPercentage",
    "BudgetedQuantity": "Quantity",
}


def _wbs(call: "ApiCall", project: str | None = None) -> Iterator[Item]:
    for row in wbs_of(call.sim.books, call.division, project):
        yield Item(row.id, row.number, _renamed(call, row, BULK_NAMES))


def _renamed(call: "ApiCall", row: Row, names: dict[str, str]) -> Getter:
    def get(name: str) -> Any:
        name = names.get(name, name)
        if name == "Timestamp":
            return row.timestamp
        known = name in row.entity.fields
        return call.sim.books.value(row, name, call.user.language) if known else None

    return get


def _wbs_by_project(call: "ApiCall") -> Iterator[Item]:
    given = call.request.args.get("projectId", "")
    if not (given.startswith("guid'") and given.endswith("'")):
        raise ApiError(400, "Bad Request - Error in query syntax.")
    return _wbs(call, given[5:-1].lower())


def _entries(call: "ApiCall") -> Iterator[Item]:
    for path, wbs in ((catalogue.TIMES, "Activity"), (catalogue.COSTS, "Expense")):
        for row in table(call, path):
            project = call.sim.known.rows.get(row["Project"] or "")
            inner = _renamed(call, row, {"WBS": wbs, "WBSDescription": f"{wbs}Description"})
            code = project["Code"] if project else None
            yield Item(row.id, row.number, _with(inner, ProjectCode=code))


def _with(inner: Getter, **values: Any) -> Getter:
    return lambda name: values[name] if name in values else inner(name)


# --- subscriptions, deletions, row versions, divisions ---------------------------------------------------
def _subscriptions(call: "ApiCall") -> Iterator[Item]:
    """Only those of this app are seen."""
    for one in call.sim.known.subscriptions.values():
        if one.app == call.app.client_id and one.division == call.division:
            user = call.sim.known.users.get(one.user)
            values = {
                "ID": one.id,
                "CallbackURL": one.callback_url,
                "ClientID": one.app,
                "Created": one.created,
                "Creator": one.user,
                "CreatorFullName": user.full_name if user else None,
                "Description": call.app.name,
                "Division": one.division,
                "Topic": one.topic,
                "IsInstant": one.is_instant,
                "UserID": one.user,
            }
            yield Item(one.id, one.number, values.get)


def _deletions(call: "ApiCall") -> Iterator[Item]:
    for one in call.sim.known.deletions:
        if one.division == call.division:
            yield Item(one.id, one.number, _deletion(one))


def _deletion(one: Deletion) -> Getter:
    return {
        "Timestamp": one.timestamp,
        "DeletedBy": one.by,
        "DeletedDate": one.at,
        "Division": one.division,
        "EntityKey": one.entity_key,
        "EntityType": one.entity_type,
        "ID": one.id,
    }.get


def _sync_timestamp(call: "ApiCall") -> Iterator[Item]:
    """The row version at which to begin for what was modified since `modified` (datetime'...')."""
    given, endpoint = call.request.args.get("modified", ""), call.request.args.get("endPoint", "")
    try:
        since = moment(given.removeprefix("datetime").strip("'"))
    except ValueError:
        raise ApiError(400, "Bad Request - Error in query syntax.") from None
    before = [
        row.timestamp
        for row in call.sim.known.rows.values()
        if row.division == call.division and row.values.get("Modified") and row["Modified"] < since
    ]
    values = {"Modified": since, "API": endpoint.strip("'"), "TimeStampAsBigInt": max(before, default=1)}
    yield Item(values["TimeStampAsBigInt"], 0, values.get)


def _divisions(call: "ApiCall") -> Iterator[Item]:
    """Open to user and app; the division in the path does not matter."""
    for code in call.sim.access.divisions_of(call.app, call.user):
        yield Item(code, code, _division(call, call.sim.known.divisions[code]))


def _division(call: "ApiCall", division: Division) -> Getter:
    return {
        "Code": division.code,
        "Description": division.name,
        "CustomerName": division.customer,
        "CustomerCode": "1".rjust(18),
        "Currency": division.currency,
        "Country": division.country,
        "Created": division.created,
        "Modified": division.created,
        "BlockingStatus": division.blocking_status,
        "DivisionMoveDate": division.moved,
        "IsMainDivision": division.is_main,
        "Main": division.is_main,
        "Current": division.code == call.user.current_division,
        "Hid": division.code % 1000,
        "HID": division.code % 1000,
        "Status": 1,
        "IsDossierDivision": False,
        "IsPracticeDivision": False,
        "IsHRDivision": False,
    }.get


SOURCES: dict[str, Callable[["ApiCall"], Iterator[Item]]] = {
    "sync/PurchaseOrder/PurchaseOrders": _documents(
        catalogue.PURCHASE_ORDERS, catalogue.PURCHASE_ORDER_LINES
    ),
    "sync/SalesInvoice/SalesInvoices": _documents(catalogue.SALES_INVOICES, catalogue.SALES_INVOICE_LINES),
    "sync/Project/Projects": _same(catalogue.PROJECTS),
    "sync/CRM/Accounts": _same(catalogue.ACCOUNTS),
    "sync/Financial/GLAccounts": _same(catalogue.GL_ACCOUNTS),
    "bulk/SalesInvoice/SalesInvoices": _same(catalogue.SALES_INVOICES),
    "bulk/SalesInvoice/SalesInvoiceLines": _same(catalogue.SALES_INVOICE_LINES),
    "bulk/CRM/Accounts": _same(catalogue.ACCOUNTS),
    "bulk/Financial/GLAccounts": _same(catalogue.GL_ACCOUNTS),
    "sync/Project/ProjectWBS": _wbs,
    "bulk/Project/ProjectWBS": _wbs,
    "read/project/ProjectWBSByProject": _wbs_by_project,
    "sync/Project/TimeCostTransactions": _entries,
    "sync/Deleted": _deletions,
    "read/sync/Sync/SyncTimestamp": _sync_timestamp,
    "system/Divisions": _divisions,
    "hrm/Divisions": _divisions,
    catalogue.SUBSCRIPTIONS: _subscriptions,
}
