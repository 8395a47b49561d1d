"""Suppliers, customers, GL accounts, cost centers, cost units, items, and who and where we are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from connections.vendors.exact import odata
from connections.vendors.exact.client import Client
from connections.vendors.exact.values import Reference, Row

# Source: reference pages of Me, Divisions, Accounts, GLAccounts, Costcenters, Costunits, Items (2025-07).
ACCOUNTS, GL_ACCOUNTS, ITEMS = "crm/Accounts", "financial/GLAccounts", "logistics/Items"
COST_CENTERS, COST_UNITS = "hrm/Costcenters", "hrm/Costunits"
ME_COLUMNS: Sequence[str] = (
    "UserID",
    "FullName",
    "CurrentDivision",
    "LanguageCode",
    "ServerTime",
    "ServerUtcOffset",
)
DIVISION_COLUMNS: Sequence[str] = (
    "Code",
    "Description",
    "CustomerName",
    "Currency",
    "Country",
    "IsMainDivision",
    "DivisionMoveDate",
    "BlockingStatus",
)
ACCOUNT_COLUMNS: Sequence[str] = (
    "ID",
    "Code",
    "Name",
    "IsSupplier",
    "Status",
    "Email",
    "Country",
    "VATNumber",
    "Blocked",
    "EndDate",
    "Modified",
)
GL_ACCOUNT_COLUMNS: Sequence[str] = (
    "ID",
    "Code",
    "Description",
    "Type",
    "BalanceType",
    "IsBlocked",
    "UseCostcenter",
    "UseCostunit",
    "Modified",
)
DIMENSION_COLUMNS: Sequence[str] = ("ID", "Code", "Description", "EndDate", "Modified")
ITEM_COLUMNS: Sequence[str] = (
    "ID",
    "Code",
    "Description",
    "ItemGroup",
    "ItemGroupCode",
    "ItemGroupDescription",
    "GLCosts",
    "GLCostsCode",
    "GLCostsDescription",
    "GLRevenue",
    "GLRevenueCode",
    "GLRevenueDescription",
    "IsTime",
    "Unit",
    "EndDate",
    "Modified",
)
CODE_WIDTH = 18


@dataclass(frozen=True)
class Me:
    """The user that is signed in. `current_division` is the company open for it now: a proposal, no more."""

    id: str
    name: str
    current_division: int
    utc_offset: timedelta | None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        offset = row.decimal("ServerUtcOffset")
        return cls(
            id=row.key("UserID"),
            name=row.text("FullName"),
            current_division=row.whole("CurrentDivision") or 0,
            utc_offset=None if offset is None else timedelta(seconds=float(offset)),
        )


@dataclass(frozen=True)
class Division:
    """A company. `moved_at` (as the site writes it): after another one all row versions begin anew."""

    code: int
    name: str
    customer: str
    currency: str
    country: str
    is_main: bool
    moved_at: str

    @classmethod
    def from_row(cls, row: Row) -> Self:
        code = row.whole("Code")
        if code is None:
            raise row.strange("Code")
        return cls(
            code=code,
            name=row.text("Description"),
            customer=row.text("CustomerName"),
            currency=row.text("Currency"),
            country=row.text("Country"),
            is_main=row.flag("IsMainDivision"),
            moved_at=row.text("DivisionMoveDate"),
        )

    @property
    def label(self) -> str:
        return f"{self.code} {self.name}".strip()


@dataclass(frozen=True)
class Account:
    """A business partner: supplier, customer, or both."""

    id: str
    code: str
    name: str
    is_supplier: bool
    is_customer: bool
    email: str
    country: str
    vat_number: str
    is_blocked: bool
    ends_on: date | None
    modified_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        return cls(
            id=row.key("ID"),
            code=row.text("Code"),
            name=row.text("Name"),
            is_supplier=row.flag("IsSupplier"),
            # C customer, S suspect, P prospect, A none of them.
            is_customer=row.text("Status") == "C",
            email=row.text("Email"),
            country=row.text("Country"),
            vat_number=row.text("VATNumber"),
            is_blocked=row.flag("Blocked"),
            ends_on=row.day("EndDate"),
            modified_at=row.moment("Modified"),
        )


@dataclass(frozen=True)
class GLAccount:
    """A general ledger account. `is_balance`: a balance sheet account, else profit and loss."""

    id: str
    code: str
    description: str
    type: int | None
    is_balance: bool
    is_blocked: bool
    # 0 optional, 1 mandatory, 2 not used.
    use_cost_center: int | None
    use_cost_unit: int | None
    modified_at: datetime | None

    @property
    def label(self) -> str:
        return f"{self.code} - {self.description}"

    @classmethod
    def from_row(cls, row: Row) -> Self:
        return cls(
            id=row.key("ID"),
            code=row.text("Code"),
            description=row.text("Description"),
            type=row.whole("Type"),
            is_balance=row.text("BalanceType") == "B",
            is_blocked=row.flag("IsBlocked"),
            use_cost_center=row.whole("UseCostcenter"),
            use_cost_unit=row.whole("UseCostunit"),
            modified_at=row.moment("Modified"),
        )


@dataclass(frozen=True)
class Dimension:
    """A cost center or a cost unit. Lines name it by its `code`. `ends_on`: not used from that day on."""

    id: str
    code: str
    description: str
    ends_on: date | None
    modified_at: datetime | None

    @property
    def label(self) -> str:
        return f"{self.code} - {self.description}"

    def is_active(self, today: date) -> bool:
        return self.ends_on is None or today < self.ends_on

    @classmethod
    def from_row(cls, row: Row) -> Self:
        return cls(
            id=row.key("ID"),
            code=row.text("Code"),
            description=row.text("Description"),
            ends_on=row.day("EndDate"),
            modified_at=row.moment("Modified"),
        )


@dataclass(frozen=True)
class Item:
    """What is bought, sold or worked. `is_time`: an hour type. `gl_costs` is what an order line is booked "
    "on."""

    id: str
    code: str
    description: str
    group: Reference | None
    gl_costs: Reference | None
    gl_revenue: Reference | None
    is_time: bool
    unit: str
    ends_on: date | None

    @property
    def label(self) -> str:
        return f"{self.code} - {self.description}"

    @classmethod
    def from_row(cls, row: Row) -> Self:
        return cls(
            id=row.key("ID"),
            code=row.text("Code"),
            description=row.text("Description"),
            group=row.reference("ItemGroup", "ItemGroupCode", "ItemGroupDescription"),
            gl_costs=row.reference("GLCosts", "GLCostsCode", "GLCostsDescription"),
            gl_revenue=row.reference("GLRevenue", "GLRevenueCode", "GLRevenueDescription"),
            is_time=row.flag("IsTime"),
            unit=row.text("Unit"),
            ends_on=row.day("EndDate"),
        )


def me(client: Client) -> Me:
    found = client.page("current/Me", ME_COLUMNS, in_division=False).rows
    return Me.from_row(Row(found[0] if found else {}, client.zone))


def divisions(client: Client, where: str = "") -> list[Division]:
    """The companies that are open to the user and to the app."""
    return [Division.from_row(row) for row in client.rows("system/Divisions", DIVISION_COLUMNS, where)]


def division(client: Client) -> Division | None:
    """The chosen company; None when it is not open to us."""
    return next(iter(divisions(client, f"Code eq {client.division}")), None)


def accounts(client: Client, ids: Sequence[str]) -> dict[str, Account]:
    """Business partners by id; those that are gone are not in it."""
    found = map(Account.from_row, client.rows_of(ACCOUNTS, ACCOUNT_COLUMNS, "ID", ids))
    return {account.id: account for account in found}


def account_by_code(client: Client, code: str) -> Account | None:
    """The code is a text of 18 characters, right-aligned."""
    where = f"Code eq {odata.text(code.rjust(CODE_WIDTH))}"
    return next(map(Account.from_row, client.rows(ACCOUNTS, ACCOUNT_COLUMNS, where)), None)


def gl_accounts(client: Client) -> list[GLAccount]:
    """All of them, by code."""
    found = map(GLAccount.from_row, client.rows(GL_ACCOUNTS, GL_ACCOUNT_COLUMNS))
    return sorted(found, key=lambda account: account.code)


def gl_accounts_by_id(client: Client, ids: Sequence[str]) -> dict[str, GLAccount]:
    found = map(GLAccount.from_row, client.rows_of(GL_ACCOUNTS, GL_ACCOUNT_COLUMNS, "ID", ids))
    return {account.id: account for account in found}


def dimensions(client: Client, path: str) -> list[Dimension]:
    """All cost centers or cost units, ended ones too, by code. There is no feed of their changes."""
    found = map(Dimension.from_row, client.rows(path, DIMENSION_COLUMNS))
    return sorted(found, key=lambda dimension: dimension.code)


def items(client: Client, ids: Sequence[str]) -> dict[str, Item]:
    """Items by id; those that are gone are not in it."""
    found = map(Item.from_row, client.rows_of(ITEMS, ITEM_COLUMNS, "ID", ids))
    return {item.id: item for item in found}


def item_by_code(client: Client, code: str) -> Item | None:
    where = f"Code eq {odata.text(code)}"
    return next(map(Item.from_row, client.rows(ITEMS, ITEM_COLUMNS, where)), None)
