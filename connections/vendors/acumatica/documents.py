"""Bills and purchase orders as typed objects, and which fields are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connections.errors import RejectedError
from connections.messages import say
from connections.vendors.acumatica.client import MODIFIED, Query
from connections.vendors.acumatica.files import File
from connections.vendors.acumatica.values import Row, Value

BILL, PURCHASE_ORDER = "Bill", "PurchaseOrder"
OPEN, CLOSED, BALANCED, ON_HOLD, PENDING_APPROVAL = (
    "Open",
    "Closed",
    "Balanced",
    "On Hold",
    "Pending Approval",
)


@dataclass(frozen=True)
class Names:
    """What the same thing is called in each entity. Source: Default/24.200.001 (read 2026-11)."""

    number: str
    branch: str
    creditor: str
    amount: str
    due_on: str
    # Types and statuses by their labels, as the screens show them.
    types: Sequence[str]
    statuses: Sequence[str]
    header: Sequence[str]
    lines: Sequence[str]
    line_amount: str
    line_text: str
    line_quantity: str


ENTITIES: Mapping[str, Names] = {
    BILL: Names(
        number="ReferenceNbr",
        branch="BranchID",
        creditor="Vendor",
        amount="Amount",
        due_on="DueDate",
        types=("Bill", "Credit Adj.", "Debit Adj.", "Prepayment"),
        statuses=(
            "On Hold",
            "Balanced",
            "Pending Approval",
            "Rejected",
            "Pre-Released",
            "Scheduled",
            "Voided",
            "Under Reclassification",
            "Open",
            "Closed",
            "Reserved",
        ),
        header=("Balance", "PostPeriod", "ApprovedForPayment"),
        lines=("Account", "Branch", "POOrderNbr", "Qty", "Amount", "TransactionDescription"),
        line_amount="Amount",
        line_text="TransactionDescription",
        line_quantity="Qty",
    ),
    PURCHASE_ORDER: Names(
        number="OrderNbr",
        branch="Branch",
        creditor="VendorID",
        amount="OrderTotal",
        due_on="PromisedOn",
        types=("Normal", "Drop-Ship", "Project Drop-Ship", "Blanket", "Standard"),
        statuses=(
            "On Hold",
            "Open",
            "Pending Approval",
            "Rejected",
            "Pending Printing",
            "Pending Email",
            "Completed",
            "Closed",
            "Canceled",
            "Awaiting Link",
        ),
        header=("Owner",),
        lines=("LineNbr", "Account", "BranchID", "OrderQty", "ExtendedCost", "LineDescription"),
        line_amount="ExtendedCost",
        line_text="LineDescription",
        line_quantity="OrderQty",
    ),
}
SHARED_HEADER = (
    "Type",
    "Status",
    "Hold",
    "VendorRef",
    "TaxTotal",
    "CurrencyID",
    "Date",
    "Description",
    "Terms",
    "Project",
    MODIFIED,
)
SHARED_LINES = ("InventoryID", "UOM", "UnitCost", "Subaccount", "Project", "ProjectTask", "CostCode")


@dataclass(frozen=True)
class Line:
    """A detail row. `number` is None for bills: their lines have none, and their ids change with each
    session.
    """

    number: int | None
    description: str
    item: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    amount: Decimal | None
    account: str
    subaccount: str
    branch: str
    project: str
    task: str
    cost_code: str
    order_number: str


@dataclass(frozen=True)
class Document:
    """A bill or a purchase order as it was read. `id` never changes; numbers are unique for each type only.

    Amounts are in the document's `currency`. `creditor` is the supplier's code, its name comes from
    `creditors`. `due_on` of a purchase order is the day that is promised. `lines` and `files` are None when
    they were not asked for.
    """

    entity: str
    id: str
    type: str
    number: str
    status: str
    branch: str
    creditor: str
    creditor_reference: str
    amount: Decimal | None
    balance: Decimal | None
    tax_total: Decimal | None
    currency: str
    document_date: date | None
    due_on: date | None
    description: str
    terms: str
    project: str
    # "022026" of a bill.
    period: str
    owner: str
    is_on_hold: bool | None
    modified_at: datetime
    lines: tuple[Line, ...] | None
    files: tuple[File, ...] | None
    custom: Mapping[str, Value]
    row: Row = field(repr=False, compare=False)

    @property
    def key(self) -> str:
        """The natural key for people and for looking a task up: "Bill 005933"."""
        return f"{self.type} {self.number}"

    @property
    def version(self) -> str:
        """Sorts like time: equal while the document is unchanged."""
        return self.modified_at.isoformat(timespec="microseconds")

    def to_json(self) -> dict[str, Any]:
        """JSON that may be stored as a snapshot; `from_json` gives the same document again."""
        return {"entity": self.entity, **self.row.to_json()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Document:
        return cls.from_row(str(stored["entity"]), Row.from_json(stored))

    @classmethod
    def from_row(cls, entity: str, row: Row) -> Document:
        """Raises RejectedError for a record without key or time of change: it could not be told apart."""
        names = ENTITIES[entity]
        modified_at = row.moment(MODIFIED)
        number = row.text(names.number)
        if modified_at is None or not number or not row.text("Type"):
            raise RejectedError(
                say(
                    "A document in Acumatica came without type, number or time of its last change, so it "
                    "can't be told apart. Check the endpoint of the connection."
                ),
                vendor="acumatica",
                code="unreadable_record",
            )
        lines = row.rows("Details")
        files = row.raw.get("files")
        return cls(
            entity=entity,
            id=row.id,
            type=row.text("Type"),
            number=number,
            status=row.text("Status"),
            branch=row.text(names.branch),
            creditor=row.text(names.creditor),
            creditor_reference=row.text("VendorRef"),
            amount=row.decimal(names.amount),
            balance=row.decimal("Balance"),
            tax_total=row.decimal("TaxTotal"),
            currency=row.text("CurrencyID"),
            document_date=row.day("Date"),
            due_on=row.day(names.due_on),
            description=row.text("Description"),
            terms=row.text("Terms"),
            project=row.text("Project"),
            period=row.text("PostPeriod"),
            owner=row.text("Owner"),
            is_on_hold=row.flag("Hold"),
            modified_at=modified_at,
            lines=None if lines is None else tuple(_line(names, line) for line in lines),
            files=None if not isinstance(files, list) else tuple(map(File.from_json, files)),
            custom=row.custom(),
            row=row,
        )


@dataclass(frozen=True)
class DocumentState:
    """What decides whether an approval still holds and an action is due, read with one small call."""

    id: str
    type: str
    number: str
    status: str
    amount: Decimal | None
    currency: str
    is_on_hold: bool | None
    modified_at: datetime


def state_of(document: Document) -> DocumentState:
    return DocumentState(
        document.id,
        document.type,
        document.number,
        document.status,
        document.amount,
        document.currency,
        document.is_on_hold,
        document.modified_at,
    )


def header_query(entity: str, *, with_lines: bool = False, custom: Sequence[str] = ()) -> Query:
    """What a list is asked for: the header, and the lines where that is wanted."""
    names = ENTITIES[entity]
    own = (names.number, names.branch, names.creditor, names.amount, names.due_on, *names.header)
    lines = tuple(f"Details/{name}" for name in (*names.lines, *SHARED_LINES)) if with_lines else ()
    fields = (*SHARED_HEADER, *own, *lines)
    return Query(tuple(dict.fromkeys(fields)), ("Details",) if with_lines else (), custom)


def key_query(entity: str) -> Query:
    """The least that a list can tell, for when Acumatica can't list more at once."""
    return Query(("Type", ENTITIES[entity].number, MODIFIED))


def whole_query(entity: str, custom: Sequence[str] = ()) -> Query:
    """Everything of one document: with its lines and the list of its files."""
    header = header_query(entity, with_lines=True, custom=custom)
    return Query((*header.fields, "files"), ("Details", "files"), custom)


def state_query(entity: str) -> Query:
    names = ENTITIES[entity]
    return Query(("Type", names.number, "Status", "Hold", names.amount, "CurrencyID", MODIFIED))


def _line(names: Names, row: Row) -> Line:
    return Line(
        number=row.whole("LineNbr"),
        description=row.text(names.line_text),
        item=row.text("InventoryID"),
        quantity=row.decimal(names.line_quantity),
        unit=row.text("UOM"),
        unit_price=row.decimal("UnitCost"),
        amount=row.decimal(names.line_amount),
        account=row.text("Account"),
        subaccount=row.text("Subaccount"),
        branch=row.text("Branch") or row.text("BranchID"),
        project=row.text("Project"),
        task=row.text("ProjectTask"),
        cost_code=row.text("CostCode"),
        order_number=row.text("POOrderNbr"),
    )
