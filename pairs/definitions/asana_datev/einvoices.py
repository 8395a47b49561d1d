"""The e-invoice among the files of a task: looked for once in each file, and kept with its document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bookings import documents
from bookings.einvoice.invoice import EInvoice
from bookings.entry import Books, Entry
from bookings.models import DatevClient, Document
from connections.messages import DataFault, say
from connections.vendors.asana.api import Attachment
from connections.vendors.datev.filenames import extension
from pairs import einvoices
from pairs.definitions.asana_datev import attachments
from pairs.engine import Context
from pairs.mapping import MappingRow

# Files that can hold an e-invoice.
EXTENSIONS = ("pdf", "xml")


@dataclass
class Found:
    """The e-invoice of a task, what is wrong with it, and the files that were downloaded for it."""

    invoice: EInvoice | None = None
    faults: list[DataFault] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)


def look(
    context: Context, client: DatevClient, listed: Sequence[Attachment], rows: Sequence[MappingRow]
) -> Found:
    """Read what is in the files; each is downloaded once, and never again for this."""
    found = Found()
    if not einvoices.is_wanted(_rule(context), rows):
        return found
    invoices = []
    for attachment in listed:
        if attachment.host != "asana" or extension(attachment.name) not in EXTENSIONS:
            continue
        document = attachments.planned(context, client, attachment)
        if document.einvoice is None:
            content = context.source.download(attachment).content
            found.contents[attachment.gid] = content
            documents.note_einvoice(document, content)
        invoice, faults = documents.einvoice_of(document)
        found.faults += faults
        if invoice is not None:
            invoices.append(invoice)
    distinct = {str(invoice.to_json()["terms"]): invoice for invoice in invoices}
    if len(distinct) > 1:
        numbers = ", ".join(sorted(invoice.number for invoice in distinct.values()))
        found.faults.append(
            DataFault(
                einvoices.E_INVOICE,
                numbers,
                say("The task has several e-invoices, and one task is one booking."),
                say("Leave the one at the task that is to be booked."),
            )
        )
    elif distinct:
        found.invoice = next(iter(distinct.values()))
    return found


def kept(origin: str, booked: Entry) -> EInvoice | None:
    """The e-invoice of the documents that `booked` links, else of the record's only one. Makes no call."""
    of_record = list(Document.objects.filter(origin=origin).defer("content").order_by("pk"))
    linked = [document for document in of_record if document.guid in booked.documents]
    invoices = [documents.einvoice_of(document)[0] for document in linked or of_record]
    there = [invoice for invoice in invoices if invoice is not None]
    return there[0] if len(there) == 1 else None


def differences(context: Context, found: Found, entry: Entry, books: Books) -> list[DataFault]:
    """What speaks against the booking, or is to be shown, by the rule of the integration."""
    if _rule(context) == "no" or found.invoice is None:
        return []
    return einvoices.differences(found.invoice, entry, books)


def stopping(
    context: Context, found: Found, shown: Sequence[DataFault], rows: Sequence[MappingRow]
) -> list[DataFault]:
    """For which of these nothing is booked; the mapping can't do with an e-invoice that can't be read."""
    if _rule(context) == "park":
        return [*found.faults, *shown]
    return found.faults if einvoices.reads(rows) else []


def _rule(context: Context) -> str:
    return str(context.setting("compare_einvoice"))
