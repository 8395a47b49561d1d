"""Booking files and their jobs, against the simulated DATEV."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from connections.errors import (
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.vendors.datev.errors import InterfaceError
from connections.vendors.datev.extf import MAX_BYTES, read_job
from tests.connections.vendors.datev.conftest import extf_file

CLIENT = "455148-1"
NAME = "EXTF_ML_20260714_0001.csv"


def send(api, content=None, **changed):
    values = {"filename": NAME, "reference": "mlc-1-000123"} | changed
    return api.import_extf(CLIENT, content=extf_file() if content is None else content, **values)


def test_a_file_becomes_a_job_that_succeeds(api, datev):
    content = extf_file()

    submitted = send(api, content)
    job = api.extf_job(CLIENT, submitted.job_ref)

    assert datev.store.uploads[submitted.job_ref].content == content
    assert submitted.retry_after == timedelta(seconds=5)
    assert job.result == "succeeded"
    assert (job.reference, job.filename) == ("mlc-1-000123", NAME)
    assert (job.bookings, job.data_category) == (1, 21)
    assert (job.date_from, job.date_to) == (date(2026, 7, 1), date(2026, 7, 31))


def test_the_file_travels_raw_with_its_name_and_reference_in_headers(api, datev):
    send(api)

    call = datev.calls_to("POST /clients/*/extf-files/import")[0]
    assert call.headers["Content-Type"] == "application/octet-stream"
    assert call.headers["Filename"] == NAME
    assert call.headers["Reference-Id"] == "mlc-1-000123"


@pytest.mark.parametrize("form", ["relative", "platform", "absolute"])
def test_every_form_of_location_leads_to_the_job_on_our_own_address(api, datev, form):
    datev.options.location = form

    submitted = send(api)

    assert api.extf_job(CLIENT, submitted.job_ref).result == "succeeded"
    assert datev.calls[-1].path == f"/extf/platform/v3/clients/{CLIENT}/extf-files/jobs/{submitted.job_ref}"


def test_a_location_on_a_foreign_host_is_not_followed(api, datev):
    location = "https://elsewhere.example/x/jobs/8a772151-6c21-40fe-96ae-4d42cbeeda5a"
    datev.faults.add("extf.import", headers={"Location": location})

    submitted = send(api)

    assert submitted.job_ref == "8a772151-6c21-40fe-96ae-4d42cbeeda5a"
    assert not api.extf_job(CLIENT, submitted.job_ref).was_found
    assert all(call.headers["Host"] == "datev.example" for call in datev.calls)


def test_without_a_location_the_job_is_found_by_its_reference(api, datev):
    datev.options.location = "missing"

    assert send(api).job_ref == ""
    assert api.find_extf_job(CLIENT, "mlc-1-000123").ref == next(iter(datev.store.uploads))


@pytest.mark.parametrize(
    ("sent", "wait"), [("", None), ("0", timedelta(seconds=1)), ("12", timedelta(seconds=12)), ("bald", None)]
)
def test_retry_after_may_be_missing_zero_or_nonsense(api, datev, sent, wait):
    datev.options.retry_after = sent

    assert send(api).retry_after == wait


def test_retry_after_may_be_a_date(api, datev):
    datev.options.retry_after = "date"

    assert timedelta(0) < send(api).retry_after <= timedelta(seconds=6)


# --- the answer that got lost ---------------------------------------------------------------------------


def test_a_file_whose_answer_was_lost_is_looked_up_and_not_sent_again(api, datev):
    datev.faults.add("extf.import", drop="after")

    with pytest.raises(OutcomeUnknownError):
        send(api)

    assert api.find_extf_job(CLIENT, "mlc-1-000123").ref in datev.store.uploads
    assert len(datev.store.uploads) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "before"},
        {"delay": 10_000},
        {"status": 500, "processed": True},
        {"status": 502},
        {"status": 503, "body": {"type": "http://www.datev.de/hilfe/1008837", "title": "Try again"}},
        {"status": 504, "body": "<html>"},
    ],
)
def test_every_unclear_answer_to_an_import_is_unknown_never_repeated(api, datev, fault):
    datev.faults.add("extf.import", **fault)

    with pytest.raises(OutcomeUnknownError):
        send(api)

    assert len(datev.calls_to("extf.import")) == 1


def test_a_reference_that_is_not_listed_is_not_found(api):
    send(api)

    assert api.find_extf_job(CLIENT, "mlc-1-000124") is None


def test_a_reference_is_found_behind_many_other_jobs(api, datev):
    send(api)
    for number in range(101):
        datev.store.uploads[f"{number}"] = upload_like(datev, f"{number}", reference="other")

    assert api.find_extf_job(CLIENT, "mlc-1-000123") is not None
    assert len(datev.calls_to("extf.jobs")) == 2


def test_of_several_jobs_with_one_reference_the_accepted_one_counts(api, datev):
    datev.options.next_jobs = ["", "1008837"]
    good = send(api).job_ref
    send(api)

    assert api.find_extf_job(CLIENT, "mlc-1-000123").ref == good


@pytest.mark.parametrize("body", ["{}", '{"jobs": []}', "<html></html>", "null", ""])
def test_an_unreadable_list_is_not_taken_for_not_there(api, datev, body):
    send(api)
    datev.faults.add("extf.jobs", status=200, body=body)

    with pytest.raises(TransientError):
        api.find_extf_job(CLIENT, "mlc-1-000123")


def test_a_list_that_datev_fails_to_give_is_asked_for_an_hour_later(api, datev):
    datev.faults.add("extf.jobs", status=500)

    with pytest.raises(TransientError) as raised:
        api.find_extf_job(CLIENT, "mlc-1-000123")

    assert raised.value.retry_after == timedelta(hours=1)


def upload_like(datev, ref, **changed):
    from dataclasses import replace

    return replace(next(iter(datev.store.uploads.values())), id=ref, **changed)


# --- how jobs end ---------------------------------------------------------------------------------------


def test_a_running_job_is_pending(api, datev):
    datev.options.job_seconds = 60

    assert api.extf_job(CLIENT, send(api).job_ref).result == "pending"


def test_a_job_that_is_not_shown_yet_is_pending(api, datev):
    datev.options.job_hidden_seconds = 60

    job = api.extf_job(CLIENT, send(api).job_ref)

    assert (job.result, job.was_found) == ("pending", False)


@pytest.mark.parametrize("quirks", [False, True])
def test_a_failed_job_says_why_with_datevs_help_page(api, datev, quirks):
    datev.options.quirks = quirks

    job = api.extf_job(CLIENT, send(api, extf_file(client_number=2)).job_ref)

    assert job.result == "failed"
    assert job.code == "1008834"
    assert job.help_url == "http://www.datev.de/hilfe/1008834"
    assert job.title


def test_a_job_is_the_same_in_every_spelling_of_its_id(api, datev):
    datev.options.quirks = True
    submitted = send(api)

    assert api.extf_job(CLIENT, submitted.job_ref).ref == submitted.job_ref
    assert [job.ref for job in api.extf_jobs(CLIENT)] == [submitted.job_ref]


def test_a_failed_job_without_details_is_failed_all_the_same(api, datev):
    datev.options.without_details = True
    datev.options.next_jobs = ["1008834"]

    job = api.extf_job(CLIENT, send(api).job_ref)

    assert (job.result, job.code, job.help_url, job.elements) == ("failed", "", "", ())


def test_affected_elements_are_kept(api, datev):
    datev.options.next_jobs = ["1008834"]

    job = api.extf_job(CLIENT, send(api).job_ref)

    assert job.elements == (("Length of Ledger Account", "is invalid (14)"),)


@pytest.mark.parametrize("word", ["success", "running", "", "Storniert"])
def test_an_unknown_result_is_still_pending(word, caplog):
    assert read_job({"id": "a", "result": word}).result == "pending"
    assert "unknown result" in caplog.text


@pytest.mark.parametrize("details", [None, [], "text", [{"type": "http://www.datev.de/hilfe/1008836"}]])
def test_details_of_any_shape_do_not_break_the_reading(details):
    job = read_job({"id": "a", "result": "failed", "validation_details": details})

    assert job.result == "failed"
    assert job.code in ("", "1008836")


def test_numbers_in_a_job_come_as_text_or_decimal():
    job = read_job({"id": "a", "result": "succeeded", "number_of_accounting_records": Decimal("3.0")})

    assert job.bookings == 3
    assert read_job({"id": "a", "result": "SUCCEEDED", "data_category_id": "21"}).data_category == 21


def test_a_job_without_id_is_unreadable():
    with pytest.raises(TransientError):
        read_job({"result": "succeeded"})


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_status_that_datev_can_not_tell_is_asked_for_again(api, datev, status):
    ref = send(api).job_ref
    datev.faults.add("extf.job", status=status)

    with pytest.raises(TransientError):
        api.extf_job(CLIENT, ref)


@pytest.mark.parametrize("ref", ["", "../../x", "a/b", "a?b"])
def test_what_is_no_job_id_is_never_part_of_an_address(api, datev, ref):
    with pytest.raises(RejectedError):
        api.extf_job(CLIENT, ref)

    assert datev.calls == []


# --- refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"filename": "Buchungen.csv"},
        {"filename": "EXTF_" + "x" * 52 + ".csv"},
        {"filename": "EXTF_Müller.csv"},
        {"filename": "EXTF_1.CSV"},
        {"filename": "EXTF_1.csv\n"},
        {"reference": ""},
        {"reference": "ä"},
        {"reference": "x" * 255},
        {"reference": "a\r\nX-Evil: 1"},
        {"content": b""},
        {"content": b"x" * (MAX_BYTES + 1)},
    ],
)
def test_what_datev_would_refuse_or_change_is_refused_before_a_call(api, datev, changed):
    with pytest.raises(RejectedError) as raised:
        send(api, **changed)

    assert raised.value.vendor == ""
    assert datev.calls == []


def test_the_longest_allowed_name_is_taken(api, datev):
    name = f"EXTF_{'x' * 51}.csv"

    assert api.extf_job(CLIENT, send(api, filename=name).job_ref).filename == name


def test_a_refusal_as_a_duplicate_is_told_by_its_status_and_the_job_is_found(api, datev):
    datev.options.duplicate_filename = True
    first = send(api)

    with pytest.raises(RejectedError) as raised:
        send(api)

    assert raised.value.status == 409
    assert api.find_extf_job(CLIENT, "mlc-1-000123").ref == first.job_ref


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 400, "body": {"type": "http://www.datev.de/hilfe/1008832"}}, InterfaceError),
        ({"status": 400, "body": {"type": "http://www.datev.de/hilfe/1008835"}}, ConfigurationError),
        ({"status": 403, "body": {"type": "http://www.datev.de/hilfe/1008829"}}, ConfigurationError),
        ({"status": 404, "body": ""}, ConfigurationError),
        ({"status": 413, "body": {"type": "http://www.datev.de/hilfe/1008833"}}, RejectedError),
        ({"status": 415, "body": ""}, InterfaceError),
        ({"status": 429, "body": ""}, TransientError),
        ({"status": 451, "body": ""}, ConnectorError),
    ],
)
def test_a_refused_import_was_not_done(api, datev, fault, error):
    datev.faults.add("extf.import", **fault)

    with pytest.raises(error) as raised:
        send(api)

    assert not isinstance(raised.value, OutcomeUnknownError)


def test_the_reason_that_datev_gives_field_by_field_is_kept(api, datev):
    body = {
        "type": "http://www.datev.de/hilfe/1008832",
        "affected_elements": [{"name": "Filename", "reason": "Filename is empty"}],
    }
    datev.faults.add("extf.import", status=400, body=body)

    with pytest.raises(InterfaceError, match="1008832") as raised:
        send(api)

    assert [(fault.field, str(fault.rule)) for fault in raised.value.faults] == [
        ("Filename", "Filename is empty")
    ]
