"""What can be mapped from Dynamics, and what can be written back."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from bookings.invoices import labels
from bookings.validation import labels as booking_labels
from pairs.base import FieldType, TargetField

INVOICE_FIELDS = (
    TargetField(
        "document_date",
        labels.INVOICE_DATE,
        FieldType.DATE,
        True,
        "Dynamics has no invoice date of its own: a column of yours, or the day on which it was created.",
    ),
    TargetField(
        "document_number",
        labels.INVOICE_NUMBER,
        FieldType.TEXT,
        help_text="Without a mapping: the number of the invoice in Dynamics.",
    ),
    TargetField(
        "delivery_date",
        booking_labels.DELIVERY_DATE,
        FieldType.DATE,
        help_text="Without a mapping: 'Date delivered' of the invoice, or of all its lines alike.",
    ),
    TargetField(
        "due_date",
        booking_labels.DUE_DATE,
        FieldType.DATE,
        help_text="Without a mapping: the due date of the invoice.",
    ),
    TargetField(
        "posting_text",
        booking_labels.POSTING_TEXT,
        FieldType.TEXT,
        help_text="Without a mapping: the name of the customer.",
    ),
    TargetField(
        "is_credit_note",
        _("credit note (yes or no)"),
        FieldType.BOOLEAN,
        help_text="For credit notes with positive amounts; negative totals are understood without it.",
    ),
    TargetField(
        "ship_to",
        labels.DESTINATION,
        FieldType.TEXT,
        help_text="Country of the delivery. Without a mapping: that of the delivery address, if any.",
    ),
    TargetField(
        "exchange_rate",
        booking_labels.EXCHANGE_RATE,
        FieldType.NUMBER,
        help_text="Foreign units per 1 EUR. Without a mapping: the rate of the invoice, if Dynamics keeps "
        "its base amounts in EUR.",
    ),
)
LINE_FIELDS = (
    TargetField(
        "line_tax_rate",
        _("tax rate of the line (percent)"),
        FieldType.NUMBER,
        help_text="Dynamics keeps an amount of tax alone. Without a mapping the German rate behind it is "
        "told from the amounts, and where that is not certain the invoice is parked.",
    ),
    TargetField(
        "line_supply",
        _("goods or service (line)"),
        FieldType.CHOICE,
        help_text="By a value table, for example from the product, to goods, service, electronic.",
    ),
    TargetField(
        "line_treatment",
        _("special treatment of the tax (line)"),
        FieldType.CHOICE,
        help_text="Why there is no tax, where the amounts do not say it: reverse_charge, exempt, zero_rated, "
        "triangular.",
    ),
    TargetField(
        "line_revenue_group",
        _("revenue group (line)"),
        FieldType.TEXT,
        help_text="Tells revenue accounts of the same tax apart, as in the client's table of tax cases.",
    ),
    TargetField("line_cost_center_1", _("cost center 1 (line)"), FieldType.COST_CENTER),
    TargetField("line_cost_center_2", _("cost center 2 (line)"), FieldType.COST_CENTER),
)
CUSTOMER_FIELDS = (
    TargetField(
        "debtor_number",
        _("debtor number of an account"),
        FieldType.ACCOUNT,
        help_text="For example the account number. How it is used is a setting of the integration.",
    ),
    TargetField("contact_debtor_number", _("debtor number of a contact"), FieldType.ACCOUNT),
    TargetField(
        "vat_id",
        booking_labels.DEBTOR_VAT_ID,
        FieldType.TEXT,
        help_text="Dynamics has no column for it: one of yours.",
    ),
    TargetField(
        "country",
        booking_labels.DEBTOR_COUNTRY,
        FieldType.TEXT,
        help_text="Without a mapping: the country of the address. Names that are not understood need a value "
        "table to codes such as AT.",
    ),
    TargetField(
        "is_business",
        labels.IS_BUSINESS,
        FieldType.BOOLEAN,
        help_text="Without a mapping: accounts are businesses, contacts are consumers.",
    ),
    TargetField("short_name", _("short name"), FieldType.TEXT),
    TargetField("customer_number", booking_labels.DEBTOR_CUSTOMER_NUMBER, FieldType.TEXT),
    TargetField("due_days", booking_labels.DEBTOR_DUE_DAYS, FieldType.NUMBER),
    TargetField("iban", booking_labels.DEBTOR_IBAN, FieldType.TEXT),
    TargetField("bic", booking_labels.DEBTOR_BIC, FieldType.TEXT),
    TargetField("sepa_mandate", _("SEPA mandate"), FieldType.TEXT),
)
WRITE_BACK = (
    TargetField(
        "result",
        "Result",
        FieldType.CHOICE,
        help_text="As text, or by a value table from posted, failed, unknown to the numbers of options.",
    ),
    TargetField("job_ref", "DATEV job id", FieldType.TEXT),
    TargetField("text", "What happened and what to do", FieldType.TEXT),
    TargetField("booked_on", "Handed over on", FieldType.DATE),
)
