"""Every endpoint that the simulated Exact Online has. Read-only feeds are made in feeds.py."""

from typing import Any

from mlconnector.sandbox.exact.declared import FIELDS
from mlconnector.sandbox.exact.entity import Entity, Field, Lookup, parsed, without

TIMESTAMP = {"Timestamp": Field("Timestamp", "Int64")}
PURCHASE_ORDERS, PURCHASE_ORDER_LINES = "purchaseorder/PurchaseOrders", "purchaseorder/PurchaseOrderLines"
SALES_INVOICES, SALES_INVOICE_LINES = "salesinvoice/SalesInvoices", "salesinvoice/SalesInvoiceLines"
ACCOUNTS, GL_ACCOUNTS, ITEMS = "crm/Accounts", "financial/GLAccounts", "logistics/Items"
COST_CENTERS, COST_UNITS = "hrm/Costcenters", "hrm/Costunits"
PROJECTS, INVOICE_TERMS, HOUR_BUDGETS = (
    "project/Projects",
    "project/InvoiceTerms",
    "project/ProjectHourBudgets",
)
DELIVERABLES, ACTIVITIES, EXPENSES = "project/WBSDeliverables", "project/WBSActivities", "project/WBSExpenses"
COSTS, TIMES, PLANNING = "project/CostTransactions", "project/TimeTransactions", "project/ProjectPlanning"
PROGRESS = "project/ProjectProgressReports"
DOCUMENTS, ATTACHMENTS = "documents/Documents", "documents/DocumentAttachments"
SUBSCRIPTIONS = "webhooks/WebhookSubscriptions"
WBS = (DELIVERABLES, ACTIVITIES, EXPENSES)

ORGANIZATION = "Organization administration"


def _account(via: str, *fields: str) -> dict[str, Lookup]:
    """SupplierName and SupplierCode from Supplier, and so on."""
    return {f"{via}{name}": Lookup(via, ACCOUNTS, name) for name in fields}


def _by_code(*vias: str) -> dict[str, Lookup]:
    entity = {"CostCenter": COST_CENTERS, "CostUnit": COST_UNITS}
    return {f"{via}Description": Lookup(via, entity[via], "Description", "Code") for via in vias}


def _described(via: str, entity: str, *fields: str) -> dict[str, Lookup]:
    return {f"{via}{name}": Lookup(via, entity, name) for name in fields}


ITEM = {
    **_described("Item", ITEMS, "Code", "Description"),
    "ItemDivisable": Lookup("Item", ITEMS, "IsFractionAllowedItem"),
}
PROJECT = _described("Project", PROJECTS, "Code", "Description")


def _made(path: str, scope: str, kind: str, **more: Any) -> Entity:
    return Entity(path, f"Exact.Web.Api.Models.{kind}", parsed(FIELDS[path]), scope=scope, **more)


NORMAL = (
    _made(
        PURCHASE_ORDERS,
        "Purchase orders",
        "PurchaseOrder",
        key="PurchaseOrderID",
        topic="PurchaseOrders",
        deleted_as=22,
        collections={"PurchaseOrderLines": (PURCHASE_ORDER_LINES, "PurchaseOrderID")},
        lookups={
            **_account("Supplier", "Code", "Name"),
            **_account("DeliveryAccount", "Code", "Name"),
            "DocumentSubject": Lookup("Document", DOCUMENTS, "Subject"),
        },
    ),
    _made(
        PURCHASE_ORDER_LINES,
        "Purchase orders",
        "PurchaseOrderLine",
        topic="PurchaseOrders",
        deleted_as=22,
        parent=(PURCHASE_ORDERS, "PurchaseOrderID"),
        lookups={
            **ITEM,
            **PROJECT,
            **_by_code("CostCenter", "CostUnit"),
            "ExpenseDescription": Lookup("Expense", EXPENSES, "Description"),
        },
    ),
    _made(
        SALES_INVOICES,
        "Sales invoices",
        "SalesInvoice",
        key="InvoiceID",
        topic="SalesInvoices",
        deleted_as=13,
        needs_filter=True,
        collections={"SalesInvoiceLines": (SALES_INVOICE_LINES, "InvoiceID")},
        lookups={
            **_account("OrderedBy", "Name"),
            **_account("InvoiceTo", "Name"),
            **_account("DeliverTo", "Name"),
            "DocumentSubject": Lookup("Document", DOCUMENTS, "Subject"),
            "DocumentNumber": Lookup("Document", DOCUMENTS, "HID"),
        },
    ),
    _made(
        SALES_INVOICE_LINES,
        "Sales invoices",
        "SalesInvoiceLine",
        topic="SalesInvoices",
        deleted_as=13,
        needs_filter=True,
        parent=(SALES_INVOICES, "InvoiceID"),
        lookups={
            **_described("Item", ITEMS, "Code", "Description"),
            **_by_code("CostCenter", "CostUnit"),
            "ProjectDescription": PROJECT["ProjectDescription"],
            "GLAccountDescription": Lookup("GLAccount", GL_ACCOUNTS, "Description"),
        },
    ),
    _made(ACCOUNTS, "Crm accounts", "Account", topic="Accounts", deleted_as=2, needs_filter=True),
    _made(
        GL_ACCOUNTS,
        "Financial generalledgers",
        "GLAccount",
        topic="GLAccounts",
        deleted_as=7,
        lookups={
            "CostcenterDescription": Lookup("Costcenter", COST_CENTERS, "Description", "Code"),
            "CostunitDescription": Lookup("Costunit", COST_UNITS, "Description", "Code"),
        },
    ),
    _made(COST_CENTERS, "Financial costcenters", "Costcenter"),
    _made(COST_UNITS, "Financial costcenters", "Costunit"),
    _made(
        ITEMS,
        "Logistics items",
        "Item",
        topic="Items",
        deleted_as=9,
        needs_filter=True,
        lookups={
            f"{via}{name}": Lookup(via, GL_ACCOUNTS, name)
            for via in ("GLCosts", "GLRevenue", "GLStock")
            for name in ("Code", "Description")
        },
    ),
    _made(
        PROJECTS,
        "Projects projects",
        "Project.Project",
        deleted_as=21,
        collections={"InvoiceTerms": (INVOICE_TERMS, "Project")},
        lookups=_account("Account", "Code", "Name"),
    ),
    _made(
        DELIVERABLES,
        "Projects projects",
        "Project.WBSDeliverable",
        deleted_as=25,
        lookups={
            "ProjectDescription": PROJECT["ProjectDescription"],
            "ProjectTermDescription": Lookup("ProjectTerm", INVOICE_TERMS, "Description"),
            "PartOfDescription": Lookup("PartOf", DELIVERABLES, "Description"),
        },
    ),
    *(
        _made(
            path,
            "Projects projects",
            f"Project.{kind}",
            deleted_as=25,
            lookups={
                "ProjectDescription": PROJECT["ProjectDescription"],
                "PartOfDescription": Lookup("PartOf", DELIVERABLES, "Description"),
            },
        )
        for path, kind in ((ACTIVITIES, "WBSActivity"), (EXPENSES, "WBSExpense"))
    ),
    _made(
        INVOICE_TERMS,
        "Projects projects",
        "Project.InvoiceTerm",
        lookups={
            "ProjectDescription": PROJECT["ProjectDescription"],
            "ItemDescription": ITEM["ItemDescription"],
        },
    ),
    _made(
        HOUR_BUDGETS,
        "Projects projects",
        "Project.ProjectHourBudget",
        lookups={**PROJECT, **_described("Item", ITEMS, "Code", "Description")},
    ),
    *(
        _made(
            path,
            scope,
            f"Project.{kind}",
            topic=f"{kind}s",
            deleted_as=14,
            lookups={
                **{name: ITEM[name] for name in ("ItemDescription", "ItemDivisable")},
                **_account("Account", "Name"),
                "ProjectDescription": PROJECT["ProjectDescription"],
                "ProjectAccount": Lookup("Project", PROJECTS, "Account"),
                **more,
            },
        )
        for path, scope, kind, more in (
            (
                COSTS,
                "Projects projects",
                "CostTransaction",
                {"ExpenseDescription": Lookup("Expense", EXPENSES, "Description")},
            ),
            (
                TIMES,
                "Projects billing",
                "TimeTransaction",
                {"ActivityDescription": Lookup("Activity", ACTIVITIES, "Description")},
            ),
        )
    ),
    _made(
        PLANNING,
        "Projects projects",
        "Project.ProjectPlanning",
        topic="ProjectPlanning",
        deleted_as=26,
        lookups=PROJECT,
    ),
    _made(PROGRESS, "Projects projects", "Project.ProjectProgressReport", lookups=PROJECT),
    _made(DOCUMENTS, "Organization documents", "Document", topic="Documents", deleted_as=6),
    _made(
        ATTACHMENTS,
        "Organization documents",
        "DocumentAttachment",
        topic="DocumentAttachments",
        deleted_as=4,
        methods=("GET", "POST", "DELETE"),
    ),
    _made(SUBSCRIPTIONS, ORGANIZATION, "WebhookSubscription"),
)
BY_PATH = {entity.path: entity for entity in NORMAL}


def _feed_of_document(header: str, lines: str, path: str, less: str, **more: Field) -> Entity:
    """Header and lines in one feed: LineNumber 0 is the header."""
    both = {**without(BY_PATH[header].fields), **without(BY_PATH[lines].fields)}
    fields = {**TIMESTAMP, **without(both, less.split()), **more}
    return BY_PATH[header].like(path, fields, key="ID", **SYNC)


SYNC: dict[str, Any] = {
    "page_rows": 1000,
    "filterable": frozenset({"Timestamp"}),
    "collections": {},
    "lookups": {},
    "deleted_as": 0,
}
BULK: dict[str, Any] = {"page_rows": 1000, "collections": {}, "lookups": {}, "deleted_as": 0}
_orders = _feed_of_document(
    PURCHASE_ORDERS,
    PURCHASE_ORDER_LINES,
    "sync/PurchaseOrder/PurchaseOrders",
    "ItemBarcodeAdditional ShopOrderRoutingStepPlan PurchaseOrderLineCount ProjectedStock ShopOrderNumber"
    " InStock ShopOrderMaterialPlan ShopOrderRoutingStepPlanLineNumber ShopOrderMaterialPlanLineNumber"
    " ShopOrder CostCenter CostUnit",
    DocumentNumber=Field("DocumentNumber", "Int32"),
    SendingMethod=Field("SendingMethod", "Int32"),
    # The feed shows the guid beside the code; on the line itself the code is the value.
    CostCenter=Field("CostCenter", "Guid"),
    CostCenterCode=Field("CostCenterCode", "String"),
    CostUnit=Field("CostUnit", "Guid"),
    CostUnitCode=Field("CostUnitCode", "String"),
)
_invoices = _feed_of_document(
    SALES_INVOICES,
    SALES_INVOICE_LINES,
    "sync/SalesInvoice/SalesInvoices",
    "ShippingMethodCode ShippingMethodDescription ShippingMethod SelectionCode SelectionCodeCode"
    " SelectionCodeDescription",
)
_wbs = BY_PATH[DELIVERABLES]
BULK_WBS = "bulk/Project/ProjectWBS"
WBS_FILTERS = "DefaultItem ID Modified Parent Project ProjectTerm Type"
FEEDS = (
    _orders,
    _invoices,
    *(
        BY_PATH[source].like(path, {**TIMESTAMP, **without(BY_PATH[source].fields)}, **SYNC)
        for path, source in (
            ("sync/Project/Projects", PROJECTS),
            ("sync/CRM/Accounts", ACCOUNTS),
            ("sync/Financial/GLAccounts", GL_ACCOUNTS),
        )
    ),
    *(
        BY_PATH[source].like(path, without(BY_PATH[source].fields), **BULK)
        for path, source in (
            ("bulk/SalesInvoice/SalesInvoices", SALES_INVOICES),
            ("bulk/SalesInvoice/SalesInvoiceLines", SALES_INVOICE_LINES),
            ("bulk/CRM/Accounts", ACCOUNTS),
            ("bulk/Financial/GLAccounts", GL_ACCOUNTS),
        )
    ),
    _wbs.like("sync/Project/ProjectWBS", parsed(FIELDS["sync/Project/ProjectWBS"]), **SYNC),
    BY_PATH[COSTS].like(
        "sync/Project/TimeCostTransactions",
        parsed(FIELDS["sync/Project/TimeCostTransactions"]),
        **{**SYNC, "scope": "Projects billing"},
    ),
    _wbs.like(
        BULK_WBS,
        parsed(FIELDS[BULK_WBS]),
        **{**BULK, "filterable": frozenset(WBS_FILTERS.split())},
    ),
    _wbs.like(
        "read/project/ProjectWBSByProject",
        without(parsed(FIELDS[BULK_WBS]), ["SequenceNumber"]),
        **{**BULK, "needs_select": False, "page_rows": 60},
    ),
    Entity(
        "sync/Deleted",
        "Exact.Web.Api.Models.Deleted",
        parsed(FIELDS["sync/Deleted"]),
        methods=("GET",),
        scope=ORGANIZATION,
        page_rows=1000,
        filterable=frozenset({"Timestamp", "EntityType"}),
    ),
    Entity(
        "read/sync/Sync/SyncTimestamp",
        "Exact.Web.Api.Models.SyncTimestamp",
        parsed(FIELDS["read/sync/Sync/SyncTimestamp"]),
        key="TimeStampAsBigInt",
        methods=("GET",),
        scope=ORGANIZATION,
        needs_select=False,
    ),
    *(
        Entity(
            path,
            "Exact.Web.Api.System.Division",
            parsed(FIELDS[path]),
            key="Code",
            methods=("GET",),
            scope=ORGANIZATION,
            needs_select=False,
        )
        for path in ("system/Divisions", "hrm/Divisions")
    ),
)
ME = Entity(
    "current/Me",
    "Exact.Web.Api.System.Me",
    parsed(FIELDS["current/Me"]),
    key="UserID",
    methods=("GET",),
    needs_select=False,
)
ALL = (*NORMAL, *FEEDS)

# Source: Exact, entities that support webhooks (read 2025-07); names as in the endpoint index.
_TOPICS = """
    Accounts BankAccounts BankEntries CashEntries Contacts CostTransactions DocumentAttachments
    Documents GLAccounts GeneralJournalEntries GoodsDeliveries Items JournalStatusList
    MailMessageAttachments MailMessagesSent Opportunities ProjectPlanning PurchaseEntries PurchaseOrders
    Quotations SalesEntries SalesInvoices SalesOrders StockPositions Subscriptions TimeTransactions
"""
TOPICS = frozenset(_TOPICS.split())
