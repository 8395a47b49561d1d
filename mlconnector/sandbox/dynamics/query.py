"""The query options of one request, and of each $expand inside it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics import filters
from mlconnector.sandbox.dynamics.errors import ApiError, bad, no_property
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.dynamics.tables import Column, Lookup, Table, Way

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

KNOWN = ("$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$deltatoken", "$apply")
INSIDE = ("$select", "$filter", "$orderby", "$top", "$expand", "$count")
EXPANSION = re.compile(r"\s*([\w.]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


@dataclass
class Expansion:
    way: Way
    query: "Query"


@dataclass
class Query:
    table: Table
    # None: all columns.
    select: list[Column] | None = None
    select_text: str = ""
    test: filters.Test | None = None
    # (column, is descending)
    order: list[tuple[Column, bool]] = field(default_factory=list)
    top: int | None = None
    expand: list[Expansion] = field(default_factory=list)
    wants_count: bool = False

    def columns(self) -> list[Column]:
        """What is shown: the selected columns and always the key."""
        if self.select is None:
            return [one for one in self.table.columns.values() if not (one.is_heavy or one.is_write_only)]
        key = self.table.columns[self.table.key]
        return [*self.select, *([] if key in self.select else [key])]

    def sort_key(self, row: Row) -> Any:
        """Rows in the wanted order, then by key; rows without a value come first."""
        wanted = [(sortable(row.values[column.name]), descends) for column, descends in self.order]
        return cmp_to_key(_compared)((*wanted, ((True, row.id), False)))


class TableFields:
    """Columns of a table, also through lookups (`customerid_account/name`), for filters."""

    def __init__(self, sim: "DynamicsSimulator", table: Table) -> None:
        self.sim = sim
        self.table = table

    def _step(self, path: str) -> tuple[Table, list[Way], Column]:
        table, ways = self.table, []
        *steps, last = path.split("/")
        for name in steps:
            way = table.ways.get(name)
            if way is None or way.is_collection:
                raise no_property(name, table.name)
            ways.append(way)
            table = self.sim.known.tables[way.table]
        column = table.by_wire_name.get(last)
        if column is None or column.is_write_only:
            raise no_property(last, table.name)
        return table, ways, column

    def kind(self, path: str) -> str:
        return edm_kind(self._step(path)[2])

    def value(self, row: Row, path: str) -> Any:
        _, ways, column = self._step(path)
        found: Row | None = row
        for way in ways:
            lookup = found.values[way.column] if found else None
            found = self.sim.known.target(lookup) if lookup and lookup.table == way.table else None
        value = found.values[column.name] if found else None
        return value.id if isinstance(value, Lookup) else value


def edm_kind(column: Column) -> str:
    if column.kind in ("string", "memo"):
        return "String"
    if column.kind in ("uuid", "lookup", "file"):
        return "Guid"
    if column.kind == "datetime":
        return "Date" if column.is_date else "DateTimeOffset"
    return "Boolean" if column.kind == "boolean" else "Decimal"


def read(sim: "DynamicsSimulator", table: Table, given: Mapping[str, str], *, inside: bool = False) -> Query:
    """The options as a Query. Raises ApiError for what the vendor does not know or offer."""
    for name in given:
        if name == "$skip":
            raise bad("Skip Clause is not supported in CRM", "0x80060888")
        if name.startswith("$") and name not in (INSIDE if inside else KNOWN):
            raise bad(f"The query parameter '{name}' is not supported.", "0x80060888")
    query = Query(table)
    if "$select" in given and given["$select"] != "*":
        query.select_text = given["$select"]
        query.select = [_column(table, name.strip()) for name in given["$select"].split(",") if name.strip()]
    if "$filter" in given:
        accept_in = sim.options.accept_in_operator
        query.test = filters.parse(given["$filter"], TableFields(sim, table), accept_in=accept_in)
    if "$orderby" in given:
        query.order = [_ordering(table, part) for part in given["$orderby"].split(",")]
    if "$top" in given:
        query.top = _whole_number("$top", given["$top"])
    query.wants_count = given.get("$count") == "true"
    query.expand = [_expansion(sim, table, part) for part in split(given.get("$expand", ""), ",")]
    return query


def _column(table: Table, name: str) -> Column:
    column = table.by_wire_name.get(name)
    if column is None or column.is_write_only:
        raise no_property(name, table.name)
    return column


def _ordering(table: Table, text: str) -> tuple[Column, bool]:
    words = text.split()
    if not words or len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
        raise bad(f"Syntax error in $orderby: '{text}'.", "0x80060888")
    return _column(table, words[0]), words[-1] == "desc"


def _whole_number(name: str, text: str) -> int:
    if not text.isdigit():
        raise bad(f"Invalid value '{text}' for {name} query option found.", "0x80060888")
    return int(text)


def _expansion(sim: "DynamicsSimulator", table: Table, text: str) -> Expansion:
    match = EXPANSION.fullmatch(text)
    way = table.ways.get(match[1]) if match else None
    if match is None or way is None or way.table not in sim.known.tables:
        raise no_property(match[1] if match else text, table.name)
    inner = dict(_option(part) for part in split(match[2] or "", ";"))
    return Expansion(way, read(sim, sim.known.tables[way.table], inner, inside=True))


def _option(text: str) -> tuple[str, str]:
    name, mark, value = text.strip().partition("=")
    if not mark:
        raise bad(f"Syntax error in $expand: '{text}'.", "0x80060888")
    return name, value


def split(text: str, mark: str) -> list[str]:
    """`text` at each `mark` outside of brackets and quotes."""
    parts, depth, is_quoted, start = [], 0, False, 0
    for position, sign in enumerate(text):
        if sign == "'":
            is_quoted = not is_quoted
        elif not is_quoted and sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == mark and depth == 0 and not is_quoted:
            parts.append(text[start:position])
            start = position + 1
    return [part for part in [*parts, text[start:]] if part.strip()]


# --- order -------------------------------------------------------------------------------------------------
def sortable(value: Any) -> tuple[bool, Any]:
    """(has a value, value): comparable with those of other rows."""
    if isinstance(value, Lookup):
        value = value.id
    if isinstance(value, str):
        value = value.lower()
    return (value is not None, Decimal(0) if value is None else value)


def _compared(left: tuple[Any, ...], right: tuple[Any, ...]) -> int:
    for (mine, descends), (other, _) in zip(left, right, strict=True):
        if mine[0] != other[0]:
            return (1 if mine[0] else -1) * (-1 if descends else 1)
        if mine[1] != other[1]:
            return (1 if mine[1] > other[1] else -1) * (-1 if descends else 1)
    return 0


def refuse_with_tracking(given: Mapping[str, str]) -> None:
    """Raises ApiError for options that change tracking does not support."""
    for name in ("$filter", "$orderby", "$expand", "$top"):
        if name in given:
            raise ApiError(
                400, "0x0", f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
            )
