"""Files at an invoice: notes with PDF or e-invoice files, and a PDF made from a template."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connections.errors import RejectedError, TransientError
from connections.media_types import media_type_of
from connections.messages import say
from connections.vendors.dynamics.client import Client, key_path
from connections.vendors.dynamics.values import Row, unreadable

# Never with `documentbody`: a list would bring all the files. Source: annotation table reference.
NOTE_COLUMNS = "annotationid,subject,filename,mimetype,filesize,isdocument,modifiedon,_objectid_value"
FILE_COLUMNS = f"{NOTE_COLUMNS},documentbody"
# A note may hold up to 131,072,000 bytes of base64. Up to this size it comes in one answer, which the
# transport reads up to 32 MB; larger ones come in blocks.
ONE_ANSWER_BYTES = 16 * 1024 * 1024
# Source: Dataverse "Use file data with Attachment and Note records" (read 2026-11).
BLOCK_BYTES = 4 * 1024 * 1024
MAX_BYTES = 98_304_000
# So many invoices in one filter: some 3,000 characters of address.
IDS_IN_FILTER = 40
LONGEST_NAME = 120


@dataclass(frozen=True)
class Note:
    """A note with a file. `size` is None where Dataverse does not tell it."""

    id: str
    invoice_id: str
    subject: str
    filename: str
    size: int | None
    modified_at: datetime | None
    version: str
    row: Row = field(repr=False, compare=False)

    @classmethod
    def from_row(cls, row: Row) -> Note:
        regarding = row.lookup("objectid")
        return cls(
            id=row.guid("annotationid"),
            invoice_id=regarding.id if regarding else "",
            subject=row.text("subject").strip(),
            filename=safe_filename(row.text("filename")),
            size=row.whole("filesize"),
            modified_at=row.moment("modifiedon"),
            version=row.version,
            row=row,
        )


@dataclass(frozen=True)
class File:
    """A file as fetched; `media_type` is what its first bytes prove, whatever Dynamics calls it."""

    filename: str
    content: bytes
    media_type: str

    @property
    def is_pdf(self) -> bool:
        return self.media_type == "application/pdf"

    @property
    def is_xml(self) -> bool:
        return self.media_type == "application/xml"


def notes_filter(invoice_ids: Sequence[str]) -> str:
    """Notes with a file at any of the invoices."""
    which = " or ".join(f"_objectid_value eq {invoice_id}" for invoice_id in invoice_ids)
    return f"isdocument eq true and ({which})"


def notes_query(invoice_ids: Sequence[str]) -> dict[str, str]:
    return {"$select": NOTE_COLUMNS, "$filter": notes_filter(invoice_ids), "$orderby": "modifiedon desc"}


def sorted_by_invoice(rows: Iterable[Any]) -> dict[str, tuple[Note, ...]]:
    """The notes of each invoice, newest first."""
    found: dict[str, tuple[Note, ...]] = {}
    for note in (Note.from_row(Row(raw)) for raw in rows):
        found[note.invoice_id] = (*found.get(note.invoice_id, ()), note)
    return found


def comes_in_one_answer(note: Note, max_bytes: int) -> bool:
    return note.size is not None and note.size <= min(max_bytes, ONE_ANSWER_BYTES)


def file_from(row: Row) -> File:
    """The file of a note that was read with `FILE_COLUMNS`."""
    note = Note.from_row(row)
    return _file(note, decoded(row.text("documentbody")))


def download(client: Client, note: Note, max_bytes: int = MAX_BYTES) -> File:
    """The file of a note. Raises RejectedError when it is gone or larger than `max_bytes`."""
    if note.size is not None and note.size > max_bytes:
        raise _too_large(note, max_bytes)
    if note.size is None or comes_in_one_answer(note, max_bytes):
        row = Row(client.get(key_path("annotations", note.id), {"$select": FILE_COLUMNS}))
        file = file_from(row)
    else:
        file = _file(note, _in_blocks(client, note, max_bytes))
    if len(file.content) > max_bytes:
        raise _too_large(note, max_bytes)
    return file


def _in_blocks(client: Client, note: Note, max_bytes: int) -> bytes:
    """A large file, four megabytes at a time."""
    which = {"annotationid": note.id, "@odata.type": "Microsoft.Dynamics.CRM.annotation"}
    begun = Row(client.run("InitializeAnnotationBlocksDownload", {"Target": which}))
    token, size = begun.text("FileContinuationToken"), begun.whole("FileSizeInBytes")
    if not token or size is None:
        raise unreadable()
    if size > max_bytes:
        raise _too_large(note, max_bytes)
    content = b""
    while len(content) < size:
        asked = {"Offset": len(content), "BlockLength": BLOCK_BYTES, "FileContinuationToken": token}
        block = decoded(Row(client.run("DownloadBlock", asked)).text("Data"))
        if not block:
            raise unreadable()
        content += block
    return content


def _file(note: Note, content: bytes) -> File:
    """Raises TransientError when less or more arrived than the note says it holds.

    Whether `filesize` counts the file or its base64 text is not documented: either is taken.
    """
    if note.size not in (None, len(content), 4 * -(-len(content) // 3)):
        raise TransientError(
            say(
                "Of the file '%(file)s' %(received)s of %(size)s bytes arrived from Dynamics. It is fetched "
                "again.",
                file=note.filename,
                received=len(content),
                size=note.size,
            ),
            vendor="dynamics",
        )
    return File(note.filename, content, media_type_of(content))


def decoded(text: str) -> bytes:
    """The bytes of base64 text. Raises TransientError for anything else."""
    try:
        return base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError):
        raise unreadable() from None


def safe_filename(name: str) -> str:
    """A name without folders and control characters, not longer than others take it; its ending stays."""
    bare = re.split(r"[\\/]", name)[-1]
    clean = "".join(sign for sign in bare if sign.isprintable()).strip(" .")
    stem, dot, ending = clean.rpartition(".")
    if dot and len(ending) <= 8:
        return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return clean[:LONGEST_NAME]


def _too_large(note: Note, limit: int) -> RejectedError:
    return RejectedError(
        say(
            "The file '%(file)s' is larger than %(limit)s bytes, the most that may be sent on. Attach a "
            "smaller one in Dynamics.",
            file=note.filename,
            limit=limit,
        ),
        code="too_large",
    )


# --- from a template --------------------------------------------------------------------------------------


def from_template(client: Client, invoice_id: str, template_id: str, type_code: int, filename: str) -> File:
    """A PDF of the invoice, made anew each time: its bytes differ from one made earlier.

    Raises ConfigurationError when the organisation does not make PDFs, RejectedError when it refuses this
    one. Source: SDK message ExportPdfDocument; its JSON form is not documented (2026-11).
    """
    answer = client.run(
        "ExportPdfDocument",
        {
            "EntityTypeCode": type_code,
            "SelectedTemplate": {
                "documenttemplateid": template_id,
                "@odata.type": "Microsoft.Dynamics.CRM.documenttemplate",
            },
            "SelectedRecords": f'["{{{invoice_id.upper()}}}"]',
        },
    )
    content = decoded(Row(answer).text("PdfFile"))
    if media_type_of(content) != "application/pdf":
        raise unreadable()
    return File(safe_filename(filename), content, "application/pdf")
