"""The values that can be mapped into custom fields of Asana. Keys are stored: never rename them."""

from __future__ import annotations

from pairs.base import FieldType, TargetField

PROGRESS = (
    ("open", "open"),
    ("partial", "in part"),
    ("complete", "complete"),
    ("canceled", "canceled"),
)
# One list for orders and invoices: they may share the field.
DOCUMENT_STATUS = (
    ("draft", "draft"),
    ("open", "open"),
    ("part_received", "delivered in part"),
    ("received", "delivered"),
    ("part_invoiced", "invoiced in part"),
    ("invoiced", "invoiced"),
    ("complete", "complete"),
    ("processed", "processed"),
    ("canceled", "canceled"),
)
APPROVAL = (
    ("awaiting", "waiting for approval"),
    ("automatic", "approved automatically"),
    ("approved", "approved"),
)
INVOICE_TYPES = (("invoice", "invoice"), ("credit_note", "credit note"))
# The dimensions, whose values are options where the field is a choice.
DIMENSION_FIELDS = (
    TargetField("gl_account", "G/L account", FieldType.CHOICE, standard="gl_account"),
    TargetField("cost_center", "Cost center", FieldType.CHOICE, standard="cost_center"),
    TargetField("cost_unit", "Cost unit", FieldType.CHOICE, standard="cost_unit"),
)
PARTNER_FIELDS = (
    TargetField(
        "supplier",
        "Supplier",
        FieldType.TEXT,
        help_text="Only a choice field is kept up to date here; a text field needs no list.",
    ),
    TargetField(
        "customer",
        "Customer",
        FieldType.TEXT,
        help_text="Only a choice field is kept up to date here; a text field needs no list.",
    ),
)
COMMON_FIELDS = (
    TargetField("document_number", "Document number", FieldType.TEXT, standard="document_number"),
    TargetField("document_date", "Document date", FieldType.DATE, standard="document_date"),
    TargetField("your_ref", "Your reference", FieldType.TEXT),
    TargetField("amount", "Amount", FieldType.AMOUNT, standard="amount"),
    TargetField(
        "net_amount",
        "Net amount",
        FieldType.AMOUNT,
        standard="net_amount",
        help_text="Of the document, and of each line.",
    ),
    TargetField("tax_amount", "Tax amount", FieldType.AMOUNT, standard="tax_amount"),
    TargetField("currency", "Currency", FieldType.TEXT, standard="currency"),
    TargetField("payment_condition", "Payment condition", FieldType.TEXT),
)
LINE_FIELDS = (
    TargetField(
        "quantity", "Quantity", FieldType.NUMBER, standard="quantity", help_text="Of lines, as the next ones."
    ),
    TargetField("unit_price", "Unit price", FieldType.NUMBER, standard="unit_price"),
    TargetField("item", "Item", FieldType.TEXT, standard="item"),
    *DIMENSION_FIELDS,
    TargetField("exact_project", "Project number", FieldType.TEXT, standard="project"),
)
LAST_FIELDS = (
    TargetField("administration", "Administration", FieldType.TEXT, standard="administration"),
    TargetField("source_id", "Source id", FieldType.TEXT, standard="source_id"),
)
ORDER_FIELDS = (
    *COMMON_FIELDS,
    TargetField("supplier", "Supplier", FieldType.TEXT, standard="supplier"),
    TargetField("delivery_date", "Delivery date", FieldType.DATE, standard="delivery_date"),
    TargetField(
        "document_status",
        "Document status",
        FieldType.CHOICE,
        choices=DOCUMENT_STATUS,
        standard="document_status",
        help_text="How far the order has come, in one word.",
    ),
    TargetField("receipt_status", "Delivery status", FieldType.CHOICE, choices=PROGRESS),
    TargetField("invoice_status", "Invoice status", FieldType.CHOICE, choices=PROGRESS),
    TargetField("approval", "Approval", FieldType.CHOICE, choices=APPROVAL),
    TargetField("purchase_agent", "Purchase agent", FieldType.TEXT),
    *LINE_FIELDS,
    TargetField("received_quantity", "Delivered quantity", FieldType.NUMBER),
    TargetField("invoiced_quantity", "Invoiced quantity", FieldType.NUMBER),
    *LAST_FIELDS,
)
INVOICE_FIELDS = (
    *COMMON_FIELDS,
    TargetField(
        "document_type",
        "Document type",
        FieldType.CHOICE,
        choices=INVOICE_TYPES,
        standard="document_type",
    ),
    TargetField("customer", "Customer", FieldType.TEXT, standard="customer"),
    TargetField("due_date", "Due on", FieldType.DATE, standard="due_date"),
    TargetField(
        "document_status",
        "Document status",
        FieldType.CHOICE,
        choices=DOCUMENT_STATUS,
        standard="document_status",
    ),
    TargetField("salesperson", "Salesperson", FieldType.TEXT),
    *LINE_FIELDS,
    *LAST_FIELDS,
)
MILESTONE_FIELDS = (
    TargetField("budgeted_cost", "Budgeted costs", FieldType.AMOUNT),
    TargetField("budgeted_hours", "Budgeted hours", FieldType.NUMBER),
    *LAST_FIELDS,
)
