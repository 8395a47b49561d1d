"""What decides the tax of a line: what is supplied, from where to whom, at which rate, on which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from bookings.invoices.cases import CaseKind
from bookings.validation.taxes import EU_COUNTRIES, HOME

# "EL" in VAT ids; Northern Ireland ("XI") belongs to the EU for goods alone.
GREECE = {"EL": "GR"}
NORTHERN_IRELAND = "XI"


class Supply(StrEnum):
    GOODS = "goods"
    SERVICE = "service"
    # Services by electronic means, telecommunication, broadcasting: taxed where a consumer lives.
    ELECTRONIC = "electronic"


class Treatment(StrEnum):
    """What the source says of the tax beyond rate and country; STANDARD = nothing."""

    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    EXEMPT = "exempt"
    ZERO_RATED = "zero_rated"
    TRIANGULAR = "triangular"


@dataclass(frozen=True)
class Seller:
    """The client whose invoices these are."""

    # §19 UStG: no VAT on any invoice.
    is_small_business: bool = False
    # Takes part in the One-Stop-Shop: supplies to EU consumers bear the tax of their country.
    uses_oss: bool = False


@dataclass(frozen=True)
class Situation:
    """One line of an invoice as far as its tax goes.

    `destination` is the country in which goods arrive, or the customer's for a service (ISO code); `rate` the
    one on the invoice, 0.19 for 19 %. None and "" = not known: where it matters, that is a fault.
    """

    supply_date: date
    rate: Decimal | None
    destination: str
    supply: Supply | None = None
    origin: str = HOME
    is_business: bool | None = None
    vat_id: str = ""
    treatment: Treatment = Treatment.STANDARD
    revenue_group: str = ""

    @property
    def country(self) -> str:
        return GREECE.get(self.destination, self.destination)

    @property
    def is_domestic(self) -> bool:
        return self.destination == HOME

    @property
    def is_eu(self) -> bool:
        """Whether it goes to another member state."""
        if self.country == NORTHERN_IRELAND:
            return self.supply is Supply.GOODS
        return self.country in EU_COUNTRIES and not self.is_domestic

    @property
    def is_taxed(self) -> bool:
        return bool(self.rate)

    @property
    def is_goods(self) -> bool:
        return self.supply is Supply.GOODS


TREATED: dict[Treatment, CaseKind] = {
    Treatment.REVERSE_CHARGE: CaseKind.REVERSE_CHARGE,
    Treatment.EXEMPT: CaseKind.EXEMPT,
    Treatment.ZERO_RATED: CaseKind.ZERO_RATED,
    Treatment.TRIANGULAR: CaseKind.TRIANGULAR,
}
