"""Cookie sessions, the licence's limit of API users, OAuth."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
import requests

from mlconnector.sandbox.acumatica import AcumaticaSimulator
from mlconnector.sandbox.mount import WSGIAdapter
from tests.sandbox.acumatica.caller import BASE, CALLBACK, Caller, came_back


def test_a_cookie_session_opens_works_and_closes(sim, stranger):
    assert stranger.get("Bill").status_code == 401
    assert stranger.login(branch="NORD").status_code == 204
    assert stranger.get("Bill").json() == []
    assert stranger.logout().status_code == 204
    assert stranger.get("Bill").status_code == 401
    assert (sim.sessions_opened, sim.sessions_closed, sim.sessions_open) == (1, 1, 0)


def test_signing_out_needs_a_length(sim, caller):
    request = requests.Request("POST", f"{caller.root}/entity/auth/logout")
    prepared = caller.http.prepare_request(request)
    del prepared.headers["Content-Length"]

    assert caller.http.send(prepared).status_code == 411
    assert sim.sessions_open == 1


@pytest.mark.parametrize(
    ("form", "status", "kind"),
    [("json", 429, "application/json"), ("plain", 429, "text/plain"), ("html", 500, "text/html")],
)
def test_one_session_too_many_is_refused_in_odd_forms(sim, form, status, kind):
    sim.options.login_limit_form = form
    for _ in range(2):
        assert Caller(sim).login().status_code == 204

    refused = Caller(sim).login()

    assert (refused.status_code, refused.headers["Content-Type"].partition(";")[0]) == (status, kind)
    assert ("API Login Limit" in refused.text) == (form != "plain")
    assert (sim.sessions_opened, sim.sessions_most_at_once, sim.sessions.refused) == (2, 2, 1)


def test_a_token_needs_a_slot_too(sim, stranger):
    for _ in range(2):
        Caller(sim).login()
    stranger.use(sim.sign_in()["access_token"])

    assert stranger.get("Bill").status_code == 429
    sim.end_sessions()
    assert stranger.get("Bill").status_code == 200


def test_an_unused_session_expires_and_frees_its_slot(sim, caller):
    sim.clock.advance(timedelta(minutes=20))

    assert caller.get("Bill").status_code == 401
    assert (sim.sessions_open, sim.sessions_closed) == (0, 0)


def test_wrong_passwords_lock_the_user(sim, stranger):
    for _ in range(3):
        refused = stranger.login(password="wrong")
        assert refused.status_code == 500
        assert "Invalid credentials" in refused.json()["exceptionMessage"]

    assert "locked out" in stranger.login().json()["exceptionMessage"]


def test_a_tenant_name_proves_little(sim, stranger):
    assert stranger.login(tenant="NOWHERE").status_code == 204  # a single tenant takes any name
    sim.add_tenant("ZWEI")

    refused = Caller(sim).login(tenant="NOWHERE")

    assert refused.json()["exceptionType"].endswith("PXUndefinedCompanyException")
    assert Caller(sim).login(tenant="").status_code == 204  # the default tenant
    assert {session.tenant for session in sim.sessions.open} == {"MUSTER"}


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"branch": "WEST"}, "branch 'WEST'"), ({"name": "nobody"}, "Invalid credentials")],
)
def test_other_refusals_of_a_sign_in(stranger, changes, text):
    assert text in stranger.login(**changes).json()["exceptionMessage"]


# --- OAuth ------------------------------------------------------------------------------------------------
VERIFIER = "v" * 64


def test_the_authorization_code_is_exchanged_once(sim, stranger):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    code = stranger.code(code_challenge=challenge, code_challenge_method="S256")
    form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}

    tokens = stranger.token("authorization_code", **form).json()

    assert (tokens["expires_in"], tokens["scope"]) == (3600, "api offline_access")
    stranger.use(tokens["access_token"])
    assert stranger.get("Bill").status_code == 200
    assert stranger.token("authorization_code", **form).json() == {"error": "invalid_grant"}


def test_the_verifier_must_fit(stranger):
    code = stranger.code(code_challenge="x", code_challenge_method="S256")
    form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}

    assert stranger.token("authorization_code", **form).json() == {"error": "invalid_grant"}


def test_the_client_id_carries_the_tenant(sim, stranger):
    sim.add_tenant("ZWEI")
    sim.add_bill(description="bei ZWEI", tenant="ZWEI")
    name = sim.client_id.partition("@")[0]

    assert stranger.authorize(client_id=name).status_code == 400
    code = stranger.code(client_id=f"{name}@ZWEI")
    form = {"code": code, "redirect_uri": CALLBACK, "client_id": f"{name}@ZWEI"}
    stranger.use(stranger.token("authorization_code", **form).json()["access_token"])

    assert [row["Description"]["value"] for row in stranger.get("Bill").json()] == ["bei ZWEI"]


def test_refresh_tokens_rotate_and_the_chain_ends_after_thirty_days(sim, stranger):
    first = sim.sign_in()
    second = stranger.token("refresh_token", refresh_token=first["refresh_token"]).json()

    assert second["refresh_token"] != first["refresh_token"]
    again = stranger.token("refresh_token", refresh_token=first["refresh_token"])
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    sim.clock.advance(timedelta(days=30))
    late = stranger.token("refresh_token", refresh_token=second["refresh_token"])
    assert late.json() == {"error": "invalid_grant"}


def test_an_access_token_ends_after_an_hour_and_its_successor_keeps_the_session(sim, stranger):
    tokens = sim.sign_in()
    stranger.use(tokens["access_token"])
    stranger.get("Bill")
    sim.clock.advance(timedelta(minutes=59))
    assert stranger.get("Bill").status_code == 200
    sim.clock.advance(timedelta(minutes=1))
    assert stranger.get("Bill").status_code == 401

    renewed = stranger.token("refresh_token", refresh_token=tokens["refresh_token"]).json()
    stranger.use(renewed["access_token"])

    assert stranger.get("Bill").status_code == 200
    assert sim.sessions_opened == 1
    stranger.logout()
    assert (sim.sessions_open, sim.sessions_closed) == (0, 1)


def test_concurrent_access_opens_a_session_for_each_call_without_cookies(sim, stranger):
    token = sim.sign_in("api api:concurrent_access")["access_token"]
    stranger.use(token)
    other = Caller(sim)
    other.use(token)

    assert [one.get("Bill").status_code for one in (stranger, stranger, other)] == [200, 200, 200]
    assert sim.sessions_open == 2


def test_a_password_is_granted_where_the_release_has_it(sim, stranger):
    form = {"username": sim.user, "password": sim.password, "scope": "api"}

    tokens = stranger.token("password", **form).json()

    assert "refresh_token" not in tokens
    assert stranger.token("password", **form | {"password": "x"}).json() == {"error": "invalid_grant"}
    sim.options.has_password_grant = False
    assert stranger.token("password", **form).json() == {"error": "unsupported_grant_type"}
    assert stranger.token("client_credentials").json() == {"error": "unsupported_grant_type"}


def test_a_wrong_client_and_a_refused_consent(sim, stranger):
    assert stranger.token("refresh_token", client_secret="x").json() == {"error": "invalid_client"}
    sim.options.deny_authorization = True
    assert came_back(stranger.authorize()) == {"error": "access_denied", "state": "s"}


# --- endpoints --------------------------------------------------------------------------------------------
def test_the_list_of_endpoints_needs_no_sign_in(sim, stranger):
    sim.tenants["MUSTER"].endpoints.append("MyExt/1.0")

    body = stranger.http.get(f"{stranger.root}/entity").json()

    assert body["version"]["acumaticaBuildVersion"] == "25.201.0213"
    assert body["endpoints"][0] == {
        "name": "Default",
        "version": "23.200.001",
        "href": "/erp/entity/Default/23.200.001/",
    }
    sim.options.bare_endpoint_list = True
    stranger.login()
    rows = stranger.http.get(f"{stranger.root}/entity").json()
    assert rows[-1]["name"] == "MyExt"


@pytest.mark.parametrize(
    ("endpoint", "version"), [("Default", "26.100.001"), ("Default", "24.200.1"), ("MANUFACTURING", "1")]
)
def test_an_endpoint_that_is_not_there_is_404(sim, endpoint, version):
    caller = Caller(sim, version, endpoint)
    caller.login()

    assert caller.get("Bill").status_code == 404


def test_a_custom_endpoint_belongs_to_its_tenant(sim):
    sim.add_tenant("ZWEI", endpoints=["MyExt/1.0"])
    caller = Caller(sim, "1.0", "MyExt")
    caller.login(tenant="ZWEI")
    assert caller.get("Bill").status_code == 200
    other = Caller(sim, "1.0", "MyExt")
    other.login()
    assert other.get("Bill").status_code == 404


def test_a_sick_instance_redirects(sim, caller):
    sim.options.is_sick = True

    answer = caller.http.get(f"{caller.base}/Bill", allow_redirects=False)

    assert (answer.status_code, answer.headers["Content-Type"]) == (302, "text/html; charset=utf-8")


def test_an_instance_may_be_installed_in_the_root():
    sim = AcumaticaSimulator(instance="")
    http = requests.Session()
    http.mount(BASE, WSGIAdapter(sim))

    assert http.get(f"{BASE}/entity").json()["endpoints"][0]["href"] == "/entity/Default/23.200.001/"
    assert http.get(f"{BASE}/").status_code == 200
