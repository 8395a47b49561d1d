"""German VAT rates by day, and the rate behind a net amount and its tax."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal(0)
# §12 UStG: standard and reduced rate from a day on; both were lower in the second half of 2020.
GERMAN_RATES: tuple[tuple[date, frozenset[Decimal]], ...] = (
    (date(2021, 1, 1), frozenset({Decimal("0.19"), Decimal("0.07")})),
    (date(2020, 7, 1), frozenset({Decimal("0.16"), Decimal("0.05")})),
    (date(2007, 1, 1), frozenset({Decimal("0.19"), Decimal("0.07")})),
)
TOLERANCE = Decimal("0.02")


def german_rates(day: date) -> frozenset[Decimal]:
    """The rates that a supply of `day` bears in Germany, without 0; empty before 2007."""
    return next((rates for first, rates in GERMAN_RATES if first <= day), frozenset())


def tax_of(net: Decimal, rate: Decimal) -> Decimal:
    """The tax on `net`, rounded half up to cents."""
    return (net * rate).quantize(CENT, ROUND_HALF_UP)


def rates_behind(
    net: Decimal, tax: Decimal, allowed: Iterable[Decimal], *, tolerance: Decimal = TOLERANCE
) -> list[Decimal]:
    """Those of `allowed` and 0 that give `tax` on `net`: to the cent, or else within `tolerance`.

    More than one (very small amounts) or none: the rate can't be told from the amounts.
    """
    candidates = sorted({ZERO, *allowed})
    exact = [rate for rate in candidates if tax_of(net, rate) == tax]
    near = [rate for rate in candidates if abs(tax_of(net, rate) - tax) <= tolerance]
    return exact or near


def percent(rate: Decimal) -> str:
    """0.19 as '19 %', 0.055 as '5,5 %'."""
    return f"{(rate * 100).normalize():f} %".replace(".", ",")
