"""A request's body as values of a row, with the vendor's refusals."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics.errors import ApiError, bad, no_property, no_row
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.dynamics.tables import CHOICE_KINDS, Column, Lookup, Table
from mlconnector.sandbox.dynamics.wire import is_guid

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

BIND = "@odata.bind"
REFERENCE = re.compile(r"(?:https?://[^/]+/api/data/v9\.\d/|/)?(\w+)\(([^()]+)\)")
# Statecodes that may follow. Source: state model of invoice (read 2026-11).
FOLLOWS = {"invoice": {0: {0, 2, 3}, 2: {2, 3, 0}, 3: {3, 0}}}
READ_ONLY_STATES = {"invoice": (2, 3)}
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def body_of(data: bytes) -> dict[str, Any]:
    """The JSON object of a request; numbers with a point as Decimal."""
    try:
        body = json.loads(data or b"{}", parse_float=Decimal)
    except ValueError:
        raise bad("Error identified in Payload provided by the user: it is not valid JSON.") from None
    if not isinstance(body, dict):
        raise bad("Error identified in Payload provided by the user: an object is expected.")
    return body


class Incoming:
    """What a POST or PATCH on one table says."""

    def __init__(self, sim: "DynamicsSimulator", table: Table, *, is_new: bool) -> None:
        self.sim = sim
        self.table = table
        self.is_new = is_new
        self.id = ""
        self.values: dict[str, Any] = {}
        # Way name -> bodies of rows to be created with this one.
        self.inner: dict[str, list[dict[str, Any]]] = {}

    def read(self, body: Mapping[str, Any]) -> "Incoming":
        for name, value in body.items():
            if name.endswith(BIND):
                self._bind(name.removesuffix(BIND), value)
            elif "@" not in name:
                self._value(name, value)
        if self.is_new:
            for column in self.table.columns.values():
                is_filled_in = column.name in ("invoicenumber", "ordernumber")
                needed = column.is_required and column.kind != "uuid" and not is_filled_in
                if needed and self.values.get(column.name) is None:
                    raise bad(f"Required field '{column.name}' is missing", "0x80040200")
        return self

    def _value(self, name: str, value: Any) -> None:
        way = self.table.ways.get(name)
        if way and way.is_collection and self.is_new and isinstance(value, list):
            self.inner[name] = value
            return
        column = self.table.columns.get(name)
        if column is None or (column.kind == "lookup" and value is not None):
            raise no_property(name, self.table.name)
        if name == self.table.key:
            self._key(value)
        elif column.is_read_only or (column.is_create_only and not self.is_new):
            if not self.sim.options.ignore_read_only:
                raise bad(
                    f"The attribute '{name}' of entity '{self.table.name}' cannot be set.", "0x80040203"
                )
        else:
            self.values[name] = None if value is None else parsed(self.table, column, value)

    def _key(self, value: Any) -> None:
        if not is_guid(value):
            raise bad(f"Cannot convert the literal '{value}' to the expected type 'Edm.Guid'.")
        self.id = value.lower()

    def _bind(self, name: str, value: Any) -> None:
        way = self.table.ways.get(name)
        if way is None or way.is_collection:
            text = f"An undeclared property '{name}' which only has property annotations in the payload"
            raise bad(f"{text} but no property value was found in the payload.")
        column = self.table.columns[way.column]
        if column.is_read_only or (column.is_create_only and not self.is_new):
            if self.sim.options.ignore_read_only:
                return
            raise bad(f"The attribute '{name}' of entity '{self.table.name}' cannot be set.", "0x80040203")
        self.values[way.column] = self._referred(way.table, value) if value is not None else None

    def _referred(self, table: str, value: Any) -> Lookup:
        match = REFERENCE.fullmatch(str(value))
        found = self.sim.known.table_of(match[1]) if match else None
        if match is None or found is None or found.name != table:
            raise bad(f"Invalid property bind value '{value}'.")
        if self.sim.known.get(table, match[2]) is None:
            raise no_row(table, match[2])
        return Lookup(table, match[2].lower())

    # --- states -------------------------------------------------------------------------------------------
    def check_state(self, row: Row | None) -> None:
        """Complete and check statecode and statuscode. Raises ApiError for what the state does not allow."""
        now = row.values.get("statecode") if row else None
        state = self.values.get("statecode", now if row else 0)
        if "statecode" in self.values and "statuscode" not in self.values and state != now:
            self.values["statuscode"] = self.table.default_status.get(state)
        if self.values.get("statuscode") is not None:
            status = self.table.columns["statuscode"].choice(self.values["statuscode"])
            if status is None or status.state != state:
                text = f"{self.values['statuscode']} is not a valid status code for state code {state}"
                raise bad(f"{text} on {self.table.name}.", "0x80048408")
        if row is None or self.table.name not in FOLLOWS:
            return
        if state not in FOLLOWS[self.table.name].get(now, set()):
            if state == 2:
                raise bad("The invoice cannot be paid because it is not in an active state.", "0x80100000")
            raise bad("The invoice cannot be cancelled: it is not in active or paid state.", "0x80100001")
        others = set(self.values) - {"statecode", "statuscode"}
        if now in READ_ONLY_STATES[self.table.name] and state != 0 and others:
            raise self._read_only(row)

    def check_parent(self, row: Row | None) -> None:
        """Lines of a paid or cancelled invoice are read-only as well."""
        if self.table.name == "invoicedetail":
            parent = self.values.get("invoiceid") or (row.values["invoiceid"] if row else None)
            head = self.sim.known.target(parent)
            if head and head.values["statecode"] in READ_ONLY_STATES["invoice"]:
                raise self._read_only(head)

    def _read_only(self, row: Row) -> ApiError:
        options = self.sim.options
        text = f"The {row.table} with id {row.id} is read-only in its present state."
        return ApiError(options.read_only_status, options.read_only_code, text)


# --- single values -----------------------------------------------------------------------------------------
def parsed(table: Table, column: Column, value: Any) -> Any:
    """The JSON value as kept. Raises ApiError for a wrong type, length, range or choice."""
    if column.kind in ("string", "memo"):
        return _text(table, column, value)
    if column.kind in ("money", "decimal"):
        return _number(table, column, value)
    if column.kind in ("integer", *CHOICE_KINDS):
        return _integer(table, column, value)
    if column.kind == "boolean" and isinstance(value, bool):
        return value
    if column.kind == "uuid" and is_guid(value):
        return value.lower()
    if column.kind == "datetime" and isinstance(value, str):
        return _moment(column, value)
    raise _unreadable(column, value)


def _text(table: Table, column: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise _unreadable(column, value)
    if column.length and len(value) > column.length:
        text = (
            f"The length of the '{column.name}' attribute of the '{table.name}' entity exceeded the maximum"
        )
        raise bad(f"A validation error occurred. {text} allowed length of '{column.length}'.", "0x80044331")
    return value


def _number(table: Table, column: Column, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _unreadable(column, value)
    number = Decimal(value)
    _in_range(table, column, number)
    return number


def _integer(table: Table, column: Column, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unreadable(column, value)
    if column.choices and column.choice(value) is None:
        known = ",".join(str(choice.value) for choice in column.choices)
        raise _outside(table, column, value, known)
    _in_range(table, column, Decimal(value))
    return value


def _in_range(table: Table, column: Column, number: Decimal) -> None:
    low, high = column.minimum, column.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise _outside(table, column, number, f"{low} to {high}")


def _outside(table: Table, column: Column, value: object, known: str) -> ApiError:
    text = (
        f"The value {value} of '{column.name}' on record of type '{table.name}' is outside the valid range."
    )
    return bad(f"A validation error occurred. {text} Accepted Values: {known}", "0x8004431a")


def _moment(column: Column, value: str) -> datetime | date:
    """A moment as UTC (without an offset it is taken as UTC); a day where the column is one."""
    try:
        if column.is_date:
            if not DAY.fullmatch(value):
                raise _unreadable(column, value)
            return date.fromisoformat(value)
        at = datetime.fromisoformat(value)
    except ValueError:
        raise _unreadable(column, value) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _unreadable(column: Column, value: Any) -> ApiError:
    kinds = {
        "money": "Decimal",
        "decimal": "Decimal",
        "boolean": "Boolean",
        "uuid": "Guid",
        "datetime": "DateTimeOffset",
    }
    wanted = "Date" if column.is_date else kinds.get(column.kind, "String")
    wanted = "Int32" if column.kind in ("integer", *CHOICE_KINDS) else wanted
    return bad(
        f"Cannot convert the literal '{value}' of '{column.name}' to the expected type 'Edm.{wanted}'."
    )
