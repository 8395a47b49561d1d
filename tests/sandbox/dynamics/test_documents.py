"""Files of an invoice: notes, blocks, file columns, PDF from a template, SharePoint."""

from __future__ import annotations

import base64

import pytest

from tests.sandbox.dynamics.conftest import error

PDF = b"%PDF-1.7\nMuster\n%%EOF"


def test_a_note_with_a_file(api, sim, invoice):
    note = sim.add_note(invoice, "Rechnung", filename="RE-1001.pdf", content=PDF)

    (row,) = api.rows(
        "annotations?$select=filename,mimetype,filesize,isdocument"
        f"&$filter=_objectid_value eq {invoice} and isdocument eq true&$orderby=modifiedon desc"
    )
    value = api.get(f"annotations({note})/documentbody/$value")

    assert (row["filename"], row["filesize"], row["annotationid"]) == ("RE-1001.pdf", len(PDF), note)
    assert value.headers["Content-Type"].startswith("text/plain")
    assert base64.b64decode(value.content) == PDF
    assert api.read(f"annotations({note})/documentbody")["value"] == value.text
    assert "documentbody" not in api.read(f"annotations({note})")
    assert api.read(f"annotations({note})?$select=documentbody")["documentbody"] == value.text


def test_a_large_file_in_blocks(api, sim, invoice):
    note = sim.add_note(invoice, "Rechnung", filename="RE.pdf", content=PDF)
    target = {"annotationid": note, "@odata.type": "Microsoft.Dynamics.CRM.annotation"}
    begun = api.call("POST", "InitializeAnnotationBlocksDownload", json={"Target": target}).json()

    content = b""
    while len(content) < begun["FileSizeInBytes"]:
        block = {
            "Offset": len(content),
            "BlockLength": 10,
            "FileContinuationToken": begun["FileContinuationToken"],
        }
        content += base64.b64decode(api.call("POST", "DownloadBlock", json=block).json()["Data"])

    assert (content, begun["FileName"]) == (PDF, "RE.pdf")
    unknown = {"Offset": 0, "BlockLength": 1, "FileContinuationToken": "x"}
    assert api.call("POST", "DownloadBlock", json=unknown).status_code == 400


@pytest.mark.parametrize(
    ("name", "size", "expected"), [("viel.pdf", 5_300_000, "0x80044a02"), ("virus.exe", 10, "0x80043e09")]
)
def test_files_that_are_refused(api, invoice, name, size, expected):
    body = {
        "subject": "x",
        "filename": name,
        "documentbody": "A" * size,
        "objectid_invoice@odata.bind": f"/invoices({invoice})",
    }

    assert error(api.call("POST", "annotations", json=body)) == (400, expected)


def test_a_file_column_gives_bytes_and_ranges(api, sim, invoice):
    sim.add_column("invoice", "new_pdf", "file")
    path = f"invoices({invoice})/new_pdf/$value"
    assert api.get(path).status_code == 204

    sim.set_file(invoice, "new_pdf", "RE-1001.pdf", PDF)
    whole, part = api.get(path), api.get(path, headers={"Range": "bytes=0-4"})

    assert (whole.content, whole.headers["x-ms-file-name"]) == (PDF, "RE-1001.pdf")
    assert (part.status_code, part.content) == (206, PDF[:5])
    assert part.headers["Content-Range"] == f"bytes 0-4/{len(PDF)}"
    assert api.read(f"invoices({invoice})?$select=new_pdf")["new_pdf_name"] == "RE-1001.pdf"


def export(api, template: str, invoice: str):
    body = {
        "EntityTypeCode": 1090,
        "SelectedTemplate": {
            "documenttemplateid": template,
            "@odata.type": "Microsoft.Dynamics.CRM.documenttemplate",
        },
        "SelectedRecords": f'["{{{invoice.upper()}}}"]',
    }
    return api.call("POST", "ExportPdfDocument", json=body)


def test_a_pdf_from_a_template_is_never_the_same_twice(api, sim, invoice):
    template = sim.add_template("Rechnung")

    first, second = (base64.b64decode(export(api, template, invoice).json()["PdfFile"]) for _ in range(2))

    assert first.startswith(b"%PDF-")
    assert b"RE-1001" in first
    assert first != second


def test_a_pdf_has_to_be_offered(api, sim, invoice):
    template = sim.add_template("Rechnung")
    assert export(api, invoice, invoice).status_code == 404

    sim.options.has_pdf_export = False
    assert export(api, template, invoice).status_code == 400


def test_documents_in_sharepoint_are_named(api, sim, invoice):
    sim.add_location(invoice, "RE-1001")

    (row,) = api.rows(
        f"sharepointdocumentlocations?$select=name,relativeurl&$filter=_regardingobjectid_value eq {invoice}"
    )

    assert row["relativeurl"] == "RE-1001"
