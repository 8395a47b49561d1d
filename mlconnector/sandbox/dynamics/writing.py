"""POST, PATCH and DELETE of rows. Source: update and delete rows, conditional operations (read 2026-11)."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics import query as queries
from mlconnector.sandbox.dynamics import render, webhooks, wire
from mlconnector.sandbox.dynamics.api import ApiCall
from mlconnector.sandbox.dynamics.documents import check_file
from mlconnector.sandbox.dynamics.errors import ApiError, bad, no_row
from mlconnector.sandbox.dynamics.incoming import Incoming, body_of
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.dynamics.tables import Table
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

CHANGED = "The version of the existing record doesn't match the RowVersion property provided."


class Writing:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim

    def create(self, call: ApiCall, table: Table, row_id: str = "") -> Response:
        call.may("Create", table)
        body = body_of(call.request.get_data())
        row = self._created(call, table, body, row_id)
        return self._answer(call, table, row, 201)

    def _created(self, call: ApiCall, table: Table, body: dict[str, Any], row_id: str = "") -> Row:
        incoming = Incoming(self.sim, table, is_new=True).read(body)
        self._check(call, incoming, None)
        row = self.sim.records.create(table.name, incoming.values, call.user, incoming.id or row_id)
        for name, bodies in incoming.inner.items():
            way = table.ways[name]
            inner = self.sim.known.tables[way.table]
            call.may("Create", inner)
            bind = f"{inner.columns[way.column].way_to(table.name)}@odata.bind"
            for one in bodies:
                self._created(call, inner, one | {bind: f"/{table.entity_set}({row.id})"})
        return row

    def change(self, call: ApiCall, table: Table, key: str) -> Response:
        """Without If-Match an unknown id is created: the vendor's upsert."""
        row = self._present(call, table, key)
        wanted = call.request.headers.get("If-Match")
        if row is None:
            if wanted is not None or not wire.is_guid(key):
                raise no_row(table.name, key)
            return self.create(call, table, key.lower())
        call.may("Write", table)
        if call.request.headers.get("If-None-Match") == "*":
            raise ApiError(412, "0x80040237", "A record with matching key values already exists.")
        _check_version(wanted, row)
        incoming = Incoming(self.sim, table, is_new=False).read(body_of(call.request.get_data()))
        self._check(call, incoming, row)
        if incoming.id and incoming.id != row.id:
            raise bad(f"The key of {table.name} cannot be changed.", "0x80040203")
        self.sim.records.change(row, incoming.values, call.user)
        return self._answer(call, table, row, 200)

    def delete(self, call: ApiCall, table: Table, key: str) -> Response:
        row = self._present(call, table, key)
        if row is None:
            raise no_row(table.name, key)
        call.may("Delete", table)
        _check_version(call.request.headers.get("If-Match"), row)
        self.sim.records.delete(row, call.user)
        return wire.empty()

    def _present(self, call: ApiCall, table: Table, key: str) -> Row | None:
        if wire.is_guid(key):
            return self.sim.known.get(table.name, key)
        return self.sim.reading.row(call, table, key)

    def _check(self, call: ApiCall, incoming: Incoming, row: Row | None) -> None:
        if "statecode" in incoming.table.columns:
            incoming.check_state(row)
        incoming.check_parent(row)
        if incoming.table.name == "annotation":
            check_file(self.sim, incoming.values)
            if subject := incoming.values.get("objectid"):
                call.may("Append", incoming.table)
                call.may("AppendTo", self.sim.known.tables[subject.table])
        if incoming.table.name == "sdkmessageprocessingstep":
            webhooks.check_step(self.sim, incoming.values, row)

    def _answer(self, call: ApiCall, table: Table, row: Row, status: int) -> Response:
        address = f"{call.root}/{table.entity_set}({row.id})"
        if call.prefer.get("return") != "representation":
            return wire.empty(204, {"OData-EntityId": address, "Location": address})
        query = queries.read(self.sim, table, call.options)
        context = f"{call.root}/$metadata#{table.entity_set}/$entity"
        headers = call.applied() | {"OData-EntityId": address, "Location": address}
        return wire.answer({"@odata.context": context, **render.shown(call, query, row)}, status, headers)


def _check_version(wanted: str | None, row: Row) -> None:
    if wanted not in (None, "*", row.etag):
        raise ApiError(412, "0x80060882", CHANGED)
