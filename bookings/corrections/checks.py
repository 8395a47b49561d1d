"""The very checks of a new booking, for a corrected one."""

from __future__ import annotations

from bookings import validation
from bookings.entry import Entry, Route
from bookings.models import Batch
from bookings.snapshot import books
from bookings.validation import labels
from bookings.validation.dates import shown
from connections.messages import DataFault, say


def faults_of(batch: Batch, entry: Entry) -> list[DataFault]:
    """Every rule that the corrected entry breaks by itself, and whether it still belongs into this batch."""
    faults = validation.check_entry(entry, books(batch.client), route=Route(batch.route))
    if entry.document_date.replace(day=1) != batch.month:
        faults.append(
            DataFault(
                labels.DOCUMENT_DATE,
                shown(entry.document_date),
                say("The refused file is of %(month)s.", month=f"{batch.month:%m/%Y}"),
                say("Correct the date at its source and replay the record; it goes into another file."),
            )
        )
    return faults
