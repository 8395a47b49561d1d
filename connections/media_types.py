"""What a file is, told from its first bytes: names and declared types are often wrong."""

from __future__ import annotations

import re

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
# Readers accept a PDF whose mark is within the first kilobyte. Source: Adobe PDF 1.7, appendix H, note 13.
PDF_MARK_WITHIN = 1024
UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
XML_ROOT = re.compile(r"<(\?xml\s|(?!html\b)[a-z_][\w.-]*(:[a-z_][\w.-]*)?[\s/>])", re.IGNORECASE)


def media_type_of(content: bytes) -> str:
    """The media type that the first bytes prove; "application/octet-stream" if they prove none."""
    for signature, media_type in SIGNATURES:
        if content.startswith(signature):
            return media_type
    if b"%PDF-" in content[:PDF_MARK_WITHIN]:
        return "application/pdf"
    encoding = UTF_16.get(content[:2], "utf-8-sig")
    start = content[:PDF_MARK_WITHIN].decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    return "application/xml" if XML_ROOT.match(start) else "application/octet-stream"
