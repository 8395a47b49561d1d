"""A bill or purchase order becomes one task, is followed there, and comes to its end."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable

from django.utils import translation

from connections.messages import Message, say
from connections.vendors.acumatica.api import Document
from connections.vendors.acumatica.api import File as DocumentFile
from pairs.base import Outcome, done, dormant
from pairs.definitions.acumatica_asana import basis
from pairs.definitions.acumatica_asana.items import facts_of, item_of
from pairs.definitions.acumatica_asana.kinds import Kind
from pairs.definitions.acumatica_asana.polling import version_of
from pairs.engine import Context
from pairs.models import Link
from pairs.work_items import Closing, File, attach, close, ensure, of_document, reopen, rules_of
from pairs.work_items.links import store

WATCHED_BY = "approvals"
DELETED = "deleted"


def handle_of(kind: Kind) -> Callable[[Context], Outcome]:
    def handle(context: Context) -> Outcome:
        document = _read(context, kind)
        link = of_document(context)
        if document is None:
            return _deleted(context, link)
        if link is None and (document.status in kind.ended or not kind.may_enter(context, document)):
            return dormant(
                say(
                    "The document does not fit the filters of the integration (status: %(status)s).",
                    status=document.status,
                ),
                version=version_of(document),
            )
        with translation.override(context.integration.language):
            return _followed(context, kind, document)

    return handle


def _read(context: Context, kind: Kind) -> Document | None:
    """As the list has shown it a moment ago, or read anew: with its files where they are wanted."""
    snapshot = context.fresh_snapshot()
    if snapshot is not None and not context.setting("with_files"):
        listed = Document.from_json(snapshot)
        if listed.lines is not None or context.setting("lines_as") == "none":
            return listed
    found: Document | None = context.source.document(kind.entity, context.record.source_ref)
    return found


def _followed(context: Context, kind: Kind, document: Document) -> Outcome:
    ensured = ensure(context, item_of(context, kind, document), rules_of(context, watched_by=WATCHED_BY))
    version = version_of(document)
    if ensured.what in ("gone", "moved"):
        return done(ensured.message, target_url=ensured.url, version=version)
    if context.setting("with_files"):
        files = [_file(context, one) for one in document.files or ()]
        attach(context, ensured.gid, files, watched_by=WATCHED_BY)
    basis.shown(context, ensured, facts_of(document))
    message = _end(context, kind, document) or ensured.message
    return done(message, target_url=ensured.url, version=version)


def _file(context: Context, file: DocumentFile) -> File:
    return File(
        file.id,
        file.name,
        mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        lambda: bytes(context.source.download(file).content),
    )


# --- the end ------------------------------------------------------------------------------------------------


def _end(context: Context, kind: Kind, document: Document) -> Message | None:
    """Mark or complete the task of a document that has come to its end; open it again if it goes on."""
    link = of_document(context)
    if link is None:
        return None
    number = int(link.content.get("ends", 0))
    if document.status in kind.ended:
        if link.content.get("ended"):
            return None
        message = say("The document is '%(status)s' in Acumatica.", status=document.status)
        _close(context, link, f"ended {number}", message)
        return message
    if link.content.get("ended"):
        message = say(
            "The document is '%(status)s' in Acumatica again, so a decision is asked for anew.",
            status=document.status,
        )
        reopen(context, link.target_ref, f"returned {number}", message, watched_by=WATCHED_BY)
        store(link, ended=False, ends=number + 1, basis=link.content.get("shown"))
        return message
    return None


def _close(context: Context, link: Link, token: str, message: Message) -> None:
    section = str(context.setting("finished_section") or "")
    is_at_home = (link.content.get("place") or [""])[0] == context.setting("project")
    closing = Closing(
        token,
        comment=message,
        complete=context.setting("when_finished") == "complete",
        section=section if is_at_home else "",
    )
    close(context, closing, watched_by=WATCHED_BY)
    store(link, ended=True)


def _deleted(context: Context, link: Link | None) -> Outcome:
    if link is None:
        return dormant(say("The document was deleted in Acumatica; it has no task."))
    message = say("The document was deleted in Acumatica.")
    if not link.content.get("ended"):
        _close(context, link, DELETED, message)
    return done(message, target_url=link.target_url)
