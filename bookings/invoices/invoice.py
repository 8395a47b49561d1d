"""An outgoing invoice as a source tells it, and the rules by which a client books it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from bookings.invoices.rates import TOLERANCE
from bookings.invoices.situation import Supply, Treatment
from bookings.validation.taxes import HOME


class Spread(StrEnum):
    """What becomes of an amount that belongs to the whole invoice."""

    # By net amount over the tax cases of the lines, with their tax.
    PROPORTIONAL = "proportional"
    # Booked on an account of its own, by a tax case of its own.
    OWN_ACCOUNT = "own_account"
    REFUSE = "refuse"


class DueDate(StrEnum):
    """Where the due date is written: column 117, Belegfeld 2 as DDMMYY by custom, or both."""

    COLUMN = "column"
    FIELD_2 = "document_field_2"
    BOTH = "both"


@dataclass(frozen=True)
class Rules:
    """How a client books invoices; a fault whenever a rule says nothing about what is there."""

    discount: Spread = Spread.REFUSE
    freight: Spread = Spread.REFUSE
    rounding: Spread = Spread.REFUSE
    due_date: DueDate = DueDate.COLUMN
    # Write the day of the supply with the tax period (columns 115 and 116), or leave both empty.
    with_delivery_date: bool = True
    # How far net times rate may be from the tax of a line whose rate is not given.
    rate_tolerance: Decimal = TOLERANCE


@dataclass(frozen=True)
class Customer:
    """`debtor` is the personal account; `country` ISO code of the seat."""

    debtor: str
    country: str
    is_business: bool | None = None
    vat_id: str = ""
    name: str = ""
    city: str = ""


@dataclass(frozen=True)
class InvoiceLine:
    """One line; amounts carry the sign of the source. `net` is after all discounts of the line itself.

    Either `tax` or `rate` is known, better both. `ship_to` "" = as the invoice says.
    """

    number: str
    net: Decimal
    tax: Decimal | None = None
    rate: Decimal | None = None
    supply: Supply | None = None
    treatment: Treatment = Treatment.STANDARD
    ship_to: str = ""
    revenue_group: str = ""
    cost_center_1: str = ""
    cost_center_2: str = ""


@dataclass(frozen=True)
class Invoice:
    """Totals as printed. `discount` and `freight` are net amounts of the whole invoice, both positive.

    gross_total = net_total + tax_total + rounding, net_total = lines - discount + freight. With a foreign
    `currency`, `exchange_rate` is foreign units per 1 EUR; `base_gross_total` in EUR is compared if given.
    A credit note may be written with positive or with negative amounts.
    """

    number: str
    document_date: date
    customer: Customer
    lines: tuple[InvoiceLine, ...]
    net_total: Decimal
    tax_total: Decimal
    gross_total: Decimal
    is_credit_note: bool = False
    discount: Decimal = Decimal(0)
    freight: Decimal = Decimal(0)
    rounding: Decimal = Decimal(0)
    currency: str = "EUR"
    exchange_rate: Decimal | None = None
    base_gross_total: Decimal | None = None
    due_date: date | None = None
    delivery_date: date | None = None
    # Country of the delivery; "" = that of the customer.
    ship_to: str = ""
    ship_from: str = "DE"
    posting_text: str = ""
    documents: tuple[UUID, ...] = ()
    notes: tuple[tuple[str, str], ...] = field(default=())

    @property
    def supply_date(self) -> date:
        """Without a delivery date the invoice counts as issued on the day of the supply."""
        return self.delivery_date or self.document_date

    @property
    def sign(self) -> int:
        """1 if a positive amount of the source is a claim; -1 for a credit note with positive amounts."""
        return -1 if self.is_credit_note and self.gross_total > 0 else 1

    def destination(self, line: InvoiceLine) -> str:
        """Goods go where they are delivered, a service to where the customer is.

        Not known which of the two: the foreign country, for which that is asked.
        """
        delivery = line.ship_to or self.ship_to or self.customer.country
        if line.supply is Supply.GOODS:
            return delivery
        if line.supply is None and self.customer.country == HOME:
            return delivery
        return self.customer.country
