"""Sales invoices: what their tasks say, and when they have come to their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from connections.vendors.exact.api import ChangedRow, InvoiceStatus, SalesInvoice
from pairs.definitions.exact_asana import fields, ledger
from pairs.definitions.exact_asana.common import INVOICES
from pairs.definitions.exact_asana.documents import Kind, handler
from pairs.definitions.exact_asana.ledger import Coded
from pairs.definitions.exact_asana.options import (
    COST_CENTER,
    COST_UNIT,
    CUSTOMER,
    GL_ACCOUNT,
    Chosen,
    written,
)
from pairs.definitions.exact_asana.polling import Feed, poll_of
from pairs.definitions.exact_asana.words import (
    choice,
    cost_center,
    cost_unit,
    key_of,
    line_of,
    net_amounts,
)
from pairs.engine import Context
from pairs.work_items import Closing, WorkItem

STATUS = {
    InvoiceStatus.DRAFT: "draft",
    InvoiceStatus.OPEN: "open",
    InvoiceStatus.PROCESSED: "processed",
}


def label(invoice: SalesInvoice) -> str:
    """As people call it: "INV 2026001 Muster GmbH"; by its order number until it has one of its own."""
    name = invoice.ordered_by.label if invoice.ordered_by else ""
    return _label(invoice.number, invoice.order_number, name)


def _label(number: int | None, order_number: int | None, customer: str) -> str:
    return " ".join(filter(None, ("INV", str(number or order_number or ""), customer)))


def _label_of_row(changed: ChangedRow) -> str:
    row = changed.row
    if row is None:
        return ""
    return _label(row.whole("InvoiceNumber"), row.whole("OrderNumber"), row.text("OrderedByName"))


def item(context: Context, invoice: SalesInvoice, chosen: Chosen) -> WorkItem:
    """The invoice as a task. Runs in the language of the integration."""
    known = ledger.accounts_of_lines(
        context, [line.gl_account.id for line in invoice.lines if line.gl_account]
    )
    accounts: dict[str, Coded | None] = {
        line.id: known.get(line.gl_account.id) if line.gl_account else None for line in invoice.lines
    }
    net = net_amounts(invoice.lines, invoice.amount_net, invoice.amount)
    ref = f"{gettext('Your reference')}: {invoice.your_ref}" if invoice.your_ref else ""
    return WorkItem(
        key=key_of("Sales invoice", None, context.source.division, invoice.id),
        name=label(invoice),
        project="",
        kind="task",
        notes="\n".join(filter(None, (invoice.description, ref, invoice.remarks))),
        values=written(_values(context, invoice, accounts, chosen)),
        due_on=invoice.due_on,
        lines=tuple(
            line_of(
                line,
                account=accounts[line.id],
                net=net[line.id],
                currency=invoice.currency,
                language=context.integration.language,
                chosen=chosen,
            )
            for line in invoice.lines
        ),
    )


def _values(
    context: Context, invoice: SalesInvoice, accounts: Mapping[str, Coded | None], chosen: Chosen
) -> dict[str, Any]:
    kind = None if invoice.type is None else "credit_note" if invoice.is_credit_note else "invoice"
    status = None if invoice.status is None else STATUS[invoice.status]
    return {
        "document_number": str(invoice.number or ""),
        "document_type": choice(fields.INVOICE_TYPES, kind),
        "document_date": invoice.invoiced_on,
        "your_ref": invoice.your_ref,
        "amount": invoice.amount,
        "net_amount": invoice.amount_net,
        "tax_amount": invoice.vat_amount,
        "currency": invoice.currency,
        "payment_condition": invoice.payment_condition,
        "customer": chosen.partner(CUSTOMER, invoice.ordered_by),
        "due_date": invoice.due_on,
        "document_status": choice(fields.DOCUMENT_STATUS, status),
        "salesperson": invoice.salesperson,
        GL_ACCOUNT: chosen.common(GL_ACCOUNT, accounts.values()),
        COST_CENTER: chosen.common(COST_CENTER, map(cost_center, invoice.lines)),
        COST_UNIT: chosen.common(COST_UNIT, map(cost_unit, invoice.lines)),
        "administration": str(context.source.division),
    }


def ending(context: Context, invoice: SalesInvoice) -> Closing | None:
    rule = str(context.setting("invoice_completes_task"))
    is_over = rule == "processed" and invoice.status == InvoiceStatus.PROCESSED
    return Closing(rule) if is_over else None


KIND = Kind(
    feed=INVOICES,
    shown_as="invoices_as",
    section="invoices_section",
    read=lambda context, ids: context.source.sales_invoices(ids),
    restore=lambda context, stored: context.source.invoice_from_json(stored),
    dated=lambda invoice: invoice.invoiced_on or invoice.ordered_on,
    item=item,
    ending=ending,
    label=label,
)
handle = handler(KIND)
poll = poll_of(
    Feed(INVOICES, label=_label_of_row, still_there=lambda context, ids: context.source.sales_invoices(ids)),
    is_wanted=KIND.is_wanted,
)
