"""The fields of an entry under their names, as short plain texts: for histories and comparisons."""

from __future__ import annotations

import dataclasses
from typing import Any

from bookings.entry import Entry
from bookings.validation import labels

# English here, translated when shown.
NAMES: dict[str, str] = {
    "amount": labels.AMOUNT,
    "side": labels.SIDE,
    "account": labels.ACCOUNT,
    "contra_account": labels.CONTRA_ACCOUNT,
    "document_date": labels.DOCUMENT_DATE,
    "currency": labels.CURRENCY,
    "exchange_rate": labels.EXCHANGE_RATE,
    "base_amount": labels.BASE_AMOUNT,
    "bu_key": labels.BU_KEY,
    "document_field_1": labels.DOCUMENT_FIELD_1,
    "document_field_2": labels.DOCUMENT_FIELD_2,
    "discount": labels.DISCOUNT,
    "posting_text": labels.POSTING_TEXT,
    "cost_center_1": labels.COST_CENTER_1,
    "cost_center_2": labels.COST_CENTER_2,
    "cost_quantity": labels.COST_QUANTITY,
    "eu_vat_id": labels.EU_VAT_ID,
    "eu_tax_rate": labels.EU_TAX_RATE,
    "delivery_date": labels.DELIVERY_DATE,
    "due_date": labels.DUE_DATE,
    "is_reversal": labels.REVERSAL,
    "direction": labels.DIRECTION,
    "partner_name": labels.PARTNER_NAME,
    "partner_city": labels.PARTNER_CITY,
    "documents": labels.DOCUMENT_LINK,
    "notes": labels.NOTES,
    "tax_period_date": labels.TAX_PERIOD_DATE,
}


def differences_of(before: Entry, after: Entry, *, row: int) -> list[dict[str, str]]:
    """[{"row", "field", "before", "after"}] of the fields that differ."""
    return [
        {"row": str(row), "field": NAMES[field.name], "before": shown(old), "after": shown(new)}
        for field in dataclasses.fields(Entry)
        if (old := getattr(before, field.name)) != (new := getattr(after, field.name))
    ]


def shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(": ".join(item) if isinstance(item, tuple) else str(item) for item in value)
    return str(value)
