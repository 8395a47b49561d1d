"""Books, header and entries that the tests of this folder share. All names and numbers are invented."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from bookings.entry import AccountInfo, Books, Direction, Entry, FiscalYear, PartnerInfo, Side, TaxKeyInfo
from bookings.extf.header import Header

DATA = Path(__file__).resolve().parents[2] / "data"
YEAR_2025 = FiscalYear(date(2025, 1, 1), date(2025, 12, 31))
FIRST_GUID = UUID("8DB85C02-4CC3-FF3E-06D7-7F87EEECCF3A")
SECOND_GUID = UUID("11111111-2222-3333-4444-555555555555")
VAT_ID = "ATU12345675"


def key(bu_key: str, direction: str, rate: str | None = "0.19", **others: Any) -> TaxKeyInfo:
    known = {"is_confirmed": True, **others}
    return TaxKeyInfo(bu_key, f"Schlüssel {bu_key}", Decimal(rate) if rate else None, direction, **known)


BOOKS = Books(
    consultant_number=29098,
    client_number=55003,
    chart="03",
    account_length=4,
    fiscal_years=(YEAR_2025,),
    accounts={
        account.number: account
        for account in (
            AccountInfo("320", "Pkw"),
            AccountInfo("1200", "Bank"),
            AccountInfo("1400", "Forderungen", is_collective=True),
            AccountInfo("1600", "Verbindlichkeiten", is_collective=True),
            AccountInfo("3123", "EU-Leistungen", is_automatic=True),
            AccountInfo("3200", "Wareneingang"),
            AccountInfo("3400", "Wareneingang 19 %", is_automatic=True),
            AccountInfo("4900", "Sonstiges"),
            AccountInfo("4930", "Bürobedarf"),
            AccountInfo("4999", "Altes Konto", is_blocked=True),
            AccountInfo("8125", "Innergemeinschaftliche Lieferungen", is_automatic=True),
            AccountInfo("8200", "Erlöse"),
            AccountInfo("8400", "Erlöse 19 %", is_automatic=True),
        )
    },
    partners={
        partner.number: partner
        for partner in (
            PartnerInfo("10001", "Kundin Muster", "Musterstadt"),
            PartnerInfo("10002", "Kunde Beispiel", "Beispielburg"),
            PartnerInfo("70000", "Großhandel Muster GmbH", "Musterstadt"),
            PartnerInfo("70001", "Papier Beispiel GmbH", "Beispielburg"),
            PartnerInfo("70002", "Muster Beratung GmbH", "Musterdorf", VAT_ID),
            PartnerInfo("79999", "Gesperrt GmbH", is_blocked=True),
        )
    },
    cost_centers={"100": "Verwaltung", "Projekt 1": "Projekt"},
    tax_keys={
        tax_key.bu_key: tax_key
        for tax_key in (
            key("3", "sale", reversal_key="23"),
            key("9", "purchase", reversal_key="29"),
            key("10", "sale", None, needs_country=True),
            key("19", "purchase", needs_vat_id=True, reversal_key="69"),
            key("20", "both", None),
            key("40", "both", None, reversal_key="80"),
            key("94", "purchase", reversal_key="34"),
            key("240", "sale", None, needs_country=True),
            key("501", "purchase"),
            key("506", "purchase"),
            key("701", "purchase", is_confirmed=False, needs_vat_id=True),
        )
    },
)


def header(**others: Any) -> Header:
    return Header.for_month(
        BOOKS,
        YEAR_2025,
        date(2025, 1, 31),
        # 10:15 in Germany
        **{"created_at": datetime(2025, 2, 3, 9, 15, tzinfo=UTC), **others},
    )


def purchase(**others: Any) -> Entry:
    """119,00 gross for office supplies, 19 % input tax; `others` change it."""
    values: dict[str, Any] = {
        "amount": Decimal("119.00"),
        "side": Side.CREDIT,
        "account": "70001",
        "contra_account": "4930",
        "bu_key": "9",
        "document_date": date(2025, 1, 15),
        "document_field_1": "RE-1",
    }
    return Entry(**values | others)


def sale(**others: Any) -> Entry:
    """1190,00 gross to a debtor on an automatic account; `others` change it."""
    values: dict[str, Any] = {
        "amount": Decimal("1190.00"),
        "side": Side.DEBIT,
        "account": "10001",
        "contra_account": "8400",
        "document_date": date(2025, 1, 13),
        "document_field_1": "AR-2",
        "direction": Direction.OUTGOING,
    }
    return Entry(**values | others)
