"""Numbers, codes and lines in words: what orders and invoices have in common. Pure but for translation."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from connections.vendors.exact.api import Line as ExactLine
from pairs.definitions.exact_asana.ledger import Coded, text_of
from pairs.definitions.exact_asana.options import COST_CENTER, COST_UNIT, GL_ACCOUNT, Chosen, written
from pairs.work_items import Line

CENT = Decimal("0.01")


def key_of(kind: str, number: int | None, division: int, guid: str) -> str:
    """The natural key: the number that people know, and the id that makes it unique and never changes."""
    shown = f" {number}" if number is not None else ""
    return f"Exact Online: {kind}{shown} ({division}, {guid})"


def choice(offered: Sequence[tuple[str, str]], key: str | None) -> str | None:
    """A state as its option is called, in the language that is active."""
    return None if key is None else gettext(dict(offered)[key])


def coded(code: str, description: str) -> Coded | None:
    return Coded(code, text_of(code, description)) if code else None


def cost_center(line: ExactLine) -> Coded | None:
    return coded(line.cost_center, line.cost_center_description)


def cost_unit(line: ExactLine) -> Coded | None:
    return coded(line.cost_unit, line.cost_unit_description)


def net_amounts(
    lines: Sequence[ExactLine], net: Decimal | None, gross: Decimal | None
) -> dict[str, Decimal | None]:
    """The net amount of each line by its id.

    Whether the amount of a line contains VAT depends on its VAT code, and no field says it; so what the lines
    add up to decides. None where that is neither the net nor the gross amount: nothing is guessed.
    """
    total = sum((line.amount for line in lines if line.amount is not None), Decimal(0))
    if all(line.amount is not None for line in lines):
        if net is not None and abs(total - net) < CENT:
            return {line.id: line.amount for line in lines}
        if gross is not None and abs(total - gross) < CENT:
            return {line.id: _without_vat(line) for line in lines}
    return dict.fromkeys((line.id for line in lines), None)


def _without_vat(line: ExactLine) -> Decimal | None:
    return None if line.amount is None or line.vat_amount is None else line.amount - line.vat_amount


def line_of(
    line: ExactLine,
    *,
    account: Coded | None,
    net: Decimal | None,
    currency: str,
    language: str,
    chosen: Chosen,
    **values: Any,
) -> Line:
    """A line as a subtask: its figures in words, and the values that can be mapped."""
    item = line.item
    words = (
        _quantity(line, net, currency, language),
        account.label if account else "",
        one.label if (one := cost_center(line)) else "",
        one.label if (one := cost_unit(line)) else "",
    )
    return Line(
        ref=line.id,
        name=line.text
        or (f"{gettext('Line')} {line.number}" if line.number is not None else gettext("Line")),
        figures=", ".join(filter(None, words)),
        notes=line.notes,
        due_on=line.delivery_on,
        values=written(
            {
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "net_amount": net,
                "currency": currency,
                "item": text_of(item.code, item.label)
                if item and item.code
                else item.label
                if item
                else None,
                GL_ACCOUNT: chosen.value(GL_ACCOUNT, account, line.id),
                COST_CENTER: chosen.value(COST_CENTER, cost_center(line), line.id),
                COST_UNIT: chosen.value(COST_UNIT, cost_unit(line), line.id),
                "exact_project": line.project.code if line.project else None,
                **values,
            }
        ),
    )


def _quantity(line: ExactLine, net: Decimal | None, currency: str, language: str) -> str:
    """'10 Stk x 12,00 EUR = 120,00 EUR'"""
    many = f"{number_text(line.quantity, language)} {line.unit}".strip()
    price, amount = (amount_text(value, currency, language) for value in (line.unit_price, net))
    text = " x ".join(filter(None, (many, price)))
    return " = ".join(filter(None, (text, amount)))


def number_text(value: Decimal | None, language: str) -> str:
    """A number as people of this language write it, "" for none."""
    if value is None:
        return ""
    text = f"{value.normalize():f}"
    return text.replace(".", ",") if language == "de" else text


def amount_text(value: Decimal | None, currency: str, language: str) -> str:
    if value is None:
        return ""
    text = f"{value:.2f}" if value == round(value, 2) else f"{value.normalize():f}"
    return f"{text.replace('.', ',') if language == 'de' else text} {currency}".strip()
