"""The files of an invoice on their way to DATEV: those at its notes, or a PDF made from a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatch
from uuid import UUID

from bookings import documents
from bookings.entry import Direction
from bookings.models import DatevClient, Document, DocumentState
from connections.errors import RejectedError
from connections.messages import DataFault, Message, say
from connections.vendors.dynamics.api import Bundle, File, Note
from pairs import corrections
from pairs.definitions.dynamics_datev import source
from pairs.engine import Context, FlowContext

# Notes leave no trace at the invoice, so an invoice that waits for one is looked at this often.
LOOK_EVERY = timedelta(hours=1)


class Outdated(Exception):
    """The invoice is not what it was when it was decided upon; `bundle` is what it is now (None: gone)."""

    def __init__(self, bundle: Bundle | None) -> None:
        super().__init__("the invoice has changed")
        self.bundle = bundle


@dataclass(frozen=True)
class Chosen:
    """The notes whose files go to DATEV, or a template; `waits_until`: no file yet, and it is waited for."""

    notes: tuple[Note, ...] = ()
    template: str = ""
    faults: tuple[DataFault, ...] = ()
    waits_until: datetime | None = None


@dataclass(frozen=True)
class Uploaded:
    """The GUIDs that the bookings link, and what a person should know about them."""

    guids: tuple[UUID, ...] = ()
    warning: Message | None = None


def choose(context: Context, bundle: Bundle) -> Chosen:
    """The files by the integration's rules. Makes no call."""
    fitting = _fitting(context, bundle.notes)
    rule = context.setting("note_choice")
    if len(fitting) > 1 and rule == "refuse":
        return Chosen(faults=(_several(fitting),))
    if fitting:
        return Chosen(notes=fitting if rule == "all" else fitting[:1])
    if template := str(context.setting("pdf_template")):
        return Chosen(template=template)
    if context.setting("file_rule") == "optional":
        return Chosen()
    until = _waits_until(context, bundle)
    if until is not None and context.now < until:
        return Chosen(waits_until=min(until, context.now + LOOK_EVERY))
    return Chosen(faults=(_missing(),))


def _fitting(context: FlowContext, notes: Iterable[Note]) -> tuple[Note, ...]:
    """Newest first, as Dynamics lists them."""
    patterns = [
        part.strip().lower() for part in str(context.setting("note_files")).split(",") if part.strip()
    ]
    return tuple(note for note in notes if any(fnmatch(note.filename.lower(), one) for one in patterns))


def _waits_until(context: Context, bundle: Bundle) -> datetime | None:
    if context.setting("file_rule") != "wait":
        return None
    since = source.last_changed(bundle.invoice) or context.record.entered_at
    return since + timedelta(days=int(context.setting("file_wait_days")))


def _several(notes: Sequence[Note]) -> DataFault:
    return DataFault(
        "Attachment",
        ", ".join(note.filename for note in notes),
        say("Several files are at the invoice, and which one is the document is not decided."),
        say("Remove all but one in Dynamics and try the record again, or choose another rule."),
    )


def _missing() -> DataFault:
    return DataFault(
        "Attachment",
        "",
        say("No file is at the invoice, and one is required."),
        say("Attach the PDF or the e-invoice as a note in Dynamics, then try the record again."),
    )


def upload(
    context: Context, client: DatevClient, bundle: Bundle, chosen: Chosen, contents: Mapping[str, bytes]
) -> Uploaded:
    """Bring each file to DATEV, once, for ever; `contents` are those that were fetched already.

    Raises Outdated if the invoice has changed meanwhile.
    """
    if chosen.notes or chosen.template:
        documents.read_client(client, context.target, context.now)
    brought = [_note_brought(context, client, bundle, note, contents.get(note.id)) for note in chosen.notes]
    if chosen.template:
        brought.append(_template_brought(context, client, bundle, chosen.template))
    duplicates = [document.filename for document in brought if document.state == DocumentState.DUPLICATE]
    guids = tuple(document.guid for document in brought if document.state != DocumentState.DUPLICATE)
    if not duplicates:
        return Uploaded(guids)
    may_book = context.setting("on_duplicate_document") == "book"
    if not may_book and corrections.decision(context) != "book_without":
        raise RejectedError(
            say(
                "DATEV has this file already under another id: %(names)s. Look whether the invoice is booked "
                "already; if not, choose 'book without the document'.",
                names=", ".join(duplicates),
            ),
            vendor="datev",
            code="DCO01253",
        )
    return Uploaded(
        guids,
        say(
            "On its way to DATEV, but without a link to its document, which DATEV has under another id: "
            "%(names)s.",
            names=", ".join(duplicates),
        ),
    )


def repair(context: Context, client: DatevClient, bundle: Bundle) -> None:
    """Bring documents that a booking already links to DATEV; nothing is booked."""
    upload(context, client, bundle, choose(context, bundle), {})


def _note_brought(
    context: Context, client: DatevClient, bundle: Bundle, note: Note, content: bytes | None
) -> Document:
    document = planned_note(context, client, note)
    if _is_brought(document):
        return document
    return _uploaded(context, document, fetched(context, bundle, note) if content is None else content)


def planned_note(context: Context, client: DatevClient, note: Note) -> Document:
    """The document for the file of this note as it is now."""
    moment = f"{note.modified_at:%Y%m%d%H%M%S}" if note.modified_at else ""
    return _planned(context, client, f"{note.id}@{moment}", note.filename)


def fetched(context: Context, bundle: Bundle, note: Note) -> bytes:
    """The file, with another look at its invoice. Raises Outdated if that is not as in `bundle` any more."""
    fresh = source.read_with_file(context, note)
    if fresh is None or fresh.file is None or _has_changed(context, fresh, bundle):
        raise Outdated(fresh)
    return fresh.file.content


def _has_changed(context: Context, fresh: Bundle, bundle: Bundle) -> bool:
    return source.version_of(context, fresh) != source.version_of(context, bundle)


def _template_brought(context: Context, client: DatevClient, bundle: Bundle, template: str) -> Document:
    """A PDF has other bytes each time it is made: the first one is kept until it has arrived."""
    invoice = bundle.invoice
    content_of_now = source.version_of(context, bundle).partition("|")[2]
    document = _planned(
        context, client, f"{template}@{content_of_now}", f"{invoice.number or invoice.id}.pdf"
    )
    if _is_brought(document):
        return document
    if document.content is None:
        file: File = context.source.pdf_from_template(invoice.id, template, document.filename)
        document = documents.keep(document, file.content)
    return _uploaded(context, document, bytes(document.content or b""))


def _planned(context: Context, client: DatevClient, source_ref: str, filename: str) -> Document:
    return documents.plan(
        context.record.subject,
        source_ref,
        client,
        filename,
        direction=Direction.OUTGOING,
        document_type=str(context.setting("document_type")),
    )


def _is_brought(document: Document) -> bool:
    return document.state in (DocumentState.UPLOADED, DocumentState.DUPLICATE)


def _uploaded(context: Context, document: Document, content: bytes) -> Document:
    return documents.upload(document, content, context.target, context.effects(document.owner))
