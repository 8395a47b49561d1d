"""Files of a task: listed, fetched from Asana's storage without the token, and uploaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata

from connections import clock
from connections.answers import Downloaded
from connections.errors import ConnectorError, RejectedError, TransientError
from connections.media_types import media_type_of
from connections.messages import say
from connections.vendors.asana.client import Client, path

ATTACHMENT_FIELDS = "name,resource_subtype,host,size,created_at,download_url,view_url,permanent_url"
# Source: Asana "Upload an attachment", OpenAPI file of 2026-06 (read 2026-11).
MAX_BYTES = 100 * 1024 * 1024
# A download address is valid for about two minutes from the moment of reading it; half of that is for
# the way and for clocks that differ. Source: `download_url` in the OpenAPI file of 2026-06 (read 2026-11).
FRESH_FOR = timedelta(minutes=1)
PLAIN_NAME = re.compile(r"[ !#-$&'()+,.0-9;=@A-Z\[\]^_`a-z{}~-]+")
# What the storage may answer when the address has ended; which one depends on the storage.
ENDED = (400, 401, 403, 404, 410)


@dataclass(frozen=True)
class Attachment:
    """A file at a task. Only one with host "asana" lies at Asana; the others are links to elsewhere.

    `download_url` is fresh for a minute after `read_at`; `size` is None where Asana does not tell it.
    """

    gid: str
    name: str
    host: str
    size: int | None
    download_url: str
    view_url: str
    created_at: str
    read_at: datetime

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Attachment:
        return cls(
            gid=raw["gid"],
            name=raw.get("name") or "",
            host=raw.get("host") or raw.get("resource_subtype") or "",
            size=raw["size"] if isinstance(raw.get("size"), int) else None,
            download_url=raw.get("download_url") or "",
            view_url=raw.get("view_url") or "",
            created_at=raw.get("created_at") or "",
            read_at=clock.now(),
        )

    @property
    def is_at_asana(self) -> bool:
        return self.host == "asana"

    @property
    def is_fresh(self) -> bool:
        return bool(self.download_url) and clock.now() - self.read_at < FRESH_FOR


def listed(client: Client, parent: str) -> list[Attachment]:
    """All files of a task, pictures inside its description included."""
    found = client.everything("/attachments", parent=parent, opt_fields=ATTACHMENT_FIELDS)
    return [Attachment.from_json(raw) for raw in found]


def read(client: Client, gid: str) -> Attachment:
    return Attachment.from_json(client.get(path("attachments", gid), opt_fields=ATTACHMENT_FIELDS))


def download(client: Client, attachment: Attachment, max_bytes: int = MAX_BYTES) -> Downloaded:
    """The file, its `media_type` told from its content ("application/octet-stream" if unknown).

    Raises RejectedError for a file that is not at Asana or larger than `max_bytes`.
    """
    _refuse_elsewhere(attachment)
    if attachment.size is not None and attachment.size > max_bytes:
        raise _too_large(attachment.name, attachment.size, max_bytes)
    given = attachment if attachment.is_fresh else _read_again(client, attachment)
    try:
        file = client.transport.download(given.download_url, max_bytes=max_bytes)
    except ConnectorError as error:
        if error.status not in ENDED:
            raise
        given = _read_again(client, attachment)
        file = client.transport.download(given.download_url, max_bytes=max_bytes)
    if given.size is not None and file.size != given.size:
        raise TransientError(
            say(
                "Of the file '%(file)s' %(received)s of %(size)s bytes arrived from Asana. It is fetched "
                "again.",
                file=given.name,
                received=file.size,
                size=given.size,
            ),
            vendor="asana",
        )
    return replace(file, media_type=media_type_of(file.content))


def upload(client: Client, task: str, filename: str, content: bytes, media_type: str) -> Attachment:
    """Attach a file. A lost answer raises OutcomeUnknownError: look for name and size before a second try."""
    if len(content) > MAX_BYTES:
        raise _too_large(filename, len(content), MAX_BYTES)
    body, content_type = multipart(task, filename, content, media_type)
    answer = client.call(
        "POST",
        "/attachments",
        is_write=True,
        params={"opt_fields": ATTACHMENT_FIELDS},
        data=body,
        headers={"Content-Type": content_type},
    )
    return Attachment.from_json(client.data_of(answer, is_write=True))


def multipart(parent: str, filename: str, content: bytes, media_type: str) -> tuple[bytes, str]:
    """Body and content type of an upload.

    Umlauts are percent-encoded in both forms of the name, as Asana's documentation asks; the libraries'
    own way garbles them there.
    """
    file = RequestField(
        "file",
        content,
        headers={
            "Content-Disposition": f'form-data; name="file"; {_filename(filename)}',
            "Content-Type": media_type,
        },
    )
    target = RequestField("parent", parent, headers={"Content-Disposition": 'form-data; name="parent"'})
    return encode_multipart_formdata([target, file])


def _filename(name: str) -> str:
    if PLAIN_NAME.fullmatch(name):
        return f'filename="{name}"'
    encoded = quote(name, safe="")
    return f"filename=\"{encoded}\"; filename*=UTF-8''{encoded}"


def _refuse_elsewhere(attachment: Attachment) -> None:
    if not attachment.is_at_asana:
        raise RejectedError(
            say(
                "The file '%(file)s' is only a link to %(host)s, the file itself is not at Asana. Download "
                "it there and attach it to the task in Asana as a file.",
                file=attachment.name,
                host=attachment.host or "?",
            ),
            code="not_at_asana",
        )


def _read_again(client: Client, attachment: Attachment) -> Attachment:
    found = read(client, attachment.gid)
    _refuse_elsewhere(found)
    if not found.download_url:
        raise RejectedError(
            say(
                "Asana gives no address to download the file '%(file)s'. Attach it to the task again.",
                file=attachment.name,
            ),
            vendor="asana",
            code="no_download",
        )
    return found


def _too_large(name: str, size: int, limit: int) -> RejectedError:
    return RejectedError(
        say(
            "The file '%(file)s' has %(size)s bytes, more than the limit of %(limit)s bytes.",
            file=name,
            size=size,
            limit=limit,
        ),
        code="too_large",
    )
