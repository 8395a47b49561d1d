"""The simulated Login mit DATEV is as strict as the real one."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mlconnector.sandbox.datev import DEFAULT_APP, App, DatevSimulator
from tests.sandbox.datev.caller import (
    ALL_SCOPES,
    BASE,
    CLIENT,
    NONCE,
    OTHER,
    STATE,
    VERIFIER,
    Caller,
    answer_of,
)

LONG = (*ALL_SCOPES, "offline_access", f"datev:iam:client:{CLIENT}")


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_the_test_person_comes_back_at_once_with_code_and_state(stranger):
    answer = answer_of(stranger.authorize())

    assert answer["state"] == STATE
    assert stranger.exchange(answer["code"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"state": "short"}, "invalid_request", "state is too short"),
        ({"state": None}, "invalid_request", "state is too short"),
        ({"nonce": "short"}, "invalid_request", "nonce is too short"),
        ({"code_challenge": None}, "invalid_request", "code_challenge missing"),
        ({"code_challenge_method": "plain"}, "invalid_request", "S256"),
        ({"response_type": "code id_token"}, "unsupported_response_type", "code"),
        ({"scope": "profile"}, "invalid_scope", "openid"),
        ({"scope": "openid datev:accounting:documents"}, "invalid_scope", "datev:accounting:documents"),
        ({"scope": "openid offline_access"}, "invalid_scope", "one client"),
        ({"scope": f"openid datev:iam:client:{CLIENT}"}, "invalid_scope", "one client"),
        ({"scope": "openid offline_access datev:iam:client:999-9"}, "invalid_scope", "one client"),
    ],
)
def test_a_faulty_request_comes_back_as_an_error(stranger, changes, error, text):
    answer = answer_of(stranger.authorize(**changes))

    assert answer["error"] == error
    assert text in answer["error_description"]
    assert "code" not in answer


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"redirect_uri": "https://elsewhere.example/callback"},
        {"redirect_uri": "http://127.0.0.1:8000/callback"},
    ],
)
def test_unknown_app_or_address_stays_on_an_error_page(stranger, changes):
    answer = stranger.authorize(**changes)

    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_person_may_choose_and_refuse(stranger, datev):
    datev.options.sign_in_at_once = False

    page = stranger.authorize()

    assert page.status_code == 200
    assert "Erika Beispiel" in page.text
    assert answer_of(stranger.authorize(person="nobody"))["error"] == "access_denied"
    assert "code" in answer_of(stranger.authorize(person=datev.people[0].sub))


def test_a_code_is_good_once_and_for_a_minute(stranger, datev):
    used, late = stranger.code(), stranger.code()
    assert stranger.exchange(used).status_code == 200

    again = stranger.exchange(used)
    datev.clock.advance(timedelta(seconds=60))
    expired = stranger.exchange(late)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (expired.status_code, expired.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("changes", [{"code_verifier": "w" * 64}, {"redirect_uri": "http://localhost/other"}])
def test_verifier_and_address_must_be_those_of_the_request(stranger, changes):
    answer = stranger.exchange(stranger.code(), **changes)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_there_is_no_machine_login(stranger):
    assert stranger.token(grant_type="client_credentials").json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize(
    ("mode", "way", "status"),
    [
        ("both", "basic", 200),
        ("both", "client_id", 200),
        ("basic", "basic", 200),
        ("basic", "client_id", 401),
        ("client_id", "basic", 401),
        ("client_id", "client_id", 200),
        ("both", "secret_in_form", 401),
        ("both", "wrong_secret", 401),
        ("both", "nothing", 401),
    ],
)
def test_client_authentication_is_as_strict_as_switched(stranger, datev, mode, way, status):
    datev.options.client_authentication = mode
    ways = {
        "basic": (stranger.basic, {}),
        "client_id": (None, {"client_id": DEFAULT_APP.client_id}),
        "secret_in_form": (
            None,
            {"client_id": DEFAULT_APP.client_id, "client_secret": DEFAULT_APP.client_secret},
        ),
        "wrong_secret": ((DEFAULT_APP.client_id, "guessed"), {}),
        "nothing": (None, {}),
    }
    auth, form = ways[way]

    answer = stranger.exchange(stranger.code(), auth, **form)

    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"] == "invalid_client"


def test_a_refresh_rotates_both_tokens_and_ends_the_old_ones(caller):
    first = caller.sign_in()

    second = caller.refresh(first["refresh_token"]).json()

    assert second["refresh_token"] != first["refresh_token"]
    caller.use(first["access_token"])
    assert caller.get("clients_url", "/clients").status_code == 401
    caller.use(second["access_token"])
    assert caller.get("clients_url", "/clients").status_code == 200


def test_using_a_refresh_token_twice_ends_the_whole_sign_in(caller, datev):
    first = caller.sign_in()
    second = caller.refresh(first["refresh_token"]).json()

    reused = caller.refresh(first["refresh_token"])

    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    caller.use(second["access_token"])
    assert caller.get("clients_url", "/clients").status_code == 401
    assert caller.refresh(second["refresh_token"]).status_code == 400
    assert datev.state()["sessions"][-1]["end_reason"] == "refresh token used twice"


def test_access_tokens_end_after_their_time(caller, datev):
    assert caller.sign_in()["expires_in"] == 900

    datev.clock.advance(timedelta(seconds=900))

    assert caller.get("clients_url", "/clients").status_code == 401


def test_a_short_sign_in_ends_after_eleven_hours_however_often_it_was_refreshed(caller, datev):
    answer = caller.sign_in()
    assert answer["refresh_token_expires_in"] == 39600
    for _ in range(10):
        datev.clock.advance(timedelta(hours=1))
        answer = caller.refresh(answer["refresh_token"]).json()
    assert answer["refresh_token_expires_in"] == 3600

    datev.clock.advance(timedelta(hours=1))

    assert caller.refresh(answer["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_long_sign_in_lasts_and_reaches_exactly_one_client(caller, datev):
    answer = caller.sign_in(LONG)
    datev.clock.advance(timedelta(days=300))
    caller.use(caller.refresh(answer["refresh_token"]).json()["access_token"])

    own = caller.get("clients_url", f"/clients/{CLIENT}")
    refused = [
        caller.get("clients_url", f"/clients/{OTHER}"),
        caller.get("clients_url", "/clients"),
        caller.get("documents_url", "/clients"),
    ]

    assert own.status_code == 200
    for answer in refused:
        assert answer.status_code == 401
        assert "offline access token is not authorized" in answer.json()["detail"]
        assert answer.json()["httpCode"] == "401"


def test_long_tokens_need_datevs_approval():
    app = App("a" * 32, "secret", may_stay=False)
    stranger = Caller(DatevSimulator(apps=[app]))

    assert answer_of(stranger.authorize(LONG, client_id=app.client_id))["error"] == "invalid_scope"


def test_revoking_needs_the_kind_of_token(caller):
    tokens = caller.sign_in()
    url = caller.urls["revoke_url"]

    without = caller.http.post(url, data={"token": tokens["access_token"]}, auth=caller.basic)
    assert (without.status_code, without.json()["error"]) == (400, "invalid_request")
    assert caller.get("clients_url", "/clients").status_code == 200

    for kind in ("access_token", "refresh_token"):
        form = {"token": tokens[kind], "token_type_hint": kind}
        assert caller.http.post(url, data=form, auth=caller.basic).status_code == 200
    assert caller.get("clients_url", "/clients").status_code == 401
    assert caller.refresh(tokens["refresh_token"]).status_code == 400


def test_userinfo_tells_the_name_only_with_its_scope(caller):
    def claims() -> dict[str, str]:
        headers = {"Authorization": caller.headers["Authorization"]}
        return caller.http.get(caller.urls["userinfo_url"], headers=headers).json()

    assert claims()["name"] == "Erika Beispiel"
    caller.sign_in(("openid", "email"))
    assert set(claims()) == {"sub", "email"}


def test_userinfo_refuses_a_dead_token(stranger):
    answer = stranger.http.get(stranger.urls["userinfo_url"], headers={"Authorization": "Bearer no"})

    assert answer.status_code == 401


@pytest.mark.parametrize("environment", ["production", "sandbox"])
def test_the_id_token_is_signed_with_the_published_key(datev, environment):
    caller = Caller(datev, environment)
    realm = "openid" if environment == "production" else "openidsandbox"
    found = caller.http.get(f"{BASE}/login/{realm}/.well-known/openid-configuration").json()
    (key,) = caller.http.get(found["jwks_uri"]).json()["keys"]

    head, body, signature = caller.sign_in()["id_token"].split(".")

    assert {found[f"{name}_endpoint"] for name in ("authorization", "token", "revocation", "userinfo")} == {
        caller.urls[f"{name}_url"] for name in ("authorize", "token", "revoke", "userinfo")
    }
    numbers = rsa.RSAPublicNumbers(*(int.from_bytes(decoded(key[part]), "big") for part in "en"))
    numbers.public_key().verify(
        decoded(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    claims = json.loads(decoded(body))
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (
        found["issuer"],
        DEFAULT_APP.client_id,
        NONCE,
    )


def test_unknown_scopes_may_be_dropped_silently(stranger, datev):
    datev.options.unknown_scopes = "drop"

    answer = stranger.exchange(stranger.code(("openid", "datev:accounting:documents"))).json()

    assert answer["scope"] == "openid"


def test_the_scope_may_be_missing_in_the_token_answer(stranger, datev):
    datev.options.scope_in_answer = False

    assert "scope" not in stranger.exchange(stranger.code()).json()


def test_a_reset_forgets_every_sign_in(caller, datev):
    datev.reset()

    assert caller.get("clients_url", "/clients").status_code == 401
    assert VERIFIER not in json.dumps(datev.whole_state(), default=str)
