"""The books of a client for a file from elsewhere: a table that we do not have can't speak against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Generic, TypeVar

from bookings.entry import AccountInfo, Books, Entry, PartnerInfo, TaxKeyInfo
from bookings.validation.taxes import NEED_SERVICE_CASE, SUPPRESS

Info = TypeVar("Info")


class Whatever(Mapping[str, Info], Generic[Info]):
    """Stands for a table that was never filled in: it has every key."""

    def __init__(self, make: Callable[[str], Info]) -> None:
        self.make = make

    def __getitem__(self, key: str) -> Info:
        return self.make(key)

    def __contains__(self, key: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        # Not empty: an empty table of cost centers would mean that there are none.
        return 1


def as_far_as_known(books: Books) -> Books:
    """`books` in which each empty table lets everything pass."""
    return replace(
        books,
        accounts=books.accounts or Whatever(AccountInfo),
        partners=books.partners or Whatever(PartnerInfo),
        cost_centers=books.cost_centers or Whatever(str),
        tax_keys=books.tax_keys or Whatever(_any_key),
    )


def _any_key(bu_key: str) -> TaxKeyInfo:
    return TaxKeyInfo(bu_key, "", rate=None, direction="both", is_confirmed=True)


def judged(entry: Entry, books: Books, *, has_service_case: bool) -> Entry:
    """`entry` without a tax key that can't be judged: 40 where no account is known to be automatic, and one
    that needs a service case where the file brings it (we could not write it, but the file is not ours)."""
    unknown_accounts = isinstance(books.accounts, Whatever) and entry.bu_key == SUPPRESS
    with_case = has_service_case and entry.bu_key in NEED_SERVICE_CASE
    return replace(entry, bu_key="") if unknown_accounts or with_case else entry
