"""Employees, and creditors (Acumatica calls them vendors)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connections.vendors.acumatica.client import MODIFIED, Query
from connections.vendors.acumatica.values import Row

EMPLOYEE, CREDITOR = "Employee", "Vendor"
ACTIVE = "Active"

EMPLOYEES = Query(
    (
        "EmployeeID",
        "EmployeeName",
        "Status",
        MODIFIED,
        "ContactInfo/Email",
        "ContactInfo/FirstName",
        "ContactInfo/LastName",
        "EmployeeSettings/BranchID",
        "EmployeeSettings/DepartmentID",
        "EmployeeSettings/ReportsTo",
    ),
    ("ContactInfo", "EmployeeSettings"),
)
CREDITORS = Query(("VendorID", "VendorName", "Status", "VendorClass", "CurrencyID", "Terms", MODIFIED))


@dataclass(frozen=True)
class Employee:
    """`email` in lower case, "" if none. A change of the e-mail may leave `modified_at` as it is."""

    id: str
    number: str
    name: str
    email: str
    first_name: str
    last_name: str
    status: str
    branch: str
    department: str
    reports_to: str
    modified_at: datetime | None

    @property
    def is_active(self) -> bool:
        return self.status == ACTIVE

    @classmethod
    def from_row(cls, row: Row) -> Employee:
        contact = row.linked("ContactInfo") or Row({}, row.zone)
        settings = row.linked("EmployeeSettings") or Row({}, row.zone)
        return cls(
            id=row.id,
            number=row.text("EmployeeID"),
            name=row.text("EmployeeName"),
            email=contact.text("Email").lower(),
            first_name=contact.text("FirstName"),
            last_name=contact.text("LastName"),
            status=row.text("Status"),
            branch=settings.text("BranchID"),
            department=settings.text("DepartmentID"),
            reports_to=settings.text("ReportsTo"),
            modified_at=row.moment(MODIFIED),
        )


@dataclass(frozen=True)
class Creditor:
    """A supplier; documents name it by `code`."""

    id: str
    code: str
    name: str
    group: str
    status: str
    currency: str
    terms: str
    modified_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Creditor:
        return cls(
            id=row.id,
            code=row.text("VendorID"),
            name=row.text("VendorName"),
            group=row.text("VendorClass"),
            status=row.text("Status"),
            currency=row.text("CurrencyID"),
            terms=row.text("Terms"),
            modified_at=row.moment(MODIFIED),
        )
