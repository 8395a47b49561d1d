"""Lists, single rows, pages and change tracking."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlconnector.sandbox.dynamics import query as queries
from mlconnector.sandbox.dynamics import render, wire
from mlconnector.sandbox.dynamics.api import PREFIX, ApiCall, query_text
from mlconnector.sandbox.dynamics.errors import ApiError, no_property, no_row
from mlconnector.sandbox.dynamics.query import Expansion, Query
from mlconnector.sandbox.dynamics.state import DeltaToken, Row, Tombstone
from mlconnector.sandbox.dynamics.tables import Table
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

COUNT_CAP = 5000
EXPIRED = "Version stamp associated with the client has expired. Please perform a full sync."


@dataclass
class Position:
    """Where a next link goes on: behind the row with this sort key, or behind this version (tracking)."""

    path: str
    after: Any
    page: int
    # Version and moment at which the round began; None for a plain list.
    began: tuple[int, datetime] | None = None


class Reading:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim
        # Raw query string of each next link that was handed out: it must come back byte for byte.
        self.positions: dict[str, Position] = {}

    # --- one row ------------------------------------------------------------------------------------------
    def row(self, call: ApiCall, table: Table, key: str) -> Row:
        """The row by GUID or alternate key. Raises ApiError 404."""
        is_id = wire.is_guid(key)
        row = self.sim.known.get(table.name, key) if is_id else self._by_alternate_key(table, key)
        if row is None or not call.may_see(row):
            raise no_row(table.name, key)
        return row

    def _by_alternate_key(self, table: Table, key: str) -> Row:
        name, _, value = key.partition("=")
        if name not in table.alternate_keys:
            text = f"The specified key attributes are not a defined key for the {table.name} entity."
            raise ApiError(
                404, "0x80060891", f"A record with the specified key values does not exist. {text}"
            )
        wanted = value.strip("'").replace("''", "'").lower()
        for row in self.sim.known.all(table.name):
            if str(row.values[name]).lower() == wanted:
                return row
        raise ApiError(
            404, "0x80060891", f"A record with the specified key values does not exist in {table.name}."
        )

    def one(self, call: ApiCall, table: Table, key: str) -> Response:
        row = self.row(call, table, key)
        query = queries.read(self.sim, table, call.options)
        unchanged = call.request.headers.get("If-None-Match") == row.etag
        if unchanged and not query.expand and "odata.include-annotations" not in call.prefer:
            return wire.empty(304, {"ETag": row.etag})
        body = {"@odata.context": self._context(call, query, "/$entity"), **render.shown(call, query, row)}
        return wire.answer(body, headers=call.applied() | {"ETag": row.etag})

    def column(self, call: ApiCall, table: Table, key: str, name: str) -> Response:
        """One column of a row: {"value": ...}."""
        row, column = self.row(call, table, key), table.by_wire_name[name]
        if column.is_write_only:
            raise no_property(name, table.name)
        context = f"{call.root}/$metadata#{table.entity_set}({row.id})/{name}"
        return wire.answer(
            {"@odata.context": context, "value": render.plain(self.sim, row.values[column.name])}
        )

    # --- lists --------------------------------------------------------------------------------------------
    def listed(self, call: ApiCall, table: Table) -> Response:
        options = call.options
        if call.wants_tracking or "$deltatoken" in options:
            return self._tracked(call, table, options)
        position = self._position(call, options)
        if position and position.began:
            return self._tracked(call, table, options)
        return self._page(call, table, options, call.visible(table), position)

    def related(self, call: ApiCall, table: Table, key: str, name: str) -> Response:
        """The rows behind a navigation property of one row."""
        way = table.ways.get(name)
        if way is None or way.table not in self.sim.known.tables:
            raise no_property(name, table.name)
        row = self.row(call, table, key)
        target = self.sim.known.tables[way.table]
        call.may("Read", target)
        if not way.is_collection:
            value = row.values[way.column]
            if value is None or value.table != way.table:
                return wire.empty()
            return self.one(call, target, value.id)
        options = call.options
        rows = self.sim.known.pointing(way.table, way.column, row)
        return self._page(call, target, options, rows, self._position(call, options))

    def _page(
        self, call: ApiCall, table: Table, options: dict[str, str], rows: list[Row], position: Position | None
    ) -> Response:
        query = queries.read(self.sim, table, options)
        found = sorted((row for row in rows if query.test is None or query.test(row)), key=query.sort_key)
        is_limited = query.top is not None and "odata.maxpagesize" not in call.prefer
        if is_limited:
            found = found[: query.top]
        total = len(found)
        if position:
            found = [row for row in found if query.sort_key(row) > position.after]
        size = call.page_size
        body: dict[str, Any] = {"@odata.context": self._context(call, query)}
        if query.wants_count:
            body["@odata.count"] = min(total, COUNT_CAP)
            if call.wants("Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"):
                body["@Microsoft.Dynamics.CRM.totalrecordcount"] = min(total, COUNT_CAP)
                body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = total > COUNT_CAP
        if len(found) > size:
            page = (position.page if position else 1) + 1
            after = Position(call.request.path, query.sort_key(found[size - 1]), page)
            body["@odata.nextLink"] = self._next_link(call, options, found[:size], table, after)
        body["value"] = [render.shown(call, query, row) for row in found[:size]]
        return wire.answer(body, headers=call.applied())

    def count(self, call: ApiCall, table: Table) -> Response:
        """`/$count`, also of changes: a plain number."""
        options = call.options
        if "$deltatoken" in options:
            token = self._token(table, options)
            rows, deleted = self._changes(call, table, token.version)
            return Response(str(len(rows) + len(deleted)), content_type="text/plain")
        query = queries.read(self.sim, table, options)
        found = sum(1 for row in call.visible(table) if query.test is None or query.test(row))
        return Response(str(min(found, COUNT_CAP)), content_type="text/plain")

    # --- pages --------------------------------------------------------------------------------------------
    def _position(self, call: ApiCall, options: dict[str, str]) -> Position | None:
        """Where to go on. Raises ApiError 400 for a link that was not handed out exactly so."""
        if "$skiptoken" not in options:
            return None
        position = self.positions.get(call.raw_query)
        if position is None or position.path != call.request.path:
            raise ApiError(400, "0x8004112a", "The paging cookie is malformed or was changed.")
        return position

    def _next_link(
        self, call: ApiCall, options: dict[str, str], rows: list[Row], table: Table, after: Position
    ) -> str:
        """The link with its twice-escaped cookie, remembered as it was handed out."""
        first, last = rows[0].id.upper(), rows[-1].id.upper()
        began = f'<versionnumber last="{after.began[0]}" />' if after.began else ""
        ids = f'<{table.key} last="{{{last}}}" first="{{{first}}}" />'
        inner = f'<cookie page="{after.page - 1}">{ids}{began}</cookie>'
        escaped = _lower(quote(_lower(quote(inner, safe="")), safe=""))
        tracking = "True" if after.began else "False"
        cookie = (
            f"%3Ccookie%20pagenumber=%22{after.page}%22%20pagingcookie=%22{escaped}%22%20istracking=%22{tracking}%22"
            "%20/%3E"
        )
        kept = {name: value for name, value in options.items() if name not in ("$skiptoken", "$deltatoken")}
        text = query_text(kept)
        raw = f"{text}&$skiptoken={cookie}" if text else f"$skiptoken={cookie}"
        self.positions[raw] = after
        return f"{self.sim.origin(call.request)}{after.path}?{raw}"

    def inner_link(self, call: ApiCall, expansion: Expansion, row: Row, rows: list[Row]) -> str:
        """Where the rest of an expanded collection is read."""
        way, inner = expansion.way, expansion.query
        outer = self.sim.known.tables[row.table]
        path = f"{PREFIX}/{outer.entity_set}({row.id})/{way.name}"
        options = {"$select": inner.select_text} if inner.select_text else {}
        if inner.order:
            options["$orderby"] = ",".join(
                f"{column.wire_name} {'desc' if descends else 'asc'}" for column, descends in inner.order
            )
        shown_rows = rows[: call.page_size]
        after = Position(path, inner.sort_key(shown_rows[-1]), 2)
        return self._next_link(call, options, shown_rows, inner.table, after)

    def _context(self, call: ApiCall, query: Query, end: str = "") -> str:
        names = ",".join(column.wire_name for column in query.select or ())
        names += "".join(f",{one.way.name}()" for one in query.expand)
        inner = f"({names.strip(',')})" if names else ""
        return f"{call.root}/$metadata#{query.table.entity_set}{inner}{end}"

    # --- change tracking ----------------------------------------------------------------------------------
    def _tracked(self, call: ApiCall, table: Table, options: dict[str, str]) -> Response:
        """All rows (first round) or what changed behind the delta token, and the link for the next round."""
        queries.refuse_with_tracking(options)
        if not table.is_tracked:
            raise ApiError(400, "0x80072491", f"Entity {table.name} isn't enabled for change tracking.")
        if call.depth("Read", table) != "Global":
            text = f"Change tracking on '{table.name}' needs prvRead{table.privilege} at organization level."
            raise ApiError(403, "0x80040220", text)
        query = queries.read(self.sim, table, options)
        position = self._position(call, options)
        if position is None:
            began = (self.sim.known.version, self.sim.clock.now())
            since = self._token(table, options).version if "$deltatoken" in options else 0
            entries = self._entries(call, table, since, 0)
        elif position.began:
            began = position.began
            since, after = position.after
            entries = self._entries(call, table, since, after)
        else:
            raise ApiError(400, "0x8004112a", "The paging cookie is not one of change tracking.")
        return self._round(call, query, options, entries, since, began, position)

    def _round(
        self,
        call: ApiCall,
        query: Query,
        options: dict[str, str],
        entries: list[Row | Tombstone],
        since: int,
        began: tuple[int, datetime],
        position: Position | None,
    ) -> Response:
        shown, rest = entries[: call.page_size], entries[call.page_size :]
        body: dict[str, Any] = {"@odata.context": self._context(call, query, "/$delta" if since else "")}
        if rest:
            rows = [entry for entry in shown if isinstance(entry, Row)] or [_as_row(query.table, shown[-1])]
            page = (position.page if position else 1) + 1
            after = Position(call.request.path, (since, _rank(shown[-1], since)), page, began)
            body["@odata.nextLink"] = self._next_link(call, options, rows, query.table, after)
        else:
            body["@odata.deltaLink"] = self._delta_link(call, query, began)
        body["value"] = [self._entry(call, query, entry) for entry in shown]
        return wire.answer(body, headers={"Preference-Applied": "odata.track-changes"} | call.applied())

    def _entries(self, call: ApiCall, table: Table, since: int, after: Any) -> list[Row | Tombstone]:
        """Changed rows by version, then deletions; a first round has all rows by key and no deletions."""
        rows, deleted = self._changes(call, table, since)
        found: list[Row | Tombstone] = [*rows, *(deleted if since else [])]
        found.sort(key=lambda entry: _rank(entry, since))
        return [entry for entry in found if not after or _rank(entry, since) > after]

    def _changes(self, call: ApiCall, table: Table, since: int) -> tuple[list[Row], list[Tombstone]]:
        rows = [row for row in call.visible(table) if row.version > since]
        gone = [one for one in self.sim.known.deleted if one.table == table.name and one.version > since]
        return rows, gone

    def _entry(self, call: ApiCall, query: Query, entry: Row | Tombstone) -> dict[str, Any]:
        if isinstance(entry, Row):
            return render.shown(call, query, entry)
        context = f"{call.root}/$metadata#{query.table.entity_set}/$deletedEntity"
        return {"@odata.context": context, "id": entry.id, "reason": "deleted"}

    def _delta_link(self, call: ApiCall, query: Query, began: tuple[int, datetime]) -> str:
        known, now = self.sim.known, self.sim.clock.now()
        version = began[0] if self.sim.options.tracking_covers_paging else known.version
        text = f"{version}!{now:%m/%d/%Y %H:%M:%S}"
        known.delta_tokens[f"{query.table.name} {query.select_text} {text}"] = DeltaToken(version, now)
        select = f"$select={quote(query.select_text, safe=',')}&" if query.select_text else ""
        token = _lower(quote(text, safe=""))
        return f"{call.root}/{query.table.entity_set}?{select}$deltatoken={token}"

    def _token(self, table: Table, options: dict[str, str]) -> DeltaToken:
        """The token of the request. Raises ApiError when it is unknown, of another query, or too old."""
        known = self.sim.known
        select = options.get("$select", "")
        token = known.delta_tokens.get(f"{table.name} {select} {options['$deltatoken']}")
        if token is None:
            raise ApiError(400, "0x80040203", "The delta token is not valid for this query.")
        days = known.organization.values["expirechangetrackingindays"]
        too_old = token.issued_at + timedelta(days=days) < self.sim.clock.now()
        if too_old or token.is_expired:
            raise ApiError(self.sim.options.expired_token_status, "0x80044352", EXPIRED)
        return token


def _rank(entry: Row | Tombstone, since: int) -> tuple[bool, int | str]:
    return (isinstance(entry, Tombstone), entry.version if since else entry.id)


def _as_row(table: Table, entry: Row | Tombstone) -> Row:
    return Row(table.name, entry.id, entry.version, {})


def _lower(escaped: str) -> str:
    """%2F as %2f: the vendor escapes in small letters."""
    parts = escaped.split("%")
    return parts[0] + "".join(f"%{part[:2].lower()}{part[2:]}" for part in parts[1:])
