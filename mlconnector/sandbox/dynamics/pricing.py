"""How the platform works out amounts. Source: columns of invoice and invoicedetail (read 2026-11).

A discount on the whole invoice lowers the net but not the taxes of the lines; header freight has no tax.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

ZERO = Decimal(0)
BASE_DIGITS = Decimal("0.0001")


def rounded(value: Decimal, precision: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-precision), ROUND_HALF_UP)


def in_base(value: Decimal | None, rate: Decimal | None) -> Decimal | None:
    """`value` in the base currency; `rate` is units of the currency for one of the base."""
    return None if value is None or not rate else (value / rate).quantize(BASE_DIGITS, ROUND_HALF_UP)


def line_amounts(line: Mapping[str, Any], precision: int) -> dict[str, Decimal]:
    base = _of(line, "quantity") * (_of(line, "priceperunit") - _of(line, "volumediscountamount"))
    base = rounded(base, precision)
    extended = base - _of(line, "manualdiscountamount") + _of(line, "tax")
    return {"baseamount": base, "extendedamount": rounded(extended, precision)}


def totals(head: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], precision: int) -> dict[str, Decimal]:
    found = list(lines)
    net = sum((_of(line, "baseamount") - _of(line, "manualdiscountamount") for line in found), ZERO)
    tax = sum((_of(line, "tax") for line in found), ZERO)
    line_discounts = sum((_of(line, "manualdiscountamount") for line in found), ZERO)
    discount = rounded(_of(head, "discountamount") + net * _of(head, "discountpercentage") / 100, precision)
    without_freight = net - discount
    amounts = {
        "totallineitemamount": net,
        "totallineitemdiscountamount": line_discounts,
        "totaldiscountamount": discount,
        "totalamountlessfreight": without_freight,
        "totaltax": tax,
        "totalamount": without_freight + _of(head, "freightamount") + tax,
    }
    return {name: rounded(amount, precision) for name, amount in amounts.items()}


def _of(values: Mapping[str, Any], name: str) -> Decimal:
    return values.get(name) or ZERO
