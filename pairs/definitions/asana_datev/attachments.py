"""The files of a task on their way to DATEV Unternehmen online."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from bookings import documents
from bookings.entry import Direction, Route
from bookings.models import DatevClient, Document, DocumentState
from connections.errors import RejectedError
from connections.messages import DataFault, Message, say
from connections.vendors.asana.api import Attachment, Task
from pairs.engine import Context


@dataclass(frozen=True)
class Uploaded:
    """The GUIDs that the booking links, and what a person should know about them."""

    guids: tuple[UUID, ...]
    warning: Message | None = None


def listed(context: Context, task: Task) -> list[Attachment]:
    """The task's attachments, oldest first; none if the integration does not upload any."""
    if context.setting("attachments") == "none":
        return []
    return list(context.source.attachments(task.gid))


def faults(context: Context, found: Sequence[Attachment]) -> list[DataFault]:
    """Everything about the attachments for which nothing can be booked; makes no call."""
    wrong = [
        DataFault(
            "Attachment",
            attachment.name,
            say(
                "The file is not stored at Asana but at '%(host)s', and can't be read.", host=attachment.host
            ),
            say("Upload the file itself to the task."),
        )
        for attachment in found
        if attachment.host != "asana"
    ]
    if not found and context.setting("attachments") == "required":
        wrong.append(
            DataFault(
                "Attachment",
                "",
                say("At least one attachment is required, and the task has none."),
                say("Attach the invoice to the task; the record then goes on by itself."),
            )
        )
    return wrong


def upload(
    context: Context, client: DatevClient, found: Sequence[Attachment], contents: Mapping[str, bytes]
) -> Uploaded:
    """Bring each file to DATEV, or keep it for the DXSO job that will carry it. Each file once, for ever.

    `contents` are files that were downloaded already, by the GID of the attachment.
    """
    documents.read_client(client, context.target, context.now)
    guids: list[UUID] = []
    duplicates: list[str] = []
    for attachment in found:
        document = _brought(context, client, attachment, contents)
        if document.state == DocumentState.DUPLICATE:
            duplicates.append(document.filename)
        else:
            guids.append(document.guid)
    if duplicates and context.setting("on_duplicate_document") != "book" and not _may_book(context):
        raise RejectedError(
            say(
                "DATEV has this file already under another id: %(names)s. Look whether the invoice is booked "
                "already; if not, choose 'book without the document'.",
                names=", ".join(duplicates),
            ),
            vendor="datev",
            code="DCO01253",
        )
    warning = None
    if duplicates:
        warning = say(
            "On its way to DATEV, but without a link to its document, which DATEV has under another id: "
            "%(names)s.",
            names=", ".join(duplicates),
        )
    return Uploaded(tuple(guids), warning)


def repair(context: Context, client: DatevClient) -> None:
    """Bring documents that a booking already links to DATEV, by the way for documents; nothing is booked."""
    for attachment in listed(context, context.source.task(context.record.source_ref)):
        document = planned(context, client, attachment)
        if document.state not in (DocumentState.UPLOADED, DocumentState.DUPLICATE):
            content = context.source.download(attachment).content
            documents.upload(document, content, context.target, context.effects(document.owner))


def _brought(
    context: Context, client: DatevClient, attachment: Attachment, contents: Mapping[str, bytes]
) -> Document:
    document = planned(context, client, attachment)
    route = Route(context.setting("route"))
    if documents.is_brought(document, route):
        return document
    content = contents.get(attachment.gid) or context.source.download(attachment).content
    if route == Route.DXSO:
        return documents.keep(document, content)
    return documents.upload(document, content, context.target, context.effects(document.owner))


def planned(context: Context, client: DatevClient, attachment: Attachment) -> Document:
    """The document of this file, its GUID stored."""
    return documents.plan(
        context.record.subject,
        attachment.gid,
        client,
        attachment.name,
        direction=Direction(context.setting("direction")),
        document_type=context.setting("document_type"),
    )


def _may_book(context: Context) -> bool:
    return (context.record.instruction or {}).get("decision") == "book_without"
