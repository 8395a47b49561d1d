"""Everything that DATEV would refuse, found before anything is sent.

DATEV checks the header of an EXTF file and nothing of a DXSO file when it is uploaded; a faulty row surfaces
weeks later at the tax adviser and no API reports it. So each rule of the formats is checked here, and all
faults of an entry are returned at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bookings.entry import Books, Entry, Route
from bookings.validation.accounts import AccountKind, check_accounts, kind_of, personal_accounts
from bookings.validation.amounts import base_amount, check_amounts, check_currency, check_currency_is_complete
from bookings.validation.batch import check_batch, check_header
from bookings.validation.dates import check_dates, check_tax_period
from bookings.validation.route_dxso import check_dxso
from bookings.validation.taxes import check_taxes
from bookings.validation.texts import check_texts, clean_document_field
from connections.messages import DataFault

__all__ = [
    "AccountKind",
    "base_amount",
    "check_batch",
    "check_entry",
    "check_header",
    "clean_document_field",
    "kind_of",
    "personal_accounts",
]

Rule = Callable[[Entry, Books], Iterator[DataFault]]
EVERY_ROUTE: tuple[Rule, ...] = (
    check_amounts,
    check_currency,
    check_accounts,
    check_taxes,
    check_dates,
    check_texts,
)
RULES: dict[Route, tuple[Rule, ...]] = {
    Route.EXTF: (*EVERY_ROUTE, check_currency_is_complete, check_tax_period),
    Route.DXSO: (*EVERY_ROUTE, check_dxso),
}


def check_entry(entry: Entry, books: Books, *, route: Route) -> list[DataFault]:
    """All rules that `entry` breaks on its way by `route`, in the order of the form; empty = may be sent."""
    return [fault for rule in RULES[route] for fault in rule(entry, books)]
