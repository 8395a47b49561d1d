"""The e-invoice among the files of an invoice: looked for once in each file, and kept with its document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bookings import documents
from bookings.einvoice.comparing import compare
from bookings.einvoice.invoice import EInvoice
from bookings.models import DatevClient, Document
from connections.messages import DataFault, say
from connections.vendors.datev.filenames import extension
from connections.vendors.dynamics.api import Bundle, Note
from pairs import einvoices
from pairs.definitions.dynamics_datev import files
from pairs.definitions.dynamics_datev.invoice import Wanted
from pairs.engine import Context
from pairs.mapping import MappingRow

# Files that can hold an e-invoice.
EXTENSIONS = ("pdf", "xml")


@dataclass
class Found:
    """The e-invoice, what is wrong with it, and the fetched files by the ids of their notes."""

    invoice: EInvoice | None = None
    faults: list[DataFault] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)


def look(
    context: Context, client: DatevClient, bundle: Bundle, notes: Sequence[Note], rows: Sequence[MappingRow]
) -> Found:
    """Read what is in the files, each fetched once. Raises Outdated if the invoice has changed meanwhile."""
    found = Found()
    if not einvoices.is_wanted(_rule(context), rows):
        return found
    invoices = []
    for note in notes:
        if extension(note.filename) not in EXTENSIONS:
            continue
        document = files.planned_note(context, client, note)
        if document.einvoice is None:
            found.contents[note.id] = files.fetched(context, bundle, note)
            documents.note_einvoice(document, found.contents[note.id])
        invoice, faults = documents.einvoice_of(document)
        found.faults += faults
        if invoice is not None:
            invoices.append(invoice)
    distinct = {str(invoice.to_json()["terms"]): invoice for invoice in invoices}
    if len(distinct) > 1:
        found.faults.append(
            DataFault(
                einvoices.E_INVOICE,
                ", ".join(sorted(invoice.number for invoice in distinct.values())),
                say("Several different e-invoices are at the invoice."),
                say("Leave the one that belongs to it."),
            )
        )
    elif distinct:
        found.invoice = next(iter(distinct.values()))
    return found


def kept(origin: str) -> EInvoice | None:
    """The e-invoice that was read for this record, if it is only one. Makes no call."""
    of_record = Document.objects.filter(origin=origin).defer("content").order_by("-pk")
    there = [invoice for document in of_record if (invoice := documents.einvoice_of(document)[0])]
    return there[0] if there else None


def differences(context: Context, found: Found, wanted: Wanted) -> list[DataFault]:
    """What the e-invoice says differently from what is to be booked."""
    if _rule(context) == "no" or found.invoice is None or wanted.figures is None:
        return []
    return compare(found.invoice, wanted.figures)


def stopping(
    context: Context, found: Found, differing: Sequence[DataFault], rows: Sequence[MappingRow]
) -> list[DataFault]:
    """For which of these nothing is booked; the mapping can't do with an e-invoice that can't be read."""
    if _rule(context) == "park":
        return [*found.faults, *differing]
    return found.faults if einvoices.reads(rows) else []


def _rule(context: Context) -> str:
    return str(context.setting("compare_einvoice"))
