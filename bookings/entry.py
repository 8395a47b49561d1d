"""A booking as pure data, before it becomes a row of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from bookings.invoices.cases import TaxCaseInfo


class Side(StrEnum):
    """Soll or Haben, seen from the account in column 7."""

    DEBIT = "S"
    CREDIT = "H"


class Route(StrEnum):
    """How a booking travels: EXTF file to DATEV Rechnungswesen, or DXSO job to DATEV Unternehmen online."""

    EXTF = "extf"
    DXSO = "dxso"


class Direction(StrEnum):
    """Whose invoice it is; decides the ledger of a DXSO job and the document type's category."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True)
class Entry:
    """One posting row. Amounts are positive; `side` carries the sign. Empty text = not given.

    Gross or net: with a tax key or an automatic account `amount` is the gross amount and DATEV computes the
    tax out of it. For §13b and the intra-community acquisition it is the amount of the invoice, which bears
    no tax (net); DATEV adds both taxes itself. Without key and automatic account it is booked as it stands.

    With a foreign `currency`, `amount` is in that currency, `exchange_rate` is foreign units per 1 EUR and
    `base_amount` the amount in EUR. `documents` are GUIDs of uploaded documents (Beleglink).
    """

    amount: Decimal
    side: Side
    account: str
    contra_account: str
    document_date: date
    currency: str = "EUR"
    exchange_rate: Decimal | None = None
    base_amount: Decimal | None = None
    bu_key: str = ""
    document_field_1: str = ""
    document_field_2: str = ""
    discount: Decimal | None = None
    posting_text: str = ""
    cost_center_1: str = ""
    cost_center_2: str = ""
    cost_quantity: Decimal | None = None
    # With its country prefix ("ATU12345678"), or the two letters of the country alone.
    eu_vat_id: str = ""
    # Rate at the destination, 0.21 for 21 %.
    eu_tax_rate: Decimal | None = None
    delivery_date: date | None = None
    due_date: date | None = None
    is_reversal: bool = False
    direction: Direction = Direction.INCOMING
    # Name and city of the creditor or debtor: only the DXSO route carries them.
    partner_name: str = ""
    partner_city: str = ""
    documents: tuple[UUID, ...] = ()
    # Beleginfo (columns 21-36): up to 8 pairs of kind and content.
    notes: tuple[tuple[str, str], ...] = field(default=())
    # Datum Zuord. Steuerperiode (column 116): DATEV wants it together with `delivery_date` or not at all.
    tax_period_date: date | None = None

    def to_json(self) -> dict[str, Any]:
        """Every field as JSON: decimals and GUIDs as text, dates as YYYY-MM-DD."""
        from bookings.entry_json import dump

        return dump(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Entry:
        from bookings.entry_json import load

        return load(stored)


@dataclass(frozen=True)
class FiscalYear:
    start: date
    end: date
    # Postings on or before this day are refused (the tax office has closed the period).
    closed_until: date | None = None


@dataclass(frozen=True)
class AccountInfo:
    number: str
    name: str = ""
    # Tax is built in: no BU key but 40.
    is_automatic: bool = False
    # Collective accounts (receivables, payables) are never booked directly.
    is_collective: bool = False
    is_blocked: bool = False


@dataclass(frozen=True)
class PartnerInfo:
    """A debtor or creditor."""

    number: str
    name: str = ""
    city: str = ""
    vat_id: str = ""
    is_blocked: bool = False


@dataclass(frozen=True)
class TaxKeyInfo:
    bu_key: str
    meaning: str
    rate: Decimal | None
    direction: str  # "sale", "purchase", "both"
    # A key is used only after the admin has confirmed it with the tax adviser.
    is_confirmed: bool = False
    needs_vat_id: bool = False
    needs_country: bool = False
    # The key for the reversal of a posting with this key ("29" for "9"); "" = use Generalumkehr.
    reversal_key: str = ""


@dataclass(frozen=True)
class Books:
    """All that is known of one DATEV client, read once, for pure checks."""

    consultant_number: int
    client_number: int
    chart: str
    account_length: int
    fiscal_years: tuple[FiscalYear, ...]
    accounts: Mapping[str, AccountInfo]
    partners: Mapping[str, PartnerInfo]
    # None: the client does no cost accounting that we know of, any cost center is a fault.
    cost_centers: Mapping[str, str]
    tax_keys: Mapping[str, TaxKeyInfo]
    base_currency: str = "EUR"
    tax_cases: tuple[TaxCaseInfo, ...] = ()

    def fiscal_year(self, day: date) -> FiscalYear | None:
        return next((year for year in self.fiscal_years if year.start <= day <= year.end), None)
