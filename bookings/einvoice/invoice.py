"""An e-invoice as plain values, named by the business terms (BT) of EN 16931."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop as _

# Business term -> what people call it. Source: EN 16931-1, semantic model (terms used here).
TERMS: Mapping[str, str] = {
    "BT-1": _("invoice number"),
    "BT-2": _("invoice date"),
    "BT-3": _("type of the invoice"),
    "BT-5": _("currency"),
    "BT-9": _("due date"),
    "BT-10": _("buyer reference"),
    "BT-13": _("order number"),
    "BT-24": _("profile"),
    "BT-27": _("name of the seller"),
    "BT-31": _("VAT id of the seller"),
    "BT-32": _("tax number of the seller"),
    "BT-44": _("name of the buyer"),
    "BT-48": _("VAT id of the buyer"),
    "BT-72": _("delivery date"),
    "BT-84": _("IBAN of the payee"),
    "BT-107": _("allowances"),
    "BT-108": _("charges"),
    "BT-109": _("net total"),
    "BT-110": _("tax total"),
    "BT-112": _("gross total"),
    "BT-113": _("paid amount"),
    "BT-114": _("rounding"),
    "BT-115": _("amount due"),
}
# Of each tax group (BG-23).
GROUP_TERMS: Mapping[str, str] = {
    "BT-116": _("taxable amount"),
    "BT-117": _("tax of the rate"),
    "BT-119": _("tax rate"),
}
DATES = frozenset({"BT-2", "BT-9", "BT-72"})
AMOUNTS = frozenset({"BT-107", "BT-108", "BT-109", "BT-110", "BT-112", "BT-113", "BT-114", "BT-115"})
# Without them nothing can be compared.
REQUIRED = ("BT-1", "BT-2", "BT-3", "BT-5", "BT-112")
# Source: UNTDID 1001: credit notes; their amounts are positive.
CREDIT_NOTES = frozenset({"381", "261", "262", "296", "308", "396", "420", "458", "532"})


@dataclass(frozen=True)
class TaxGroup:
    """One VAT category and rate (BG-23): `rate` 0.19 for 19 %, None where the category has none."""

    category: str
    rate: Decimal | None
    base: Decimal
    tax: Decimal


@dataclass(frozen=True)
class EInvoice:
    """`terms` holds what is there: dates as date, amounts as Decimal, everything else as text."""

    syntax: str
    terms: Mapping[str, Any]
    taxes: tuple[TaxGroup, ...] = ()

    @property
    def number(self) -> str:
        return str(self.terms["BT-1"])

    @property
    def is_credit_note(self) -> bool:
        return self.terms["BT-3"] in CREDIT_NOTES or self.gross_total < 0

    @property
    def gross_total(self) -> Decimal:
        return Decimal(self.terms["BT-112"])

    @property
    def tax_total(self) -> Decimal:
        return Decimal(self.terms.get("BT-110", 0))

    def to_json(self) -> dict[str, Any]:
        return {
            "syntax": self.syntax,
            "terms": {term: str(value) for term, value in self.terms.items()},
            "taxes": [
                [
                    group.category,
                    None if group.rate is None else str(group.rate),
                    str(group.base),
                    str(group.tax),
                ]
                for group in self.taxes
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> EInvoice:
        return cls(
            stored["syntax"],
            {term: typed(term, text) for term, text in stored["terms"].items()},
            tuple(
                TaxGroup(category, None if rate is None else Decimal(rate), Decimal(base), Decimal(tax))
                for category, rate, base, tax in stored["taxes"]
            ),
        )


def typed(term: str, text: str) -> date | Decimal | str:
    """Raises ValueError or ArithmeticError if `text` is not what the term is."""
    if term in DATES:
        return date.fromisoformat(text)
    return Decimal(text) if term in AMOUNTS else text
