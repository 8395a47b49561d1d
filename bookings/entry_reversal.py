"""The entry that takes another one back."""

from __future__ import annotations

from dataclasses import replace

from bookings.entry import Books, Entry, Route, Side


def reversed_entry(entry: Entry, books: Books, *, route: Route) -> Entry:
    """`entry` with debit and credit swapped; amount, accounts and open-item key stay.

    EXTF: the tax key's correction key where the client's table names one (29 for 9), otherwise the reversal
    flag (Generalumkehr, column 118) with the key unchanged, never both. Source: DATEV's sample file, rows 49
    to 56. DXSO has neither: the swapped side makes a credit note (Rechnungskorrektur).
    """
    side = Side.CREDIT if entry.side is Side.DEBIT else Side.DEBIT
    if route is Route.DXSO:
        return replace(entry, side=side)
    key = books.tax_keys.get(entry.bu_key)
    if key is not None and key.reversal_key:
        return replace(entry, side=side, bu_key=key.reversal_key)
    return replace(entry, side=side, is_reversal=not entry.is_reversal)
