"""Uploads to Belege online, against the simulated DATEV."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from uuid import UUID, uuid4

import pytest

from connections.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.vendors.datev.api import Basics, DocumentType, DuoVersion
from connections.vendors.datev.documents import document_metadata, read_duo_version, read_receipt
from connections.vendors.datev.filenames import MAX_FILE_BYTES
from mlconnector.sandbox.datev.state import DocumentType as SimulatedType
from mlconnector.sandbox.datev.state import Options

CLIENT = "455148-1"
PDF = b"%PDF-1.4 Beleg"
GUID = UUID("ac4d376f-d081-4cb3-98de-190fa93b500e")


def put(api, guid=GUID, **changed):
    values = {"filename": "RE-1.pdf", "content": PDF, "media_type": "application/pdf"} | changed
    return api.put_document(CLIENT, guid, **values)


def stored(datev, guid=GUID):
    return datev.store.documents[CLIENT, str(guid)]


# --- what is there --------------------------------------------------------------------------------------


@pytest.mark.parametrize("quirks", [False, True])
def test_basics_are_read_in_both_spellings(api, datev, quirks):
    datev.options.quirks = quirks

    basics = api.basics(CLIENT)

    assert basics.takes_documents
    assert [(year.start, year.end, year.account_length) for year in basics.fiscal_years] == [
        (date(2025, 1, 1), date(2025, 12, 31), 4),
        (date(2026, 1, 1), date(2026, 12, 31), 4),
    ]
    assert basics.fiscal_years[0].has_payables


def test_a_client_without_belege_online_takes_no_documents(api, datev):
    datev.client(CLIENT).has_belege_online = False

    assert api.basics(CLIENT) == Basics(is_document_management_available=False, fiscal_years=())
    assert not api.basics(CLIENT).takes_documents


def test_document_types_carry_the_clients_own_names(api):
    found = api.document_types(CLIENT)

    assert DocumentType("Gutschriften für Kunden", "outgoing_invoices", "credit") in found
    assert DocumentType("Verträge", "other_documents") in found


def test_no_document_types_is_an_empty_list(api, datev):
    datev.client(CLIENT).document_types = ()

    assert api.document_types(CLIENT) == []


def test_the_new_belege_online_takes_fewer_kinds_of_files(api, datev):
    datev.client(CLIENT).is_duo_next = True

    found = api.duo_version(CLIENT).allowed_file_extensions
    assert " ".join(found) == "gif jpeg jpg pdf png tif tiff xml"


def test_extensions_come_with_dots_in_capitals_or_not_at_all():
    assert read_duo_version({"allowed_file_extensions": [".PDF", "pdf", "TIF"]}) == DuoVersion(("pdf", "tif"))
    assert read_duo_version({}) == DuoVersion(())


# --- upload ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quirks", [False, True])
def test_a_document_arrives_under_our_guid_with_its_metadata(api, datev, quirks):
    datev.options.quirks = quirks

    receipt = put(
        api,
        document_type="Rechnungseingang",
        note="Asana 1201",
        category="ml-connector",
        folder="Rechnungseingang",
        register="2026/07",
    )

    arrived = stored(datev)
    assert arrived.contents == [PDF]
    assert arrived.document_type == "Rechnungseingang"
    assert arrived.note == "Asana 1201"
    assert arrived.folders == ("ml-connector", "Rechnungseingang", "2026/07")
    assert (receipt.guid, receipt.filename, receipt.size) == (GUID, "RE-1.pdf", len(PDF))
    assert receipt.uploaded_at.tzinfo is not None


def test_metadata_travels_as_a_json_part_and_the_file_with_its_type(api, datev):
    put(api, filename="Rechnung.PDF", media_type="application/octet-stream", note="ä")

    body = datev.calls_to("documents.put")[0].body
    assert b'name="file"; filename="Rechnung.PDF"\r\nContent-Type: application/pdf' in body
    assert b'name="metadata"\r\nContent-Type: application/json\r\n\r\n{"note": "\xc3\xa4"}' in body


def test_the_name_that_is_sent_is_the_name_that_is_kept(api, datev):
    name = unicodedata.normalize("NFD", "Rechnung Müller/Söhne €.pdf")

    receipt = put(api, filename=name)

    assert stored(datev).files[0]["name"] == "Rechnung Müller_Söhne _.pdf"
    assert receipt.filename == "Rechnung Müller_Söhne _.pdf"


def test_too_long_metadata_is_cut_before_sending(api, datev):
    long = "x" * 400
    put(api, note=long, category=long, folder=long, register=long)

    assert stored(datev).note == "x" * 255
    assert stored(datev).folders == ("x" * 30,) * 3


def test_storage_levels_are_given_all_or_none(api, datev):
    with pytest.raises(ConfigurationError, match="all three or none"):
        put(api, category="ml-connector", folder="Rechnungen")

    assert datev.calls == []


def test_metadata_is_one_line_of_single_characters():
    sent = document_metadata("", "Zeile 1\r\n\tZeile 2 u\u0308", "", "", "")

    assert sent == {"note": "Zeile 1 Zeile 2 ü"}


def test_a_document_type_is_never_cut_into_another():
    with pytest.raises(ConfigurationError, match="document type"):
        document_metadata("R" * 31, "", "", "", "")


def test_a_guid_that_is_there_already_is_told_by_its_code_and_nothing_changes(api, datev):
    put(api)

    with pytest.raises(RejectedError) as raised:
        put(api, content=b"%PDF-1.4 other")

    assert (raised.value.status, raised.value.code) == (409, "DCO01012")
    assert stored(datev).contents == [PDF]


@pytest.mark.parametrize("body", ["", "{}", '[{"request_id": "1"}]', "<html>"])
def test_a_conflict_without_a_code_is_the_same_conflict(api, datev, body):
    datev.faults.add("documents.put", status=409, body=body)

    with pytest.raises(RejectedError) as raised:
        put(api)

    assert raised.value.code == "DCO01012"


def test_a_document_type_is_sent_as_datev_spells_it(api, datev):
    odd = "Rechnung  (neu) "
    datev.client(CLIENT).document_types = (SimulatedType(odd, "invoices_received", "debit"),)

    put(api, document_type=api.document_types(CLIENT)[0].name)

    assert stored(datev).document_type == odd


def test_the_same_content_under_another_guid_is_told_by_its_code(api, datev):
    datev.options.duplicate_content = True
    put(api)

    with pytest.raises(RejectedError) as raised:
        put(api, uuid4())

    assert raised.value.code == "DCO01253"
    assert raised.value.vendor == "datev"
    assert raised.value.help_url == "https://apps.datev.de/knowledge/help/search?q=DCO01253"


def test_an_upload_whose_answer_was_lost_is_found_by_its_guid(api, datev):
    datev.faults.add("documents.put", drop="after")

    with pytest.raises(OutcomeUnknownError):
        put(api)
    with pytest.raises(RejectedError) as raised:
        put(api)

    assert raised.value.code == "DCO01012"
    assert len(datev.store.documents) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "before"},
        {"status": 500, "processed": True},
        {"status": 502},
        {"status": 503, "body": "<html>Wartung</html>"},
        {"status": 504},
    ],
)
def test_an_upload_without_a_clear_answer_is_unknown(api, datev, fault):
    datev.faults.add("documents.put", **fault)

    with pytest.raises(OutcomeUnknownError):
        put(api)


@pytest.mark.parametrize("status", [400, 503])
def test_a_service_that_is_down_is_tried_again_even_if_it_says_400(api, datev, status):
    body = {"error": "#DCO01020", "error_description": "restapi.ServiceNotAvailableFault"}
    datev.faults.add("documents.put", status=status, body=[body])

    with pytest.raises(TransientError):
        put(api)
    assert put(api).guid == GUID


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", "<html>ok</html>", '{"files": [{"size": "9"}]}', '{"files": "x"}']
)
def test_the_201_counts_whatever_its_body(api, datev, body):
    datev.faults.add("documents.put", status=201, body=body)

    receipt = put(api)

    assert (receipt.guid, receipt.filename) == (GUID, "RE-1.pdf")


def test_a_receipt_reads_ids_without_dashes():
    from connections.answers import Answer

    body = {"files": [{"id": "BF00CD5C0FE9D1065EC7BA4FCF4A3951", "size": "125742"}]}
    receipt = read_receipt(Answer(201, {}, json.dumps(body).encode(), ""), GUID, "a.pdf")

    assert receipt.file_guid == UUID("bf00cd5c-0fe9-d106-5ec7-ba4fcf4a3951")
    assert receipt.size == 125742


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"content": b"x" * (MAX_FILE_BYTES + 1)}, "20 MB"),
        ({"content": b""}, "empty"),
        ({"filename": "archiv.zip", "media_type": "application/zip"}, "ZIP"),
        ({"filename": "beleg.png"}, "png"),
        ({"filename": "beleg"}, "extension"),
    ],
)
def test_a_file_that_datev_would_refuse_is_refused_before_the_upload(api, datev, changed, words):
    with pytest.raises(RejectedError, match=words) as raised:
        put(api, **changed)

    assert raised.value.faults
    assert raised.value.vendor == ""
    assert datev.calls == []


@pytest.mark.parametrize(
    ("arrange", "changed", "error", "code"),
    [
        ({}, {"document_type": "Gibt es nicht"}, ConfigurationError, "DCO01010"),
        ({"has_belege_online": False}, {}, ConfigurationError, "DCO01019"),
        ({"is_duo_next": True}, {"filename": "a.csv", "media_type": "text/csv"}, RejectedError, "DCO01215"),
        ({}, {"content": b"no pdf"}, RejectedError, "DCO01245"),
        ({}, {"content": PDF + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"}, RejectedError, "DCO01243"),
    ],
)
def test_each_refusal_of_an_upload_keeps_code_and_help_page(api, datev, arrange, changed, error, code):
    for name, value in arrange.items():
        setattr(datev.client(CLIENT), name, value)

    with pytest.raises(error) as raised:
        put(api, **changed)

    assert raised.value.code == code
    assert raised.value.help_url.endswith(code)
    assert raised.value.request_id


def test_an_empty_404_on_an_upload_means_that_the_client_is_not_visible(api, datev):
    datev.client(CLIENT).is_visible = False

    with pytest.raises(ConfigurationError, match="consultant"):
        put(api)


def test_no_switch_of_the_simulator_is_on_by_default():
    """The tests above mean what they say only on a plain DATEV."""
    assert not Options().quirks
    assert not Options().duplicate_content
