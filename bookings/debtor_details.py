"""A debtor's master data as pure data, before it becomes a row of a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DebtorDetails:
    """What DATEV is told of a customer; empty text = not given.

    `name` is the company, or the surname of a person (then with `first_name`). `vat_id` with its country
    prefix, `country` and prefix as ISO codes. `due_days` is the usual term of payment.
    """

    name: str
    is_person: bool = False
    first_name: str = ""
    salutation: str = ""
    short_name: str = ""
    street: str = ""
    address_extra: str = ""
    post_box: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    vat_id: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    fax: str = ""
    iban: str = ""
    bic: str = ""
    # The number by which the customer knows itself there: 15 characters, a GUID does not fit.
    customer_number: str = ""
    language: str = ""
    contact_person: str = ""
    due_days: int | None = None
    sepa_mandate: str = ""

    @property
    def shown_name(self) -> str:
        return " ".join(part for part in (self.first_name, self.name) if part)

    def to_json(self) -> dict[str, Any]:
        """Only what is given, so that a later version of this class changes no digest."""
        return {
            name: value for name, value in dataclasses.asdict(self).items() if value not in ("", None, False)
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> DebtorDetails:
        return cls(**stored)
