"""The entry that takes another one back."""

from __future__ import annotations

from dataclasses import replace

from bookings.entry import Books, Entry, Route, Side
from bookings.validation.taxes import REVERSAL_WITHOUT_KEY


def reversed_entry(entry: Entry, books: Books, *, route: Route) -> Entry:
    """`entry` with debit and credit swapped; amount, accounts and open-item key stay.

    EXTF: the tax key's correction key where the client's table names one (29 for 9), otherwise the reversal
    flag (Generalumkehr, column 118) with the key unchanged, never both. Source: DATEV's sample file, rows 49
    to 56. DXSO has neither: the swapped side makes a credit note (Rechnungskorrektur).
    """
    side = Side.CREDIT if entry.side is Side.DEBIT else Side.DEBIT
    if route is Route.DXSO:
        return replace(entry, side=side)
    if entry.is_reversal:
        # Taking a reversal back is the original booking again.
        return replace(entry, side=side, is_reversal=False)
    swapped_key = _counterpart(entry.bu_key, books)
    if swapped_key is not None:
        return replace(entry, side=side, bu_key=swapped_key)
    return replace(entry, side=side, is_reversal=True)


def _counterpart(bu_key: str, books: Books) -> str | None:
    """29 for 9 and 9 for 29, as far as the client's table tells; None = none."""
    if not bu_key:
        return None
    if bu_key == REVERSAL_WITHOUT_KEY:
        return ""
    key = books.tax_keys.get(bu_key)
    if key is not None:
        return key.reversal_key or None
    return next((key.bu_key for key in books.tax_keys.values() if key.reversal_key == bu_key), None)
