"""Files of notes and file columns, downloads in blocks, PDF from a template.

Source: attachments and notes, file columns (read 2026-11); the JSON of ExportPdfDocument is inferred.
"""

import base64
import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics import wire
from mlconnector.sandbox.dynamics.api import ApiCall
from mlconnector.sandbox.dynamics.errors import bad, no_row
from mlconnector.sandbox.dynamics.incoming import body_of
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def check_file(sim: "DynamicsSimulator", values: dict[str, Any]) -> None:
    """Raises ApiError for a file that is too large (its base64 text counts) or of a blocked kind."""
    organization = sim.known.organization.values
    body, name = values.get("documentbody"), values.get("filename") or ""
    if body and len(body) > organization["maxuploadfilesize"]:
        raise bad("Attachment file size is too big.", "0x80044a02")
    ending = name.rpartition(".")[2].lower()
    if name and ending in (organization["blockedattachments"] or "").split(";"):
        raise bad("Attachment has a blocked file extension.", "0x80043e09")


def value_of(call: ApiCall, row: Row, name: str) -> Response:
    """One column alone: a note's body as base64 text, a file column as its bytes."""
    column = call.sim.known.tables[row.table].columns[name]
    value = row.values[name]
    if value is None:
        return wire.empty()
    if column.kind != "file":
        return Response(str(value), content_type="text/plain")
    return _file(call, value)


def _file(call: ApiCall, value: dict[str, Any]) -> Response:
    content: bytes = value["content"]
    headers = {
        "x-ms-file-name": value["name"],
        "x-ms-file-size": str(len(content)),
        "mimetype": value["mimetype"],
        "Access-Control-Expose-Headers": "x-ms-file-size; x-ms-file-name; mimetype",
    }
    wanted = RANGE.fullmatch(call.request.headers.get("Range", ""))
    if wanted is None:
        return Response(content, content_type="application/octet-stream", headers=headers)
    start, end = int(wanted[1]), int(wanted[2] or len(content) - 1)
    part = content[start : end + 1]
    headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
    return Response(part, 206, content_type="application/octet-stream", headers=headers)


class Documents:
    """The actions around files."""

    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim
        # Continuation token -> file name and bytes.
        self.downloads: dict[str, tuple[str, bytes]] = {}

    def begin_download(self, call: ApiCall) -> Response:
        target = body_of(call.request.get_data()).get("Target") or {}
        row = self.sim.known.get("annotation", target.get("annotationid", ""))
        if row is None or not row.values["documentbody"]:
            raise no_row("annotation", str(target.get("annotationid")))
        token = secrets.token_urlsafe(40)
        content = base64.b64decode(row.values["documentbody"])
        self.downloads[token] = (row.values["filename"], content)
        return wire.answer(
            {
                "@odata.context": f"{call.root}/$metadata"
                "#Microsoft.Dynamics.CRM.InitializeAnnotationBlocksDownloadResponse",
                "FileContinuationToken": token,
                "FileSizeInBytes": len(content),
                "FileName": row.values["filename"],
            }
        )

    def block(self, call: ApiCall) -> Response:
        body = body_of(call.request.get_data())
        if body.get("FileContinuationToken") not in self.downloads:
            raise bad("The file continuation token is not valid.", "0x80040203")
        _, content = self.downloads[body["FileContinuationToken"]]
        start, length = body.get("Offset", 0), body.get("BlockLength", 0)
        data = base64.b64encode(content[start : start + length]).decode()
        context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.DownloadBlockResponse"
        return wire.answer({"@odata.context": context, "Data": data})

    def export_pdf(self, call: ApiCall) -> Response:
        """A new rendering each time: the same invoice never has the same bytes twice."""
        body = body_of(call.request.get_data())
        if not self.sim.options.has_pdf_export:
            raise bad("PDF generation is not enabled for this table.", "0x80040203")
        table = next(
            (one for one in self.sim.known.tables.values() if one.number == body.get("EntityTypeCode")), None
        )
        if table is None:
            raise bad(f"Unknown EntityTypeCode {body.get('EntityTypeCode')}.", "0x80040203")
        call.may("Read", table)
        template = (body.get("SelectedTemplate") or {}).get("documenttemplateid", "")
        found = self.sim.known.get("documenttemplate", template)
        if found is None or found.values["associatedentitytypecode"] != table.name:
            raise no_row("documenttemplate", template)
        row = self._selected(table.name, body.get("SelectedRecords"))
        content = pdf(f"{row.values.get('invoicenumber') or row.id}", mark=secrets.token_hex(16))
        context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.ExportPdfDocumentResponse"
        return wire.answer({"@odata.context": context, "PdfFile": base64.b64encode(content).decode()})

    def _selected(self, table: str, given: Any) -> Row:
        """SelectedRecords is a text that holds a JSON list with one id in braces."""
        try:
            (wanted,) = json.loads(given)
        except (TypeError, ValueError):
            raise bad("SelectedRecords must hold one record.", "0x80040203") from None
        row = self.sim.known.get(table, str(wanted).strip("{}"))
        if row is None:
            raise no_row(table, str(wanted))
        return row


def pdf(text: str, *, mark: str = "") -> bytes:
    """A page with one line of text; `mark` makes the bytes differ."""
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("latin-1", "replace")
    stream = b"BT /F1 18 Tf 72 770 Td (" + escaped + b") Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    content, offsets = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    start = len(content)
    content += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    ids = f"/ID[<{mark}><{mark}>]".encode() if mark else b""
    return content + b"trailer\n<</Size 6/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (ids, start)
