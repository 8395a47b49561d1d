"""What changed since the last reading: change tracking with its delta links, and `modifiedon` beside it.

Source: Dataverse "Use change tracking to synchronize data with external systems" (read 2026-11).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connections.errors import ConfigurationError, RejectedError
from connections.messages import say
from connections.vendors.dynamics import addresses
from connections.vendors.dynamics.client import Client, Listing, page_size
from connections.vendors.dynamics.errors import FullReadNeededError
from connections.vendors.dynamics.facts import TABLES, Facts
from connections.vendors.dynamics.invoices import select
from connections.vendors.dynamics.values import DateRules, Row

# What a changed row tells beside its key; content is read in another call, because $expand is refused here.
TRACKED_COLUMNS: Mapping[str, Sequence[str]] = {
    "invoice": ("invoicenumber", "statecode", "statuscode", "modifiedon", "_modifiedby_value"),
    "invoicedetail": ("_invoiceid_value", "modifiedon"),
    "account": ("name", "accountnumber", "statecode", "modifiedon"),
    "contact": ("fullname", "statecode", "modifiedon"),
    "salesorder": ("ordernumber", "statecode", "modifiedon"),
}
ROWS_ON_A_PAGE = 200
# What a refused delta or next link is answered with, beside the code that says so. Which status an expired
# token has is not documented.
LINK_REFUSED = (400, 404, 410)


@dataclass(frozen=True)
class ChangedRow:
    """A row that is new or changed, once, with its state of now. `version` is equal while it is unchanged."""

    id: str
    version: str
    row: Row


@dataclass(frozen=True)
class ChangePage:
    """A page of changes. Store `cursor` together with what was found, and hand it back for the next page.

    `is_initial`: every row of the table, not only changed ones; what is missing there was deleted. Whether
    rows that change while an initial reading is under way come again afterwards is not documented: let one
    more round follow at once, and compare with `modified` now and then. `deleted` are ids, some of them
    never seen before.
    """

    rows: tuple[ChangedRow, ...]
    deleted: tuple[str, ...]
    cursor: str
    has_more: bool
    is_initial: bool


def page(client: Client, facts: Facts, rules: DateRules, table: str, cursor: str) -> ChangePage:
    """The next page of changes; with cursor "" the first page of all rows.

    Raises FullReadNeededError when the cursor leads nowhere any more (too old, another organisation, other
    columns), ConfigurationError when change tracking is off.
    """
    known = _known(client, facts, table, cursor) if cursor else {}
    is_initial = bool(known.get("initial", True))
    wishes = (
        ("odata.track-changes", page_size(ROWS_ON_A_PAGE)) if is_initial else (page_size(ROWS_ON_A_PAGE),)
    )
    if known:
        found = _page_at(client, str(known["link"]), wishes)
    else:
        columns = {"$select": select((f"{table}id", *TRACKED_COLUMNS[table]))}
        found = client.page(f"/{TABLES[table]}", columns, wishes=wishes)
    link = found.next_link or found.delta_link
    if not link:
        raise _not_tracked(table)
    if link == known.get("link") and found.next_link:
        raise _read_all_again(table)
    # A next link goes on with the reading that it belongs to, a delta link begins a reading of changes.
    goes_on = {"initial": is_initial if found.next_link else False}
    rows, deleted = _sorted(found, rules, table)
    return ChangePage(
        rows=rows,
        deleted=deleted,
        cursor=json.dumps(_identity(client, facts, table) | goes_on | {"link": link}, sort_keys=True),
        has_more=bool(found.next_link),
        is_initial=is_initial,
    )


def modified(
    client: Client, rules: DateRules, table: str, since: datetime, link: str = ""
) -> tuple[tuple[ChangedRow, ...], str]:
    """Rows changed at or after `since` (aware), oldest first, and the link of the next page or "".

    Knows nothing of deletions. Overlap the readings: `modifiedon` is set before the change is visible.
    """
    if link:
        found = client.page_at(link)
    else:
        found = client.page(
            f"/{TABLES[table]}",
            {
                "$select": select((f"{table}id", *TRACKED_COLUMNS[table])),
                "$filter": f"modifiedon ge {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "$orderby": f"modifiedon asc,{table}id asc",
            },
        )
    return _sorted(found, rules, table)[0], found.next_link


def _page_at(client: Client, link: str, wishes: Sequence[str]) -> Listing:
    try:
        return client.page_at(link, wishes=wishes)
    except RejectedError as error:
        if error.status not in LINK_REFUSED:
            raise
        raise FullReadNeededError(
            say("Dynamics does not accept the mark of the last reading any more. Everything is read again."),
            vendor="dynamics",
            status=error.status,
            code=error.code,
            request_id=error.request_id,
        ) from error


def _sorted(found: Listing, rules: DateRules, table: str) -> tuple[tuple[ChangedRow, ...], tuple[str, ...]]:
    """Changed rows and ids of deleted ones; the latter carry only `id` and `reason`."""
    rows: list[ChangedRow] = []
    deleted: list[str] = []
    for raw in found.rows:
        row = Row(raw, rules)
        if "reason" in raw or str(raw.get("@odata.context", "")).endswith("$deletedEntity"):
            deleted.append(row.guid("id"))
        else:
            rows.append(ChangedRow(row.guid(f"{table}id"), row.version, row))
    return tuple(rows), tuple(deleted)


def _identity(client: Client, facts: Facts, table: str) -> dict[str, Any]:
    """What a cursor belongs to: other columns are another question, a copied environment another place."""
    columns = hashlib.sha256(select(TRACKED_COLUMNS[table]).encode()).hexdigest()[:12]
    return {
        "table": table,
        "columns": columns,
        "environment": addresses.environment(client.connection),
        "organization": facts.organization_id,
    }


def _known(client: Client, facts: Facts, table: str, cursor: str) -> Mapping[str, Any]:
    try:
        known = json.loads(cursor)
    except ValueError:
        known = None
    identity = _identity(client, facts, table)
    if not isinstance(known, Mapping) or not known.get("link"):
        raise _read_all_again(table)
    if any(known.get(name) != value for name, value in identity.items()):
        raise _read_all_again(table)
    return known


def _read_all_again(table: str) -> FullReadNeededError:
    return FullReadNeededError(
        say(
            "The mark of the last reading of '%(table)s' does not belong to this environment or to what is "
            "read now. Everything is read again.",
            table=table,
        ),
        vendor="dynamics",
    )


def _not_tracked(table: str) -> ConfigurationError:
    return ConfigurationError(
        say(
            "Change tracking is not switched on for the table '%(table)s'. In Power Apps "
            "(make.powerapps.com) open the table, Properties, Advanced options, tick 'Track changes' and "
            "save.",
            table=table,
        ),
        vendor="dynamics",
        code="tracking_off",
    )
