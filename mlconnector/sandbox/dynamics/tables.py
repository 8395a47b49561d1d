"""What a table is made of: columns with their kind, and the ways from one table to another.

Names are Dataverse's logical names. A lookup column `customerid` travels as `_customerid_value`; the way to
its row has a navigation property of its own name (`customerid_account`), case as in $metadata.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

USER_LOCAL, DATE_ONLY, ZONE_INDEPENDENT = "UserLocal", "DateOnly", "TimeZoneIndependent"
CHOICE_KINDS = ("choice", "state", "status")


class Lookup(NamedTuple):
    """The value of a lookup column."""

    table: str
    id: str


@dataclass(frozen=True)
class Choice:
    """One value of a choice column; `state` is the statecode a status belongs to."""

    value: int
    english: str
    german: str
    state: int | None = None

    def label(self, language: int) -> str:
        return self.german if language == 1031 else self.english


@dataclass(frozen=True)
class Column:
    """`kind`: a key of metadata.TYPES (uuid string integer decimal money choice status datetime lookup ...).

    Money is kept in the row's currency; `money_base` is computed from it.
    """

    name: str
    kind: str = "string"
    length: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[Choice, ...] = ()
    targets: tuple[str, ...] = ()
    is_required: bool = False
    # Computed by the platform.
    is_read_only: bool = False
    is_create_only: bool = False
    # Never answered (authvalue).
    is_write_only: bool = False
    # Left out unless it is asked for by name (documentbody).
    is_heavy: bool = False
    # Money: the row's currency; "organization" is the organisation's pricing precision.
    precision: int | str = "currency"
    behavior: str = ""
    format: str = ""
    is_custom: bool = False

    @property
    def wire_name(self) -> str:
        return f"_{self.name}_value" if self.kind == "lookup" else self.name

    @property
    def is_date(self) -> bool:
        """Whether it travels as a day without a time."""
        return self.kind == "datetime" and self.behavior == DATE_ONLY

    def way_to(self, target: str) -> str:
        """Navigation property to a row of `target`; where there are several targets it names the table."""
        return self.name if len(self.targets) == 1 else f"{self.name}_{target}"

    def choice(self, value: object) -> Choice | None:
        return next((choice for choice in self.choices if choice.value == value), None)


@dataclass(frozen=True)
class Way:
    """A navigation property: to the one row of a lookup (`column` here), or to the rows that point here."""

    name: str
    table: str
    # Column of this table, or for a collection the lookup column of the other one.
    column: str
    is_collection: bool = False


@dataclass
class Table:
    name: str
    entity_set: str
    key: str
    # Column whose text stands for the row (formatted value of a lookup).
    title: str
    # Name in privileges: prvRead<privilege>.
    privilege: str
    number: int
    columns: dict[str, Column]
    ways: dict[str, Way] = field(default_factory=dict)
    alternate_keys: tuple[str, ...] = ()
    is_tracked: bool = False
    # Statuscode of a state when only the state is written.
    default_status: dict[int, int] = field(default_factory=dict)

    @property
    def by_wire_name(self) -> dict[str, Column]:
        return {column.wire_name: column for column in self.columns.values()}

    def money(self) -> Iterator[Column]:
        return (column for column in self.columns.values() if column.kind == "money")


def table(
    name: str,
    entity_set: str,
    privilege: str,
    number: int,
    columns: Iterable[Column],
    *,
    title: str = "name",
    ways: Iterable[Way] = (),
    is_owned: bool = True,
    is_tracked: bool = False,
    default_status: dict[int, int] | None = None,
) -> Table:
    """A table with its key and the columns every table has."""
    key = f"{name}id"
    common = [
        Column(key, "uuid", is_required=True, is_create_only=True),
        moment("createdon", is_read_only=True),
        moment("modifiedon", is_read_only=True),
        lookup("createdby", "systemuser", is_read_only=True),
        lookup("modifiedby", "systemuser", is_read_only=True),
        Column("versionnumber", "bigint", is_read_only=True),
        *([lookup("ownerid", "systemuser")] if is_owned else []),
    ]
    found = {column.name: column for column in [*common, *columns]}
    singles = [
        Way(column.way_to(target), target, column.name)
        for column in found.values()
        for target in column.targets
    ]
    return Table(
        name,
        entity_set,
        key,
        title,
        privilege,
        number,
        found,
        {way.name: way for way in [*singles, *ways]},
        is_tracked=is_tracked,
        default_status=default_status or {},
    )


# --- columns -----------------------------------------------------------------------------------------------
def text(name: str, length: int, **more: object) -> Column:
    return Column(name, "string", length, **more)  # type: ignore[arg-type]


def texts(length: int, *names: str) -> list[Column]:
    return [text(name, length) for name in names]


def memo(name: str, length: int = 2000, **more: object) -> Column:
    return Column(name, "memo", length, **more)  # type: ignore[arg-type]


def flag(name: str, **more: object) -> Column:
    return Column(name, "boolean", **more)  # type: ignore[arg-type]


def integer(name: str, low: str = "-2147483648", high: str = "2147483647", **more: object) -> Column:
    return Column(name, "integer", minimum=Decimal(low), maximum=Decimal(high), **more)  # type: ignore[arg-type]


def decimal(name: str, low: str, high: str, precision: int = 10, **more: object) -> Column:
    return Column(
        name,
        "decimal",
        minimum=Decimal(low),
        maximum=Decimal(high),
        precision=precision,
        **more,  # type: ignore[arg-type]
    )


def money(
    name: str, low: str = "-922337203685477", high: str = "922337203685477", **more: object
) -> list[Column]:
    """The column and its shadow in the base currency."""
    return [
        Column(name, "money", minimum=Decimal(low), maximum=Decimal(high), **more),  # type: ignore[arg-type]
        Column(f"{name}_base", "money_base", is_read_only=True),
    ]


def computed(*names: str) -> list[Column]:
    """Money that the platform works out."""
    return [column for name in names for column in money(name, is_read_only=True)]


def choice(name: str, choices: tuple[Choice, ...], kind: str = "choice", **more: object) -> Column:
    return Column(name, kind, choices=choices, **more)  # type: ignore[arg-type]


def moment(name: str, **more: object) -> Column:
    return Column(name, "datetime", behavior=USER_LOCAL, format="DateAndTime", **more)  # type: ignore[arg-type]


def local_day(name: str, **more: object) -> Column:
    """A day that is kept as midnight of the user's zone."""
    return Column(name, "datetime", behavior=USER_LOCAL, format="DateOnly", **more)  # type: ignore[arg-type]


def day(name: str, **more: object) -> Column:
    return Column(name, "datetime", behavior=DATE_ONLY, format="DateOnly", **more)  # type: ignore[arg-type]


def lookup(name: str, *targets: str, **more: object) -> Column:
    return Column(name, "lookup", targets=targets, **more)  # type: ignore[arg-type]
