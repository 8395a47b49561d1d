"""Accounts and contacts: the customers behind invoices, as debtor master data needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connections.vendors.dynamics.values import Row

_COMMON = (
    "paymenttermscode",
    "emailaddress1",
    "telephone1",
    "fax",
    "websiteurl",
    "address1_name",
    "address1_line1",
    "address1_line2",
    "address1_line3",
    "address1_postofficebox",
    "address1_postalcode",
    "address1_city",
    "address1_stateorprovince",
    "address1_country",
    "_masterid_value",
    "merged",
    "statecode",
    "statuscode",
    "createdon",
    "modifiedon",
)
# Source: Dataverse table references of account and contact (read 2026-11). Neither has a column for a VAT id,
# and a contact has none for a customer number: the mapping names them.
ACCOUNT_COLUMNS: Sequence[str] = ("name", "accountnumber", "_parentaccountid_value", *_COMMON)
CONTACT_COLUMNS: Sequence[str] = (
    "fullname",
    "firstname",
    "lastname",
    "salutation",
    "_parentcustomerid_value",
    *_COMMON,
)


@dataclass(frozen=True)
class Address:
    """`country` and `state` are free text in Dynamics, no ISO code."""

    name: str = ""
    lines: tuple[str, ...] = ()
    post_office_box: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country: str = ""

    @classmethod
    def from_row(cls, row: Row, prefix: str) -> Address:
        """Of the columns `<prefix>_line1`, `<prefix>_city`, ..."""

        def text(name: str) -> str:
            return row.text(f"{prefix}_{name}").strip()

        return cls(
            name=text("name"),
            lines=tuple(line for line in (text("line1"), text("line2"), text("line3")) if line),
            post_office_box=text("postofficebox"),
            postal_code=text("postalcode"),
            city=text("city"),
            state=text("stateorprovince"),
            country=text("country"),
        )


@dataclass(frozen=True)
class Customer:
    """An account (a company) or a contact (a person).

    `number` is free text and need be neither unique nor digits. After a merge the loser is inactive and
    `merged_into` is the id of the winner. `row.value("new_vatid")` reads a column chosen in the mapping.
    """

    table: str
    id: str
    name: str
    number: str
    first_name: str
    last_name: str
    salutation: str
    address: Address
    email: str
    phone: str
    fax: str
    website: str
    payment_terms: int | None
    is_active: bool
    merged_into: str
    created_at: datetime | None
    modified_at: datetime | None
    row: Row

    @property
    def is_person(self) -> bool:
        return self.table == "contact"

    @property
    def version(self) -> str:
        return self.row.version

    @classmethod
    def from_row(cls, row: Row, table: str) -> Customer:
        master = row.lookup("masterid")
        return cls(
            table=table,
            id=row.guid(f"{table}id"),
            name=row.text("name" if table == "account" else "fullname").strip(),
            number=row.text("accountnumber").strip(),
            first_name=row.text("firstname").strip(),
            last_name=row.text("lastname").strip(),
            salutation=row.text("salutation").strip(),
            address=Address.from_row(row, "address1"),
            email=row.text("emailaddress1").strip(),
            phone=row.text("telephone1").strip(),
            fax=row.text("fax").strip(),
            website=row.text("websiteurl").strip(),
            payment_terms=row.whole("paymenttermscode"),
            is_active=row.whole("statecode") == 0,
            merged_into=master.id if master and row.flag("merged") else "",
            created_at=row.moment("createdon"),
            modified_at=row.moment("modifiedon"),
            row=row,
        )
