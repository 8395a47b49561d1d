"""The simulated Belege online takes a GUID once and refuses what DATEV refuses."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import requests

from mlconnector.sandbox.datev import Client, DatevSimulator
from tests.sandbox.datev.caller import CLIENT, GUID, OTHER, PDF, Caller

SECOND = "ac4d376f-d081-4cb3-98de-190fa93b500f"
METADATA = {
    "document_type": "Gutschriften für Kunden",
    "note": "Aufgabe 1201",
    "category": "ml-connector",
    "folder": "Ausgang",
    "register": "2026/07",
}


def error_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"].removeprefix("#")


def test_a_document_is_kept_under_its_guid(caller, datev):
    answer = caller.put_document(metadata=METADATA)

    assert answer.status_code == 201
    body = answer.json()
    assert (body["id"], body["document_type"], body["note"]) == (
        GUID,
        "Gutschriften für Kunden",
        "Aufgabe 1201",
    )
    assert (body["files"][0]["name"], body["files"][0]["size"]) == ("RE-1.pdf", len(PDF))
    (kept,) = datev.state()["documents"]
    assert (kept["guid"], kept["client"], kept["source"]) == (GUID, CLIENT, "documents")
    assert kept["sha256"] == [hashlib.sha256(PDF).hexdigest()]
    assert kept["folders"] == ["ml-connector", "Ausgang", "2026/07"]


def test_a_known_guid_conflicts_and_nothing_is_overwritten(caller, datev):
    caller.put_document()

    again = caller.put_document(GUID.upper(), content=PDF + b"changed")

    assert error_of(again) == (409, "DCO01012")
    assert len(datev.state()["documents"]) == 1
    assert datev.state()["documents"][0]["files"][0]["size"] == len(PDF)


def test_the_same_guid_is_free_at_another_client(caller):
    assert caller.put_document().status_code == 201
    assert caller.put_document(client=OTHER).status_code == 201


def test_a_lost_answer_has_stored_the_document(caller, datev):
    datev.faults.add("documents.put", drop="after")

    with pytest.raises(requests.ConnectionError):
        caller.put_document()

    assert error_of(caller.put_document()) == (409, "DCO01012")


def test_known_content_is_refused_only_when_switched_on(caller, datev):
    assert caller.put_document().status_code == 201
    assert caller.put_document(SECOND).status_code == 201
    datev.options.duplicate_content = True

    third = "ac4d376f-d081-4cb3-98de-190fa93b5010"
    same = caller.put_document(third)
    other_name = caller.put_document(third, name="RE-2.pdf")

    assert error_of(same) == (400, "DCO01253")
    assert other_name.status_code == 201


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        ({"guid": "not-a-guid"}, "DCO01234"),
        ({"guid": GUID.replace("-", "")}, "DCO01234"),
        ({"name": "a.zip", "kind": "application/zip"}, "DCO01015"),
        ({"name": "a"}, "DCO01015"),
        ({"name": "a.png", "kind": "application/pdf"}, "DCO01219"),
        ({"name": "a.png", "kind": "image/png"}, "DCO01219"),
        ({"content": b"no pdf"}, "DCO01245"),
        ({"content": PDF + b"x" * 20_000_000}, "DCO01016"),
        ({"content": PDF + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"}, "DCO01243"),
        ({"name": "n" * 252 + ".pdf"}, "DCO01222"),
        ({"metadata": "{not json"}, "DCO01217"),
        ({"metadata": ["list"]}, "DCO01217"),
        ({"metadata": {"comment": "unknown"}}, "DCO01217"),
        ({"metadata": {"note": "n" * 256}}, "DCO01223"),
        ({"metadata": {"category": "c" * 31}}, "DCO01224"),
        ({"metadata": {"folder": "c" * 31}}, "DCO01225"),
        ({"metadata": {"register": "c" * 31}}, "DCO01226"),
        ({"metadata": {"document_type": "t" * 31}}, "DCO01227"),
        ({"metadata": {"document_type": "Unbekannt"}}, "DCO01010"),
        ({"metadata": {"category": "only", "folder": "two"}}, "DCO01017"),
    ],
)
def test_what_datev_does_not_take_is_refused_with_its_code(caller, datev, upload, code):
    assert error_of(caller.put_document(**upload)) == (400, code)
    assert datev.state()["documents"] == []


def test_limits_are_inclusive(caller):
    full = {"note": "n" * 255, "category": "c" * 30, "folder": "f" * 30, "register": "r" * 30}

    assert caller.put_document(metadata=full, name="n" * 251 + ".pdf").status_code == 201
    assert caller.put_document(SECOND, content=PDF + b"x" * (20_000_000 - len(PDF))).status_code == 201


def test_an_empty_type_means_without_type(caller):
    body = caller.put_document(metadata={"document_type": "", "note": "x"}).json()

    assert "document_type" not in body
    assert body["note"] == "x"


def test_metadata_may_come_as_a_plain_form_field(caller, datev):
    url = f"{caller.urls['documents_url']}/clients/{CLIENT}/documents/{GUID}"
    files = {"file": ("a.pdf", PDF, "application/pdf")}

    answer = caller.http.put(url, headers=caller.headers, files=files, data={"metadata": '{"note": "plain"}'})

    assert answer.json()["note"] == "plain"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([("other", ("a.pdf", PDF, "application/pdf"))], "DCO01220"),
        ([("file", (None, PDF, "application/pdf"))], "DCO01252"),
        (
            [("file", ("a.pdf", PDF, "application/pdf")), ("file", ("b.pdf", PDF, "application/pdf"))],
            "DCO01232",
        ),
    ],
)
def test_exactly_one_named_file_is_expected(caller, parts, code):
    url = f"{caller.urls['documents_url']}/clients/{CLIENT}/documents/{GUID}"

    assert error_of(caller.http.put(url, headers=caller.headers, files=parts)) == (400, code)


def test_a_body_that_is_no_multipart_is_refused(caller):
    url = f"{caller.urls['documents_url']}/clients/{CLIENT}/documents/{GUID}"

    assert error_of(caller.http.put(url, headers=caller.headers, data=PDF)) == (400, "DCO01004")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Büro & Café (1)+2-3.pdf", "Büro & Café (1)+2-3.pdf"),
        ("a/b:c*d.pdf", "a_b_c_d.pdf"),
        ("Mu\u0308ller.pdf", "Mu_ller.pdf"),
        ("5€ × 2.pdf", "5_ _ 2.pdf"),
    ],
)
def test_signs_outside_datevs_list_become_underscores(caller, given, kept):
    assert caller.put_document(name=given).json()["files"][0]["name"] == kept


def test_the_new_belege_online_takes_eight_kinds_of_files():
    caller = Caller(DatevSimulator([Client(455148, 1, "Muster GmbH", is_duo_next=True)]))
    caller.sign_in()

    assert error_of(caller.put_document(name="a.docx", kind="application/msword")) == (400, "DCO01215")
    assert error_of(caller.put_document(content=PDF + b"x" * 20_000_000)) == (400, "DCO01216")
    assert caller.get("documents_url", f"/clients/{CLIENT}/duo-version").json()[
        "allowed_file_extensions"
    ] == [
        "gif",
        "jpeg",
        "jpg",
        "pdf",
        "png",
        "tif",
        "tiff",
        "xml",
    ]


def test_without_belege_online_nothing_can_be_uploaded():
    caller = Caller(DatevSimulator([Client(455148, 1, "Muster GmbH", has_belege_online=False)]))
    caller.sign_in()

    basics = caller.get("documents_url", f"/clients/{CLIENT}").json()

    assert basics["is_document_management_available"] is False
    assert error_of(caller.put_document()) == (400, "DCO01019")


def test_document_types_are_the_clients_own(caller):
    types = caller.get("documents_url", f"/clients/{CLIENT}/document-types").json()

    assert {
        "name": "Rechnungseingang",
        "category": "invoices_received",
        "debit_credit_identifier": "debit",
    } in types
    assert {"name": "Verträge", "category": "other_documents"} in types


def test_a_post_makes_its_own_id(caller, datev):
    url = f"{caller.urls['documents_url']}/clients/{CLIENT}/documents"
    files = {"file": ("a.pdf", PDF, "application/pdf")}

    ids = {caller.http.post(url, headers=caller.headers, files=files).json()["id"] for _ in range(2)}

    assert len(ids) == 2
    assert {document["guid"] for document in datev.state()["documents"]} == ids


def test_up_to_ten_files_are_stapled_into_one_document(caller, datev):
    url = f"{caller.urls['documents_url']}/clients/{CLIENT}/documents/stapled"

    def stapled(count: int) -> requests.Response:
        parts = [("files", (f"{number}.pdf", PDF, "application/pdf")) for number in range(count)]
        return caller.http.put(url, headers=caller.headers, files=parts)

    assert [shown["name"] for shown in stapled(3).json()["files"]] == ["0.pdf", "1.pdf", "2.pdf"]
    assert error_of(stapled(11)) == (400, "DCO01127")
    assert len(datev.state()["documents"]) == 1


def test_upload_times_follow_the_simulated_clock_in_german_time(caller, datev):
    datev.clock.advance(timedelta(seconds=30))

    assert caller.put_document().json()["files"][0]["upload_date"] == "2026-07-31T11:00:30+02:00"
