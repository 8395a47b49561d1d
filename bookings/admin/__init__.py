"""DATEV clients with their tables, and bookings, batches, documents and jobs in the admin."""

from bookings.admin.batch import BatchAdmin
from bookings.admin.booking import BookingAdmin
from bookings.admin.client import DatevClientAdmin
from bookings.admin.document import DocumentAdmin
from bookings.admin.handed_in import ApiTokenAdmin, HandedInAdmin
from bookings.admin.job import JobAdmin
from bookings.admin.receivables import DebtorAdmin, TaxCaseAdmin
from bookings.admin.tables import AccountAdmin, CostCenterAdmin, PartnerAdmin, TaxKeyAdmin

__all__ = [
    "AccountAdmin",
    "ApiTokenAdmin",
    "BatchAdmin",
    "BookingAdmin",
    "CostCenterAdmin",
    "DatevClientAdmin",
    "DebtorAdmin",
    "DocumentAdmin",
    "HandedInAdmin",
    "JobAdmin",
    "PartnerAdmin",
    "TaxCaseAdmin",
    "TaxKeyAdmin",
]
