"""Signing in: consent, tokens, rotation with its leeway, the ends of a grant, sites."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from mlconnector.sandbox.jira import API_URL, AUTH_URL, JiraSimulator
from mlconnector.sandbox.jira.helpers import CLASSIC, REDIRECT_URIS
from tests.sandbox.jira.conftest import Client, web_for

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def web(sim: JiraSimulator) -> requests.Session:
    return web_for(sim)


def authorize(web: requests.Session, sim: JiraSimulator, **changed: Any) -> requests.Response:
    query = {
        "audience": "api.atlassian.com",
        "client_id": sim.client_id,
        "scope": " ".join(CLASSIC),
        "redirect_uri": REDIRECT_URIS[0],
        "state": "a state",
        "response_type": "code",
        "prompt": "consent",
        **changed,
    }
    return web.get(f"{AUTH_URL}/authorize", params=query, allow_redirects=False, timeout=5)


def came_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(REDIRECT_URIS[0])
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def token(web: requests.Session, sim: JiraSimulator, **changed: Any) -> requests.Response:
    given = {"client_id": sim.client_id, "client_secret": sim.client_secret, **changed}
    return web.post(f"{AUTH_URL}/oauth/token", json=given, timeout=5)


def exchange(web: requests.Session, sim: JiraSimulator, code: str, /, **changed: Any) -> requests.Response:
    given = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URIS[0], "code": code, **changed}
    return token(web, sim, **given)


def refresh(web: requests.Session, sim: JiraSimulator, value: str, **changed: Any) -> requests.Response:
    return token(web, sim, **{"grant_type": "refresh_token", "refresh_token": value, **changed})


def resources(web: requests.Session, access: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {access}"}
    return web.get(f"{API_URL}/oauth/token/accessible-resources", headers=headers, timeout=5)


def test_a_person_signs_in(web: requests.Session, sim: JiraSimulator) -> None:
    back = came_back(authorize(web, sim))
    assert back["state"] == "a state"

    answer = exchange(web, sim, back["code"])

    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert set(body["scope"].split()) == set(CLASSIC)
    assert len(body["access_token"]) > 1000
    (site,) = resources(web, body["access_token"]).json()
    assert site["id"] == sim.site
    assert set(site["scopes"]) == set(CLASSIC) - {"offline_access"}
    assert Client(sim, body["access_token"]).read("/myself")["accountId"] == sim.consenting
    assert exchange(web, sim, back["code"]).json()["error"] == "invalid_grant"


def test_without_offline_access_there_is_no_refresh_token(web: requests.Session, sim: JiraSimulator) -> None:
    back = came_back(authorize(web, sim, scope="read:jira-work read:me"))

    body = exchange(web, sim, back["code"]).json()

    assert "refresh_token" not in body
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    me = web.get(f"{API_URL}/me", headers=headers, timeout=5).json()
    assert me["account_id"] == sim.consenting


def test_a_refusal_comes_back_with_its_state(web: requests.Session, sim: JiraSimulator) -> None:
    assert came_back(authorize(web, sim, scope="admin:everything"))["error"] == "invalid_scope"
    sim.options.deny_authorization = True

    back = came_back(authorize(web, sim))

    assert (back["error"], back["state"]) == ("access_denied", "a state")


@pytest.mark.parametrize(
    "changed", [{"client_id": "?"}, {"redirect_uri": "https://else.example/"}, {"audience": "?"}]
)
def test_a_wrong_address_shows_a_page(web: requests.Session, sim: JiraSimulator, changed: dict) -> None:
    assert authorize(web, sim, **changed).status_code == 400


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"redirect_uri": REDIRECT_URIS[1]}, 403, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "access_denied"),
        ({"client_id": "wrong"}, 401, "access_denied"),
        ({"grant_type": "password"}, 400, "invalid_request"),
        ({"code": "wrong"}, 403, "invalid_grant"),
    ],
)
def test_a_wrong_exchange_is_refused(
    web: requests.Session, sim: JiraSimulator, changed: dict, status: int, error: str
) -> None:
    code = came_back(authorize(web, sim))["code"]

    answer = exchange(web, sim, code, **changed)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_a_code_is_short_lived(web: requests.Session, sim: JiraSimulator) -> None:
    code = came_back(authorize(web, sim))["code"]
    sim.clock.advance(5 * MINUTE)

    assert exchange(web, sim, code).json()["error"] == "invalid_grant"


# --- refresh ----------------------------------------------------------------------------------------------
def test_refresh_tokens_rotate_and_may_be_repeated_for_ten_minutes(
    web: requests.Session, sim: JiraSimulator
) -> None:
    _, first = sim.sign_in()
    second = refresh(web, sim, first).json()["refresh_token"]
    assert second != first
    sim.clock.advance(10 * MINUTE)

    again = refresh(web, sim, first)

    assert again.status_code == 200
    assert again.json()["refresh_token"] not in (first, second)
    assert refresh(web, sim, second).status_code == 200


def test_a_reuse_after_the_leeway_ends_the_whole_family(web: requests.Session, sim: JiraSimulator) -> None:
    _, first = sim.sign_in()
    second = refresh(web, sim, first).json()["refresh_token"]
    sim.clock.advance(11 * MINUTE)

    reuse = refresh(web, sim, first)

    assert (reuse.status_code, reuse.json()["error"]) == (403, "invalid_grant")
    assert reuse.json()["error_description"] == "Unknown or invalid refresh token."
    assert refresh(web, sim, second).status_code == 403


def test_a_grant_ends_after_90_days_of_silence(web: requests.Session, sim: JiraSimulator) -> None:
    _, value = sim.sign_in()
    for _ in range(2):
        sim.clock.advance(89 * DAY)
        value = refresh(web, sim, value).json()["refresh_token"]
    sim.clock.advance(90 * DAY)

    assert refresh(web, sim, value).status_code == 403


def test_a_grant_ends_after_365_days_however_busy(web: requests.Session, sim: JiraSimulator) -> None:
    _, value = sim.sign_in()
    for _ in range(6):
        sim.clock.advance(60 * DAY)
        value = refresh(web, sim, value).json()["refresh_token"]
    sim.clock.advance(5 * DAY)

    assert refresh(web, sim, value).status_code == 403


def test_the_final_refusal_has_more_than_one_form(web: requests.Session, sim: JiraSimulator) -> None:
    _, value = sim.sign_in()
    sim.revoke()
    sim.options.refresh_error, sim.options.refresh_status = "unauthorized_client", 401

    answer = refresh(web, sim, value)

    assert (answer.status_code, answer.json()) == (
        401,
        {"error": "unauthorized_client", "error_description": "refresh_token is invalid"},
    )


def test_a_refresh_may_come_as_a_form(web: requests.Session, sim: JiraSimulator) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": sim.client_id,
        "client_secret": sim.client_secret,
        "refresh_token": sim.sign_in()[1],
    }

    assert web.post(f"{AUTH_URL}/oauth/token", data=form, timeout=5).status_code == 200


# --- the gateway ------------------------------------------------------------------------------------------
def test_expired_missing_and_revoked_tokens_are_refused(sim: JiraSimulator) -> None:
    access, _ = sim.sign_in()
    api = Client(sim, access)
    assert api.get("/myself").status_code == 200
    sim.clock.advance(60 * MINUTE)
    assert api.get("/myself").json() == {"code": 401, "message": "Unauthorized"}
    assert Client(sim, "garbage").get("/myself").status_code == 401
    fresh = Client(sim)
    sim.revoke()
    assert fresh.get("/myself").status_code == 401


def test_a_missing_scope_is_a_401_of_its_own(sim: JiraSimulator, project: str) -> None:
    api = Client(sim, sim.sign_in(scopes=["read:jira-work"])[0])

    answer = api.post("/issue", {"fields": {}})

    assert (answer.status_code, answer.json()["message"]) == (401, "Unauthorized; scope does not match")
    assert api.get("/webhook").status_code == 401
    assert api.get("/project/FIN").status_code == 200


def test_sites_are_none_one_or_several_and_not_all_are_jira(
    web: requests.Session, sim: JiraSimulator
) -> None:
    access, _ = sim.sign_in()
    other = sim.add_site("zweite", language="de")
    wiki = sim.add_site("wiki", is_jira=False)
    assert [site["id"] for site in resources(web, access).json()] == [sim.site]

    both, _ = sim.sign_in(sites=[other, wiki])

    shown = {site["id"]: site["scopes"] for site in resources(web, both).json()}
    assert set(shown) == {sim.site, other, wiki}
    assert shown[wiki] == ["read:confluence-content.all"]
    assert Client(sim, both, other).read("/myself")["locale"] == "de_DE"
    for unknown in (wiki, "11111111-0000-0000-0000-000000000000"):
        answer = Client(sim, both, unknown).get("/myself")
        assert (answer.status_code, answer.json()["message"]) == (404, "No message available")
    stranger = sim.add_person("Fremde Person", "fremd@muster.example")
    sim.place().members.discard(stranger)
    sim.place("zweite").members.discard(stranger)
    sim.place("wiki").members.discard(stranger)
    assert resources(web, sim.sign_in(account=stranger)[0]).json() == []


def test_a_consent_reaches_the_sites_that_were_chosen(web: requests.Session, sim: JiraSimulator) -> None:
    other = sim.add_site("zweite")
    sim.consent_sites = [other]

    access = exchange(web, sim, came_back(authorize(web, sim))["code"]).json()["access_token"]

    assert [site["id"] for site in resources(web, access).json()] == [other]
    assert Client(sim, access).get("/myself").status_code == 404


def test_unknown_paths_are_problems(api: Client, sim: JiraSimulator) -> None:
    answer = api.get("/nowhere")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "No endpoint GET /rest/api/3/nowhere"
    assert api.call("PUT", "/myself").status_code == 405
    assert answer.headers["Atl-Traceid"]
    assert Client(sim, site="nobody").get("/nowhere").json()["error"] == "Not Found"
