"""Voucher images on their way to Belege online: each under its own GUID, once, for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from bookings.einvoice import reading
from bookings.einvoice.invoice import EInvoice
from bookings.entry import Direction, Route
from bookings.models import Booking, DatevClient, Document, DocumentState
from bookings.reading import read_client
from connections import audit, clock
from connections.effects import Effects
from connections.errors import ConfigurationError, RejectedError, TransientError
from connections.messages import DataFault, Message, faults_from_json, faults_to_json, say
from connections.vendors.datev.errors import ALREADY_THERE, SAME_CONTENT
from connections.vendors.datev.filenames import file_faults, media_type_to_send, safe_filename

__all__ = [
    "einvoice_of",
    "faults_of",
    "is_brought",
    "keep",
    "missing",
    "needs_new_guid",
    "note_einvoice",
    "plan",
    "read_client",
    "renew",
    "upload",
]

# Source: DATEV accounting:documents 2.1.12, document type categories (read 2026-11). Names differ per client.
CATEGORIES = {Direction.INCOMING: "invoices_received", Direction.OUTGOING: "outgoing_invoices"}
# How the content of a file begins, by media type; what is not listed is believed by its extension.
XML = "application/xml"
BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"<?xml", XML),
)
RECOGNISED = frozenset(media_type for _, media_type in BEGINNINGS)
FOREIGN = say(
    "DATEV already has a document under the id %(guid)s of '%(name)s', which was never sent from "
    "here. Look it up in Belege online; if it is another document, give this one a new id."
)
# PDF readers find the mark within the first kilobyte.
PDF_MARK_WITHIN = 1024


def plan(
    origin: str,
    source_ref: str,
    client: DatevClient,
    filename: str,
    *,
    direction: Direction = Direction.INCOMING,
    document_type: str = "",
) -> Document:
    """The document for this attachment of `origin`, its GUID stored; made if there is none yet.

    `document_type` is a name of the client's list; empty = the first of the category of `direction`.
    """
    details = {
        "client": client,
        "filename": safe_filename(filename),
        "direction": direction,
        "document_type": document_type,
    }
    document, _ = Document.objects.get_or_create(origin=origin, source_ref=source_ref, defaults=details)
    if document.client_id != client.pk:
        # Booked for another client by now, in whose DATEV the first one's document can't be linked.
        document, _ = Document.objects.get_or_create(
            origin=origin, source_ref=f"{source_ref}@{client.ref}", defaults=details
        )
    return document


def needs_new_guid(document: Document) -> bool:
    """Whether DATEV refused it because its GUID belongs to a document that was never sent from here."""
    return (
        document.state == DocumentState.REFUSED and (document.reason or {}).get("pattern") == FOREIGN.pattern
    )


def is_brought(document: Document, route: Route) -> bool:
    """Whether nothing has to be done for it any more: it is at DATEV, or kept for the DXSO job."""
    if route == Route.DXSO:
        return document.content is not None
    return document.state in (DocumentState.UPLOADED, DocumentState.DUPLICATE)


def note_einvoice(document: Document, content: bytes) -> None:
    """Keep what an e-invoice in this file says, so that the file need not be read for it again."""
    noted: dict[str, Any]
    try:
        found = reading.read(content)
        noted = {} if found is None else {"invoice": found.to_json()}
    except RejectedError as error:
        noted = {"faults": faults_to_json(error.faults)}
    Document.objects.filter(pk=document.pk).update(einvoice=noted)
    document.einvoice = noted


def einvoice_of(document: Document) -> tuple[EInvoice | None, list[DataFault]]:
    """The e-invoice that was found in this file, or why it can't be read; neither if it is none."""
    noted = document.einvoice or {}
    invoice = EInvoice.from_json(noted["invoice"]) if "invoice" in noted else None
    return invoice, faults_from_json(noted.get("faults", ()))


def missing(origin: str) -> list[str]:
    """Names of the documents that bookings of `origin` link, but which are not in DATEV."""
    linked = {
        guid for booking in Booking.objects.filter(origin=origin) for guid in booking.sent_entry.documents
    }
    lost = Document.objects.filter(guid__in=linked).exclude(state=DocumentState.UPLOADED)
    return list(lost.order_by("pk").values_list("filename", flat=True))


def faults_of(filename: str, content: bytes, client: DatevClient) -> list[DataFault]:
    """Everything for which DATEV would refuse this file; [] = it may be uploaded."""
    recognised = _recognised(content)
    faults = file_faults(filename, len(content), recognised, allowed=client.file_extensions)
    promised = media_type_to_send(filename, "")
    if content and not recognised and promised in RECOGNISED and promised != XML:
        faults.append(
            DataFault(
                "Attachment",
                filename,
                say("The content of the file is not what its name promises (%(type)s).", type=promised),
                say("The file may be damaged: open it, save it again, and attach it anew."),
            )
        )
    return faults


def keep(document: Document, content: bytes) -> Document:
    """Check the file and keep its content for the DXSO job in which it will travel."""
    _check(document, content)
    Document.objects.filter(pk=document.pk).update(content=content, state=DocumentState.PLANNED, reason=None)
    document.refresh_from_db()
    return document


def upload(document: Document, content: bytes, datev: Any, effects: Effects, *, note: str = "") -> Document:
    """The document after its upload: in DATEV, or there already under another id (DUPLICATE).

    Raises RejectedError for what we or DATEV refuse, with the code DCO01012 if its GUID is already used there
    although we never sent it; ConfigurationError for a document type that the client does not have.
    """
    if document.state in (DocumentState.UPLOADED, DocumentState.DUPLICATE):
        return document
    _check(document, content)
    document_type = resolved_type(document)
    try:
        result = effects.once(
            f"put_document:{document.guid}",
            lambda: _put(document, content, datev, document_type, note),
            is_repeatable=True,
            content=content,
        )
    except RejectedError as error:
        _refused(document, error.message)
        raise
    _arrived(document, result, document_type)
    return document


def resolved_type(document: Document) -> str:
    """The name of the document type to send; "" = DATEV has none that fits, uploaded without one.

    Raises ConfigurationError for a type that the client does not have (any more).
    """
    types: list[Mapping[str, str]] = document.client.document_types
    names = [known["name"] for known in types]
    if document.document_type:
        if names and document.document_type not in names:
            raise ConfigurationError(
                say(
                    "DATEV has no document type '%(type)s' for %(client)s. Choose one of: %(types)s.",
                    type=document.document_type,
                    client=document.client,
                    types=", ".join(names),
                )
            )
        return document.document_type
    category = CATEGORIES[Direction(document.direction)]
    return next((known["name"] for known in types if known.get("category") == category), "")


def renew(document: Document, by: str) -> Document:
    """Give a document a new GUID, after a person has seen that its old one belongs to another file."""
    changed = Document.objects.filter(pk=document.pk, state=DocumentState.REFUSED).update(
        guid=Document._meta.get_field("guid").get_default(), sends=0, state=DocumentState.PLANNED, reason=None
    )
    if changed:
        audit.record(
            "document.renewed",
            document.owner,
            say("The document gets a new id."),
            actor=by,
            old=document.guid,
        )
    document.refresh_from_db()
    return document


def _check(document: Document, content: bytes) -> None:
    """Refuse what DATEV would refuse; note size, checksum and media type of what will be sent."""
    faults = faults_of(document.filename, content, document.client)
    if faults:
        message = say(
            "The attachment can't be uploaded to DATEV: %(faults)s", faults="; ".join(map(str, faults))
        )
        _refused(document, message)
        raise RejectedError(message, faults=faults)
    sha256 = hashlib.sha256(content).hexdigest()
    if document.sends and document.sha256 != sha256:
        raise RejectedError(
            say(
                "The attachment '%(name)s' has another content than when it was first sent to DATEV. "
                "Attach the new version as a file of its own.",
                name=document.filename,
            )
        )
    document.sha256, document.size_bytes = sha256, len(content)
    document.media_type = media_type_to_send(document.filename, _recognised(content))
    document.save(update_fields=("sha256", "size_bytes", "media_type"))


def _recognised(content: bytes) -> str:
    """The media type that the content shows; "" if its beginning says nothing."""
    beginning = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, media_type in BEGINNINGS:
        if beginning.startswith(mark):
            return media_type
    return "application/pdf" if b"%PDF-" in content[:PDF_MARK_WITHIN] else ""


def _put(document: Document, content: bytes, datev: Any, document_type: str, note: str) -> dict[str, Any]:
    """One PUT under the stored GUID. Our own GUID already there = an earlier try has arrived."""
    was_sent = Document.objects.values_list("sends", flat=True).get(pk=document.pk) > 0
    Document.objects.filter(pk=document.pk).update(sends=F("sends") + 1)
    try:
        datev.put_document(
            document.client.ref,
            document.guid,
            filename=document.filename,
            content=content,
            media_type=document.media_type,
            document_type=document_type,
            note=note,
        )
    except TransientError:
        # Proof that nothing was sent: this try does not count.
        Document.objects.filter(pk=document.pk).update(sends=F("sends") - 1)
        raise
    except RejectedError as error:
        if error.code == SAME_CONTENT:
            return {"state": DocumentState.DUPLICATE.value, "message": error.message.to_json()}
        if error.code == ALREADY_THERE and was_sent:
            return {"state": DocumentState.UPLOADED.value, "was_there": True}
        if error.code == ALREADY_THERE:
            raise _foreign(document, error) from error
        raise
    return {"state": DocumentState.UPLOADED.value}


def _foreign(document: Document, error: RejectedError) -> RejectedError:
    return RejectedError(
        Message(FOREIGN.pattern, {"guid": str(document.guid), "name": document.filename}),
        vendor="datev",
        status=error.status,
        code=error.code,
        help_url=error.help_url,
        request_id=error.request_id,
    )


def _refused(document: Document, message: Message) -> None:
    Document.objects.filter(pk=document.pk).update(state=DocumentState.REFUSED, reason=message.to_json())
    document.refresh_from_db()


def _arrived(document: Document, result: Mapping[str, Any], document_type: str) -> None:
    with transaction.atomic():
        Document.objects.filter(pk=document.pk).update(
            state=result["state"],
            reason=result.get("message"),
            document_type=document_type,
            uploaded_at=clock.now(),
            content=None,
        )
        document.refresh_from_db()
        audit.record(
            f"document.{document.state}",
            document.origin,
            say("'%(name)s' is in DATEV.", name=document.filename)
            if document.state == DocumentState.UPLOADED
            else Message.from_json(result["message"]),
            guid=document.guid,
            sha256=document.sha256,
        )
