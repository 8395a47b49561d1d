"""A row as the Web API shows it, with the annotations that were asked for."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics import wire
from mlconnector.sandbox.dynamics.query import Expansion, Query
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.dynamics.tables import CHOICE_KINDS, Column, Lookup, Table

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.api import ApiCall
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
GERMAN = 1031


def shown(call: "ApiCall", query: Query, row: Row) -> dict[str, Any]:
    """The row's selected columns and expansions."""
    found: dict[str, Any] = {"@odata.etag": row.etag}
    for column in query.columns():
        found |= _column(call, query.table, row, column)
    for expansion in query.expand:
        found |= _expanded(call, expansion, row)
    return found


def _column(call: "ApiCall", table: Table, row: Row, column: Column) -> dict[str, Any]:
    value = row.values[column.name]
    name = column.wire_name
    found = {name: plain(call.sim, value)}
    if column.kind == "file" and value is not None:
        found = {name: value["id"], f"{name}_name": value["name"]}
    if value is None:
        return found
    text = formatted(call.sim, row, column)
    if text is not None and call.wants(FORMATTED):
        found[f"{name}@{FORMATTED}"] = text
    if isinstance(value, Lookup):
        if call.wants(LOGICAL_NAME):
            found[f"{name}@{LOGICAL_NAME}"] = value.table
        if call.wants(NAVIGATION):
            found[f"{name}@{NAVIGATION}"] = column.way_to(value.table)
    return found


def _expanded(call: "ApiCall", expansion: Expansion, row: Row) -> dict[str, Any]:
    way, inner = expansion.way, expansion.query
    call.may("Read", inner.table)
    if not way.is_collection:
        value = row.values[way.column]
        target = call.sim.known.target(value) if value and value.table == way.table else None
        return {way.name: shown(call, inner, target) if target else None}
    rows = call.sim.known.pointing(way.table, way.column, row)
    rows = sorted((one for one in rows if inner.test is None or inner.test(one)), key=inner.sort_key)
    if inner.top is not None:
        rows = rows[: inner.top]
    found: dict[str, Any] = {way.name: [shown(call, inner, one) for one in rows[: call.page_size]]}
    if inner.wants_count:
        found[f"{way.name}@odata.count"] = len(rows)
    if len(rows) > call.page_size:
        found[f"{way.name}@odata.nextLink"] = call.sim.reading.inner_link(call, expansion, row, rows)
    return found


def plain(sim: "DynamicsSimulator", value: Any) -> Any:
    """A kept value as it travels."""
    if isinstance(value, Lookup):
        return value.id
    if isinstance(value, Decimal):
        return wire.number(value, short=sim.options.short_numbers)
    if isinstance(value, date):
        return wire.iso(value)
    return value


# --- for people --------------------------------------------------------------------------------------------
def formatted(sim: "DynamicsSimulator", row: Row, column: Column) -> str | None:
    """The value in the user's language and number format; None for texts, which have none."""
    value, language = row.values[column.name], sim.options.language
    if value is None or column.kind in ("string", "memo", "uuid", "file"):
        return None
    if isinstance(value, Lookup):
        return title(sim, value)
    if column.kind in CHOICE_KINDS:
        found = column.choice(value)
        return found.label(language) if found else str(value)
    if column.kind == "boolean":
        return {True: "Ja", False: "Nein"}[value] if language == GERMAN else {True: "Yes", False: "No"}[value]
    if isinstance(value, datetime | date):
        return _moment(value, column, language)
    if column.kind == "money":
        currency = sim.known.target(row.values.get("transactioncurrencyid"))
        return amount(value, currency.values["currencysymbol"] if currency else "", language)
    return _grouped(value, 0 if isinstance(value, int) else 2, language)


def title(sim: "DynamicsSimulator", value: Lookup) -> str | None:
    target = sim.known.target(value)
    return target.values[sim.known.tables[value.table].title] if target else None


def amount(value: Decimal, symbol: str, language: int = GERMAN) -> str:
    number = _grouped(value, 2, language)
    return f"{number} {symbol}".strip() if language == GERMAN else f"{symbol}{number}"


def _grouped(value: Decimal | int, digits: int, language: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == GERMAN else text


def _moment(value: datetime | date, column: Column, language: int) -> str:
    """In the user's zone, which is UTC for an application user."""
    is_day = column.format == "DateOnly"
    if language == GERMAN:
        return f"{value:%d.%m.%Y}" if is_day else f"{value:%d.%m.%Y %H:%M}"
    day = f"{value.month}/{value.day}/{value.year}"
    return day if is_day else f"{day} {value:%I:%M %p}"


# --- Prefer ------------------------------------------------------------------------------------------------
PREFERENCE = re.compile(r'([\w.\-]+)\s*(?:=\s*("[^"]*"|[^,;\s]*))?')


def preferences(header: str) -> dict[str, str]:
    """`a=1,b="x,y",c` as a dict; values keep their quotes."""
    return {match[1]: match[2] or "" for match in PREFERENCE.finditer(header)}


def annotation_test(preference: str) -> Callable[[str], bool]:
    """Which annotations are wanted: a quoted list of names or beginnings with *. Unquoted: none."""
    if len(preference) < 3 or not (preference[0] == preference[-1] == '"'):
        return lambda name: False
    patterns = [part.strip() for part in preference[1:-1].split(",")]
    exact = {part for part in patterns if not part.endswith("*")}
    starts = tuple(part[:-1] for part in patterns if part.endswith("*"))
    return lambda name: name in exact or name.startswith(starts)
