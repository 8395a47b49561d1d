"""Files of a document: listed with it, fetched with the same sign-in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connections.answers import Downloaded
from connections.errors import ConfigurationError, RejectedError, TransientError
from connections.media_types import media_type_of
from connections.messages import say
from connections.vendors.acumatica import addresses
from connections.vendors.acumatica.errors import NO_ENTITY

if TYPE_CHECKING:
    from connections.vendors.acumatica.client import Client

# More than the transport reads of one answer is refused anyway.
MAX_BYTES = 25 * 1024 * 1024
# Not allowed in names of files anywhere; line breaks and other control characters neither.
FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


@dataclass(frozen=True)
class File:
    """A file at a document. Two may share a `name`; `id` tells them apart.

    Acumatica's own name is "screen title (keys)\\name.pdf".
    """

    id: str
    name: str
    full_name: str
    href: str
    comment: str = ""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> File:
        full_name = _text(raw.get("filename"))
        name = FORBIDDEN.sub("_", full_name.rpartition("\\")[2]).strip(" .")
        return cls(
            id=_text(raw.get("id")).lower(),
            name=name or "file",
            full_name=full_name,
            href=_text(raw.get("href")),
            comment=_text(raw.get("comment")),
        )


def download(client: Client, file: File, max_bytes: int = MAX_BYTES) -> Downloaded:
    """The file, its `media_type` told from its content ("application/octet-stream" if unknown).

    Raises RejectedError when it is gone or larger than `max_bytes`.
    """
    url = addresses.joined(client.connection, file.href)
    try:
        # The kind must be asked for: as JSON the content may come in another form.
        answer = client.call("GET", url, headers={"Accept": "application/octet-stream"})
    except ConfigurationError as error:
        if error.status != 404:
            raise
        raise _gone(file) from error
    except RejectedError as error:
        if error.code == NO_ENTITY:
            raise _gone(file) from error
        raise
    if len(answer.content) > max_bytes:
        raise RejectedError(
            say(
                "The file '%(file)s' has %(size)s bytes, more than the limit of %(limit)s bytes.",
                file=file.name,
                size=len(answer.content),
                limit=max_bytes,
            ),
            code="too_large",
        )
    kind = answer.headers.get("Content-Type", "").lower()
    if "html" in kind and not file.name.lower().endswith((".htm", ".html")):
        raise TransientError(
            say("Acumatica sent a page instead of the file '%(file)s'. It is fetched again.", file=file.name),
            vendor="acumatica",
        )
    return Downloaded(answer.content, media_type_of(answer.content))


def _gone(file: File) -> RejectedError:
    return RejectedError(
        say("The file '%(file)s' is no longer in Acumatica.", file=file.name), vendor="acumatica", code="gone"
    )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
