"""Several reads in one call ($batch): multipart out, multipart in. Pure.

Source: Dataverse "Execute batch operations using the Web API" (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from requests.structures import CaseInsensitiveDict

from connections.answers import decode_json

# Up to 1000 operations are allowed; what they take counts as execution time all the same.
LONGEST_BATCH = 100


@dataclass(frozen=True)
class Part:
    """One GET of a batch: path and query as they stand in a URL, from "/api/data/..." on."""

    target: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PartAnswer:
    """The answer to one part. `headers` ignores case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> object:
        """Numbers with a fraction are Decimal. Raises ValueError for anything but JSON."""
        return decode_json(self.content)


def encode(parts: Sequence[Part], boundary: str) -> bytes:
    """The body of the call; its content type is `multipart/mixed; boundary=<boundary>`."""
    lines: list[str] = []
    for part in parts:
        lines += [f"--{boundary}", "Content-Type: application/http", "Content-Transfer-Encoding: binary", ""]
        lines += [
            f"GET {part.target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in part.headers.items()),
        ]
        lines += ["", ""]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode()


def decode(content: bytes, content_type: str) -> list[PartAnswer]:
    """The answers in the order of the parts. Raises ValueError for what is no such answer."""
    found = re.search(r'boundary="?([^";,\s]+)"?', content_type)
    if found is None:
        raise ValueError("no boundary")
    mark = b"--" + found[1].encode()
    pieces = re.split(rb"(?:^|\r?\n)" + re.escape(mark), content)
    if len(pieces) < 2 or not pieces[-1].lstrip().startswith(b"--"):
        raise ValueError("cut off")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> PartAnswer:
    """Headers of the part, an empty line, then an HTTP answer as it would come over the wire."""
    _outer, http = _halves(piece)
    head, body = _halves(http)
    status_line, *lines = head.decode("latin-1").splitlines()
    found = re.fullmatch(r"HTTP/1\.[01] ([1-5][0-9]{2})(?: .*)?", status_line.strip())
    if found is None:
        raise ValueError("no status line")
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    return PartAnswer(int(found[1]), headers, body)


def _halves(content: bytes) -> tuple[bytes, bytes]:
    """What stands before and after the first empty line."""
    halves = re.split(rb"\r?\n\r?\n", content.lstrip(b"\r\n"), maxsplit=1)
    return halves[0], halves[1] if len(halves) > 1 else b""
