"""What every pair that books into DATEV can map, and how the mapped values become an `Entry`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop as _

from bookings.entry import Books, Direction, Entry, Side
from bookings.validation import base_amount, labels
from connections.messages import DataFault, say
from pairs.base import FieldType, TargetField
from pairs.mapping import Mapped

SIDE_WORDS = {
    "s": Side.DEBIT,
    "soll": Side.DEBIT,
    "debit": Side.DEBIT,
    "h": Side.CREDIT,
    "haben": Side.CREDIT,
    "credit": Side.CREDIT,
}

SIDE = _("side (Soll/Haben)")
POSTING_TEXT = _("posting text (Buchungstext)")

BOOKING_FIELDS = (
    TargetField(
        "amount",
        labels.AMOUNT,
        FieldType.AMOUNT,
        True,
        "Gross amount, positive; the side carries the sign.",
        standard="amount",
    ),
    TargetField(
        "side",
        SIDE,
        FieldType.CHOICE,
        True,
        "Seen from the account: S (Soll, debit) or H (Haben, credit).",
        choices=(("S", "S (Soll)"), ("H", "H (Haben)")),
    ),
    TargetField(
        "account",
        labels.ACCOUNT,
        FieldType.ACCOUNT,
        True,
        "Konto, column 7. With side S this is the debit account.",
    ),
    TargetField(
        "contra_account",
        labels.CONTRA_ACCOUNT,
        FieldType.ACCOUNT,
        True,
        "Gegenkonto, column 8. With side S this is the credit account.",
        standard="gl_account",
    ),
    TargetField(
        "bu_key",
        labels.BU_KEY,
        FieldType.TAX_KEY,
        False,
        "Leave it empty for automatic accounts.",
        standard="tax_key",
    ),
    TargetField("document_date", labels.DOCUMENT_DATE, FieldType.DATE, True, standard="document_date"),
    TargetField(
        "document_field_1",
        labels.DOCUMENT_FIELD_1,
        FieldType.TEXT,
        True,
        "The number of the invoice.",
        standard="document_number",
    ),
    TargetField("document_field_2", labels.DOCUMENT_FIELD_2, FieldType.TEXT),
    TargetField("posting_text", POSTING_TEXT, FieldType.TEXT),
    TargetField("cost_center_1", labels.COST_CENTER_1, FieldType.COST_CENTER, standard="cost_center"),
    TargetField("cost_center_2", labels.COST_CENTER_2, FieldType.COST_CENTER),
    TargetField(
        "currency",
        labels.CURRENCY,
        FieldType.TEXT,
        False,
        "Three capitals; empty means EUR.",
        standard="currency",
    ),
    TargetField(
        "exchange_rate",
        labels.EXCHANGE_RATE,
        FieldType.NUMBER,
        False,
        "Units of the foreign currency for 1 EUR.",
        standard="exchange_rate",
    ),
    TargetField("due_date", labels.DUE_DATE, FieldType.DATE, standard="due_date"),
    TargetField(
        "delivery_date",
        labels.DELIVERY_DATE,
        FieldType.DATE,
        False,
        "DATEV wants it together with the tax period, or neither.",
        standard="delivery_date",
    ),
    TargetField("tax_period_date", labels.TAX_PERIOD_DATE, FieldType.DATE),
    TargetField(
        "eu_vat_id", labels.EU_VAT_ID, FieldType.TEXT, False, "With country prefix.", standard="vat_id"
    ),
    TargetField(
        "eu_tax_rate", labels.EU_TAX_RATE, FieldType.NUMBER, False, "Per cent, of the country of destination."
    ),
    TargetField(
        "is_credit_note",
        "Credit note",
        FieldType.BOOLEAN,
        False,
        "Yes turns the side round; the amount stays positive.",
    ),
    TargetField(
        "partner_name",
        "Name of the business partner",
        FieldType.TEXT,
        False,
        "Only for DXSO.",
        standard="business_partner",
    ),
    TargetField("partner_city", "City of the business partner", FieldType.TEXT, False, "Only for DXSO."),
)
LABELS = {field.key: field.label for field in BOOKING_FIELDS}

# Stand-ins for values that could not be read, so that all other rules can still be checked.
STAND_INS: Mapping[str, Any] = {
    "amount": Decimal("1.00"),
    "side": Side.DEBIT,
    "account": "",
    "contra_account": "",
    "document_date": date(2000, 1, 1),
}


def entry_from(mapped: Mapped, books: Books, *, direction: Direction) -> Entry:
    """The posting row that the mapped values describe. Adds to `mapped.faults` what can't be understood.

    Fields in `mapped.unusable` hold stand-ins: with any fault the entry must not be booked.
    """
    values = mapped.values
    side = _side(mapped)
    amount = values["amount"]
    if amount is not None and amount <= 0:
        mapped.faults.append(
            DataFault(
                LABELS["amount"],
                f"{amount}",
                say("An amount must be above zero."),
                say("Enter a credit note with a positive amount and the opposite side."),
            )
        )
        mapped.unusable.add("amount")
        amount = None
    entry = Entry(
        amount=amount or STAND_INS["amount"],
        side=side or STAND_INS["side"],
        account=values["account"] or "",
        contra_account=values["contra_account"] or "",
        document_date=values["document_date"] or STAND_INS["document_date"],
        bu_key=values["bu_key"] or "",
        document_field_1=values["document_field_1"] or "",
        document_field_2=values["document_field_2"] or "",
        posting_text=values["posting_text"] or "",
        cost_center_1=values["cost_center_1"] or "",
        cost_center_2=values["cost_center_2"] or "",
        currency=(values["currency"] or books.base_currency).upper(),
        exchange_rate=values["exchange_rate"],
        due_date=values["due_date"],
        delivery_date=values["delivery_date"],
        tax_period_date=values["tax_period_date"],
        eu_vat_id=(values["eu_vat_id"] or "").replace(" ", ""),
        eu_tax_rate=values["eu_tax_rate"] / 100 if values["eu_tax_rate"] is not None else None,
        direction=direction,
        partner_name=values["partner_name"] or "",
        partner_city=values["partner_city"] or "",
    )
    return _in_base_currency(entry, books)


def _side(mapped: Mapped) -> Side | None:
    written = mapped.values["side"]
    if written is None:
        return None
    side = SIDE_WORDS.get(str(written).strip().lower())
    if side is None:
        mapped.faults.append(
            DataFault(
                LABELS["side"],
                str(written),
                say("This is neither S (Soll) nor H (Haben)."),
                say("Write S or H."),
            )
        )
        mapped.unusable.add("side")
        return None
    if mapped.values["is_credit_note"]:
        return Side.CREDIT if side == Side.DEBIT else Side.DEBIT
    return side


def _in_base_currency(entry: Entry, books: Books) -> Entry:
    if entry.currency == books.base_currency or not entry.exchange_rate or entry.exchange_rate < 0:
        return entry
    return replace(entry, base_amount=base_amount(entry.amount, entry.exchange_rate))


def differences(booked: Entry, wanted: Entry) -> list[DataFault]:
    """What the source says differently from what was booked, field by field; documents do not count."""
    found = []
    for key in (field.key for field in BOOKING_FIELDS if field.key != "is_credit_note"):
        before, after = getattr(booked, key), getattr(wanted, key)
        if before != after:
            found.append(
                DataFault(
                    LABELS[key],
                    _shown(after),
                    say("Booked was: %(before)s.", before=_shown(before) or "-"),
                )
            )
    return found


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value}".replace(".", ",")
    return f"{value:%d.%m.%Y}" if isinstance(value, date) else str(value)
