"""The values that go into custom fields of the task, chosen by GID in the mapping."""

from __future__ import annotations

from pairs.base import FieldType, TargetField

SHARED = (
    TargetField("amount", "Document amount", FieldType.AMOUNT, standard="amount"),
    TargetField("currency", "Currency", FieldType.TEXT, standard="currency"),
    TargetField("tax_amount", "Tax amount", FieldType.AMOUNT, standard="tax_amount"),
    TargetField("number", "Document number", FieldType.TEXT, standard="document_number"),
    TargetField("type", "Document type", FieldType.TEXT, standard="document_type"),
    TargetField("status", "Document status", FieldType.TEXT, standard="document_status"),
    TargetField("document_date", "Document date", FieldType.DATE, standard="document_date"),
    TargetField("supplier", "Supplier", FieldType.TEXT, standard="supplier"),
    TargetField("supplier_code", "Vendor ID", FieldType.TEXT),
    TargetField(
        "supplier_reference",
        "Vendor reference",
        FieldType.TEXT,
        help_text="The number that the supplier gave, such as the invoice number.",
    ),
    TargetField("branch", "Branch", FieldType.TEXT, standard="branch"),
    TargetField("project", "Project number", FieldType.TEXT, standard="project"),
    TargetField("link", "Link to the document", FieldType.TEXT, standard="document_link"),
    TargetField(
        "source_id",
        "Source id",
        FieldType.TEXT,
        standard="source_id",
        help_text="By it a task is found again, also if somebody has changed its description.",
    ),
)
BILL_FIELDS = (
    *SHARED,
    TargetField("due_date", "Due on", FieldType.DATE, standard="due_date"),
    TargetField("open_amount", "Open amount", FieldType.AMOUNT, standard="open_amount"),
    TargetField("period", "Post period", FieldType.TEXT),
    TargetField("account", "G/L account", FieldType.TEXT, help_text="Of a line.", standard="gl_account"),
)
ORDER_FIELDS = (
    *SHARED,
    TargetField("promised_on", "Delivery date", FieldType.DATE, standard="delivery_date"),
    TargetField("owner", "Owner", FieldType.TEXT),
    TargetField("account", "G/L account", FieldType.TEXT, help_text="Of a line.", standard="gl_account"),
)
RESULTS = (
    TargetField(
        "result",
        "Result",
        FieldType.TEXT,
        help_text="As text, or by a value table from released, approved, waits, rejected, noted, changed, "
        "refused, gone to options (GIDs).",
        standard="result",
    ),
    TargetField("status", "Document status", FieldType.TEXT, standard="document_status"),
    TargetField("text", "What happened and what to do", FieldType.TEXT, standard="result_text"),
    TargetField("record_link", "Link to the record", FieldType.TEXT, standard="record_link"),
)
