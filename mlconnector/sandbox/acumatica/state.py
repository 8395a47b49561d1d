"""What the simulated instance knows: tenants, users, records, files, sessions, operations."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mlconnector.sandbox.acumatica.contract import EntityType

Row = dict[str, Any]


@dataclass
class User:
    """`may_not`: entities whose screens this user has no rights to."""

    name: str
    password: str
    may_not: set[str] = field(default_factory=set)
    is_disabled: bool = False
    must_change_password: bool = False
    wrong_passwords: int = 0
    is_locked: bool = False


@dataclass
class ApprovalMap:
    """Who approves, one user after the other; empty: no approval."""

    steps: list[str] = field(default_factory=list)
    reason_required: bool = False


@dataclass
class File:
    id: str
    name: str
    content: bytes = field(repr=False)
    comment: str = ""
    revision: int = 1


@dataclass
class Record:
    """A top-level record. `id` is its NoteID; values are text, Decimal, date, datetime (UTC), bool, int."""

    entity: EntityType
    id: str
    tenant: str
    created_at: datetime
    modified_at: datetime
    values: Row = field(default_factory=dict)
    arrays: dict[str, list[Row]] = field(default_factory=dict)
    linked: dict[str, Row] = field(default_factory=dict)
    # "Document.AttributePRODUCT" -> (type such as CustomStringField, value)
    custom: dict[str, tuple[str, Any]] = field(default_factory=dict)
    note: str = ""
    files: list[File] = field(default_factory=list)
    # Steps of the approval map that are done.
    approved_by: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(str(self.values[name]) for name in self.entity.keys)

    @property
    def ref(self) -> str:
        """'Bill|000123'."""
        return "|".join(self.key)

    def value(self, name: str) -> Any:
        """A field, LastModifiedDateTime and CreatedDateTime included."""
        if name == "LastModifiedDateTime":
            return self.modified_at
        if name == "CreatedDateTime":
            return self.created_at
        return self.values.get(name)


@dataclass
class Tenant:
    """`features`: what the licence has switched on. `endpoints`: custom ones, extensions of Default."""

    name: str
    zone: ZoneInfo
    branches: tuple[str, ...] = ("MAIN",)
    endpoints: list[str] = field(default_factory=list)
    features: set[str] = field(default_factory=lambda: {"Inventory", "Approval"})
    users: dict[str, User] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    approval: dict[str, ApprovalMap] = field(default_factory=dict)
    # entity -> name of the screen's action -> effect, see workflow.py
    actions: dict[str, dict[str, str]] = field(default_factory=dict)
    last_number: dict[str, int] = field(default_factory=dict)
    # View.Field -> type, of user-defined fields
    custom_fields: dict[str, dict[str, str]] = field(default_factory=dict)
    projects: set[str] = field(default_factory=set)
    closed_periods: set[str] = field(default_factory=set)
    changes: int = 0

    def steps(self, entity: str) -> list[str]:
        """Who has to approve, one after the other."""
        return self.approval[entity].steps if entity in self.approval else []

    def all(self, entity: str) -> list[Record]:
        return [record for record in self.records.values() if record.entity.name == entity]

    def by_key(self, entity: str, key: tuple[str, ...]) -> Record | None:
        """Keys are compared as the database does: without case and padding."""
        wanted = tuple(part.strip().casefold() for part in key)
        found = (
            record
            for record in self.records.values()
            if record.entity.name == entity
            and tuple(part.strip().casefold() for part in record.key) == wanted
        )
        return next(found, None)

    def next_number(self, entity: EntityType, kind: str = "") -> str:
        """A free number; each document type counts by itself."""
        name = f"{entity.name} {kind}"
        self.last_number[name] = self.last_number.get(name, 0) + 1
        prefix = "EP" if entity.name == "Employee" else ""
        digits = 8 if entity.name == "Employee" else 6
        return f"{prefix}{self.last_number[name]:0{digits}d}"


@dataclass
class Session:
    """An open API session: one slot of the licence. `kind` is "cookie" or "oauth"."""

    id: str
    kind: str
    tenant: str
    user: str
    branch: str
    opened_at: datetime
    used_at: datetime
    ticket: str = ""
    grant: str = ""
    closed_at: datetime | None = None
    # "signed out" or "expired"
    end: str = ""

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass
class Operation:
    """A long-running action. Its effect happens at `due_at`."""

    id: str
    session: str
    tenant: str
    user: str
    entity: str
    record: str
    action: str
    effect: str
    due_at: datetime
    # "running", "done", "failed", "lost"
    state: str = "running"
    error: dict[str, Any] | None = None
    will_be_lost: bool = False


@dataclass(frozen=True)
class Done:
    """One line of the release log: an action that took effect, or was refused (`refusal`)."""

    at: datetime
    tenant: str
    entity: str
    id: str
    ref: str
    action: str
    effect: str
    user: str
    amount: Any
    before: str
    after: str
    refusal: str = ""


@dataclass
class App:
    """A connected application (SM303010); `client_id` without the tenant."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    tenant: str


def new_id() -> str:
    return str(uuid.uuid4())
