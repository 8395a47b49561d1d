"""Signing in at Atlassian: state, rotation with its leeway, two ends, and one refresh for all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from django.utils.formats import date_format

from connections import clock, oauth, services
from connections.errors import AccessLostError, ConfigurationError, RejectedError, TransientError
from connections.models import Connection, Health, TokenSet
from connections.tokens import TokenStore
from connections.vendors.jira import VENDOR
from connections.vendors.jira.api import JiraApi
from mlconnector.sandbox.mount import WSGIAdapter
from tests.connections.vendors.jira.conftest import Place


@pytest.fixture
def consenting(connection: Connection, settings: Any) -> Connection:
    """A connection on which nobody has signed in yet."""
    settings.PUBLIC_URL = "https://hub.example"
    TokenStore(connection).forget()
    return Connection.objects.get(pk=connection.pk)


def consent(jira: Any, address: str) -> dict[str, str]:
    """What comes back after the person has agreed."""
    session = requests.Session()
    session.mount(jira.auth_url, WSGIAdapter(jira))
    answer = session.get(address, timeout=5, allow_redirects=False)
    if answer.status_code == 200:  # the page that asks
        query = dict(parse_qsl(urlsplit(address).query))
        answer = session.post(address, data={**query, "decision": "allow"}, timeout=5, allow_redirects=False)
    assert answer.status_code in (302, 303), answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def passes(jira: Any, by: timedelta) -> None:
    """Time passes here and there."""
    clock.advance(by)
    jira.clock.advance(by)


def test_a_person_signs_in_and_chooses_the_site(consenting: Connection, jira: Any) -> None:
    jira.set_app_owner(jira.consenting)
    jira.add_app(jira.client_id, jira.client_secret, (oauth.redirect_uri(),))
    address = oauth.start(consenting, "anna")
    asked = parse_qs(urlsplit(address).query)
    assert asked["audience"] == ["api.atlassian.com"] and asked["prompt"] == ["consent"]
    assert set(asked["scope"][0].split()) == set(VENDOR.oauth(consenting).scopes)  # type: ignore[union-attr]

    done = oauth.finish(consent(jira, address), "anna")

    assert done.refused_scopes == ()
    body = json.loads(jira.calls_to("oauth.token")[0].body)
    assert body["grant_type"] == "authorization_code" and body["client_secret"] == jira.client_secret
    offered = VENDOR.discover["sites"](consenting, "")
    assert [option.ref for option in offered] == [jira.site]
    assert JiraApi(consenting).me().account == jira.consenting


def test_a_forged_state_and_a_refusal_end_the_sign_in_without_a_call(
    consenting: Connection, jira: Any
) -> None:
    oauth.start(consenting, "anna")
    with pytest.raises(RejectedError):
        oauth.finish({"state": "forged", "code": "x"}, "anna")
    state = parse_qs(urlsplit(oauth.start(consenting, "anna")).query)["state"][0]
    with pytest.raises(RejectedError, match="denied"):
        oauth.finish({"state": state, "error": "access_denied"}, "anna")
    assert not jira.calls_to("oauth.token")


def test_a_sign_in_that_could_not_be_kept_is_refused_at_once(consenting: Connection, jira: Any) -> None:
    jira.faults.add(
        "oauth.token",
        status=200,
        body={"access_token": "short-lived", "expires_in": 3600, "scope": "read:jira-work"},
    )
    state = parse_qs(urlsplit(oauth.start(consenting, "anna")).query)["state"][0]

    with pytest.raises(ConfigurationError, match="offline_access"):
        oauth.finish({"state": state, "code": "x"}, "anna")
    assert not TokenSet.objects.exists()


def test_the_right_to_register_webhooks_is_asked_for_only_where_it_is_used(connection: Connection) -> None:
    for kind, is_asked in (("dynamic", True), ("admin", False), ("none", False)):
        connection.settings["webhooks"] = kind
        profile = VENDOR.oauth(connection)
        assert profile is not None and ("manage:jira-webhook" in profile.scopes) is is_asked


# --- refreshing -------------------------------------------------------------------------------------------


def test_an_old_token_is_renewed_and_the_new_pair_is_kept(api: JiraApi, jira: Any, place: Place) -> None:
    before = TokenSet.objects.get().tokens
    passes(jira, timedelta(minutes=56))

    assert api.me().account == jira.consenting

    after = TokenSet.objects.get().tokens
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert len(jira.calls_to("oauth.token")) == 1


def test_a_token_that_was_taken_back_is_renewed_once_and_then_a_person_is_asked(
    api: JiraApi, jira: Any
) -> None:
    jira.expire()
    assert api.me().account == jira.consenting
    jira.revoke()

    with pytest.raises(AccessLostError):
        api.me()
    assert Connection.objects.get().health == Health.SIGN_IN
    asked = len(jira.calls)
    with pytest.raises(AccessLostError):
        api.me()
    assert len(jira.calls) - asked <= 1


def test_an_answer_lost_after_the_rotation_is_asked_for_again_inside_the_leeway(
    api: JiraApi, jira: Any
) -> None:
    passes(jira, timedelta(hours=1))
    jira.fail("oauth.token", "drop after")
    with pytest.raises(TransientError):
        api.me()
    assert services.unfinished(clock.now())

    passes(jira, timedelta(minutes=2))
    assert services.finish_refreshes(clock.now()) == 1

    assert not services.unfinished(clock.now())
    assert api.me().account == jira.consenting
    assert Connection.objects.get().health == Health.OK


def test_after_the_leeway_the_lost_answer_needs_a_person(api: JiraApi, jira: Any) -> None:
    passes(jira, timedelta(hours=1))
    jira.fail("oauth.token", "drop after")
    with pytest.raises(TransientError):
        api.me()
    passes(jira, timedelta(minutes=11))

    assert services.finish_refreshes(clock.now()) == 0
    assert Connection.objects.get().health == Health.SIGN_IN
    assert not services.unfinished(clock.now())


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("code", ["invalid_grant", "unauthorized_client"])
def test_both_words_for_an_ended_sign_in_are_understood_with_every_status(
    api: JiraApi, jira: Any, code: str, status: int
) -> None:
    jira.options.refresh_error, jira.options.refresh_status = code, status
    jira.revoke()

    with pytest.raises(AccessLostError):
        api.me()
    assert "refresh_token" not in TokenSet.objects.get().tokens


def test_a_wrong_client_secret_is_no_matter_of_signing_in_again(
    api: JiraApi, jira: Any, connection: Connection
) -> None:
    connection.secrets = {**connection.secrets, "client_secret": "another"}
    connection.save()
    jira.expire()

    with pytest.raises(ConfigurationError):
        JiraApi(connection).me()
    assert TokenSet.objects.get().tokens["refresh_token"]


# --- how long it lasts ------------------------------------------------------------------------------------


def test_use_puts_off_one_end_but_not_the_other(api: JiraApi, jira: Any) -> None:
    began = TokenSet.objects.get()
    assert began.consent_ends_at is not None and began.signed_in_at is not None
    assert began.consent_ends_at - began.signed_in_at == timedelta(days=90)

    kept = 0
    for _month in range(13):
        passes(jira, timedelta(days=27, hours=12))
        kept += services.keep_alive(clock.now())

    held = TokenSet.objects.get()
    assert held.consent_ends_at == began.signed_in_at + timedelta(days=365)
    assert 3 < kept < 8, "before a third of 90 days has passed unused, and not when it is of no use any more"
    assert [one.pk for one in services.expiring_soon(clock.now())] == [held.pk]
    ends = date_format(began.signed_in_at + timedelta(days=365), "SHORT_DATE_FORMAT")
    assert any(ends in str(note) for note in VENDOR.notes(Connection.objects.get()))
    assert api.me().account == jira.consenting

    passes(jira, timedelta(days=9))
    with pytest.raises(AccessLostError):
        api.me()


def test_an_idle_connection_lives_on(connection: Connection, jira: Any) -> None:
    for _day in range(100):
        passes(jira, timedelta(days=1))
        services.keep_alive(clock.now())

    assert JiraApi(connection).me().account == jira.consenting
    assert len(jira.calls_to("oauth.token")) <= 5
