"""The G/L accounts behind lines: by the account's id of an invoice line, by the item of an order line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from connections.vendors.exact.api import GLAccount, Item
from pairs.engine import Context
from pairs.work_items import known


class Coded(NamedTuple):
    """A G/L account, cost center or cost unit: its code and how people read it."""

    code: str
    label: str


def text_of(code: str, description: str) -> str:
    return f"{code} - {description}" if description else code


def accounts_of_lines(context: Context, ids: Iterable[str]) -> Mapping[str, Coded]:
    """The accounts that invoice lines name by id, read once for some minutes."""
    found: dict[str, GLAccount] = _remembered(context, "gl_accounts")
    missing = sorted({one for one in ids if one and one not in found})
    if missing:
        found.update(context.source.gl_accounts_by_id(missing))
    return {one: Coded(account.code, account.label) for one, account in found.items()}


def items(context: Context, ids: Iterable[str]) -> Mapping[str, Item]:
    """Items by id; an order line is booked on the account of its item."""
    found: dict[str, Item] = _remembered(context, "items")
    missing = sorted({one for one in ids if one and one not in found})
    if missing:
        found.update(context.source.items(missing))
    return found


def account_of_item(item: Item | None) -> Coded | None:
    if item is None or item.gl_costs is None or not item.gl_costs.code:
        return None
    return Coded(item.gl_costs.code, text_of(item.gl_costs.code, item.gl_costs.label))


def _remembered(context: Context, kind: str) -> dict[str, Any]:
    place = f"{context.integration.source.pk}:{context.source.division}"
    held: dict[str, Any] = known.remembered(context, f"exact {kind}", place, dict)
    return held
