"""What the simulated organisation holds: rows by table, the tombstones of deleted ones, sign-ins."""

import uuid
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mlconnector.sandbox.dynamics.schema import all_tables
from mlconnector.sandbox.dynamics.tables import Lookup, Table

FIRST_VERSION = 915_000


@dataclass
class Row:
    table: str
    id: str
    version: int
    values: dict[str, Any]

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'

    @property
    def lookup(self) -> Lookup:
        return Lookup(self.table, self.id)


@dataclass(frozen=True)
class Tombstone:
    table: str
    id: str
    version: int


@dataclass(frozen=True)
class Certificate:
    """A certificate of the app: its public key as PEM and both thumbprints, base64url."""

    public_key: str
    thumbprint: str
    thumbprint_sha256: str


@dataclass
class App:
    """An app registration; a secret has the moment of its end."""

    client_id: str
    secrets: dict[str, datetime | None] = field(default_factory=dict)
    certificates: list[Certificate] = field(default_factory=list)


@dataclass(frozen=True)
class Token:
    value: str
    client_id: str
    audience: str
    expires_at: datetime


@dataclass(frozen=True)
class DeltaToken:
    """What a delta link stands for: rows changed after `version`."""

    version: int
    issued_at: datetime
    is_expired: bool = False


class State:
    """One organisation. Ids are the same on each run, and different for each address."""

    def __init__(self, address: str) -> None:
        self._ids = uuid.uuid5(uuid.NAMESPACE_URL, address)
        self._last_id = 0
        self.version = FIRST_VERSION
        self.organization_id = self.next_id()
        self.tables: dict[str, Table] = all_tables()
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in self.tables}
        # (table, lookup column, row pointed to) -> rows by id.
        self._pointing: dict[tuple[str, str, Lookup], dict[str, Row]] = {}
        self.deleted: list[Tombstone] = []
        # Depth by privilege name: Basic, Local, Deep or Global; a missing one is not granted.
        self.privileges: dict[str, str] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        # By table, selected columns and text of the token.
        self.delta_tokens: dict[str, DeltaToken] = {}
        # Totals that a person's plug-in has set, by invoice; they win over the computed ones.
        self.overrides: dict[str, dict[str, Any]] = {}
        self.last_number: dict[str, int] = {}
        self.admin_user = self.app_user = self.sales_user = ""

    def next_id(self) -> str:
        self._last_id += 1
        return str(uuid.uuid5(self._ids, str(self._last_id)))

    def copied(self, address: str) -> "State":
        """The organisation at another address: everything but its own id, and no tokens."""
        other = deepcopy(self)
        other._ids = uuid.uuid5(uuid.NAMESPACE_URL, address)
        other.organization_id = other.next_id()
        row = other.rows["organization"].pop(self.organization_id)
        row.id = row.values["organizationid"] = other.organization_id
        other.rows["organization"][row.id] = row
        other.tokens, other.delta_tokens = {}, {}
        return other

    def next_version(self) -> int:
        """Versions count for the whole database, so one table sees gaps."""
        self.version += 3
        return self.version

    def table_of(self, entity_set: str) -> Table | None:
        return next((table for table in self.tables.values() if table.entity_set == entity_set), None)

    def get(self, table: str, row_id: str | None) -> Row | None:
        return self.rows[table].get((row_id or "").lower()) if table in self.rows else None

    def target(self, value: Lookup | None) -> Row | None:
        return self.get(value.table, value.id) if value else None

    def all(self, table: str) -> Iterator[Row]:
        yield from list(self.rows[table].values())

    def pointing(self, table: str, column: str, row: Row) -> list[Row]:
        """Rows of `table` whose lookup `column` is `row`."""
        return list(self._pointing.get((table, column, row.lookup), {}).values())

    def indexed(self, row: Row, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Note where the row's lookups point now, and no longer where they did before."""
        for column in self.tables[row.table].columns.values():
            old, new = before.get(column.name), after.get(column.name)
            if column.kind == "lookup" and old != new:
                if old:
                    self._pointing[row.table, column.name, old].pop(row.id, None)
                if new:
                    self._pointing.setdefault((row.table, column.name, new), {})[row.id] = row

    def lines(self, head: Row) -> list[Row]:
        """Lines of an invoice or order by their number."""
        found = self.pointing(f"{head.table}detail", f"{head.table}id", head)
        return sorted(found, key=_position)

    @property
    def organization(self) -> Row:
        return self.rows["organization"][self.organization_id]


def _position(line: Row) -> tuple[bool, int]:
    number = line.values["lineitemnumber"]
    return (number is None, number or 0)
