"""What every API call of the simulated DATEV must bring, and the clients that it shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlconnector.sandbox.datev import App, Client, DatevSimulator
from tests.sandbox.datev.caller import ALL_SCOPES, CLIENT, OTHER, Caller

READS = (
    ("clients_url", f"/clients/{CLIENT}"),
    ("documents_url", f"/clients/{CLIENT}/document-types"),
    ("extf_url", f"/clients/{CLIENT}/extf-files/jobs"),
    ("dxso_url", f"/clients/{CLIENT}"),
)


@pytest.mark.parametrize(("api", "path"), READS)
def test_every_api_answers_a_good_call_in_both_environments(datev, api, path):
    for environment in ("production", "sandbox"):
        caller = Caller(datev, environment)
        caller.sign_in()
        assert caller.get(api, path).status_code == 200


@pytest.mark.parametrize(("api", "path"), READS)
def test_every_answer_carries_the_ids_for_the_technical_log(caller, api, path):
    answer = caller.get(api, path)

    assert answer.headers["X-Global-Transaction-ID"]
    assert answer.headers["V-Cap-Request-ID"]


@pytest.mark.parametrize(("api", "path"), READS)
def test_no_or_an_unknown_token_is_refused_without_a_body(stranger, api, path):
    assert stranger.get(api, path).status_code == 401
    stranger.use("invented")
    answer = stranger.get(api, path)

    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize(("api", "path"), READS)
def test_the_app_id_must_be_that_of_the_token(api, path):
    datev = DatevSimulator(apps=[*DatevSimulator().apps, App("b" * 32, "other-secret")])
    caller = Caller(datev)
    caller.sign_in()

    caller.headers["X-DATEV-Client-Id"] = "wrong"
    unknown = caller.get(api, path)
    caller.headers["X-DATEV-Client-Id"] = "b" * 32
    foreign = caller.get(api, path)
    del caller.headers["X-DATEV-Client-Id"]
    missing = caller.get(api, path)

    assert unknown.status_code == foreign.status_code == missing.status_code == 401
    assert unknown.json()["detail"] == missing.json()["detail"] == "Invalid client id or secret"
    assert foreign.json()["moreInformation"] == "Token issued to another client"


@pytest.mark.parametrize(
    ("api", "path", "status", "code"),
    [
        ("clients_url", "/clients", 403, "http://www.datev.de/hilfe/1008829"),
        ("clients_url", f"/clients/{CLIENT}", 403, "http://www.datev.de/hilfe/1008829"),
        ("extf_url", f"/clients/{CLIENT}/extf-files/jobs", 403, "http://www.datev.de/hilfe/1008829"),
        ("documents_url", f"/clients/{CLIENT}/document-types", 403, "#DCO01005"),
        ("documents_url", f"/clients/{CLIENT}", 403, "#DCO01005"),
        ("dxso_url", f"/clients/{CLIENT}/dxso-jobs/1", 403, "#DCO01005"),
    ],
)
def test_a_missing_scope_is_told_in_the_shape_of_the_api(caller, api, path, status, code):
    caller.sign_in(("openid",))

    answer = caller.get(api, path)

    assert answer.status_code == status
    body = answer.json()
    assert body.get("type") == code or body.get("error") == code


@pytest.mark.parametrize("mode", ["unknown", "invisible"])
def test_a_client_that_the_person_may_not_see_is_not_there(caller, datev, mode):
    ref = "455148-77"
    if mode == "invisible":
        datev.client(OTHER).is_visible, ref = False, OTHER

    plain = caller.get("clients_url", f"/clients/{ref}")
    upload = caller.put_document(client=ref)
    types = caller.get("documents_url", f"/clients/{ref}/document-types")

    assert (plain.status_code, upload.status_code, upload.content) == (404, 404, b"")
    assert types.status_code == 404
    assert set(types.json()) == {"request_id"}


def test_a_malformed_client_id_is_told_by_extf_alone(caller):
    answer = caller.get("extf_url", "/clients/abc/extf-files/jobs")

    assert (answer.status_code, answer.json()["type"][-7:]) == (400, "1008835")
    assert caller.get("clients_url", "/clients/abc").status_code == 404


def test_a_service_that_was_not_ordered_is_refused(datev):
    datev = DatevSimulator([Client(455148, 1, "Muster GmbH", services=("Rechnungsdatenservice 2.0",))])
    caller = Caller(datev)
    caller.sign_in()

    assert caller.put_document().status_code == 403
    job = caller.http.post(
        f"{caller.urls['dxso_url']}/clients/{CLIENT}/dxso-jobs", headers=caller.headers, json={}
    )
    assert (job.status_code, job.json()["error"]) == (400, "#DCO01002")
    assert caller.imported()["validation_details"]["type"].endswith("1008838")


def test_clients_are_listed_with_their_services(caller):
    first, second = caller.get("clients_url", "/clients").json()

    assert (first["id"], first["consultant_number"], first["client_number"]) == (CLIENT, 455148, 1)
    assert {"name": "Belegbilderservice", "scopes": ["accounting:documents"]} in second["services"]


def test_the_filter_knows_two_numbers(caller):
    found = caller.get("clients_url", "/clients", filter="consultant_number eq 455148 and client_number eq 2")
    bad = caller.get("clients_url", "/clients", filter="name eq 'Muster'")

    assert [client["id"] for client in found.json()] == [OTHER]
    assert (bad.status_code, bad.json()["type"][-7:]) == (400, "1008828")


def test_pages_are_linked_by_a_query_string_alone():
    datev = DatevSimulator([Client(455148, number, f"Muster {number} GmbH") for number in range(1, 251)])
    caller = Caller(datev)
    caller.sign_in()

    first = caller.get("clients_url", "/clients")
    second = caller.get("clients_url", "/clients", skip=100, top=500)

    assert (len(first.json()), first.headers["Total-Items"]) == (100, "250")
    assert first.headers["Link"] == '<?skip=100&top=100>;rel="next"'
    assert second.headers["Link"] == '<?skip=0&top=100>;rel="prev", <?skip=200&top=100>;rel="next"'
    for bad in ({"skip": "-1"}, {"top": "0"}, {"top": "x"}):
        assert caller.get("clients_url", "/clients", **bad).status_code == 400


def test_basics_show_fiscal_years_and_ledgers(caller):
    for api in ("documents_url", "dxso_url"):
        basics = caller.get(api, f"/clients/{CLIENT}").json()
        assert basics["is_document_management_available"] is True
        years = [year["fiscal_year_start"] for year in basics["basic_accounting_information"]]
        assert years == ["2025-01-01", "2026-01-01"]
        assert [year["account_length"] for year in basics["basic_accounting_information"]] == [4, 4]


def test_wrong_accept_and_wrong_method_are_told(caller):
    caller.headers["Accept"] = "text/csv"
    assert caller.get("clients_url", "/clients").status_code == 406
    answer = caller.http.delete(f"{caller.urls['clients_url']}/clients", headers=caller.headers)
    assert (answer.status_code, answer.json()["title"]) == (405, "Method Not Allowed")


def test_too_many_calls_in_a_second_are_slowed_down(caller, datev):
    datev.options.calls_per_second = 2

    statuses = [caller.get("clients_url", f"/clients/{CLIENT}").status_code for _ in range(3)]
    datev.clock.advance(timedelta(seconds=1))

    assert statuses == [200, 200, 429]
    assert caller.get("clients_url", f"/clients/{CLIENT}").status_code == 200


def test_quirks_change_forms_but_not_meaning(caller, datev):
    datev.options.quirks = True

    basics = caller.get("documents_url", f"/clients/{CLIENT}")
    error = caller.put_document(name="a.zip")
    listed = caller.get("clients_url", "/clients")

    assert basics.json()["is_document_management_available"] == "true"
    assert basics.json()["client_number"] == "1"
    assert basics.json()["basic_accounting_information"][0]["fiscal_year_start"].startswith("2025-01-01T")
    assert basics.headers["Content-Encoding"] == "gzip"
    assert basics.headers["Content-Type"] == "application/json;charset=utf-8"
    assert error.json()[0]["error"] == "#DCO01015"
    assert "Total-Items" not in listed.headers
    assert caller.put_document().json()["id"] == "AC4D376FD0814CB398DE190FA93B500E"
    assert (
        caller.get("clients_url", "/clients", skip="x").headers["Content-Type"] == "application/problem+json"
    )
    assert "scope" not in caller.sign_in(ALL_SCOPES)
