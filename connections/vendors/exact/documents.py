"""Purchase orders and sales invoices with their lines: what they say, and how they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from connections.vendors.exact.client import Client
from connections.vendors.exact.columns import (
    INVOICE_COLUMNS,
    INVOICE_LINE_COLUMNS,
    INVOICE_LINES,
    INVOICES,
    ORDER_COLUMNS,
    ORDER_LINE_COLUMNS,
    ORDER_LINES,
    ORDERS,
)
from connections.vendors.exact.values import Reference, Row


class Progress(IntEnum):
    """How far an order, its receipt or its invoicing has come."""

    OPEN = 10
    PARTIAL = 20
    COMPLETE = 30
    CANCELED = 40


class Approval(IntEnum):
    AWAITING = 0
    AUTOMATIC = 1
    APPROVED = 2


class InvoiceStatus(IntEnum):
    """A processed invoice is final: it is never changed any more."""

    DRAFT = 10
    OPEN = 20
    PROCESSED = 50


class InvoiceType(IntEnum):
    INVOICE = 8020
    CREDIT_NOTE = 8021
    DIRECT_INVOICE = 8023
    DIRECT_CREDIT_NOTE = 8024


@dataclass(frozen=True)
class Line:
    """A line of an order or an invoice. Amounts are in the document's currency unless named `_dc`.

    The amount of an invoice line is without VAT; of an order line it is not documented: `vat_amount` stands
    beside it.
    `gl_account` has id and description on an invoice line; an order line has none of its own: it follows
    from the item (`ExactApi.items`, `Item.gl_costs`). Cost center and cost unit are named by their codes.
    """

    id: str
    document_id: str
    number: int | None
    item: Reference | None
    description: str
    notes: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    net_price: Decimal | None
    amount: Decimal | None
    amount_dc: Decimal | None
    vat_amount: Decimal | None
    vat_code: str
    # As Exact Online has it; whether 19 or 0.19 stands for 19 % is not documented.
    vat_percentage: Decimal | None
    delivery_on: date | None
    project: Reference | None
    cost_center: str
    cost_center_description: str
    cost_unit: str
    cost_unit_description: str
    gl_account: Reference | None
    # Only on order lines.
    received_quantity: Decimal | None
    invoiced_quantity: Decimal | None
    expense: Reference | None
    row: Row

    @property
    def text(self) -> str:
        """What a person reads: the line's own text, else the item's."""
        return self.description or (self.item.label if self.item else "")

    @classmethod
    def of_order(cls, row: Row) -> Self:
        return cls._read(
            row,
            document="PurchaseOrderID",
            # What was ordered; `Quantity` is the same in stock units.
            quantity=row.decimal("QuantityInPurchaseUnits"),
            unit=row.text("Unit"),
            vat_amount=row.decimal("VATAmount"),
            delivery_on=row.day("ReceiptDate"),
        )

    @classmethod
    def of_invoice(cls, row: Row) -> Self:
        return cls._read(
            row,
            document="InvoiceID",
            quantity=row.decimal("Quantity"),
            unit=row.text("UnitCode"),
            vat_amount=row.decimal("VATAmountFC"),
            delivery_on=row.day("DeliveryDate"),
        )

    @classmethod
    def _read(
        cls,
        row: Row,
        *,
        document: str,
        quantity: Decimal | None,
        unit: str,
        vat_amount: Decimal | None,
        delivery_on: date | None,
    ) -> Self:
        return cls(
            id=row.key("ID"),
            document_id=row.key(document),
            number=row.whole("LineNumber"),
            item=row.reference("Item", "ItemCode", "ItemDescription"),
            description=row.text("Description"),
            notes=row.text("Notes"),
            quantity=quantity,
            unit=unit,
            unit_price=row.decimal("UnitPrice"),
            net_price=row.decimal("NetPrice"),
            amount=row.decimal("AmountFC"),
            amount_dc=row.decimal("AmountDC"),
            vat_amount=vat_amount,
            vat_code=row.text("VATCode"),
            vat_percentage=row.decimal("VATPercentage"),
            delivery_on=delivery_on,
            project=row.reference("Project", "ProjectCode", "ProjectDescription"),
            cost_center=row.text("CostCenter"),
            cost_center_description=row.text("CostCenterDescription"),
            cost_unit=row.text("CostUnit"),
            cost_unit_description=row.text("CostUnitDescription"),
            gl_account=row.reference("GLAccount", label="GLAccountDescription"),
            received_quantity=row.decimal("ReceivedQuantity"),
            invoiced_quantity=row.decimal("InvoicedQuantity"),
            expense=row.reference("Expense", label="ExpenseDescription"),
            row=row,
        )


@dataclass(frozen=True)
class PurchaseOrder:
    """An order with its lines, by line number. Amounts are in `currency` unless named `_dc`.

    All statuses are read only at Exact Online: nothing is approved, received or cancelled by the interface.
    """

    id: str
    number: int | None
    description: str
    your_ref: str
    supplier: Reference | None
    ordered_on: date | None
    # When the goods are expected.
    receipt_on: date | None
    currency: str
    amount: Decimal | None
    amount_net: Decimal | None
    vat_amount: Decimal | None
    amount_dc: Decimal | None
    status: Progress | None
    receipt_status: Progress | None
    invoice_status: Progress | None
    approval: Approval | None
    approved_at: datetime | None
    approver: str
    payment_condition: str
    purchase_agent: str
    remarks: str
    created_at: datetime | None
    modified_at: datetime | None
    lines: tuple[Line, ...]
    row: Row

    @classmethod
    def from_rows(cls, row: Row, lines: Iterable[Row]) -> Self:
        return cls(
            id=row.key("PurchaseOrderID"),
            number=row.whole("OrderNumber"),
            description=row.text("Description"),
            your_ref=row.text("YourRef"),
            supplier=row.reference("Supplier", "SupplierCode", "SupplierName"),
            ordered_on=row.day("OrderDate"),
            receipt_on=row.day("ReceiptDate"),
            currency=row.text("Currency"),
            amount=row.decimal("AmountFC"),
            amount_net=row.decimal("AmountFCExclVat"),
            vat_amount=row.decimal("VATAmount"),
            amount_dc=row.decimal("AmountDC"),
            status=row.choice("OrderStatus", Progress),
            receipt_status=row.choice("ReceiptStatus", Progress),
            invoice_status=row.choice("InvoiceStatus", Progress),
            approval=row.choice("ApprovalStatus", Approval),
            approved_at=row.moment("Approved"),
            approver=row.text("ApproverFullName"),
            payment_condition=row.text("PaymentConditionDescription") or row.text("PaymentCondition"),
            purchase_agent=row.text("PurchaseAgentFullName"),
            remarks=row.text("Remarks"),
            created_at=row.moment("Created"),
            modified_at=row.moment("Modified"),
            lines=_in_order(map(Line.of_order, lines)),
            row=row,
        )

    def to_json(self) -> dict[str, Any]:
        """JSON that may be stored; `from_json` gives the same order again."""
        return _to_json(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], zone: ZoneInfo) -> Self:
        return cls.from_rows(*_from_json(stored, zone))


@dataclass(frozen=True)
class SalesInvoice:
    """An invoice to a customer with its lines, by line number. Amounts are in `currency` unless named `_dc`.

    `number` is None until it is printed or entered, by a setting at Exact Online. Whether it was paid is not
    known here.
    """

    id: str
    number: int | None
    order_number: int | None
    description: str
    your_ref: str
    ordered_by: Reference | None
    invoice_to: Reference | None
    invoiced_on: date | None
    ordered_on: date | None
    due_on: date | None
    currency: str
    amount: Decimal | None
    amount_net: Decimal | None
    vat_amount: Decimal | None
    amount_dc: Decimal | None
    status: InvoiceStatus | None
    type: InvoiceType | None
    journal: Reference | None
    payment_condition: str
    payment_reference: str
    salesperson: str
    remarks: str
    created_at: datetime | None
    modified_at: datetime | None
    lines: tuple[Line, ...]
    row: Row

    @classmethod
    def from_rows(cls, row: Row, lines: Iterable[Row]) -> Self:
        journal = row.text("Journal")
        return cls(
            id=row.key("InvoiceID"),
            number=row.whole("InvoiceNumber"),
            order_number=row.whole("OrderNumber"),
            description=row.text("Description"),
            your_ref=row.text("YourRef"),
            ordered_by=row.reference("OrderedBy", label="OrderedByName"),
            invoice_to=row.reference("InvoiceTo", label="InvoiceToName"),
            invoiced_on=row.day("InvoiceDate"),
            ordered_on=row.day("OrderDate"),
            due_on=row.day("DueDate"),
            currency=row.text("Currency"),
            amount=row.decimal("AmountFC"),
            amount_net=row.decimal("AmountFCExclVat"),
            vat_amount=row.decimal("VATAmountFC"),
            amount_dc=row.decimal("AmountDC"),
            status=row.choice("Status", InvoiceStatus),
            type=row.choice("Type", InvoiceType),
            journal=Reference("", journal, row.text("JournalDescription")) if journal else None,
            payment_condition=row.text("PaymentConditionDescription") or row.text("PaymentCondition"),
            payment_reference=row.text("PaymentReference"),
            salesperson=row.text("SalespersonFullName"),
            remarks=row.text("Remarks"),
            created_at=row.moment("Created"),
            modified_at=row.moment("Modified"),
            lines=_in_order(map(Line.of_invoice, lines)),
            row=row,
        )

    @property
    def is_credit_note(self) -> bool:
        return self.type in (InvoiceType.CREDIT_NOTE, InvoiceType.DIRECT_CREDIT_NOTE)

    def to_json(self) -> dict[str, Any]:
        """JSON that may be stored; `from_json` gives the same invoice again."""
        return _to_json(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], zone: ZoneInfo) -> Self:
        return cls.from_rows(*_from_json(stored, zone))


def purchase_orders(client: Client, ids: Sequence[str]) -> dict[str, PurchaseOrder]:
    """Orders by id; those that are gone are not in it. Two calls for up to 20 orders of 60 lines together."""
    headers = client.rows_of(ORDERS, ORDER_COLUMNS, "PurchaseOrderID", ids)
    found = {row.key("PurchaseOrderID"): row for row in headers}
    # Whether expanded lines are cut off is not documented, so they are read as rows of their own.
    lines = _by_document(
        client.rows_of(ORDER_LINES, ORDER_LINE_COLUMNS, "PurchaseOrderID", found), "PurchaseOrderID"
    )
    return {key: PurchaseOrder.from_rows(row, lines.get(key, ())) for key, row in found.items()}


def sales_invoices(client: Client, ids: Sequence[str]) -> dict[str, SalesInvoice]:
    """Invoices by id; those that are gone are not in it. Two calls for up to 20 invoices of 60 lines."""
    headers = client.rows_of(INVOICES, INVOICE_COLUMNS, "InvoiceID", ids)
    found = {row.key("InvoiceID"): row for row in headers}
    lines = _by_document(client.rows_of(INVOICE_LINES, INVOICE_LINE_COLUMNS, "InvoiceID", found), "InvoiceID")
    return {key: SalesInvoice.from_rows(row, lines.get(key, ())) for key, row in found.items()}


def documents_of(client: Client, path: str, line_ids: Sequence[str]) -> dict[str, str]:
    """Line -> document that it belongs to; lines that are gone are not in it.

    `path` is that of the lines, as a webhook names it.
    """
    column = "PurchaseOrderID" if path == ORDER_LINES else "InvoiceID"
    rows = client.rows_of(path, ("ID", column), "ID", line_ids)
    return {row.key("ID"): row.key(column) for row in rows}


def _by_document(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        # A row may come twice when something changes between two pages; the later one is the newer.
        found.setdefault(row.key(column), {})[row.key("ID")] = row
    return {key: list(lines.values()) for key, lines in found.items()}


def _in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (line.number or 0, line.id)))


def _to_json(document: PurchaseOrder | SalesInvoice) -> dict[str, Any]:
    return {"header": document.row.to_json(), "lines": [line.row.to_json() for line in document.lines]}


def _from_json(stored: Mapping[str, Any], zone: ZoneInfo) -> tuple[Row, list[Row]]:
    lines = [Row.from_json(line, zone) for line in stored["lines"]]
    return Row.from_json(stored["header"], zone), lines
