"""The sign-in at the simulated Exact Online: codes, the ten minutes, rotation, thirty days."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from mlconnector.sandbox.exact import ExactSimulator
from tests.sandbox.exact.caller import Caller


@pytest.fixture
def signed_in(exact: ExactSimulator, stranger: Caller) -> Caller:
    answer = stranger.exchange(stranger.code())
    assert answer.status_code == 200
    stranger.access, stranger.refresh = answer.json()["access_token"], answer.json()["refresh_token"]
    return stranger


def test_a_code_is_good_once(stranger):
    code = stranger.code()

    first = stranger.exchange(code)

    assert first.json()["expires_in"] == "600"
    assert first.json()["token_type"] == "bearer"
    assert len(first.json()["access_token"]) > 1000
    again = stranger.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_good_for_three_minutes(exact, stranger):
    code = stranger.code()
    exact.clock.advance(timedelta(minutes=3))

    assert stranger.exchange(code).json()["error"] == "invalid_grant"


def test_state_comes_back_and_strange_addresses_do_not(stranger):
    back = parse_qs(urlsplit(stranger.authorize().headers["Location"]).query)

    assert back["state"] == ["s1"]
    assert stranger.authorize(redirect_uri="https://hub.example/oauth/callback/").status_code == 400
    assert stranger.authorize(client_id="unknown").status_code == 400
    assert "unsupported_response_type" in stranger.authorize(response_type="token").headers["Location"]


def test_consent_may_be_denied(exact, stranger):
    exact.options.deny_authorization = True

    assert "error=access_denied" in stranger.authorize().headers["Location"]


def test_the_token_endpoint_takes_forms_with_the_right_secret_only(exact, stranger):
    assert (
        stranger.token(client_secret="wrong", grant_type="refresh_token").json()["error"] == "invalid_client"
    )
    assert stranger.token(grant_type="password").json()["error"] == "unsupported_grant_type"
    url = "https://exact.example/api/oauth2/token"
    assert stranger.session.post(url, json={"grant_type": "refresh_token"}, timeout=5).status_code == 400


def test_a_refresh_is_refused_until_570_seconds_have_passed(exact, signed_in):
    exact.clock.advance(timedelta(seconds=569))
    early = signed_in.renew()

    assert early.status_code == 400
    assert early.json() == {
        "error": "access_denied",
        "error_description": "Rate limit exceeded: access_token not expired",
    }
    assert early.headers["Reason"].startswith("TooEarlyToRefreshTokens:")
    exact.clock.advance(timedelta(seconds=1))
    assert signed_in.renew().status_code == 200
    assert [(one.status, one.outcome) for one in exact.refresh_log()] == [
        (400, "Rate limit exceeded: access_token not expired"),
        (200, "ok"),
    ]


def test_the_refresh_token_rotates_and_the_spent_one_is_dead(exact, signed_in):
    exact.clock.advance(timedelta(seconds=580))
    new = signed_in.renew().json()

    spent = signed_in.renew()

    assert spent.status_code == 401
    assert spent.json() == {"error": "unauthorized_client", "error_description": "Old refresh token used."}
    exact.clock.advance(timedelta(seconds=580))
    assert signed_in.renew(new["refresh_token"]).status_code == 200


def test_an_access_token_lives_ten_minutes(exact, signed_in):
    exact.clock.advance(timedelta(seconds=599))
    assert signed_in.get("hrm/Costcenters", "ID").status_code == 200

    exact.clock.advance(timedelta(seconds=1))
    assert signed_in.get("hrm/Costcenters", "ID").status_code == 401


def test_an_unused_refresh_token_lives_thirty_days(exact, signed_in):
    exact.clock.advance(timedelta(days=30) - timedelta(seconds=1))
    kept = signed_in.renew().json()["refresh_token"]

    exact.clock.advance(timedelta(days=30))
    gone = signed_in.renew(kept)

    assert (gone.status_code, gone.json()["error"]) == (400, "invalid_grant")


def test_a_second_sign_in_ends_the_first(exact, signed_in):
    exact.clock.advance(timedelta(seconds=580))
    signed_in.exchange(signed_in.code())

    assert "chainId" in signed_in.renew().json()["error_description"]
    assert signed_in.get("hrm/Costcenters", "ID").status_code == 401


def test_consent_withdrawn_ends_everything(exact, signed_in):
    exact.revoke()

    assert signed_in.get("hrm/Costcenters", "ID").status_code == 401
    assert signed_in.renew().json()["error"] == "invalid_grant"


def test_the_token_endpoint_takes_200_calls_a_day(exact, signed_in):
    exact.options.token_calls_per_day = 2
    exact.clock.advance(timedelta(seconds=580))
    fresh = signed_in.renew().json()["refresh_token"]

    exact.clock.advance(timedelta(seconds=580))

    assert signed_in.renew(fresh).status_code == 429
    exact.clock.advance(timedelta(days=1))
    assert signed_in.renew(fresh).status_code == 200


def test_an_unusable_token_may_bring_a_page(exact, stranger):
    stranger.access = "stampNL001.nobody"
    assert stranger.get("hrm/Costcenters", "ID").status_code == 401

    exact.options.html_for_bad_token = True

    assert "Object moved" in stranger.get("hrm/Costcenters", "ID").text


@pytest.mark.parametrize(
    ("region", "offset", "currency"), [("nl", 3600, "EUR"), ("uk", 0, "GBP"), ("us", -18000, "USD")]
)
def test_each_site_has_its_own_clock_and_apps(region, offset, currency):
    from tests.sandbox.exact.conftest import MORNING, SimClock

    exact = ExactSimulator(region=region, clock=SimClock(at=MORNING))
    caller = Caller(exact)
    caller.sign_in()

    me = caller.call("GET", "https://exact.example/api/v1/current/Me").json()["d"]["results"][0]

    assert me["ServerUtcOffset"] == offset
    local = int((MORNING.timestamp() + offset) * 1000)
    assert me["ServerTime"] == f"/Date({local})/"
    division = caller.read("system/Divisions", "Code,Currency")[0]
    assert division["Currency"] == currency
    assert caller.access.startswith(f"stamp{region.upper()}001.")
