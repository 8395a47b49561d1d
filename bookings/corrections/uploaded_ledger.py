"""A corrected ledger file of a refused DXSO transfer of our own: its rows taken over as corrections."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bookings import dxso_plan
from bookings.corrections.outlook import next_bookings
from bookings.dxso import ledger, reader
from bookings.entry import Books, Entry
from bookings.models import Batch, Booking
from bookings.noted import noted
from bookings.snapshot import books
from bookings.validation import labels
from connections.messages import DataFault, say


def read(batch: Batch, content: bytes) -> tuple[list[DataFault], list[tuple[Booking, Entry]]]:
    """(faults, bookings with their corrected entries) of the one invoice that the file is about.

    It is found by its number, or is the only one that is to be sent again. Raises RejectedError for
    what is no ledger file.
    """
    found = reader.read(content)
    faults = [fault for _line, fault in reader.faults_of(found)]
    known = books(batch.client)
    invoices = list(dxso_plan.invoices_of(next_bookings(batch, noted(batch)), known))
    number = found.rows[0].value("invoiceId")
    matching = [rows for rows in invoices if rows[0].sent_entry.document_field_1 == number]
    matching = matching or (invoices if len(invoices) == 1 else [])
    if len(matching) != 1 or len(matching[0]) != len(found.rows):
        return [
            *faults,
            DataFault(
                labels.DOCUMENT_FIELD_1,
                number,
                say("No invoice of this transfer that was refused has this number and so many rows."),
                say("Upload the corrected ledger file of one refused invoice, its rows in their places."),
            ),
        ], []
    if faults:
        return faults, []
    pairs = []
    for booking, row in zip(matching[0], found.rows, strict=True):
        entry, lost = _corrected(booking.sent_entry, row, known)
        faults += lost
        pairs.append((booking, entry))
    faults += dxso_plan.faults_of([entry for _booking, entry in pairs], known) if not faults else []
    return faults, pairs


def _corrected(entry: Entry, row: reader.LedgerRow, known: Books) -> tuple[Entry, list[DataFault]]:
    """The booking with what was changed in its row; what the ledger derives from our tables stays."""
    sent = reader.LedgerRow(0, entry.direction, dict(ledger.row_values(entry, known)))
    lost = [
        DataFault(name, value, say("This value can't be carried by bookings from here."))
        for name, value in row.values.items()
        if name not in reader.CARRIED or (name in ("information", "tax") and value != sent.value(name))
    ]
    if row.direction is not entry.direction:
        lost.append(DataFault(labels.DIRECTION, row.direction.value, say("The invoice is of another kind.")))
    before, after = reader.values_of(sent), reader.values_of(row)
    changed: dict[str, Any] = {name: value for name, value in after.items() if value != before[name]}
    if not {"account", "contra_account", "side"} & set(changed):
        return replace(entry, **changed), lost
    # The ledger puts the personal account first; accounts and side are taken over together.
    together = {name: after[name] for name in ("account", "contra_account", "side")}
    return replace(entry, **(changed | together)), lost
