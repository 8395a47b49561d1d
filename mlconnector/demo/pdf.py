"""Small valid PDF files, made by hand: one page of text."""

from __future__ import annotations

from collections.abc import Sequence

# A4 in points; the first line stands here.
WIDTH, HEIGHT, LEFT, TOP, LINE = 595, 842, 60, 770, 22


def page(lines: Sequence[str]) -> bytes:
    """One A4 page with these lines; umlauts and the euro sign are shown, other foreign letters become ?."""
    stream = _text(lines)
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>".encode(),
        b"<</Length %d>>stream\n%b\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )
    written = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        written
        + b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, entries)
        + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(written))
    )


def _text(lines: Sequence[str]) -> bytes:
    """The page's drawing commands: the first line large, the others below it."""
    shown = [line.encode("cp1252", "replace") for line in lines]
    for mark in (b"\\", b"(", b")"):
        shown = [line.replace(mark, b"\\" + mark) for line in shown]
    first, *others = shown or [b""]
    body = b"".join(b"0 -%d Td (%b) Tj " % (LINE, line) for line in others)
    return b"BT /F1 18 Tf %d %d Td (%b) Tj /F1 12 Tf %bET" % (LEFT, TOP, first, body)
