"""Signing in at the simulated Asana with a browser, and ending it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connections import clock, http, oauth
from connections.errors import RejectedError, TransientError
from connections.models import Connection, TokenSet
from connections.vendors.asana import VENDOR
from connections.vendors.asana.api import AsanaApi
from tests.connections.vendors.asana.scripted import ADDRESS


@pytest.fixture
def connection(connection: Connection, asana: Any, settings: Any) -> Connection:
    settings.PUBLIC_URL = "https://hub.example"
    asana.add_app(asana.client_id, asana.client_secret, [oauth.redirect_uri()])
    connection.settings |= {"sign_in": "oauth", "client_id": asana.client_id}
    connection.secrets = {"client_secret": asana.client_secret}
    connection.save()
    return connection


def consent(address: str) -> dict[str, str]:
    """What the browser brings back to us."""
    answer = http.mounted[ADDRESS].send(requests.Request("GET", address).prepare())
    assert answer.headers["Location"].startswith(oauth.redirect_uri())
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def test_a_person_signs_in_with_pkce_and_is_named(connection: Connection, asana: Any) -> None:
    found = oauth.finish(consent(oauth.start(connection, "erika")), "erika")

    held = TokenSet.objects.get(connection=connection)
    assert (held.signed_in_as, found.refused_scopes) == ("ml-connector", ())
    assert held.consent_ends_at is None
    assert AsanaApi(connection).me().gid == asana.connector


def test_no_scope_is_asked_for_unless_the_settings_name_some(connection: Connection, asana: Any) -> None:
    assert "scope=" not in oauth.start(connection, "erika")

    asana.add_app(
        asana.client_id, asana.client_secret, [oauth.redirect_uri()], scopes=["tasks:read", "tasks:write"]
    )
    connection.settings["scopes"] = "tasks:read tasks:write"
    assert "code" in consent(oauth.start(connection, "erika"))


def test_a_refused_consent_is_said_in_words(connection: Connection, asana: Any) -> None:
    asana.options.deny_authorization = True

    with pytest.raises(RejectedError, match="denied"):
        oauth.finish(consent(oauth.start(connection, "erika")), "erika")


@pytest.mark.parametrize("answers_refresh_token", [True, False])
def test_the_refresh_token_outlives_every_refresh(
    connection: Connection, asana: Any, answers_refresh_token: bool
) -> None:
    asana.options.refresh_answers_refresh_token = answers_refresh_token
    oauth.finish(consent(oauth.start(connection, "erika")), "erika")
    first = TokenSet.objects.get(connection=connection).tokens["refresh_token"]

    for _ in range(3):
        clock.advance(timedelta(hours=1))
        asana.clock.advance(timedelta(hours=1))
        AsanaApi(connection).me()

    assert TokenSet.objects.get(connection=connection).tokens["refresh_token"] == first
    refreshes = [dict(parse_qsl(call.body.decode())) for call in asana.calls_to("oauth.token")][1:]
    assert len(refreshes) == 3
    assert refreshes[0].keys() == {
        "grant_type",
        "client_id",
        "client_secret",
        "redirect_uri",
        "refresh_token",
    }


def test_a_refresh_whose_answer_was_lost_is_simply_repeated(connection: Connection, asana: Any) -> None:
    oauth.finish(consent(oauth.start(connection, "erika")), "erika")
    asana.expire(TokenSet.objects.get(connection=connection).tokens["access_token"])
    asana.fail("oauth.token", "drop after")

    with pytest.raises(TransientError):
        AsanaApi(connection).me()

    assert AsanaApi(connection).me().gid == asana.connector


def test_disconnecting_revokes_the_refresh_token_alone(connection: Connection, asana: Any) -> None:
    oauth.finish(consent(oauth.start(connection, "erika")), "erika")
    tokens = TokenSet.objects.get(connection=connection).tokens

    assert oauth.disconnect(connection, "erika") == []

    (call,) = asana.calls_to("oauth.revoke")
    form = dict(parse_qsl(call.body.decode()))
    assert (form["token"], "token_type_hint" in form) == (tokens["refresh_token"], False)
    assert asana.known.tokens[tokens["refresh_token"]].is_revoked


def test_the_address_to_register_is_shown(connection: Connection) -> None:
    assert oauth.redirect_uri() in " ".join(str(note) for note in VENDOR.notes(connection))
