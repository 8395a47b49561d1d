"""Purchase orders: what their tasks say, and when they have come to their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from connections.messages import say
from connections.vendors.exact.api import ChangedRow, Progress, PurchaseOrder
from pairs.definitions.exact_asana import fields, ledger
from pairs.definitions.exact_asana.common import ORDERS
from pairs.definitions.exact_asana.documents import Kind, handler
from pairs.definitions.exact_asana.ledger import Coded
from pairs.definitions.exact_asana.options import (
    COST_CENTER,
    COST_UNIT,
    GL_ACCOUNT,
    SUPPLIER,
    Chosen,
    written,
)
from pairs.definitions.exact_asana.polling import Feed, poll_of
from pairs.definitions.exact_asana.settings import NEVER
from pairs.definitions.exact_asana.words import choice, cost_center, cost_unit, key_of, line_of, net_amounts
from pairs.engine import Context
from pairs.work_items import Closing, WorkItem

PROGRESS = {
    Progress.OPEN: "open",
    Progress.PARTIAL: "partial",
    Progress.COMPLETE: "complete",
    Progress.CANCELED: "canceled",
}
APPROVALS = ("awaiting", "automatic", "approved")


def label(order: PurchaseOrder) -> str:
    """As people call it: "PO 1001 Muster GmbH"."""
    return _label(order.number, order.supplier.label if order.supplier else "")


def _label(number: int | None, supplier: str) -> str:
    return " ".join(filter(None, ("PO", str(number or ""), supplier)))


def _label_of_row(changed: ChangedRow) -> str:
    row = changed.row
    return _label(row.whole("OrderNumber"), row.text("SupplierName")) if row is not None else ""


def status(order: PurchaseOrder) -> str | None:
    """How far the order has come, in one word of `fields.DOCUMENT_STATUS`."""
    if order.status in (Progress.COMPLETE, Progress.CANCELED):
        return PROGRESS[order.status]
    if order.invoice_status in (Progress.COMPLETE, Progress.PARTIAL):
        return "invoiced" if order.invoice_status == Progress.COMPLETE else "part_invoiced"
    if order.receipt_status in (Progress.COMPLETE, Progress.PARTIAL):
        return "received" if order.receipt_status == Progress.COMPLETE else "part_received"
    return None if order.status is None else "open"


def item(context: Context, order: PurchaseOrder, chosen: Chosen) -> WorkItem:
    """The order as a task. Runs in the language of the integration."""
    known = ledger.items(context, [line.item.id for line in order.lines if line.item])
    accounts = {
        line.id: ledger.account_of_item(known.get(line.item.id)) if line.item else None
        for line in order.lines
    }
    net = net_amounts(order.lines, order.amount_net, order.amount)
    ref = f"{gettext('Your reference')}: {order.your_ref}" if order.your_ref else ""
    return WorkItem(
        key=key_of("Purchase order", order.number, context.source.division, order.id),
        name=label(order),
        project="",
        kind="task",
        notes="\n".join(filter(None, (order.description, ref, order.remarks))),
        values=written(_values(context, order, accounts, chosen)),
        due_on=order.receipt_on,
        lines=tuple(
            line_of(
                line,
                account=accounts[line.id],
                net=net[line.id],
                currency=order.currency,
                language=context.integration.language,
                chosen=chosen,
                received_quantity=line.received_quantity,
                invoiced_quantity=line.invoiced_quantity,
            )
            for line in order.lines
        ),
    )


def _values(
    context: Context, order: PurchaseOrder, accounts: Mapping[str, Coded | None], chosen: Chosen
) -> dict[str, Any]:
    received, invoiced = order.receipt_status, order.invoice_status
    return {
        "document_number": str(order.number or ""),
        "document_date": order.ordered_on,
        "your_ref": order.your_ref,
        "amount": order.amount,
        "net_amount": order.amount_net,
        "tax_amount": order.vat_amount,
        "currency": order.currency,
        "payment_condition": order.payment_condition,
        "supplier": chosen.partner(SUPPLIER, order.supplier),
        "delivery_date": order.receipt_on,
        "document_status": choice(fields.DOCUMENT_STATUS, status(order)),
        "receipt_status": choice(fields.PROGRESS, PROGRESS[received] if received else None),
        "invoice_status": choice(fields.PROGRESS, PROGRESS[invoiced] if invoiced else None),
        "approval": choice(
            fields.APPROVAL, APPROVALS[order.approval] if order.approval is not None else None
        ),
        "purchase_agent": order.purchase_agent,
        GL_ACCOUNT: chosen.common(GL_ACCOUNT, accounts.values()),
        COST_CENTER: chosen.common(COST_CENTER, map(cost_center, order.lines)),
        COST_UNIT: chosen.common(COST_UNIT, map(cost_unit, order.lines)),
        "administration": str(context.source.division),
    }


def ending(context: Context, order: PurchaseOrder) -> Closing | None:
    """A canceled order ends its task, whatever the setting; a finished one by the setting."""
    if order.status == Progress.CANCELED:
        return Closing("canceled", say("This order was canceled in Exact Online."))
    rule = str(context.setting("order_completes_task"))
    told = {
        "received": order.receipt_status,
        "invoiced": order.invoice_status,
        "complete": order.status,
        NEVER: None,
    }
    return Closing(rule) if told[rule] == Progress.COMPLETE else None


KIND = Kind(
    feed=ORDERS,
    shown_as="orders_as",
    section="orders_section",
    read=lambda context, ids: context.source.purchase_orders(ids),
    restore=lambda context, stored: context.source.order_from_json(stored),
    dated=lambda order: order.ordered_on,
    item=item,
    ending=ending,
    label=label,
)
handle = handler(KIND)
poll = poll_of(
    Feed(ORDERS, label=_label_of_row, still_there=lambda context, ids: context.source.purchase_orders(ids)),
    is_wanted=KIND.is_wanted,
)
