"""The Exact Online client of one connection: what pairs may ask and write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connections.vendors.exact import changes, documents, masters, projects, writing
from connections.vendors.exact.changes import ChangedRow, ChangePage, Deletion, DeletionPage
from connections.vendors.exact.client import Client
from connections.vendors.exact.documents import (
    Approval,
    InvoiceStatus,
    InvoiceType,
    Line,
    Progress,
    PurchaseOrder,
    SalesInvoice,
)
from connections.vendors.exact.errors import FullReadNeededError
from connections.vendors.exact.masters import Account, Dimension, Division, GLAccount, Item, Me
from connections.vendors.exact.payload import HookRef, hook_ref
from connections.vendors.exact.projects import (
    CostEntry,
    EntryStatus,
    HourBudget,
    InvoiceTerm,
    Project,
    ProjectType,
    TermStatus,
    WbsItem,
    WbsKind,
)
from connections.vendors.exact.values import Reference, Row
from connections.vendors.exact.writing import NewCost

if TYPE_CHECKING:
    from connections.models import Connection

__all__ = (
    "Account",
    "Approval",
    "ChangePage",
    "ChangedRow",
    "CostEntry",
    "Deletion",
    "DeletionPage",
    "Dimension",
    "Division",
    "EntryStatus",
    "ExactApi",
    "FullReadNeededError",
    "GLAccount",
    "HookRef",
    "HourBudget",
    "InvoiceStatus",
    "InvoiceTerm",
    "InvoiceType",
    "Item",
    "Line",
    "Me",
    "NewCost",
    "Progress",
    "Project",
    "ProjectType",
    "PurchaseOrder",
    "Reference",
    "Row",
    "SalesInvoice",
    "TermStatus",
    "WbsItem",
    "WbsKind",
    "hook_ref",
)


class ExactApi:
    """Reads and writes in the chosen division. Ids are GUIDs in lower case.

    Objects are asked for by a filter: one that is gone is absent from the answer, and no error that counts.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.client = Client(connection)
        self.transport = self.client.transport

    @property
    def subject(self) -> str:
        """The record that the next calls are for ("record:12"), written to the call log."""
        return self.transport.subject

    @subject.setter
    def subject(self, subject: str) -> None:
        self.transport.subject = subject

    # --- who and where ------------------------------------------------------------------------------------

    @property
    def division(self) -> int:
        """The chosen company. Raises ConfigurationError when none is chosen."""
        return self.client.division

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the site; days are those of its calendar."""
        return self.client.zone

    def me(self) -> Me:
        return masters.me(self.client)

    def divisions(self) -> list[Division]:
        """The companies that are open to the user and to the app."""
        return masters.divisions(self.client)

    def ref(self, feed: str, row_id: str) -> str:
        """What is stored for an object: "exact:499156:purchase_orders:c00ee12c-..."."""
        return f"exact:{self.division}:{feed}:{row_id}"

    # --- what changed -------------------------------------------------------------------------------------

    def changes(self, feed: str, cursor: str = "", more: str = "") -> ChangePage:
        """The next page of changes of a feed; cursor "" begins with everything.

        Feeds: purchase_orders, sales_invoices, accounts, gl_accounts, items, projects, wbs, invoice_terms,
        hour_budgets, costs, cost_centers, cost_units. `Account.from_row(changed.row)` and the like read what
        a row of master data says (`WbsItem.from_row(changed.row, changed.path)`); documents are read afresh.
        Raises FullReadNeededError: begin again with "", and say so.
        """
        return changes.changes(self.client, feed, cursor, more)

    def deletions(self, cursor: str = "", more: str = "") -> DeletionPage:
        """The next page of what was deleted, of all feeds together. Cost centers, cost units, invoice terms
        and hour budgets are not in it: compare with what is there. Errors as in `changes`."""
        return changes.deletions(self.client, cursor, more)

    def is_ours(self, hook: HookRef) -> bool:
        """Whether a genuine delivery is about this app and division; several connections may share an app."""
        client_id = str(self.connection.setting("client_id")).strip("{} ").lower()
        return hook.division == self.division and hook.client_id in ("", client_id)

    def documents_of(self, line_path: str, line_ids: Sequence[str]) -> Mapping[str, str]:
        """Line -> document, for a delivery that names a line (`HookRef.line_path`); without those gone."""
        return documents.documents_of(self.client, line_path, line_ids)

    # --- documents ----------------------------------------------------------------------------------------

    def purchase_orders(self, ids: Sequence[str]) -> Mapping[str, PurchaseOrder]:
        """Orders with lines; those that are gone are not in it. Two calls for up to 20 orders."""
        return documents.purchase_orders(self.client, ids)

    def purchase_order(self, order_id: str) -> PurchaseOrder | None:
        """One order as it is now; None when it is gone."""
        return self.purchase_orders([order_id]).get(order_id.lower())

    def sales_invoices(self, ids: Sequence[str]) -> Mapping[str, SalesInvoice]:
        """Invoices with lines; those that are gone are not in it. Two calls for up to 20 invoices."""
        return documents.sales_invoices(self.client, ids)

    def sales_invoice(self, invoice_id: str) -> SalesInvoice | None:
        """One invoice as it is now; None when it is gone."""
        return self.sales_invoices([invoice_id]).get(invoice_id.lower())

    def order_from_json(self, stored: Mapping[str, Any]) -> PurchaseOrder:
        """The order of `order.to_json()`, without a call."""
        return PurchaseOrder.from_json(stored, self.zone)

    def invoice_from_json(self, stored: Mapping[str, Any]) -> SalesInvoice:
        """The invoice of `invoice.to_json()`, without a call."""
        return SalesInvoice.from_json(stored, self.zone)

    # --- master data --------------------------------------------------------------------------------------

    def accounts(self, ids: Sequence[str]) -> Mapping[str, Account]:
        """Suppliers and customers by id, 20 in a call. All of them: `changes("accounts")`."""
        return masters.accounts(self.client, ids)

    def account_by_code(self, code: str) -> Account | None:
        return masters.account_by_code(self.client, code)

    def gl_accounts(self) -> list[GLAccount]:
        """The whole chart, by code."""
        return masters.gl_accounts(self.client)

    def gl_accounts_by_id(self, ids: Sequence[str]) -> Mapping[str, GLAccount]:
        """Those of invoice lines, which name no code."""
        return masters.gl_accounts_by_id(self.client, ids)

    def cost_centers(self) -> list[Dimension]:
        """All of them, ended ones too, by code. Read it daily: there is no feed."""
        return masters.dimensions(self.client, masters.COST_CENTERS)

    def cost_units(self) -> list[Dimension]:
        """All of them, ended ones too, by code. Read it daily: there is no feed."""
        return masters.dimensions(self.client, masters.COST_UNITS)

    def items(self, ids: Sequence[str]) -> Mapping[str, Item]:
        """Items by id, 20 in a call: the GL account of an order line is its item's `gl_costs`."""
        return masters.items(self.client, ids)

    def item_by_code(self, code: str) -> Item | None:
        return masters.item_by_code(self.client, code)

    # --- projects -----------------------------------------------------------------------------------------

    def projects(self) -> list[Project]:
        """All of them, by code."""
        return projects.projects(self.client)

    def project(self, project_id: str) -> Project | None:
        return projects.projects_by_id(self.client, [project_id]).get(project_id.lower())

    def project_by_code(self, code: str) -> Project | None:
        return projects.project_by_code(self.client, code)

    def wbs(self, project_id: str, kind: WbsKind = WbsKind.DELIVERABLE) -> list[WbsItem]:
        """The deliverables (or activities, or expenses) of a project, in their own order."""
        return projects.wbs_items(self.client, kind, "Project", [project_id])

    def wbs_item(self, item_id: str, kind: WbsKind = WbsKind.DELIVERABLE) -> WbsItem | None:
        return writing.wbs_item(self.client, kind, item_id)

    def invoice_terms(self, project_id: str) -> list[InvoiceTerm]:
        return projects.invoice_terms(self.client, "Project", [project_id])

    def invoice_term(self, term_id: str) -> InvoiceTerm | None:
        return next(iter(projects.invoice_terms(self.client, "ID", [term_id])), None)

    def hour_budgets(self, project_id: str) -> list[HourBudget]:
        return projects.hour_budgets(self.client, project_id)

    # --- writing ------------------------------------------------------------------------------------------
    #
    # A rule of the books that refuses a write is a RejectedError with the words of Exact Online, raised only
    # after a reading has shown that nothing was written. A lost answer is an OutcomeUnknownError: ask the
    # finder that is named, then write again.

    def complete(self, item_id: str, kind: WbsKind = WbsKind.DELIVERABLE) -> None:
        """Set a deliverable, activity or expense to completed; once more does no harm (`is_repeatable`).

        Ask `WbsItem.completion_faults` first: a deliverable needs a linked invoice term. Finder: `wbs_item`.
        """
        writing.set_completed(self.client, kind, item_id, completed=True)

    def reopen(self, item_id: str, kind: WbsKind = WbsKind.DELIVERABLE) -> None:
        """Set it back to not completed; once more does no harm (`is_repeatable`).

        An invoice term that was released meanwhile STAYS RELEASED, and Exact Online may refuse to reopen its
        deliverable at all (RejectedError): then somebody has to clear it up there. Finder: `wbs_item`.
        """
        writing.set_completed(self.client, kind, item_id, completed=False)

    def release_term(self, deliverable_id: str, released_on: date) -> None:
        """Release the invoice term of a deliverable, dated `released_on`. ONCE ONLY, CAN'T BE UNDONE.

        Keep the fact beforehand and let a second person confirm it. Finder: `find_release`.
        """
        writing.release_term(self.client, deliverable_id, released_on)

    def find_release(self, deliverable_id: str) -> str | None:
        """The deliverable's id when its term is released; None when that can't be seen (Exact Online itself
        refuses a second release)."""
        return writing.find_release(self.client, deliverable_id)

    def set_cost_budget(self, project_id: str, costs: Decimal) -> None:
        """The budgeted costs of a project, as they shall be: a plan figure (`is_repeatable`).

        The former figure is gone: keep it (`project`) where somebody may want it back. Finder: `project`.
        """
        writing.set_cost_budget(self.client, project_id, costs)

    def set_wbs_budget(
        self, item_id: str, kind: WbsKind, *, cost: Decimal | None = None, hours: Decimal | None = None
    ) -> None:
        """The plan figures of an activity or expense, as they shall be (`is_repeatable`). Finder: "
        "`wbs_item`."""
        writing.set_wbs_budget(self.client, kind, item_id, cost=cost, hours=hours)

    def set_hour_budget(self, project_id: str, item_id: str, hours: Decimal) -> str:
        """The id of the budget of an hour type in a project, made or changed to `hours` in all.

        To add hours, compute the sum and keep it beforehand. Finder: `find_hour_budget`.
        """
        return writing.set_hour_budget(self.client, project_id, item_id, hours)

    def find_hour_budget(self, project_id: str, item_id: str) -> HourBudget | None:
        return writing.find_hour_budget(self.client, project_id, item_id)

    def add_cost(self, new: NewCost) -> str:
        """The id of a new, real, rebillable cost entry. NOT repeatable: `find_cost` by its marker first.

        A draft can be changed and taken back (`change_cost`, `delete_cost`); once it is approved in Exact
        Online it can't, and only a second entry corrects it.
        """
        return writing.add_cost(self.client, new)

    def find_cost(self, project_id: str, entered_on: date, marker: str) -> CostEntry | None:
        return writing.find_cost(self.client, project_id, entered_on, marker)

    def cost(self, entry_id: str) -> CostEntry | None:
        return projects.cost(self.client, entry_id)

    def change_cost(
        self, entry_id: str, *, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> None:
        """A draft with other figures (`is_repeatable`). RejectedError when it is gone, submitted or "
        "approved."""
        writing.change_cost(self.client, entry_id, quantity=quantity, price=price)

    def delete_cost(self, entry_id: str) -> None:
        """Take a draft back; gone already is fine (`is_repeatable`). RejectedError once it is submitted."""
        writing.delete_cost(self.client, entry_id)
