"""What a DXSO batch consists of: which bookings make which invoice, with which files, under which names.

The plan is stored when the batch is written and never changes; the XML files are made from it once DATEV has
opened a job, because they must carry what DATEV answers then.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.conf import settings

from bookings import validation
from bookings.dxso import archive, ledger, names, reader, rules, schema
from bookings.entry import Books, Direction, Entry, Route
from bookings.given import dxso as given
from bookings.given import package as packages
from bookings.models import Batch, BatchFile, Booking, BookingVerdict, Document
from bookings.snapshot import books
from connections.errors import ConfigurationError, RejectedError
from connections.messages import DataFault, say
from connections.vendors.datev.filenames import media_type_to_send

XML = "application/xml"


@dataclass(frozen=True)
class PlannedImage:
    document_id: int
    filename: str


@dataclass(frozen=True)
class PlannedInvoice:
    """One invoice of the job: its bookings, its ledger file, its images. The GUID is new for each batch.

    Of a package from elsewhere there are no bookings; `rows` are the numbers of its rows in the package.
    """

    guid: UUID | None
    bookings: tuple[int, ...]
    ledger_file: str
    images: tuple[PlannedImage, ...]
    rows: tuple[int, ...] = ()

    def is_named_by(self, filename: str, context: str) -> bool:
        """Whether a line of DATEV's protocol speaks of this invoice."""
        files = [self.ledger_file, *(image.filename for image in self.images)]
        if filename.lower() in (name.lower() for name in files):
            return True
        if self.guid is not None and self.guid.hex in context.replace("-", "").lower():
            return True
        return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", context, re.I) for name in files)


def make(batch: Batch) -> tuple[bytes, list[DataFault]]:
    """The plan as the bytes to be stored, and every rule that the batch breaks."""
    known = books(batch.client)
    faults: list[DataFault] = []
    invoices = []
    taken = [archive.FILE_NAME]
    for position, bookings in enumerate(_invoices(batch, known), start=1):
        entries = [booking.sent_entry for booking in bookings]
        faults += faults_of(entries, known)
        documents, lost = _images(entries)
        faults += lost
        ledger_file = names.ledger_file_name(batch.pk, batch.revision, position)
        images = names.unique_names(
            [_image_name(batch, document) for document in documents], [*taken, ledger_file]
        )
        taken += [ledger_file, *images]
        invoices.append(
            {
                "guid": str(uuid.uuid4()),
                "bookings": [booking.pk for booking in bookings],
                "ledger_file": ledger_file,
                "images": [[document.pk, name] for document, name in zip(documents, images, strict=True)],
            }
        )
    if not invoices:
        faults.append(DataFault("Rows", "0", say("A batch needs at least one booking.")))
    return json.dumps(invoices, indent=1).encode(), faults


def faults_of(entries: Sequence[Entry], known: Books) -> list[DataFault]:
    """Every rule that the rows break, each by itself and all together with those of the same invoice."""
    single = [fault for entry in entries for fault in validation.check_entry(entry, known, route=Route.DXSO)]
    return single or [
        fault
        for _, rows in groupby(entries, key=lambda entry: _is_credit_note(entry, known))
        for fault in _together(list(rows), known)
    ]


def _together(rows: Sequence[Entry], known: Books) -> list[DataFault]:
    return rules.check_invoice(rows, known, month=rows[0].document_date)


def _is_credit_note(entry: Entry, known: Books) -> bool:
    """A correction has the credit note for the earlier invoice beside the new one: two invoices."""
    return ledger.signed_amount(entry, known) < 0


def load(batch: Batch) -> list[PlannedInvoice]:
    """The stored plan; empty for a batch that was not written."""
    if batch.is_given:
        return _given_plan(_package(batch))
    content = Batch.objects.values_list("content", flat=True).get(pk=batch.pk)
    return [
        PlannedInvoice(
            guid=UUID(planned["guid"]),
            bookings=tuple(planned["bookings"]),
            ledger_file=planned["ledger_file"],
            images=tuple(PlannedImage(pk, name) for pk, name in planned["images"]),
        )
        for planned in json.loads(bytes(content or b"[]"))
    ]


def _package(batch: Batch) -> packages.Package:
    """The stored package from elsewhere; a ledger file alone goes under a name of ours."""
    content = Batch.objects.values_list("content", flat=True).get(pk=batch.pk)
    return packages.read(bytes(content or b""), names.ledger_file_name(batch.pk, batch.revision, 1))


def _given_plan(package: packages.Package) -> list[PlannedInvoice]:
    plan: list[PlannedInvoice] = []
    first = 1
    for one in package.documents:
        count = len(reader.read(package.files[one.ledger_file]).rows)
        plan.append(
            PlannedInvoice(
                guid=one.guid,
                bookings=(),
                ledger_file=one.ledger_file,
                images=tuple(PlannedImage(0, name) for name in one.images),
                rows=tuple(range(first, first + count)),
            )
        )
        first += count
    return plan


def blamed(
    plan: Sequence[PlannedInvoice], lines: Iterable[tuple[str, str]]
) -> tuple[list[PlannedInvoice], bool]:
    """The invoices that DATEV's errors (file name, context) name, and whether every error names one."""
    named: list[PlannedInvoice] = []
    is_complete = True
    for filename, context in lines:
        found = [invoice for invoice in plan if invoice.is_named_by(filename, context)]
        is_complete = is_complete and bool(found)
        named += [invoice for invoice in found if invoice not in named]
    return named, is_complete


def files(batch: Batch, account_length: int | None, folder_names: Sequence[str]) -> list[BatchFile]:
    """The files of the batch's present attempt, not stored yet; document.xml is the last one.

    Raises ConfigurationError if the job does not fit the client, RejectedError with all faults for bad XML.
    """
    known = books(batch.client)
    _check_job(batch, account_length, folder_names)
    if batch.is_given:
        return _given_files(batch, folder_names)
    plan = load(batch)
    placed = Booking.objects.in_bulk([pk for invoice in plan for pk in invoice.bookings])
    head = _archive(batch, plan, folder_names[0])
    faults = rules.check_archive(head)
    made: list[BatchFile] = []
    for invoice in plan:
        entries = [placed[pk].sent_entry for pk in invoice.bookings]
        made.append(_xml(batch, invoice.ledger_file, ledger.render(entries, known, sender=batch.label)))
        made += [_image(batch, image) for image in invoice.images]
    made.append(_xml(batch, archive.FILE_NAME, archive.render(head)))
    faults += _schema_faults(made)
    if faults:
        raise RejectedError(
            say(
                "Our checks refuse this transfer; DATEV has taken nothing of it. Correct what is listed here."
            ),
            faults=faults,
        )
    return _numbered(made)


def _numbered(made: list[BatchFile]) -> list[BatchFile]:
    for position, file in enumerate(made, start=1):
        file.position = position
    return made


def _given_files(batch: Batch, folder_names: Sequence[str]) -> list[BatchFile]:
    """The files of a package from elsewhere as they are; a ledger file alone gets a document.xml of ours."""
    package = _package(batch)
    given.check_folder(package, folder_names)
    ledgers = {one.ledger_file for one in package.documents}
    made = [
        _xml(batch, name, content, XML if name in ledgers else media_type_to_send(name, ""))
        for name, content in package.files.items()
    ]
    head = package.head or archive.render(_archive(batch, _given_plan(package), folder_names[0]))
    return _numbered([*made, _xml(batch, archive.FILE_NAME, head)])


def _invoices(batch: Batch, known: Books) -> Iterator[list[Booking]]:
    found = Booking.objects.filter(batch=batch, verdict=BookingVerdict.FOLLOWS).order_by("pk")
    return invoices_of(found, known)


def invoices_of(bookings: Iterable[Booking], known: Books) -> Iterator[list[Booking]]:
    """The rows of one origin and revision are one invoice, its credit notes another."""
    same = groupby(bookings, key=lambda b: (b.origin, b.revision, _is_credit_note(b.sent_entry, known)))
    for _, rows in same:
        yield list(rows)


def _images(entries: Sequence[Entry]) -> tuple[list[Document], list[DataFault]]:
    """The documents that the rows link, each once, without their contents; and what is missing of them."""
    guids = list(dict.fromkeys(guid for entry in entries for guid in entry.documents))
    found = {document.guid: document for document in Document.objects.filter(guid__in=guids).defer("content")}
    kept = set(Document.objects.filter(guid__in=guids, content__isnull=False).values_list("guid", flat=True))
    faults = [
        DataFault(
            "Attachment",
            found[guid].filename if guid in found else str(guid),
            say("The content of the attachment is not here any more."),
            say("Replay the record, so that the attachment is read again."),
        )
        for guid in guids
        if guid not in kept
    ]
    return [found[guid] for guid in guids if guid in found], faults


def _image_name(batch: Batch, document: Document) -> str:
    # Source: DATEV accounting:dxso-jobs 2.1.7: refused documents go under new names (read 2026-11).
    return document.filename if batch.revision == 1 else f"R{batch.revision} {document.filename}"


def _check_job(batch: Batch, account_length: int | None, folder_names: Sequence[str]) -> None:
    client = batch.client
    if account_length not in (None, client.account_length):
        raise ConfigurationError(
            say(
                "DATEV keeps accounts with %(theirs)s digits for %(client)s, %(ours)s are set here. Correct "
                "the account length and the tables of accounts, then try again.",
                theirs=account_length,
                ours=client.account_length,
                client=client,
            )
        )
    if not folder_names:
        raise ConfigurationError(
            say(
                "DATEV names no ledger folder for %(client)s. Ask the tax adviser to set up the ledgers in "
                "Belege online (processing form 'Erweitert'), then try again.",
                client=client,
            )
        )


def _archive(batch: Batch, plan: Sequence[PlannedInvoice], folder: str) -> archive.Archive:
    if batch.closed_at is None:
        raise RejectedError(say("The batch is not closed yet."))
    return archive.Archive(
        consultant_number=batch.client.consultant_number,
        client_number=batch.client.client_number,
        direction=Direction(batch.direction),
        month=batch.month,
        folder=folder,
        created_at=batch.closed_at,
        vouchers=tuple(
            archive.Voucher(
                invoice.ledger_file, tuple(image.filename for image in invoice.images), guid=invoice.guid
            )
            for invoice in plan
        ),
    )


def _xml(batch: Batch, filename: str, content: bytes, media_type: str = XML) -> BatchFile:
    return BatchFile(
        batch=batch,
        attempt=batch.attempt,
        filename=filename,
        media_type=media_type,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _image(batch: Batch, image: PlannedImage) -> BatchFile:
    kept = Document.objects.defer("content").get(pk=image.document_id)
    return BatchFile(
        batch=batch,
        attempt=batch.attempt,
        filename=image.filename,
        document=kept,
        media_type=kept.media_type,
        sha256=kept.sha256,
    )


def _schema_faults(made: Sequence[BatchFile]) -> list[DataFault]:
    """What DATEV's schema files find, where they are at hand; our own rules cover the same."""
    if not settings.DATEV_XSD_DIR:
        return []
    return [
        fault
        for file in made
        if file.content is not None
        for fault in schema.validate(bytes(file.content), settings.DATEV_XSD_DIR)
    ]
