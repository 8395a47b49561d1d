"""DATEV clients with their tables, and bookings, batches, documents and jobs on their way."""

from bookings.models.batch import (
    SETTLED,
    WORKABLE,
    Batch,
    BatchFile,
    BatchKind,
    BatchState,
    Booking,
    BookingVerdict,
)
from bookings.models.client import DatevClient
from bookings.models.correction import Correction, CorrectionKind, Resubmission
from bookings.models.document import Document, DocumentState
from bookings.models.handed_in import ApiToken, HandedIn, HandedInState, IdempotencyKey, Way
from bookings.models.job import Job, JobState, ProtocolEntry
from bookings.models.receivables import Debtor, DebtorUpdate, TaxCase
from bookings.models.tables import (
    DIGITS,
    Account,
    CostCenter,
    FiscalYearRow,
    Partner,
    TaxKey,
    touch_books,
)

__all__ = [
    "DIGITS",
    "SETTLED",
    "WORKABLE",
    "Account",
    "ApiToken",
    "Batch",
    "BatchFile",
    "BatchKind",
    "BatchState",
    "Booking",
    "BookingVerdict",
    "Correction",
    "CorrectionKind",
    "CostCenter",
    "DatevClient",
    "Debtor",
    "DebtorUpdate",
    "Document",
    "DocumentState",
    "FiscalYearRow",
    "HandedIn",
    "HandedInState",
    "IdempotencyKey",
    "Job",
    "JobState",
    "Partner",
    "ProtocolEntry",
    "Resubmission",
    "TaxCase",
    "TaxKey",
    "Way",
    "touch_books",
]
