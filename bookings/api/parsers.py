"""The file in the body: as it is, or as the part `file` of a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

NAME = re.compile(r"""filename\*=UTF-8''(?P<encoded>[^;\s]+)|filename="?(?P<plain>[^";]+)"?""", re.I)


class TooLargeError(APIException):  # type: ignore[misc]
    status_code = 413
    default_detail = gettext_lazy("The file is larger than allowed.")
    default_code = "too_large"


class RawFileParser(BaseParser):  # type: ignore[misc]
    """The bytes as they came; one more than allowed is read at most."""

    media_type = "*/*"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> bytes:
        content: bytes = stream.read(settings.HAND_IN_MAX_BYTES + 1)
        return content


def check_announced(request: Request) -> None:
    """Raises TooLargeError before anything of a body that is announced as too large is read."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    # A form has its boundaries beside the file.
    if not announced.isdecimal() or int(announced) > settings.HAND_IN_MAX_BYTES + 10_000:
        raise TooLargeError


def file_of(request: Request) -> tuple[str, bytes]:
    """(file name, content). Raises TooLargeError."""
    data = request.data
    if isinstance(data, bytes):
        name, content = _name(request), data
    else:
        part = request.FILES.get("file")
        name = str(part.name or "") if part is not None else ""
        content = part.read(settings.HAND_IN_MAX_BYTES + 1) if part is not None else b""
    if len(content) > settings.HAND_IN_MAX_BYTES:
        raise TooLargeError
    return name or "file", content


def _name(request: Request) -> str:
    """Of `Content-Disposition: attachment; filename="..."`; "" without one."""
    found = NAME.search(request.headers.get("Content-Disposition", ""))
    if found is None:
        return ""
    return unquote(found["encoded"]) if found["encoded"] else found["plain"].strip()
