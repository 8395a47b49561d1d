"""File names and media types as DATEV wants them; pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from django.utils.translation import gettext_noop

from connections.messages import DataFault, Message, say

# Source: DATEV accounting:documents 2.1.12 and accounting:dxso-jobs 2.1.7, "white list for signs" (read
# 2026-11): space & ( ) + - . _ digits, ASCII letters, Latin-1 letters without the signs for times and divide.
NOT_ALLOWED = re.compile(r"[^ &()+\-._0-9A-Za-zÀ-ÖØ-öø-ÿ]")
MAX_NAME = 255
EXTENSION = re.compile(r"[^.]\.([0-9A-Za-z]{1,10})\Z")
# The smaller reading of "20MB". Source: DCO01016 and DCO01216 (read 2026-11).
MAX_FILE_BYTES = 20_000_000

# The first media type of an extension is the one that is sent. DATEV compares both (DCO01219).
MEDIA_TYPES: dict[str, tuple[str, ...]] = {
    "pdf": ("application/pdf", "application/x-pdf"),
    "png": ("image/png",),
    "jpg": ("image/jpeg", "image/jpg", "image/pjpeg"),
    "jpeg": ("image/jpeg", "image/jpg", "image/pjpeg"),
    "gif": ("image/gif",),
    "tif": ("image/tiff",),
    "tiff": ("image/tiff",),
    "bmp": ("image/bmp", "image/x-ms-bmp"),
    "xml": ("application/xml", "text/xml"),
    "csv": ("text/csv", "text/plain", "application/vnd.ms-excel"),
    "txt": ("text/plain",),
    "rtf": ("application/rtf", "text/rtf"),
    "msg": ("application/vnd.ms-outlook",),
    "eml": ("message/rfc822",),
    "doc": ("application/msword",),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    "xls": ("application/vnd.ms-excel",),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    "ppt": ("application/vnd.ms-powerpoint",),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation",),
    "odt": ("application/vnd.oasis.opendocument.text",),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet",),
}
ATTACHMENT = gettext_noop("Attachment")
# What a sender says who does not know the type.
UNDECIDED = ("", "application/octet-stream", "binary/octet-stream", "application/force-download")


def extension(filename: str) -> str:
    """The extension in lower case without the dot; "" if there is none."""
    found = EXTENSION.search(filename)
    return found[1].lower() if found else ""


def safe_filename(name: str) -> str:
    """`name` as DATEV would store it: NFC, only allowed characters, at most 255, its extension kept.

    What is not allowed becomes "_", as on DATEV's side; the same name always gives the same result.
    """
    clean = NOT_ALLOWED.sub("_", unicodedata.normalize("NFC", name)).strip()
    if len(clean) > MAX_NAME:
        ending = f".{extension(clean)}" if extension(clean) else ""
        clean = clean[: MAX_NAME - len(ending)].strip() + clean[len(clean) - len(ending) :]
    return clean or "_"


def media_type_to_send(filename: str, media_type: str) -> str:
    """The media type that fits the extension, or `media_type` itself if the extension is not known here."""
    known = MEDIA_TYPES.get(extension(filename), ())
    return known[0] if known else bare(media_type)


def bare(media_type: str) -> str:
    """The media type without its parameters (charset)."""
    return media_type.partition(";")[0].strip().lower()


def file_faults(
    filename: str, size: int, media_type: str = "", *, allowed: Collection[str] = ()
) -> list[DataFault]:
    """Everything for which DATEV would refuse this file; [] means that it may be sent.

    `allowed` are the client's file extensions as `duo_version` tells them, empty if not known.
    """
    faults: list[DataFault] = []

    def add(value: str, rule: Message, remedy: Message) -> None:
        faults.append(DataFault(ATTACHMENT, value, rule, remedy))

    ending = extension(filename)
    offered = {item.lower().lstrip(".") for item in allowed}
    if not ending:
        add(filename, say("The file name has no extension."), say("Rename the file, for example to .pdf."))
    elif ending == "zip":
        # Source: DATEV accounting:documents 2.1.12: "Exception: ZIP files are not supported".
        add(filename, say("DATEV never accepts ZIP files."), say("Attach the files one by one."))
    elif offered and ending not in offered:
        add(
            filename,
            say(
                "DATEV accepts only these file types for this client: %(types)s.",
                types=", ".join(sorted(offered)),
            ),
            say("Attach the document in one of these formats, for example as PDF."),
        )
    if contradicts(filename, media_type):
        add(
            filename,
            say(
                "The file is named .%(extension)s, but its content is declared as %(type)s.",
                extension=ending,
                type=bare(media_type),
            ),
            say("Save the file again under the right extension and attach it anew."),
        )
    if size == 0:
        add(filename, say("The file is empty."), say("Attach the file again."))
    if size > MAX_FILE_BYTES:
        add(
            filename,
            say("The file has %(size)s MB; DATEV accepts at most 20 MB.", size=megabytes(size)),
            say("Attach a smaller version of the document."),
        )
    return faults


def contradicts(filename: str, media_type: str) -> bool:
    """Whether the declared media type is known not to fit the extension."""
    known = MEDIA_TYPES.get(extension(filename), ())
    declared = bare(media_type)
    return bool(known) and declared not in UNDECIDED and declared not in known


def megabytes(size: int) -> str:
    """Bytes as megabytes with one decimal, rounded up: never shown as the limit itself."""
    tenths = -(-size // 100_000)
    return f"{tenths // 10}.{tenths % 10}"
