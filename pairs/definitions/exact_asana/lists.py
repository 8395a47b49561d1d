"""The lists of Exact Online whose entries become options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from connections import clock
from connections.vendors.exact.api import Account, ChangedRow, Dimension, GLAccount
from pairs.definitions.exact_asana import settings
from pairs.definitions.exact_asana.fields import DIMENSION_FIELDS, PARTNER_FIELDS
from pairs.definitions.exact_asana.ledger import text_of
from pairs.definitions.exact_asana.options import COST_CENTER, COST_UNIT, CUSTOMER, GL_ACCOUNT, SUPPLIER
from pairs.engine import Context
from pairs.models import Integration


@dataclass(frozen=True)
class Entry:
    """An account, cost center or partner. `id` is what documents name it by; people know the `code`."""

    id: str
    code: str
    label: str
    is_usable: bool


def meant(name: str, listed: Mapping[str, Entry]) -> str:
    """The key of the entry that an option of this name stands for, "" for none: the longest code wins, so
    that "KST 1 - Nord" is never taken for "KST"."""
    words = name.split(" ")
    codes = {entry.code: key for key, entry in listed.items()}
    beginnings = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((codes[code] for code in beginnings if code in codes), "")


@dataclass(frozen=True)
class List:
    """`read` makes an entry of a row, None for one that is of no interest; `today` is the site's day."""

    feed: str
    read: Callable[[ChangedRow, date], Entry | None]


def _gl_account(changed: ChangedRow, today: date) -> Entry | None:
    account = GLAccount.from_row(changed.row) if changed.row is not None else None
    return account and Entry(account.code, account.code, account.label, not account.is_blocked)


def _dimension(changed: ChangedRow, today: date) -> Entry | None:
    if changed.row is None:
        return None
    one = Dimension.from_row(changed.row)
    is_usable = one.ends_on is None or one.ends_on > today
    return Entry(one.code, one.code, text_of(one.code, one.description), is_usable)


def _partner(is_wanted: Callable[[Account], bool]) -> Callable[[ChangedRow, date], Entry | None]:
    def read(changed: ChangedRow, today: date) -> Entry | None:
        account = Account.from_row(changed.row) if changed.row is not None else None
        if account is None or not is_wanted(account):
            return None
        is_usable = not account.is_blocked and (account.ends_on is None or account.ends_on > today)
        return Entry(account.id, account.code, text_of(account.code, account.name), is_usable)

    return read


LISTS: Mapping[str, List] = {
    GL_ACCOUNT: List("gl_accounts", _gl_account),
    COST_CENTER: List("cost_centers", _dimension),
    COST_UNIT: List("cost_units", _dimension),
    SUPPLIER: List("accounts", _partner(lambda account: account.is_supplier)),
    CUSTOMER: List("accounts", _partner(lambda account: account.is_customer)),
}


def entries(context: Context, key: str) -> list[Entry]:
    """The whole list by code; a thousand rows in a call where there is a feed."""
    found: dict[str, Entry] = {}
    today = clock.now().astimezone(context.source.zone).date()
    more = ""
    while True:
        page = context.source.changes(LISTS[key].feed, "", more)
        context.hold()
        for row in page.rows:
            entry = LISTS[key].read(row, today)
            if entry is not None and entry.code:
                found[entry.id] = entry
        more = page.more
        if not more:
            break
    if key == GL_ACCOUNT:
        found = _chosen(context.integration, found)
    return sorted(found.values(), key=lambda entry: entry.code)


def _chosen(integration: Integration, found: dict[str, Entry]) -> dict[str, Entry]:
    ranges = settings.ranges(integration)
    if not ranges:
        return found
    return {
        key: entry
        for key, entry in found.items()
        if any(len(entry.code) == len(first) and first <= entry.code <= last for first, last in ranges)
    }


def label(integration: Integration, key: str) -> str:
    """What the record of a list is called."""
    fields: Any = (*DIMENSION_FIELDS, *PARTNER_FIELDS)
    with translation.override(integration.language):
        return gettext(next(field.label for field in fields if field.key == key))
