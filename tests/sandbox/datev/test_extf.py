"""The simulated extf-files judges headers as DATEV does and remembers every row."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from mlconnector.sandbox.datev import extf_file
from tests.sandbox.datev.caller import CLIENT, GUID, HEADER, OTHER, extf, row, with_header

LINK = f'BEDI "{GUID}"'


def last_part(url: str) -> str:
    return url.rpartition("/")[2]


def test_an_import_is_accepted_and_its_job_ends_well(caller, datev):
    answer = caller.import_file(Client_Application_Version="1.0")

    assert (answer.status_code, answer.content, answer.headers["Retry-After"]) == (202, b"", "5")
    job_id = last_part(answer.headers["Location"])
    assert answer.headers["Location"] == f"/clients/{CLIENT}/extf-files/jobs/{job_id}"
    assert caller.job(job_id).json() == {
        "id": job_id,
        "filename": "EXTF_Muster_0001.csv",
        "reference_id": "muster-0001",
        "client_application_display_name": "ml-connector",
        "client_application_vendor": "Muster Software",
        "client_application_version": "1.0",
        "timestamp": "2026-07-31T09:00:00Z",
        "result": "succeeded",
        "data_category_id": 21,
        "label": "Asana 07/2026",
        "number_of_accounting_records": 1,
        "fiscal_year_begin": "2026-01-01",
        "date_from": "2026-07-01",
        "date_to": "2026-07-31",
    }


def test_a_job_is_pending_until_its_time_has_come(caller, datev):
    datev.options.job_seconds = 30
    job_id = last_part(caller.import_file().headers["Location"])

    early = caller.job(job_id).json()
    datev.clock.advance(timedelta(seconds=30))
    late = caller.job(job_id).json()

    assert early["result"] == "pending"
    assert "number_of_accounting_records" not in early
    assert late["result"] == "succeeded"
    assert len(datev.bookings()) == 1


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("relative", "/clients/455148-1/extf-files/jobs/"),
        ("platform", "/platform/v3/clients/455148-1/extf-files/jobs/"),
        ("absolute", "https://datev.example/extf/platform/v3/clients/455148-1/extf-files/jobs/"),
    ],
)
def test_the_location_comes_in_three_forms(caller, datev, form, expected):
    datev.options.location = form

    assert caller.import_file().headers["Location"].startswith(expected)


def test_location_and_retry_after_may_be_missing_or_odd(caller, datev):
    datev.options.location, datev.options.retry_after = "missing", ""
    bare = caller.import_file()
    datev.options.retry_after = "date"
    dated = caller.import_file()
    datev.options.retry_after = "soon"
    garbled = caller.import_file()

    assert not {"Location", "Retry-After"} & set(bare.headers)
    assert dated.headers["Retry-After"] == "Fri, 31 Jul 2026 09:00:05 GMT"
    assert garbled.headers["Retry-After"] == "soon"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content_Type": "text/csv"}, 415, None),
        ({"Filename": None}, 400, "1008832"),
        ({"Filename": "Buchungen.csv"}, 400, "1008832"),
        ({"Filename": "EXTF_Buchungen.CSV"}, 400, "1008832"),
        ({"Filename": f"EXTF_{'x' * 52}.csv"}, 400, "1008832"),
        ({"Reference_Id": "a/b"}, 400, "1008832"),
        ({"Reference_Id": "x" * 255}, 400, "1008832"),
        ({"Client_Application_Version": "1.0 (beta)"}, 400, "1008832"),
    ],
)
def test_faulty_request_headers_are_refused_at_once(caller, datev, headers, status, code):
    answer = caller.import_file(**headers)

    assert answer.status_code == status
    assert answer.json().get("type", "").endswith(code or "")
    assert datev.state()["extf_jobs"] == []


def test_the_longest_names_pass(caller):
    answer = caller.import_file(Filename=f"EXTF_{'x' * 51}.csv", Reference_Id="r" * 254)

    assert answer.status_code == 202


def test_an_empty_and_a_huge_body_are_refused(caller):
    empty = caller.import_file(b"")
    huge = caller.import_file(b"x" * 50_000_001)

    assert (empty.status_code, empty.json()["type"][-7:]) == (400, "1008831")
    assert (huge.status_code, huge.json()["type"][-7:]) == (413, "1008833")


@pytest.mark.parametrize(
    ("field", "value", "element"),
    [
        ("f1", '"DTVF"', "DATEV Format Label"),
        ("f2", "510", "Version Number"),
        ("f3", "22", "Data Category"),
        ("f4", '"Buchungen"', "Format Name"),
        ("f5", "x", "Format Version"),
        ("f6", "20261314000000000", "Created On"),
        ("f6", "20260714", "Created On"),
        ("f7", "1", "Imported"),
        ("f11", "999", "Consultant"),
        ("f12", "", "Client"),
        ("f13", "20260231", "FY Begin"),
        ("f14", "9", "Length of Ledger Account"),
        ("f15", "", "Date From"),
        ("f16", "20260732", "Date To"),
        ("f23", "x", "Reserved"),
        ("f24", '"x"', "Reserved"),
        ("f30", '"x"', "Reserved"),
    ],
)
def test_a_wrong_header_field_fails_the_job_and_is_named(caller, datev, field, value, element):
    job = caller.imported(extf(header=with_header(**{field: value})))

    assert job["result"] == "failed"
    details = job["validation_details"]
    assert (details["type"], details["title"]) == ("http://www.datev.de/hilfe/1008834", "Invalid EXTF-header")
    (named,) = details["affected_elements"]
    assert named["name"] == element
    assert f"({field[1:]})" in named["reason"]
    assert datev.bookings() == []


def test_all_wrong_fields_are_named_together(caller):
    job = caller.imported(extf(header=with_header(f1='"X"', f14="3", f29="1")))

    assert len(job["validation_details"]["affected_elements"]) == 3


@pytest.mark.parametrize(
    ("content", "code", "detail"),
    [
        (extf(header=with_header(f11="455149")), "1008834", "consultant-number"),
        (extf(header=with_header(f12="2")), "1008834", "client-number"),
        (extf(header=with_header(f5="11")), "1008834", "Invalid combination"),
        (extf(header=with_header(f5="14")), "1008834", "Invalid combination"),
        (extf(header=with_header(f3="16")), "1008834", "Invalid combination"),
        (extf(header=with_header(f15="20260801")), "1008834", "DateFrom must not be greater"),
        (extf(header=HEADER.rpartition(";")[0]), "1008834", "Missing columns"),
        (extf(header=with_header(f17=f'"{"x" * 900}"')), "1008834", "maximum length of 1000"),
        (HEADER.encode() + b"\r\nUmsatz;Soll\r\n", "1008833", "No payload"),
        (b"\xef\xbb\xbf", "1008833", "No payload"),
        (extf(encoding="utf-8-sig")[:-3] + b"\xff\r\n", "1008833", "Only Windows-1252"),
        (b"\x81" + extf(encoding="cp1252"), "1008833", "Only Windows-1252"),
    ],
)
def test_a_file_that_does_not_fit_fails_with_its_reason(caller, content, code, detail):
    job = caller.imported(content)

    assert job["result"] == "failed"
    assert job["validation_details"]["type"].endswith(code)
    assert detail in job["validation_details"]["detail"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16-le", "utf-16-be"])
def test_the_byte_order_mark_decides_how_umlauts_are_read(caller, datev, encoding):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")

    caller.imported(mark + extf(row(c14="Bürobedarf"), encoding=encoding))

    assert datev.bookings()[0]["text"] == "Bürobedarf"


def test_utf8_without_a_mark_arrives_broken_and_without_an_error(caller, datev):
    job = caller.imported(extf(row(c14="Büro"), encoding="utf-8"))

    assert job["result"] == "succeeded"
    assert datev.bookings()[0]["text"] == "BÃ¼ro"


def test_as_many_rows_as_allowed_and_one_more():
    line = row()
    most = extf_file.read(extf(*[line] * 99_999), CLIENT)
    more = extf_file.read(extf(*[line] * 100_000), CLIENT)

    assert most.refusal is None
    assert more.refusal is not None
    assert more.refusal.detail == "More than 99999 postings"


def test_bookings_are_listed_as_plain_values(caller, datev):
    caller.put_document()
    credit = row(c1="1.0,00", c2="S", c3="USD", c4="1,250000", c5="95,20", c6="EUR", c20=LINK, c37="K 10")
    credit = credit.replace("1.0,00", "119,00")

    caller.imported(extf(row(), credit))

    first, second = datev.state()["bookings"]
    assert {"route": "extf", "client": CLIENT, "filename": "EXTF_Muster_0001.csv"}.items() <= first.items()
    assert {
        "reference": "muster-0001",
        "row": 1,
        "amount": "119.00",
        "side": "H",
        "currency": "EUR",
        "account": "70001",
        "contra_account": "4930",
        "bu_key": "9",
        "date": "2026-07-15",
        "document_field_1": "RE-1",
        "text": "Büro",
        "document_guids": [],
        "is_finalized": False,
        "is_reversal": False,
    }.items() <= first.items()
    assert second["document_guids"] == [GUID]
    assert (second["currency"], second["rate"], second["base_amount"]) == ("USD", "1.250000", "95.20")
    assert second["cost_center_1"] == "K 10"
    assert datev.state()["extf_jobs"][0]["findings"] == []


@pytest.mark.parametrize(
    ("values", "finding"),
    [
        ({"c1": "0,00"}, "Column 1"),
        ({"c1": "119.00"}, "Column 1"),
        ({"c2": "D"}, "Column 2"),
        ({"c7": "07000"}, "Column 7"),
        ({"c7": "7000123"}, "longer than 5 digits"),
        ({"c7": "4930"}, "are the same"),
        ({"c10": "0108"}, "not within the batch period"),
        ({"c10": "3106"}, "not within the batch period"),
        ({"c11": "RE 1"}, "Column 11"),
        ({"c14": "x" * 61}, "Column 14"),
        ({"c20": GUID}, "cannot be read"),
        ({"c20": LINK}, "is not in Belege online"),
    ],
)
def test_rows_that_would_fail_at_the_tax_office_are_found_but_do_not_fail_the_job(
    caller, datev, values, finding
):
    job = caller.imported(extf(row(**values)))

    assert job["result"] == "succeeded"
    assert finding in " ".join(datev.state()["extf_jobs"][0]["findings"])


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (extf(row() + ";"), "126 columns"),
        (extf(row().replace('"H"', "H")), "Column 2 is not quoted"),
        (extf(row().replace("119,00", '"119,00"')), "Column 1 is quoted"),
        (extf()[:-2], "does not end with CR LF"),
        (extf(header=with_header(f14="5")), "account length 5"),
        (extf(header=with_header(f13="20260701")), "no fiscal year"),
        (extf(header=with_header(f15="20251201")), "two calendar years"),
    ],
)
def test_faults_of_form_are_found_too(caller, datev, content, finding):
    caller.imported(content)

    assert finding in " ".join(datev.state()["extf_jobs"][0]["findings"])


def test_a_document_that_comes_after_its_booking_is_found(caller, datev):
    caller.imported(extf(row(c20=LINK)))

    caller.put_document()

    assert "is not in Belege online" in datev.state()["extf_jobs"][0]["findings"][0]


def test_equal_bookings_are_reported_as_repeated(caller, datev):
    caller.imported()
    assert datev.state()["repeated"] == []

    caller.imported()

    (repeated,) = datev.state()["repeated"]
    assert (repeated["document_field_1"], repeated["times"]) == ("RE-1", 2)


def test_master_data_is_taken_without_period(caller, datev):
    header = with_header(f3="16", f4='"Debitoren/Kreditoren"', f5="5", f15="", f16="")

    job = caller.imported(extf(header=header))

    assert (job["result"], job["data_category_id"]) == ("succeeded", 16)
    assert datev.bookings() == []


@pytest.mark.parametrize("code", ["1008833", "1008834", "1008836", "1008837", "1008838"])
def test_the_next_jobs_end_as_switched(caller, datev, code):
    datev.options.next_jobs = [code]

    failed, fine = caller.imported(), caller.imported()

    assert (failed["result"], failed["validation_details"]["type"][-7:]) == ("failed", code)
    assert fine["result"] == "succeeded"


def test_a_failed_job_may_come_without_details(caller, datev):
    datev.options.next_jobs, datev.options.without_details = ["1008837"], True

    job = caller.imported()

    assert job["result"] == "failed"
    assert "validation_details" not in job


def test_jobs_are_listed_newest_first_in_pages_and_per_client(caller):
    for number in range(3):
        caller.import_file(Reference_Id=f"ref-{number}")
    caller.import_file(extf(header=with_header(f12="2")), client=OTHER)

    page = caller.jobs(top=2)

    assert [job["reference_id"] for job in page.json()] == ["ref-2", "ref-1"]
    assert page.headers["Link"] == '<?skip=2&top=2>;rel="next"'
    assert page.headers["Total-Items"] == "3"
    assert len(caller.jobs(OTHER).json()) == 1


def test_a_job_may_be_hidden_for_a_while_after_the_upload(caller, datev):
    datev.options.job_hidden_seconds = datev.options.list_hidden_seconds = 10
    job_id = last_part(caller.import_file().headers["Location"])
    assert (caller.job(job_id).status_code, caller.job(job_id).content) == (404, b"")
    assert caller.jobs().json() == []

    datev.clock.advance(timedelta(seconds=10))

    assert caller.job(job_id).status_code == 200
    assert len(caller.jobs().json()) == 1


def test_unknown_and_malformed_job_ids(caller):
    job_id = last_part(caller.import_file().headers["Location"])

    assert caller.job(GUID).status_code == 404
    assert caller.job(job_id, OTHER).status_code == 404
    assert caller.job("17").json()["affected_elements"][0]["name"] == "job-id"
    assert caller.job(job_id.replace("-", "").upper()).status_code == 200


def test_a_lost_answer_of_an_import_leaves_one_job_to_be_found_by_its_reference(caller, datev):
    datev.faults.add("POST /clients/*/extf-files/import", drop="after")

    with pytest.raises(requests.ConnectionError):
        caller.import_file(Reference_Id="lost-1")

    assert [job["reference_id"] for job in caller.jobs().json()] == ["lost-1"]


def test_a_known_file_name_is_refused_only_when_switched_on(caller, datev):
    assert [caller.import_file().status_code for _ in range(2)] == [202, 202]
    datev.options.duplicate_filename = True

    assert caller.import_file().status_code == 409
    assert caller.import_file(Filename="EXTF_other.csv").status_code == 202
