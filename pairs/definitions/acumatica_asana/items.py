"""A document of Acumatica as a task: its place, its words and the values of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from connections.errors import RejectedError
from connections.messages import DataFault, say
from connections.vendors.acumatica.api import BILL, Document, DocumentState
from connections.vendors.acumatica.api import Line as DocumentLine
from pairs.definitions.acumatica_asana import rules
from pairs.definitions.acumatica_asana.creditors import creditor_of
from pairs.definitions.acumatica_asana.kinds import Kind
from pairs.definitions.acumatica_asana.words import money, number
from pairs.engine import FlowContext
from pairs.work_items import Line, WorkItem


def item_of(context: FlowContext, kind: Kind, document: Document) -> WorkItem:
    """The task that a document should be. Raises RejectedError with all that is missing of the document."""
    _refuse_incomplete(document)
    place = place_of(context, document)
    supplier = _supplier(context, document)
    with translation.override(context.integration.language):
        return WorkItem(
            key=key_of(context, kind, document),
            name=f"{gettext(kind.word)} {_number(kind, document)}: {supplier}, "
            f"{money(document.amount, document.currency)}",
            project=place.project,
            section=place.section,
            kind="approval" if context.setting("task_kind") == "approval" else "task",
            notes=_notes(kind, document, supplier),
            link=link_of(context, kind, document),
            values=_values(context, kind, document, supplier),
            due_on=document.due_on,
            assignee=place.assignee,
            lines=tuple(
                _line(document, line, position) for position, line in enumerate(document.lines or (), start=1)
            ),
        )


def key_of(context: FlowContext, kind: Kind, document: Document) -> str:
    """The natural key, in no language: numbers are unique for each tenant and type only."""
    tenant = str(context.integration.source.setting("tenant")).strip()
    what = document.key if kind.entity == BILL else f"Purchase order {document.key}"
    return f"Acumatica: {what} ({tenant})"


def link_of(context: FlowContext, kind: Kind, document: Document | DocumentState) -> str:
    return str(context.source.url(kind.entity, document.type, document.number))


def facts_of(document: Document | DocumentState) -> dict[str, str]:
    """What a decision is about: while these are the same it still holds."""
    amount = document.amount
    return {
        "amount": f"{amount.normalize():f}" if amount is not None else "",
        "currency": document.currency,
        "status": document.status,
    }


def place_of(context: FlowContext, document: Document) -> rules.Place:
    """By the first rule that fits; the creditor is asked for only if one asks for its class."""
    usual = rules.Place(
        str(context.setting("project")),
        str(context.setting("section") or ""),
        str(context.setting("assignee") or "").strip(),
    )
    facts = {
        "branch": document.branch,
        "vendor": document.creditor,
        "type": document.type,
        "amount": document.amount,
    }

    def group() -> str:
        creditor = creditor_of(context, document.creditor)
        return creditor.group if creditor else ""

    place = rules.choose(rules.read_all(str(context.setting("project_rules") or "")), usual, facts, group)
    return place if place.assignee else rules.Place(place.project, place.section, usual.assignee)


def _refuse_incomplete(document: Document) -> None:
    faults = [
        DataFault(label, "", say("Acumatica did not send it."), say("Complete the document in Acumatica."))
        for label, value in (
            ("Document amount", document.amount),
            ("Currency", document.currency),
            ("Vendor ID", document.creditor),
        )
        if value is None or value == ""
    ]
    if faults:
        raise RejectedError(say("The document is not complete, so no task was made of it."), faults=faults)


def _supplier(context: FlowContext, document: Document) -> str:
    creditor = creditor_of(context, document.creditor)
    return creditor.name if creditor and creditor.name else document.creditor


def _number(kind: Kind, document: Document) -> str:
    """The type is told where it is not the usual one."""
    is_usual = document.type in ("Bill", "Normal")
    return document.number if is_usual else f"{document.number} ({document.type})"


def _notes(kind: Kind, document: Document, supplier: str) -> str:
    due = gettext("Due on") if kind.entity == BILL else gettext("Delivery date")
    rows = (
        (gettext("Supplier"), f"{supplier} ({document.creditor})"),
        (gettext("Vendor reference"), document.creditor_reference),
        (gettext("Document amount"), money(document.amount, document.currency)),
        (gettext("Tax amount"), money(document.tax_total, document.currency) if document.tax_total else ""),
        (gettext("Document status"), document.status),
        (gettext("Document date"), _day(document.document_date)),
        (due, _day(document.due_on)),
        (gettext("Branch"), document.branch),
        (gettext("Description"), document.description),
    )
    return "\n".join(f"{label}: {value}" for label, value in rows if value)


def _day(value: Any) -> str:
    if value is None:
        return ""
    is_german = (translation.get_language() or "").startswith("de")
    return f"{value:%d.%m.%Y}" if is_german else str(value.isoformat())


def _values(context: FlowContext, kind: Kind, document: Document, supplier: str) -> Mapping[str, Any]:
    """By the keys of the flow's `write_back`."""
    own: dict[str, Any] = (
        {"due_date": document.due_on, "open_amount": document.balance, "period": document.period}
        if kind.entity == BILL
        else {"promised_on": document.due_on, "owner": document.owner}
    )
    return own | {
        "amount": document.amount,
        "currency": document.currency,
        "tax_amount": document.tax_total,
        "number": document.number,
        "type": document.type,
        "status": document.status,
        "document_date": document.document_date,
        "supplier": supplier,
        "supplier_code": document.creditor,
        "supplier_reference": document.creditor_reference,
        "branch": document.branch,
        "project": document.project,
        "link": link_of(context, kind, document),
    }


def _line(document: Document, line: DocumentLine, position: int) -> Line:
    """Lines of a bill have no number of their own: they are told apart by their place in it."""
    return Line(
        ref=str(line.number or position),
        name=line.description or line.item or f"{gettext('Line')} {position}",
        figures=_figures(document, line),
        values={
            "amount": line.amount,
            "currency": document.currency,
            "account": line.account,
            "branch": line.branch,
            "project": line.project,
        },
    )


def _figures(document: Document, line: DocumentLine) -> str:
    """ "10 STK x 12,00 EUR = 120,00 EUR, 4930"."""
    total = money(line.amount, document.currency)
    if line.quantity and line.unit_price is not None and line.quantity != Decimal(0):
        amount = f"{number(line.quantity)} {line.unit}".strip()
        total = f"{amount} x {money(line.unit_price, document.currency)} = {total}"
    details = [part for part in (line.account, line.subaccount, line.project, line.cost_code) if part]
    return ", ".join([total, *details])
