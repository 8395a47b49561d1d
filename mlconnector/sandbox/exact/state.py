"""What the simulated Exact Online knows: users, apps, tokens, divisions and their rows."""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mlconnector.sandbox.exact.entity import Entity

# Beyond 32 bits, as at the vendor.
FIRST_TIMESTAMP = 8_589_934_000


@dataclass
class App:
    """A registration at one country site. `scopes`: domain -> "read" or "manage"; None = exempt."""

    client_id: str
    client_secret: str
    webhook_secret: str
    redirect_uris: tuple[str, ...]
    name: str = "ml-connector"
    scopes: dict[str, str] | None = None


@dataclass
class User:
    id: str
    full_name: str
    email: str
    language: str
    divisions: list[int]
    current_division: int = 0
    # BlockedUser, InactiveUser, BlockedCustomer, LicenseExpired: sent as the header Reason.
    trouble: str = ""


@dataclass
class Token:
    value: str
    kind: str  # access or refresh
    app: str
    user: str
    # One sign-in; a second one of the same user replaces it.
    chain: str
    issued_at: datetime
    expires_at: datetime
    spent_at: datetime | None = None


@dataclass
class Chain:
    """One sign-in of one user for one app."""

    id: str
    app: str
    user: str
    refreshed_at: datetime
    is_ended: bool = False


@dataclass
class TokenCall:
    """One call of the token endpoint; `outcome` is "ok" or the error's description."""

    at: datetime
    grant: str
    status: int
    outcome: str
    user: str = ""


@dataclass
class Division:
    code: int
    name: str
    customer: str
    currency: str
    country: str
    is_main: bool
    created: datetime
    moved: datetime
    blocking_status: int = 0
    # The division as a whole refuses: header Reason: DivisionBlocked.
    is_blocked: bool = False


@dataclass
class Row:
    """One record. Dates are naive local wall clock, amounts Decimal, references guids as text."""

    entity: Entity
    division: int
    id: str
    values: dict[str, Any]
    number: int
    timestamp: int

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass
class Deletion:
    timestamp: int
    id: str
    division: int
    entity_type: int
    entity_key: str
    by: str
    at: datetime  # local
    number: int


@dataclass
class Subscription:
    id: str
    app: str
    user: str
    division: int
    topic: str
    callback_url: str
    created: datetime  # local
    is_instant: bool
    number: int


@dataclass
class Notification:
    """One event on its way to one subscription."""

    subscription: str
    url: str
    body: bytes
    due_at: datetime
    attempts: int = 0


@dataclass
class State:
    apps: dict[str, App] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    divisions: dict[int, Division] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    chains: dict[str, Chain] = field(default_factory=dict)
    # (app, user) -> the divisions that the user granted at consent; absent = all.
    granted: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    token_calls: list[TokenCall] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    tables: dict[tuple[int, str], dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))
    # parent id -> line ids, in order of LineNumber
    children: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    deletions: list[Deletion] = field(default_factory=list)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    waiting: list[Notification] = field(default_factory=list)
    # row id -> its place in every list, kept after a deletion for open pages
    places: dict[str, int] = field(default_factory=dict)
    # (division, what) -> last number given
    counters: dict[tuple[int, str], int] = field(default_factory=dict)
    # Division -> the last row version of its database. Source: Timestamp is an Int64 row version.
    timestamps: dict[int, int] = field(default_factory=dict)
    last_number: int = 0

    def next_timestamp(self, division: int) -> int:
        self.timestamps[division] = self.timestamps.get(division, FIRST_TIMESTAMP) + 7
        return self.timestamps[division]

    def next_number(self) -> int:
        self.last_number += 1
        return self.last_number

    def count_up(self, division: int, what: str, first: int) -> int:
        """The next free number of a kind in a division."""
        self.counters[(division, what)] = self.counters.get((division, what), first - 1) + 1
        return self.counters[(division, what)]

    def table(self, division: int, path: str) -> dict[str, Row]:
        return self.tables[(division, path)]

    def get(self, division: int, path: str, id: Any) -> Row | None:
        return self.tables[(division, path)].get(id)

    def by(self, division: int, path: str, name: str, value: Any) -> Row | None:
        """The first row whose field has that value."""
        if value is None:
            return None
        if name == "ID":
            return self.get(division, path, value)
        return next((row for row in self.table(division, path).values() if row[name] == value), None)

    def lines(self, header: str) -> Iterator[Row]:
        return (self.rows[line] for line in list(self.children.get(header, ())))

    @staticmethod
    def new_id() -> str:
        return str(uuid.uuid4())
