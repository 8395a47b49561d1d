"""Signing in: authorization with PKCE, tokens, refresh, revoke."""

import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.asana.helpers import REDIRECT_URIS
from mlconnector.sandbox.mount import WSGIAdapter

HOST = "https://asana.example/-"
VERIFIER = "a-verifier-that-is-long-enough-for-anybody-43chars"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ME = "https://asana.example/api/1.0/users/me"


@pytest.fixture
def web(sim: AsanaSimulator) -> requests.Session:
    session = requests.Session()
    session.mount("https://asana.example", WSGIAdapter(sim))
    return session


def authorize(web: requests.Session, sim: AsanaSimulator, **changed: Any) -> requests.Response:
    query = {
        "client_id": sim.client_id,
        "redirect_uri": REDIRECT_URIS[0],
        "response_type": "code",
        "state": "a state",
        "code_challenge_method": "S256",
        "code_challenge": CHALLENGE,
        "scope": "default",
        **changed,
    }
    return web.get(f"{HOST}/oauth_authorize", params=query, allow_redirects=False, timeout=5)


def came_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(REDIRECT_URIS[0])
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def exchange(web: requests.Session, sim: AsanaSimulator, code: str, **changed: Any) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": sim.client_id,
        "client_secret": sim.client_secret,
        "redirect_uri": REDIRECT_URIS[0],
        "code": code,
        "code_verifier": VERIFIER,
        **changed,
    }
    return web.post(f"{HOST}/oauth_token", data=form, timeout=5)


def refresh(web: requests.Session, sim: AsanaSimulator, token: str, **changed: Any) -> requests.Response:
    form = {
        "grant_type": "refresh_token",
        "client_id": sim.client_id,
        "client_secret": sim.client_secret,
        "refresh_token": token,
        **changed,
    }
    return web.post(f"{HOST}/oauth_token", data=form, timeout=5)


def status_with(web: requests.Session, token: str) -> int:
    return web.get(ME, headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code


def test_a_person_signs_in(web: requests.Session, sim: AsanaSimulator) -> None:
    back = came_back(authorize(web, sim))
    assert back["state"] == "a state"

    answer = exchange(web, sim, back["code"])

    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    assert body["data"]["id"] == sim.connector
    assert status_with(web, body["access_token"]) == 200
    assert exchange(web, sim, back["code"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "another"}, "invalid_grant"),
        ({"redirect_uri": REDIRECT_URIS[1]}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_an_exchange_is_checked(
    web: requests.Session, sim: AsanaSimulator, changed: dict[str, str], error: str
) -> None:
    code = came_back(authorize(web, sim))["code"]

    answer = exchange(web, sim, code, **changed)

    assert (answer.ok, answer.json()["error"]) == (False, error)


def test_a_code_gets_old(web: requests.Session, sim: AsanaSimulator) -> None:
    code = came_back(authorize(web, sim))["code"]
    sim.clock.advance(timedelta(minutes=10))

    assert exchange(web, sim, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"state": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"scope": "tasks:read"}, "forbidden_scopes"),
    ],
)
def test_faulty_authorizations_come_back_as_errors(
    web: requests.Session, sim: AsanaSimulator, changed: dict[str, Any], error: str
) -> None:
    assert came_back(authorize(web, sim, **changed))["error"] == error


def test_a_person_may_say_no(web: requests.Session, sim: AsanaSimulator) -> None:
    sim.options.deny_authorization = True

    assert came_back(authorize(web, sim)) == {"error": "access_denied", "state": "a state"}


def test_a_wrong_client_or_redirect_shows_a_page(web: requests.Session, sim: AsanaSimulator) -> None:
    for changed in ({"client_id": "x"}, {"redirect_uri": "https://evil.example/"}):
        answer = authorize(web, sim, **changed)

        assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_granular_apps_may_not_ask_for_everything(web: requests.Session, sim: AsanaSimulator) -> None:
    sim.add_app("77", "secret", REDIRECT_URIS, scopes=["tasks:read", "webhooks:read"])

    assert came_back(authorize(web, sim, client_id="77"))["error"] == "invalid_scope"
    code = came_back(authorize(web, sim, client_id="77", scope="tasks:read openid"))["code"]
    token = exchange(web, sim, code, client_id="77", client_secret="secret").json()["access_token"]
    assert sim.known.tokens[token].scopes == {"tasks:read"}


def test_the_refresh_token_does_not_rotate(web: requests.Session, sim: AsanaSimulator) -> None:
    first, token = sim.add_oauth_tokens()
    sim.clock.advance(timedelta(hours=2))

    answers = [refresh(web, sim, token).json() for _ in range(2)]

    assert status_with(web, first) == 401
    assert all(status_with(web, answer["access_token"]) == 200 for answer in answers)
    assert all("refresh_token" not in answer for answer in answers)
    sim.options.refresh_answers_refresh_token = True
    assert refresh(web, sim, token).json()["refresh_token"] == token


def test_secrets_travel_in_the_form(web: requests.Session, sim: AsanaSimulator) -> None:
    _, token = sim.add_oauth_tokens()
    form = {"grant_type": "refresh_token", "refresh_token": token}

    by_header = web.post(f"{HOST}/oauth_token", data=form, auth=(sim.client_id, sim.client_secret), timeout=5)
    by_json = web.post(
        f"{HOST}/oauth_token",
        json=form | {"client_id": sim.client_id, "client_secret": sim.client_secret},
        timeout=5,
    )

    assert (by_header.status_code, by_header.json()["error"]) == (401, "invalid_client")
    assert (by_json.status_code, by_json.json()["error"]) == (400, "invalid_request")


def test_revoking_ends_everything(web: requests.Session, sim: AsanaSimulator) -> None:
    access, token = sim.add_oauth_tokens()

    def revoke(value: str) -> int:
        form = {"client_id": sim.client_id, "client_secret": sim.client_secret, "token": value}
        return web.post(f"{HOST}/oauth_revoke", data=form, timeout=5).status_code

    assert revoke(access) == 400
    assert revoke("unknown") == 200
    assert status_with(web, access) == 200
    assert revoke(token) == 200
    assert status_with(web, access) == 401
    assert refresh(web, sim, token).json()["error"] == "invalid_grant"
    assert revoke(token) == 200


def test_the_demo_may_come_back_to_any_port_of_this_machine(
    web: requests.Session, sim: AsanaSimulator
) -> None:
    there = authorize(web, sim, redirect_uri="http://127.0.0.1:8123/oauth/callback")

    assert there.headers["Location"].startswith("http://127.0.0.1:8123/oauth/callback?code=")
    assert authorize(web, sim, redirect_uri="http://127.0.0.1:8123/other").status_code == 400
