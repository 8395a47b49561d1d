"""DXSO jobs from creation to protocol, against the simulated DATEV."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connections.errors import ConfigurationError, OutcomeUnknownError, RejectedError, TransientError
from connections.vendors.datev.api import ProtocolLine
from connections.vendors.datev.dxso import JOB_GONE

CLIENT = "455148-1"
# Source: DATEV accounting:dxso-jobs 2.1.7, DXSoJobStatus (read 2026-11).
OPEN, RUNNING, SUCCEEDED, FAILED, PARTLY = range(5)
XML = b"<archive/>"
PDF = b"%PDF-1.4 Beleg"


def create(api, month="2026-07"):
    return api.create_dxso_job(CLIENT, "accountsPayableLedgerImport", month)


def finalised(api, datev, status):
    datev.options.next_dxso = [status]
    job = create(api).job_ref
    api.upload_dxso_file(CLIENT, job, "document.xml", XML, "application/xml")
    api.finalise_dxso_job(CLIENT, job)
    return job


@pytest.mark.parametrize("quirks", [False, True])
def test_an_open_job_tells_what_the_xml_must_use(api, datev, quirks):
    datev.options.quirks = quirks

    job = create(api)

    assert job.job_ref in datev.store.dxso_jobs
    assert job.account_length == 4
    assert job.folder_names == ("Rechnungseingang",)
    assert api.dxso_status(CLIENT, job.job_ref) == OPEN


def test_cash_jobs_name_their_ledgers(api):
    assert api.create_dxso_job(CLIENT, "cashLedgerImport", "2026-07").folder_names == ("Hauptkasse",)


@pytest.mark.parametrize(
    ("import_type", "month"),
    [("invoices", "2026-07"), ("cashLedgerImport", "2026-13"), ("cashLedgerImport", "07/2026"), ("", "")],
)
def test_an_unknown_kind_or_month_is_refused_before_a_call(api, datev, import_type, month):
    with pytest.raises(RejectedError):
        api.create_dxso_job(CLIENT, import_type, month)

    assert datev.calls == []


def test_files_travel_one_by_one_with_their_types(api, datev):
    job = create(api).job_ref

    api.upload_dxso_file(CLIENT, job, "document.xml", XML, "text/xml")
    api.upload_dxso_file(CLIENT, job, "Beleg Müller.pdf", PDF)

    assert datev.store.dxso_jobs[job].files == {"document.xml": XML, "Beleg Müller.pdf": PDF}
    first, second = datev.calls_to("dxso.files")
    assert b'name="files"; filename="document.xml"\r\nContent-Type: application/xml' in first.body
    assert b"Content-Type: application/pdf" in second.body


@pytest.mark.parametrize("name", ["Beleg/1.pdf", "Beleg €.pdf", "archiv.zip", "ohne"])
def test_a_name_that_datev_would_change_is_refused_because_the_xml_names_it(api, datev, name):
    job = create(api).job_ref

    with pytest.raises(RejectedError, match=name.replace(".", r"\.")):
        api.upload_dxso_file(CLIENT, job, name, PDF)

    assert datev.calls_to("dxso.files") == []


def test_finalising_sends_the_text_true_as_a_merge_patch(api, datev):
    job = finalised(api, datev, 2)

    call = datev.calls_to("dxso.finalise")[0]
    assert call.headers["Content-Type"] == "application/merge-patch+json"
    assert call.body == b'{"ready":"true"}'
    assert api.dxso_status(CLIENT, job) == SUCCEEDED


def test_finalising_twice_is_fine_because_it_is_done(api, datev):
    job = finalised(api, datev, 2)

    api.finalise_dxso_job(CLIENT, job)

    assert [call.status for call in datev.calls_to("dxso.finalise")] == [204, 400]


def test_a_finalisation_whose_answer_was_lost_is_repeated_without_harm(api, datev):
    job = create(api).job_ref
    api.upload_dxso_file(CLIENT, job, "document.xml", XML)
    datev.options.dxso_seconds = 60
    datev.faults.add("dxso.finalise", drop="after")

    with pytest.raises(OutcomeUnknownError):
        api.finalise_dxso_job(CLIENT, job)
    api.finalise_dxso_job(CLIENT, job)

    assert api.dxso_status(CLIENT, job) == RUNNING


def test_a_finalised_job_takes_no_file_and_can_not_be_deleted(api, datev):
    job = finalised(api, datev, 2)

    for refused in (
        lambda: api.upload_dxso_file(CLIENT, job, "more.pdf", PDF),
        lambda: api.delete_dxso_job(CLIENT, job),
    ):
        with pytest.raises(RejectedError) as raised:
            refused()
        assert raised.value.code == "DCO01007"


def test_an_open_job_is_deleted_once_or_twice(api, datev):
    job = create(api).job_ref

    api.delete_dxso_job(CLIENT, job)
    api.delete_dxso_job(CLIENT, job)

    assert datev.store.dxso_jobs == {}


@pytest.mark.parametrize("status", [SUCCEEDED, FAILED, PARTLY, 5, 6])
@pytest.mark.parametrize("quirks", [False, True])
def test_the_status_is_a_number_in_either_spelling(api, datev, status, quirks):
    datev.options.quirks = quirks

    assert api.dxso_status(CLIENT, finalised(api, datev, status)) == status


def test_the_protocol_is_read_in_order(api, datev):
    job = finalised(api, datev, 3)

    lines = api.dxso_protocol(CLIENT, job)

    assert lines
    assert all(line.at.tzinfo is UTC and line.text for line in lines)
    assert [line.text for line in lines] == [entry["text"] for entry in datev.store.dxso_jobs[job].entries]


def test_a_repeated_line_of_the_protocol_is_kept_once(api, datev):
    entry = {"time": "2026-07-14T14:12:57+02:00", "text": "wurde empfangen!", "type": "information"}
    other = {"time": "2026-07-14T12:12:58Z", "text": "Beleg fehlt", "type": "error", "context": "Nr. 1"}
    job = create(api).job_ref
    datev.faults.add("dxso.entries", status=200, body=[entry, other, entry])

    assert api.dxso_protocol(CLIENT, job) == [
        ProtocolLine(datetime(2026, 7, 14, 12, 12, 57, tzinfo=UTC), "information", "wurde empfangen!"),
        ProtocolLine(datetime(2026, 7, 14, 12, 12, 58, tzinfo=UTC), "error", "Beleg fehlt", "", "Nr. 1"),
    ]


def test_a_job_that_datev_forgot_is_told_apart_from_one_that_failed(api, datev):
    job = finalised(api, datev, 2)
    del datev.store.dxso_jobs[job]

    for asked in (api.dxso_status, api.dxso_protocol, api.finalise_dxso_job):
        with pytest.raises(RejectedError, match="no longer knows") as raised:
            asked(CLIENT, job)
        assert raised.value.code == JOB_GONE


def test_a_file_for_an_unknown_job_asks_for_a_new_job(api):
    with pytest.raises(RejectedError) as raised:
        api.upload_dxso_file(CLIENT, "CDD8BCFAD7034008AD143D330084FC22", "document.xml", XML)

    assert raised.value.code == "DCO01003"


def test_a_client_on_the_new_belege_online_takes_no_dxso_jobs(api, datev):
    datev.client(CLIENT).is_duo_next = True

    with pytest.raises(ConfigurationError, match="EXTF") as raised:
        create(api)

    assert raised.value.code == "DCO01301"


def test_a_lost_answer_to_a_creation_is_unknown_and_another_job_is_harmless(api, datev):
    datev.faults.add("dxso.create", drop="after")

    with pytest.raises(OutcomeUnknownError):
        create(api)

    assert create(api).job_ref in datev.store.dxso_jobs
    assert {job.status for job in datev.store.dxso_jobs.values()} == {OPEN}


@pytest.mark.parametrize("body", ["{}", "[]", '{"id": "a/b"}', '{"id": ""}'])
def test_a_created_job_without_a_usable_id_is_not_used(api, datev, body):
    datev.faults.add("dxso.create", status=201, body=body)

    with pytest.raises(TransientError):
        create(api)


@pytest.mark.parametrize("body", ['{"id": "x"}', '{"status": "läuft"}', "[]", "<html>"])
def test_an_unreadable_status_is_asked_for_again(api, datev, body):
    job = create(api).job_ref
    datev.faults.add("dxso.status", status=200, body=body)

    with pytest.raises(TransientError):
        api.dxso_status(CLIENT, job)


def test_what_is_no_job_id_is_never_part_of_an_address(api, datev):
    with pytest.raises(RejectedError):
        api.dxso_status(CLIENT, "../../other")

    assert datev.calls == []
