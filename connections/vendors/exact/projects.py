"""Projects, their work breakdown structure, invoice terms, hour budgets and cost entries, as read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Self

from connections.messages import DataFault, say
from connections.vendors.exact import odata
from connections.vendors.exact.client import Client
from connections.vendors.exact.columns import (
    ACTIVITY_COLUMNS,
    COST_COLUMNS,
    COSTS,
    DELIVERABLE_COLUMNS,
    EXPENSE_COLUMNS,
    HOUR_BUDGET_COLUMNS,
    HOUR_BUDGETS,
    INVOICE_TERMS,
    PROJECT_COLUMNS,
    PROJECTS,
    TERM_COLUMNS,
)
from connections.vendors.exact.values import Reference, Row


class ProjectType(IntEnum):
    CAMPAIGN = 1
    FIXED_PRICE = 2
    TIME_AND_MATERIAL = 3
    NON_BILLABLE = 4
    PREPAID = 5


class WbsKind(IntEnum):
    """What a row of the work breakdown structure is."""

    DELIVERABLE = 1
    ACTIVITY = 2
    EXPENSE = 3


class TermStatus(IntEnum):
    """How far an invoice term is invoiced."""

    DRAFT = 10
    OPEN = 20
    PROCESSING = 30
    PROCESSED = 50


class EntryStatus(IntEnum):
    """Where a cost entry stands in its approval (`HourStatus`)."""

    DRAFT = 1
    REJECTED = 2
    SUBMITTED = 10
    FAILED_ON_APPROVAL = 11
    PROCESSING = 14
    PROCESSING_TOO = 16
    FAILED_ON_UNDOING = 19
    FINAL = 20


WBS: Mapping[WbsKind, tuple[str, Sequence[str]]] = {
    WbsKind.DELIVERABLE: ("project/WBSDeliverables", DELIVERABLE_COLUMNS),
    WbsKind.ACTIVITY: ("project/WBSActivities", ACTIVITY_COLUMNS),
    WbsKind.EXPENSE: ("project/WBSExpenses", EXPENSE_COLUMNS),
}
KIND_AT = {path: kind for kind, (path, _) in WBS.items()}
# Others may still be changed or deleted; of a submitted entry (10) it is not documented.
CHANGEABLE = (EntryStatus.DRAFT, EntryStatus.REJECTED)


@dataclass(frozen=True)
class Project:
    """A project. Budgets are plan figures; `costs` is what Exact Online has summed up (read only)."""

    id: str
    code: str
    description: str
    type: ProjectType | None
    account: Reference | None
    manager: str
    starts_on: date | None
    ends_on: date | None
    budgeted_costs: Decimal | None
    budgeted_amount: Decimal | None
    budgeted_revenue: Decimal | None
    budgeted_hours: Decimal | None
    costs: Decimal | None
    uses_milestones: bool
    is_blocked: bool
    classification: str
    modified_at: datetime | None

    @property
    def label(self) -> str:
        return f"{self.code} - {self.description}"

    @classmethod
    def from_row(cls, row: Row) -> Self:
        return cls(
            id=row.key("ID"),
            code=row.text("Code"),
            description=row.text("Description"),
            type=row.choice("Type", ProjectType),
            account=row.reference("Account", "AccountCode", "AccountName"),
            manager=row.text("ManagerFullname"),
            starts_on=row.day("StartDate"),
            ends_on=row.day("EndDate"),
            budgeted_costs=row.decimal("BudgetedCosts"),
            budgeted_amount=row.decimal("BudgetedAmount"),
            budgeted_revenue=row.decimal("BudgetedRevenue"),
            budgeted_hours=row.decimal("SalesTimeQuantity"),
            costs=row.decimal("CostsAmountFC"),
            uses_milestones=row.flag("UseBillingMilestones"),
            is_blocked=row.flag("BlockEntry"),
            classification=row.text("ClassificationDescription"),
            modified_at=row.moment("Modified"),
        )


@dataclass(frozen=True)
class WbsItem:
    """A row of the work breakdown structure. Budgets and days are those of activities and expenses;
    milestone, term and release those of deliverables. `is_released` is None where the row does not say, as
    in the feed."""

    id: str
    kind: WbsKind
    project_id: str
    parent_id: str
    description: str
    number: int | None
    notes: str
    is_completed: bool
    is_milestone: bool
    term: Reference | None
    is_released: bool | None
    released_on: date | None
    budgeted_cost: Decimal | None
    budgeted_hours: Decimal | None
    starts_on: date | None
    ends_on: date | None
    modified_at: datetime | None

    @classmethod
    def from_row(cls, row: Row, path: str = "") -> Self:
        """`path` is where the row was read; rows of the feed of all kinds say themselves what they are."""
        known = KIND_AT.get(path) or row.choice("Type", WbsKind)
        if known is None:
            raise row.strange("Type")
        return cls(
            id=row.key("ID"),
            kind=known,
            project_id=row.guid("Project"),
            parent_id=row.guid("PartOf"),
            description=row.text("Description"),
            number=row.whole("SequenceNumber"),
            notes=row.text("Notes"),
            is_completed=row.flag("Completed"),
            is_milestone=row.flag("Milestone"),
            term=row.reference("ProjectTerm", label="ProjectTermDescription"),
            is_released=row.flag("ReleaseInvoiceTerm") if "ReleaseInvoiceTerm" in row.raw else None,
            released_on=row.day("ReleaseInvoiceTermDate"),
            budgeted_cost=row.decimal("BudgetedCost"),
            budgeted_hours=row.decimal("BudgetedHours"),
            starts_on=row.day("StartDate"),
            ends_on=row.day("EndDate"),
            modified_at=row.moment("Modified"),
        )

    def completion_faults(self) -> list[DataFault]:
        """Why Exact Online would refuse to set it to completed; [] where nothing is known against it.

        Source: WBSDeliverables, 'Completed': only with a linked invoice term (read 2026-11).
        """
        if self.kind != WbsKind.DELIVERABLE or self.term is not None:
            return []
        return [
            DataFault(
                self.description,
                "",
                say(
                    "Exact Online lets a deliverable be completed only when an invoice term is linked to it."
                ),
                say(
                    "In Exact Online switch on 'Use billing milestones' at the project, mark the deliverable "
                    "as a milestone and link an invoice term to it."
                ),
            )
        ]


@dataclass(frozen=True)
class InvoiceTerm:
    """A planned part of a fixed price: what will be invoiced and when."""

    id: str
    project_id: str
    description: str
    amount: Decimal | None
    invoice_on: date | None
    status: TermStatus | None
    invoice_id: str
    deliverable_id: str
    modified_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        return cls(
            id=row.key("ID"),
            project_id=row.guid("Project"),
            description=row.text("Description"),
            amount=row.decimal("Amount"),
            invoice_on=row.day("InvoiceDate"),
            status=row.choice("InvoiceStatus", TermStatus),
            invoice_id=row.guid("InvoiceId"),
            deliverable_id=row.guid("WBS"),
            modified_at=row.moment("Modified"),
        )


@dataclass(frozen=True)
class HourBudget:
    """The budgeted hours of one hour type in one project."""

    id: str
    project_id: str
    item: Reference | None
    hours: Decimal | None
    modified_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        return cls(
            id=row.key("ID"),
            project_id=row.guid("Project"),
            item=row.reference("Item", "ItemCode", "ItemDescription"),
            hours=row.decimal("Budget"),
            modified_at=row.moment("Modified"),
        )


@dataclass(frozen=True)
class CostEntry:
    """A cost entry of a project. `amount` is quantity times price, computed by Exact Online."""

    id: str
    number: int | None
    project: Reference | None
    item: Reference | None
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal | None
    currency: str
    entered_on: date | None
    employee_id: str
    expense_id: str
    notes: str
    status: EntryStatus | None
    error_text: str
    modified_at: datetime | None

    @property
    def is_changeable(self) -> bool:
        return self.status in CHANGEABLE

    @classmethod
    def from_row(cls, row: Row) -> Self:
        return cls(
            id=row.key("ID"),
            number=row.whole("EntryNumber"),
            project=row.reference("Project", label="ProjectDescription"),
            item=row.reference("Item", label="ItemDescription"),
            quantity=row.decimal("Quantity"),
            price=row.decimal("PriceFC"),
            amount=row.decimal("AmountFC"),
            currency=row.text("Currency"),
            entered_on=row.day("Date"),
            employee_id=row.guid("Employee"),
            # So named in the feed, which holds time entries too.
            expense_id=row.guid("Expense") or row.guid("WBS"),
            notes=row.text("Notes"),
            status=row.choice("HourStatus", EntryStatus),
            error_text=row.text("ErrorText"),
            modified_at=row.moment("Modified"),
        )


def projects(client: Client) -> list[Project]:
    """All of them, by code."""
    found = map(Project.from_row, client.rows(PROJECTS, PROJECT_COLUMNS))
    return sorted(found, key=lambda project: project.code)


def projects_by_id(client: Client, ids: Sequence[str]) -> dict[str, Project]:
    found = map(Project.from_row, client.rows_of(PROJECTS, PROJECT_COLUMNS, "ID", ids))
    return {project.id: project for project in found}


def project_by_code(client: Client, code: str) -> Project | None:
    where = f"Code eq {odata.text(code)}"
    return next(map(Project.from_row, client.rows(PROJECTS, PROJECT_COLUMNS, where)), None)


def wbs_items(client: Client, kind: WbsKind, column: str, ids: Sequence[str]) -> list[WbsItem]:
    """Rows of one kind by their "ID" or "Project", in their own order."""
    path, columns = WBS[kind]
    found = [WbsItem.from_row(row, path) for row in client.rows_of(path, columns, column, ids)]
    return sorted(found, key=lambda item: (item.number or 0, item.id))


def invoice_terms(client: Client, column: str, ids: Sequence[str]) -> list[InvoiceTerm]:
    return [InvoiceTerm.from_row(row) for row in client.rows_of(INVOICE_TERMS, TERM_COLUMNS, column, ids)]


def hour_budgets(client: Client, project_id: str) -> list[HourBudget]:
    rows = client.rows_of(HOUR_BUDGETS, HOUR_BUDGET_COLUMNS, "Project", [project_id])
    return [HourBudget.from_row(row) for row in rows]


def cost(client: Client, entry_id: str) -> CostEntry | None:
    """A cost entry as it is now; None when it is gone."""
    return next(map(CostEntry.from_row, client.rows_of(COSTS, COST_COLUMNS, "ID", [entry_id])), None)


def costs_of_day(client: Client, project_id: str, entered_on: date) -> list[CostEntry]:
    where = f"Project eq {odata.guid(project_id)} and Date eq {odata.day(entered_on)}"
    return [CostEntry.from_row(row) for row in client.rows(COSTS, COST_COLUMNS, where)]
