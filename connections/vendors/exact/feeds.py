"""What can be followed: one feed for each kind of object, and what stands in where there is none.

Source: "Sync" of the Exact Online REST API (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connections.vendors.exact import columns, masters, projects


@dataclass(frozen=True)
class Part:
    """One endpoint that is read by `Modified`; `key` names the object that a row belongs to."""

    path: str
    key: str
    columns: Sequence[str]


@dataclass(frozen=True)
class Feed:
    """One kind of object. `parts` stand in where there is no sync feed, or the package lacks it.

    A feed of documents holds a row for each header (line number 0) and each line. Columns are those that a
    change tells beside its key; documents are read afresh anyway.
    """

    key: str
    columns: Sequence[str]
    parts: Sequence[Part]
    sync: str = ""
    # Its number in the log of deletions; 0: deletions are not logged.
    entity_type: int = 0
    # Rows of other kinds in the same feed are left out.
    only: tuple[str, int] | None = None


FEEDS: Mapping[str, Feed] = {
    feed.key: feed
    for feed in (
        Feed(
            "purchase_orders",
            ("PurchaseOrderID", "ID", "LineNumber", "OrderNumber", "SupplierName", "Modified"),
            (
                Part(
                    columns.ORDERS,
                    "PurchaseOrderID",
                    ("PurchaseOrderID", "OrderNumber", "SupplierName", "Modified"),
                ),
                Part(
                    columns.ORDER_LINES,
                    "PurchaseOrderID",
                    ("ID", "PurchaseOrderID", "LineNumber", "Modified"),
                ),
            ),
            sync="sync/PurchaseOrder/PurchaseOrders",
            entity_type=22,
        ),
        Feed(
            "sales_invoices",
            ("InvoiceID", "ID", "LineNumber", "InvoiceNumber", "OrderNumber", "OrderedByName", "Modified"),
            (
                Part(
                    columns.INVOICES,
                    "InvoiceID",
                    ("InvoiceID", "InvoiceNumber", "OrderNumber", "OrderedByName", "Modified"),
                ),
            ),
            sync="sync/SalesInvoice/SalesInvoices",
            entity_type=13,
        ),
        Feed(
            "accounts",
            masters.ACCOUNT_COLUMNS,
            (Part(masters.ACCOUNTS, "ID", masters.ACCOUNT_COLUMNS),),
            sync="sync/CRM/Accounts",
            entity_type=2,
        ),
        Feed(
            "gl_accounts",
            masters.GL_ACCOUNT_COLUMNS,
            (Part(masters.GL_ACCOUNTS, "ID", masters.GL_ACCOUNT_COLUMNS),),
            sync="sync/Financial/GLAccounts",
            entity_type=7,
        ),
        Feed("cost_centers", (), (Part(masters.COST_CENTERS, "ID", masters.DIMENSION_COLUMNS),)),
        Feed("cost_units", (), (Part(masters.COST_UNITS, "ID", masters.DIMENSION_COLUMNS),)),
        Feed("items", (), (Part(masters.ITEMS, "ID", masters.ITEM_COLUMNS),), entity_type=9),
        Feed(
            "projects",
            columns.PROJECT_COLUMNS,
            (Part(columns.PROJECTS, "ID", columns.PROJECT_COLUMNS),),
            sync="sync/Project/Projects",
            entity_type=21,
        ),
        Feed(
            "wbs",
            (
                *columns.WBS_COLUMNS,
                "Type",
                "Completed",
                "Milestone",
                "ProjectTerm",
                "ProjectTermDescription",
                "BudgetedCost",
                "BudgetedHours",
                "StartDate",
                "EndDate",
            ),
            tuple(Part(path, "ID", names) for path, names in projects.WBS.values()),
            sync="sync/Project/ProjectWBS",
            entity_type=25,
        ),
        Feed("invoice_terms", (), (Part(columns.INVOICE_TERMS, "ID", columns.TERM_COLUMNS),)),
        Feed("hour_budgets", (), (Part(columns.HOUR_BUDGETS, "ID", columns.HOUR_BUDGET_COLUMNS),)),
        Feed(
            "costs",
            (*(name for name in columns.COST_COLUMNS if name != "Expense"), "WBS", "Type"),
            (Part(columns.COSTS, "ID", columns.COST_COLUMNS),),
            sync="sync/Project/TimeCostTransactions",
            entity_type=14,
            only=("Type", 2),
        ),
    )
}
BY_ENTITY_TYPE = {feed.entity_type: feed.key for feed in FEEDS.values() if feed.entity_type}
