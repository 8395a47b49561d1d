"""The correction of refused batches: what people note, and what is sent again on whose word.

A refused batch stays as it was sent. People note corrections beside it (rows, or a whole file); sources
replay their records with mended mappings, which takes the old bookings out of the batch
(`bookings.services.place`).
`resubmit` makes the next revision of all that, under a new name, exactly once for each request.
"""

from bookings.corrections.chain import first_revision, latest_revision
from bookings.corrections.noting import accept_file, correct_row, withdraw_corrections
from bookings.corrections.outlook import Outlook, outlook
from bookings.corrections.requests import Refusal, Resubmitted
from bookings.corrections.resubmission import resubmit
from bookings.noted import Noted, noted

__all__ = [
    "Noted",
    "Outlook",
    "Refusal",
    "Resubmitted",
    "accept_file",
    "correct_row",
    "first_revision",
    "latest_revision",
    "noted",
    "outlook",
    "resubmit",
    "withdraw_corrections",
]
