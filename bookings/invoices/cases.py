"""Tax cases of a client: which revenue account and tax key stand for which kind of turnover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class CaseKind(StrEnum):
    """Kinds of turnover that are told apart; the last three belong to the whole invoice, not to a line."""

    DOMESTIC = "domestic"
    REVERSE_CHARGE = "reverse_charge"
    EXEMPT = "exempt"
    ZERO_RATED = "zero_rated"
    SMALL_BUSINESS = "small_business"
    INTRA_COMMUNITY = "intra_community"
    TRIANGULAR = "triangular"
    EU_TAXED = "eu_taxed"
    EU_SERVICE = "eu_service"
    OSS_GOODS = "oss_goods"
    OSS_SERVICE = "oss_service"
    ELECTRONIC_TAXED = "electronic_taxed"
    EXPORT = "export"
    THIRD_COUNTRY_SERVICE = "third_country_service"
    DISCOUNT = "discount"
    FREIGHT = "freight"
    ROUNDING = "rounding"


# The customer's own tax: rates of the country of destination, named in columns 40 and 41.
OSS = (CaseKind.OSS_GOODS, CaseKind.OSS_SERVICE)
# Reported with the customer's VAT id (Zusammenfassende Meldung).
WITH_VAT_ID = (CaseKind.INTRA_COMMUNITY, CaseKind.EU_SERVICE, CaseKind.TRIANGULAR)
# A German rate must be on the invoice.
GERMAN_TAX = (CaseKind.DOMESTIC, CaseKind.EU_TAXED, CaseKind.ELECTRONIC_TAXED)


@dataclass(frozen=True)
class TaxCaseInfo:
    """One row of the client's table. `rate` None = the rate of the invoice (OSS); `country` "" = any.

    `revenue_group` tells revenue accounts of the same tax apart ("Beratung", "Ware"); "" = the usual one.
    """

    key: str
    kind: str
    rate: Decimal | None
    account: str
    bu_key: str = ""
    name: str = ""
    country: str = ""
    revenue_group: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    # Used only after the admin has confirmed it with the tax adviser.
    is_confirmed: bool = False

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    def __str__(self) -> str:
        return self.name or self.key
