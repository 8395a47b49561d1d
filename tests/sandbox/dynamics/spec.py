"""The simulator's rows against Microsoft's table definitions, where VENDOR_SPECS names their folder."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from mlconnector.sandbox.dynamics import DynamicsSimulator
from mlconnector.sandbox.dynamics.wire import is_guid
from tests.contract import spec_file

# Columns every table has, or that the definitions leave out (address groups, newer columns).
UNLISTED = ("createdon", "modifiedon", "versionnumber", "address1_", "address2_")
NUMBERS = ("currency", "baseCurrency", "decimal")
CHOICES = ("listLookup", "listLookupCorrelated")


def is_at_hand() -> bool:
    return bool(os.environ.get("VENDOR_SPECS"))


@functools.cache
def tables() -> dict[str, Any]:
    return json.loads(spec_file("dynamics", "columns.json").read_text())


def violations(sim: DynamicsSimulator) -> list[str]:
    """What the recorded answers show that the definitions do not know, or know as another type."""
    return [fault for table, row in shown_rows(sim) for fault in row_faults(sim, table, row)]


def shown_rows(sim: DynamicsSimulator) -> Iterator[tuple[str, dict[str, Any]]]:
    """(table, row) of every answer with rows."""
    by_set = {table["entity_set"]: name for name, table in tables().items()}
    for call in sim.calls:
        if call.status != 200 or "json" not in call.answer_headers.get("Content-Type", ""):
            continue
        body = json.loads(call.answer, parse_float=Decimal)
        context = str(body.get("@odata.context", "")).partition("#")[2]
        table = by_set.get(context.partition("(")[0].partition("/")[0])
        rows = body.get("value", [body])
        if table and isinstance(rows, list):
            yield from ((table, row) for row in rows if "reason" not in row)


def row_faults(sim: DynamicsSimulator, table: str, row: dict[str, Any]) -> Iterator[str]:
    known = tables()[table]["columns"]
    ways = sim.known.tables[table].ways
    custom = {column.name for column in sim.known.tables[table].columns.values() if column.is_custom}
    for name, value in row.items():
        if "@" in name or name in custom or name.removesuffix("_name") in custom:
            continue
        if name in ways:
            inner = value if isinstance(value, list) else [value] if value else []
            if ways[name].table in tables():
                yield from (fault for one in inner for fault in row_faults(sim, ways[name].table, one))
        elif name.startswith("_"):
            if value is not None and not is_guid(value):
                yield f"{table}.{name}: {value!r} is no GUID"
        elif name in known:
            if value is not None and not fits(known[name], value):
                yield f"{table}.{name}: {value!r} is no {known[name]['type']}"
        elif not name.startswith(UNLISTED):
            yield f"{table}.{name} is not defined"


def fits(column: dict[str, Any], value: Any) -> bool:
    kind = column["type"]
    if kind in NUMBERS:
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        return is_number and Decimal(column["min"]) <= value <= Decimal(column["max"])
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in CHOICES:
        return isinstance(value, int | str)
    if kind in ("integer", "bigInteger"):
        return isinstance(value, int) and not isinstance(value, bool)
    if kind in ("guid", "entityId"):
        return is_guid(value)
    return isinstance(value, str) and len(value) <= column.get("max_length", 10**9)
