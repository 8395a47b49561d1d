"""What changed since the last reading: feeds by row version, and `Modified` where there is no feed.

Source: "Sync" of the Exact Online REST API, reference page SyncTimestamp (read 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connections import clock
from connections.errors import ConnectorError
from connections.messages import say
from connections.models import Connection
from connections.vendors.exact import masters, odata
from connections.vendors.exact.addresses import to_wall_clock
from connections.vendors.exact.client import Client, is_not_offered
from connections.vendors.exact.errors import FullReadNeededError
from connections.vendors.exact.feeds import BY_ENTITY_TYPE, FEEDS, Feed
from connections.vendors.exact.values import Row

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# Rows that a reading by `Modified` sees twice, because the moment is set before the row can be seen.
OVERLAP = timedelta(minutes=10)
# How often a move of the division is looked for: it makes all row versions begin anew.
LOOK_FOR_MOVE_EVERY = timedelta(hours=6)
# Deletions are kept for two months; a reading that is older may have missed some.
DELETIONS_KEPT = timedelta(days=58)
FROM_THE_BEGINNING = datetime(2000, 1, 1)  # noqa: DTZ001 - wall-clock time
DELETED_COLUMNS = ("EntityKey", "EntityType", "DeletedDate", "Timestamp")
WITHOUT: Final = "exact_without"


@dataclass(frozen=True)
class ChangedRow:
    """An object that is new or different, once on its page.

    `version` sorts as text within one way of reading and is equal while nothing changed. `row` is the state
    as listed (a document's header, a master record); None where only lines of a document were on the page.
    `path` is where it was read.
    """

    id: str
    version: str
    row: Row | None
    path: str


@dataclass(frozen=True)
class ChangePage:
    """A page of changes. `more` is the token for the next page of this very listing, "" at its end.

    `cursor` stays the old one until the last page: rows come in no promised order, so only the whole listing
    says how far it reaches. Store both together with what was found.
    """

    rows: tuple[ChangedRow, ...]
    cursor: str
    more: str


@dataclass(frozen=True)
class Deletion:
    """An object that was deleted. `feed` is the key of its feed.

    Of documents it may be the key of a line, by which nothing is known: its document comes as a change.
    """

    feed: str
    id: str
    deleted_at: datetime | None


@dataclass(frozen=True)
class DeletionPage:
    """A page of deletions, with cursor and token as in `ChangePage`.

    `has_gap`: the last reading is older than the log of deletions, so what was deleted meanwhile may be
    missing: compare what is known with what is there.
    """

    deletions: tuple[Deletion, ...]
    cursor: str
    more: str
    has_gap: bool


def changes(client: Client, key: str, cursor: str, more: str) -> ChangePage:
    """The next page of changes; with cursor "" the first page of everything.

    Raises FullReadNeededError when the cursor leads nowhere any more: another division, or one that moved.
    """
    feed = FEEDS[key]
    known = _cursor(client, key, cursor)
    has_feed = bool(feed.sync) and feed.key not in without(client.connection)
    place = _loaded(more) or _begin(client, known, by_version=has_feed)
    try:
        return _page(client, feed, cursor, place)
    except ConnectorError as error:
        if not (is_not_offered(error) and place["by_version"] and not place["link"]):
            raise
    found = _page(client, feed, cursor, _begin(client, known, by_version=False))
    # The right is there, so it is the package that lacks the feed. It is not asked for again at every poll.
    remember_without(client.connection, feed.key, is_missing=True)
    return found


def deletions(client: Client, cursor: str, more: str) -> DeletionPage:
    """The next page of deleted objects of all feeds; with cursor "" of the last two months."""
    known = _cursor(client, "deleted", cursor)
    place = _loaded(more) or _begin(client, known, by_version=True)
    if place["link"]:
        found = client.page_at(place["link"])
    else:
        found = client.page("sync/Deleted", DELETED_COLUMNS, _newer_than(place))
    rows = [Row(raw, client.zone) for raw in found.rows]
    place = _moved_on(place, rows, found.next_link)
    read_at = _moment(known.get("at"))
    ours = [row for row in rows if row.whole("EntityType") in BY_ENTITY_TYPE]
    return DeletionPage(
        tuple(
            Deletion(
                BY_ENTITY_TYPE[row.whole("EntityType") or 0], row.key("EntityKey"), row.moment("DeletedDate")
            )
            for row in ours
        ),
        cursor=cursor if place["link"] else _finished(client, "deleted", place),
        more=json.dumps(place) if place["link"] else "",
        has_gap=read_at is not None and clock.now() - read_at > DELETIONS_KEPT,
    )


def without(connection: Connection) -> Sequence[str]:
    """The feeds that this package of Exact Online lacks; "Test connection" asks anew."""
    return list(connection.learned.get(WITHOUT) or ())


def remember_without(connection: Connection, key: str, *, is_missing: bool) -> None:
    learned = Connection.objects.values_list("learned", flat=True).get(pk=connection.pk)
    kept = set(learned.get(WITHOUT) or ())
    kept = kept | {key} if is_missing else kept - {key}
    connection.learned = {**learned, WITHOUT: sorted(kept)}
    Connection.objects.filter(pk=connection.pk).update(learned=connection.learned)


# --- one page ---


def _page(client: Client, feed: Feed, cursor: str, place: dict[str, Any]) -> ChangePage:
    part = None if place["by_version"] else feed.parts[place["part"]]
    if place["link"]:
        found = client.page_at(place["link"])
    elif part is None:
        found = client.page(feed.sync, (*feed.columns, "Timestamp"), _newer_than(place))
    else:
        found = client.page(part.path, part.columns, _modified_since(place, client.zone))
    rows = [Row(raw, client.zone) for raw in found.rows]
    place = _moved_on(place, rows, found.next_link)
    if not place["link"] and part is not None and place["part"] + 1 < len(feed.parts):
        place = place | {"part": place["part"] + 1, "next": True}
    goes_on = bool(place["link"] or place.pop("next", False))
    if feed.only and place["by_version"]:
        column, kind = feed.only
        rows = [row for row in rows if row.whole(column) == kind]
    key = part.key if part else feed.parts[0].key
    return ChangePage(
        _once(rows, part.path if part else feed.sync, key, by_version=place["by_version"]),
        cursor=cursor if goes_on else _finished(client, feed.key, place),
        more=json.dumps(place) if goes_on else "",
    )


def _once(rows: Iterable[Row], path: str, key: str, *, by_version: bool) -> tuple[ChangedRow, ...]:
    """Each object once, with the highest version of its rows and, of a document, the header."""
    found: dict[str, ChangedRow] = {}
    for row in rows:
        row_id = row.key(key)
        version = f"{row.whole('Timestamp') or 0:020d}" if by_version else _wall_clock_text(row)
        is_line = key != "ID" and (row.whole("LineNumber") or 0) > 0
        known = found.get(row_id)
        shown = None if is_line else row
        if known is not None:
            shown = known.row if is_line or (known.row is not None and known.version > version) else row
            version = max(version, known.version)
        found[row_id] = ChangedRow(row_id, version, shown, path)
    return tuple(found.values())


def _newer_than(place: Mapping[str, Any]) -> str:
    return f"Timestamp gt {odata.int64(int(place.get('from') or 1))}"


def _modified_since(place: Mapping[str, Any], zone: ZoneInfo) -> str:
    """By the site's clock, with an overlap; a filter is always sent, because some endpoints demand one."""
    read_at = _moment(place.get("at_before"))
    since = to_wall_clock(read_at - OVERLAP, zone) if read_at else FROM_THE_BEGINNING
    return f"Modified ge {odata.moment(since)}"


def _wall_clock_text(row: Row) -> str:
    found = row.wall_clock("Modified")
    return found.isoformat(timespec="milliseconds") if found else ""


# --- cursors and places within a listing ---


def _begin(client: Client, known: Mapping[str, Any], *, by_version: bool) -> dict[str, Any]:
    """The place before the first page of a listing. `at` is taken before anything is read."""
    return {
        "by_version": by_version,
        "from": known.get("version") or 1,
        "top": known.get("version") or 1,
        "at": clock.now().isoformat(),
        "at_before": known.get("at") or "",
        "part": 0,
        "link": "",
        "moved_at": str(known.get("moved_at") or ""),
        "looked_at": str(known.get("looked_at") or ""),
        **(_moved(client, known) if by_version else {}),
    }


def _moved_on(place: Mapping[str, Any], rows: Iterable[Row], link: str) -> dict[str, Any]:
    versions = (row.whole("Timestamp") or 0 for row in rows) if place["by_version"] else ()
    return {**place, "link": link, "top": max(place["top"], *versions, 1)}


def _finished(client: Client, key: str, place: Mapping[str, Any]) -> str:
    """The cursor after the last page."""
    return json.dumps(
        {
            "feed": key,
            "division": client.division,
            "version": place["top"] if place["by_version"] else 0,
            "at": place["at"],
            "moved_at": place["moved_at"],
            "looked_at": place["looked_at"],
        },
        sort_keys=True,
    )


def _cursor(client: Client, key: str, cursor: str) -> Mapping[str, Any]:
    if not cursor:
        return {}
    known = _loaded(cursor)
    if known.get("feed") != key or known.get("division") != client.division:
        raise FullReadNeededError(
            say(
                "The mark of the last reading of Exact Online does not belong to the company that is chosen "
                "now. Everything is read again."
            ),
            vendor="exact",
        )
    return known


def _moved(client: Client, known: Mapping[str, Any]) -> dict[str, str]:
    """When the division moved to another database, looked up now and then. A move is a "
    "FullReadNeededError."""
    now = clock.now()
    looked_at = _moment(known.get("looked_at"))
    if looked_at is not None and now - looked_at < LOOK_FOR_MOVE_EVERY:
        return {"moved_at": str(known.get("moved_at") or ""), "looked_at": looked_at.isoformat()}
    found = masters.division(client)
    moved_at = found.moved_at if found else str(known.get("moved_at") or "")
    if looked_at is not None and moved_at != str(known.get("moved_at") or ""):
        raise FullReadNeededError(
            say(
                "Exact Online has moved the company to another database, so all marks of earlier readings "
                "have ended. Everything is read again."
            ),
            vendor="exact",
        )
    return {"moved_at": moved_at, "looked_at": now.isoformat()}


def _loaded(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text or ""))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
