"""Rules for purchase orders and sales invoices: numbers, amounts, statuses, what may not be changed."""

from collections.abc import Collection
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.exact import catalogue
from mlconnector.sandbox.exact.errors import Refused
from mlconnector.sandbox.exact.rules import RULES, Rules
from mlconnector.sandbox.exact.state import Row

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.books import Books

CENT = Decimal("0.01")
ONE = Decimal(1)
# Source: OrderStatus, ReceiptStatus, InvoiceStatus of purchaseorder/PurchaseOrders (read 2025-07).
OPEN, PARTIAL, COMPLETE, CANCELED = 10, 20, 30, 40
# Source: Status of salesinvoice/SalesInvoices (read 2025-07).
DRAFT, INVOICE_OPEN, PROCESSED = 10, 20, 50
SALES_INVOICE = 8020
TYPES = (8020, 8021, 8023, 8024)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


# --- purchase orders -------------------------------------------------------------
def fill_order(books: "Books", order: Row) -> None:
    values = order.values
    values["OrderNumber"] = values["OrderNumber"] or books.state.count_up(order.division, "order", 26_000_001)
    values["Currency"] = values["Currency"] or books.state.divisions[order.division].currency
    values["ExchangeRate"] = values["ExchangeRate"] or ONE
    values["OrderDate"] = values["OrderDate"] or books.today()
    values["ReceiptDate"] = values["ReceiptDate"] or values["OrderDate"]
    for name in ("OrderStatus", "ReceiptStatus", "InvoiceStatus"):
        values[name] = values[name] or OPEN
    values["ApprovalStatus"] = 1 if values["ApprovalStatus"] is None else values["ApprovalStatus"]
    values["Source"] = values["Source"] or 11


def check_order(books: "Books", order: Row, names: Collection[str]) -> None:
    same = books.state.by(order.division, order.entity.path, "OrderNumber", order["OrderNumber"])
    if "OrderNumber" in names and same is not None and same.id != order.id:
        raise Refused("exists", "OrderNumber")
    if "Supplier" in names:
        supplier = books.state.get(order.division, catalogue.ACCOUNTS, order["Supplier"])
        if supplier is None or not supplier["IsSupplier"]:
            raise Refused("invalid", "Supplier")
        if supplier["Blocked"]:
            raise Refused("blocked", "Supplier")


def settle_order(books: "Books", order: Row) -> None:
    lines = list(books.state.lines(order.id))
    values = order.values
    net = sum((line["AmountFC"] for line in lines), Decimal())
    values["AmountFCExclVat"] = net
    values["VATAmount"] = sum((line["VATAmount"] for line in lines), Decimal())
    values["AmountFC"] = net + values["VATAmount"]
    values["AmountDC"] = cents(values["AmountFC"] * values["ExchangeRate"])
    values["PurchaseOrderLineCount"] = len(lines)
    if CANCELED in (values["OrderStatus"], values["ReceiptStatus"]):
        return
    values["ReceiptStatus"] = _status(lines, "ReceivedQuantity")
    values["InvoiceStatus"] = _status(lines, "InvoicedQuantity")
    values["OrderStatus"] = (
        values["ReceiptStatus"]
        if values["ReceiptStatus"] != COMPLETE or values["InvoiceStatus"] == COMPLETE
        else PARTIAL
    )


def _status(lines: list[Row], quantity: str) -> int:
    if lines and all(line[quantity] >= line["Quantity"] for line in lines):
        return COMPLETE
    return PARTIAL if any(line[quantity] for line in lines) else OPEN


def guard_order_delete(books: "Books", order: Row) -> None:
    if any(line["ReceivedQuantity"] or line["InvoicedQuantity"] for line in books.state.lines(order.id)):
        raise Refused("processed")


def fill_order_line(books: "Books", line: Row) -> None:
    values = line.values
    item = books.state.get(line.division, catalogue.ITEMS, values["Item"])
    if item is not None:
        values["Description"] = values["Description"] or item["Description"]
        values["Unit"] = item["Unit"]
        if values["UnitPrice"] is None:
            values["UnitPrice"] = item["CostPriceStandard"] or Decimal()
    for name in ("ReceivedQuantity", "InvoicedQuantity", "Discount"):
        values[name] = values[name] or Decimal()
    _fill_net_price(values)


def _fill_net_price(values: dict[str, Any]) -> None:
    if values["NetPrice"] is None and values["UnitPrice"] is not None:
        values["NetPrice"] = values["UnitPrice"] * (ONE - (values["Discount"] or Decimal()))


def _follow_price(line: Row, names: Collection[str]) -> None:
    """A new unit price or discount brings a new net price, unless that is given too."""
    if {"UnitPrice", "Discount"} & set(names) and "NetPrice" not in names:
        line.values["NetPrice"] = None
        _fill_net_price(line.values)


def check_order_line(books: "Books", line: Row, names: Collection[str]) -> None:
    _follow_price(line, names)
    if "CostCenter" in names:
        _check_is_active(books, line, catalogue.COST_CENTERS, "CostCenter")
    if "CostUnit" in names:
        _check_is_active(books, line, catalogue.COST_UNITS, "CostUnit")
    if "Project" in names and line["Project"]:
        project = books.state.get(line.division, catalogue.PROJECTS, line["Project"])
        if project is not None and project["BlockPurchasing"]:
            raise Refused("blocked", "Project")


def _check_is_active(books: "Books", line: Row, path: str, name: str) -> None:
    found = books.state.by(line.division, path, "Code", line[name])
    if found is not None and found["EndDate"] and found["EndDate"] < books.today():
        raise Refused("blocked", name)


def settle_order_line(books: "Books", line: Row) -> None:
    values = line.values
    order = books.state.rows[values["PurchaseOrderID"]]
    values["Quantity"] = values["QuantityInPurchaseUnits"]
    if values["VATCode"] or values["VATPercentage"] is None:
        values["VATPercentage"] = books.vat_rate(values["VATCode"])
    values["AmountFC"] = cents(values["Quantity"] * (values["NetPrice"] or Decimal()))
    values["AmountDC"] = cents(values["AmountFC"] * order["ExchangeRate"])
    values["VATAmount"] = cents(values["AmountFC"] * values["VATPercentage"])


def guard_order_line_delete(books: "Books", line: Row) -> None:
    if len(books.state.children[line["PurchaseOrderID"]]) == 1:
        raise Refused("last_line")
    if line["ReceivedQuantity"] or line["InvoicedQuantity"]:
        raise Refused("processed")


# --- sales invoices -------------------------------------------------------------
def fill_invoice(books: "Books", invoice: Row) -> None:
    values = invoice.values
    if values["OrderNumber"] is None:
        values["OrderNumber"] = books.state.count_up(invoice.division, "invoice order", 70_001)
    values["Currency"] = values["Currency"] or books.state.divisions[invoice.division].currency
    values["InvoiceDate"] = values["InvoiceDate"] or books.today()
    values["OrderDate"] = values["OrderDate"] or values["InvoiceDate"]
    values["DueDate"] = values["DueDate"] or values["InvoiceDate"] + timedelta(days=30)
    values["Type"] = values["Type"] or SALES_INVOICE
    values["Status"] = values["Status"] or INVOICE_OPEN
    values["InvoiceTo"] = values["InvoiceTo"] or values["OrderedBy"]
    values["DeliverTo"] = values["DeliverTo"] or values["OrderedBy"]


def check_invoice(books: "Books", invoice: Row, names: Collection[str]) -> None:
    if invoice["Type"] not in TYPES:
        raise Refused("invalid", "Type")
    if "OrderedBy" in names:
        customer = books.state.get(invoice.division, catalogue.ACCOUNTS, invoice["OrderedBy"])
        if customer is not None and customer["Blocked"]:
            raise Refused("blocked", "OrderedBy")


def settle_invoice(books: "Books", invoice: Row) -> None:
    lines = list(books.state.lines(invoice.id))
    values = invoice.values
    values["AmountFCExclVat"] = sum((line["AmountFC"] for line in lines), Decimal())
    values["VATAmountFC"] = sum((line["VATAmountFC"] for line in lines), Decimal())
    values["AmountFC"] = values["AmountFCExclVat"] + values["VATAmountFC"]
    values["AmountDC"], values["VATAmountDC"] = values["AmountFC"], values["VATAmountFC"]


def guard_invoice(books: "Books", invoice: Row, names: Collection[str] = ()) -> None:
    if invoice["Status"] == PROCESSED:
        raise Refused("processed")


def fill_invoice_line(books: "Books", line: Row) -> None:
    values = line.values
    item = books.state.get(line.division, catalogue.ITEMS, values["Item"])
    if item is not None:
        values["Description"] = values["Description"] or item["Description"]
        values["GLAccount"] = values["GLAccount"] or item["GLRevenue"]
        values["UnitCode"] = values["UnitCode"] or item["Unit"]
        if values["UnitPrice"] is None:
            values["UnitPrice"] = item["StandardSalesPrice"] or Decimal()
    values["Quantity"] = ONE if values["Quantity"] is None else values["Quantity"]
    values["Discount"] = values["Discount"] or Decimal()
    _fill_net_price(values)


def check_invoice_line(books: "Books", line: Row, names: Collection[str]) -> None:
    _follow_price(line, names)
    account = books.state.get(line.division, catalogue.GL_ACCOUNTS, line["GLAccount"])
    if account is None:
        raise Refused("unknown", "GLAccount")
    if "GLAccount" in names and account["IsBlocked"]:
        raise Refused("blocked", "GLAccount")
    for name, use, path in (
        ("CostCenter", "UseCostcenter", catalogue.COST_CENTERS),
        ("CostUnit", "UseCostunit", catalogue.COST_UNITS),
    ):
        if account[use] == 1 and not line[name]:
            raise Refused("mandatory", name)
        if name in names:
            _check_is_active(books, line, path, name)


def settle_invoice_line(books: "Books", line: Row) -> None:
    values = line.values
    if values["VATCode"] or values["VATPercentage"] is None:
        values["VATPercentage"] = books.vat_rate(values["VATCode"])
    values["AmountFC"] = cents(values["Quantity"] * (values["NetPrice"] or Decimal()))
    values["VATAmountFC"] = cents(values["AmountFC"] * values["VATPercentage"])
    values["AmountDC"], values["VATAmountDC"] = values["AmountFC"], values["VATAmountFC"]


def guard_invoice_line(books: "Books", line: Row, names: Collection[str] = ()) -> None:
    guard_invoice(books, books.state.rows[line["InvoiceID"]])


def guard_invoice_line_delete(books: "Books", line: Row) -> None:
    guard_invoice_line(books, line)
    if len(books.state.children[line["InvoiceID"]]) == 1:
        raise Refused("last_line")


RULES.update(
    {
        catalogue.PURCHASE_ORDERS: Rules(
            fill_order, check_order, settle_order, guard_delete=guard_order_delete
        ),
        catalogue.PURCHASE_ORDER_LINES: Rules(
            fill_order_line,
            check_order_line,
            settle_order_line,
            guard_delete=guard_order_line_delete,
        ),
        catalogue.SALES_INVOICES: Rules(
            fill_invoice,
            check_invoice,
            settle_invoice,
            guard_change=guard_invoice,
            guard_delete=guard_invoice,
        ),
        catalogue.SALES_INVOICE_LINES: Rules(
            fill_invoice_line,
            check_invoice_line,
            settle_invoice_line,
            guard_change=guard_invoice_line,
            guard_delete=guard_invoice_line_delete,
        ),
    }
)
