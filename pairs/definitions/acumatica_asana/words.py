"""Amounts and quantities as people of the integration's language read them."""

from __future__ import annotations

from decimal import Decimal

from django.utils import translation

CENTS = 2


def money(amount: Decimal | None, currency: str) -> str:
    """ "1.190,00 EUR" in German, "1,190.00 EUR" in English; "" for no amount."""
    return f"{number(amount, CENTS)} {currency}".strip() if amount is not None else ""


def number(value: Decimal | None, decimals: int = 0) -> str:
    """With at least so many decimals, and with all that it has beyond zeros."""
    if value is None:
        return ""
    exponent = value.normalize().as_tuple().exponent
    shown = max(decimals, -exponent if isinstance(exponent, int) else 0)
    text = f"{value:,.{shown}f}"
    if (translation.get_language() or "").startswith("de"):
        return text.translate(str.maketrans(",.", ".,"))
    return text
