"""Signing in at the simulated DATEV with a browser, in both durations, and ending it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import Client as Browser

from connections import clock, oauth
from connections.errors import AccessLostError, RejectedError
from connections.models import Connection, Health, TokenSet
from connections.vendors.datev.api import DatevApi
from tests.connections.vendors.datev.conftest import BASE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_this_machine(settings):
    settings.PUBLIC_URL = "http://localhost:8000"
    settings.ALLOW_PRIVATE_ADDRESSES = True


def new_connection(datev, **settings) -> Connection:
    app = datev.apps[0]
    return Connection.objects.create(
        name="DATEV Muster",
        vendor="datev",
        settings={"client_id": app.client_id, **datev.addresses(BASE), **settings},
        secrets={"client_secret": app.client_secret},
    )


def browse(datev, url: str) -> dict[str, str]:
    """What DATEV sends the browser back with."""
    parts = urlsplit(url)
    answer = Browser(datev).get(f"{parts.path}?{parts.query}", base_url=BASE)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def sign_in(datev, connection: Connection) -> TokenSet:
    oauth.finish(browse(datev, oauth.start(connection, "admin")), "admin")
    return TokenSet.objects.get(connection=connection)


def token_calls(datev):
    return datev.calls_to("login.token")


def test_the_browser_is_sent_with_all_that_datev_demands(datev):
    url = oauth.start(new_connection(datev), "admin")
    asked = dict(parse_qsl(urlsplit(url).query))

    assert url.startswith(f"{BASE}/login/openid/authorize?")
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["enableWindowsSso"] == "true"
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    assert asked["redirect_uri"] == "http://localhost:8000/oauth/callback"


def test_the_short_sign_in_works_and_ends_eleven_hours_after_it_began(datev):
    connection = new_connection(datev)
    before = clock.now()

    held = sign_in(datev, connection)

    assert DatevApi(connection).who_am_i().name == "Erika Beispiel"
    assert timedelta(hours=10, minutes=59) < held.consent_ends_at - before <= timedelta(hours=11, minutes=1)


@pytest.mark.parametrize("says_so", [True, False])
def test_a_refresh_does_not_move_the_end_of_the_sign_in(datev, says_so, monkeypatch):
    connection = new_connection(datev)
    ends = sign_in(datev, connection).consent_ends_at
    if says_so:
        # A server that names the full eleven hours again must not be believed.
        pair = datev.tokens.pair
        monkeypatch.setattr(
            datev.tokens, "pair", lambda session: pair(session) | {"refresh_token_expires_in": 39600}
        )
    clock.advance(timedelta(hours=2))

    DatevApi(connection).client("455148-1")

    held = TokenSet.objects.get(connection=connection)
    assert held.generation == 2
    assert held.consent_ends_at == ends


def test_the_long_sign_in_is_bound_to_its_client_and_lasts_two_years(datev):
    connection = new_connection(datev, token_mode="long", bound_client="455148-2")

    held = sign_in(datev, connection)

    assert datev.tokens.sessions[0].bound_client == "455148-2"
    assert held.consent_ends_at - clock.now() > timedelta(days=729)
    assert DatevApi(connection).client("455148-2").client_number == 2


def test_a_long_sign_in_that_datev_has_not_approved_ends_in_words(datev):
    connection = new_connection(datev, token_mode="long", bound_client="455148-9")

    with pytest.raises(RejectedError, match="invalid_scope"):
        sign_in(datev, connection)

    assert token_calls(datev) == []


def test_the_client_id_alone_is_tried_first(datev):
    sign_in(datev, new_connection(datev))

    call = token_calls(datev)[0]
    assert "Authorization" not in call.headers
    assert b"client_id=" in call.body
    assert b"client_secret" not in call.body


@pytest.mark.parametrize("status", [400, 401])
def test_when_datev_wants_basic_it_is_tried_once_and_remembered(datev, status):
    datev.options.client_authentication = "basic"
    datev.options.invalid_client_status = status
    connection = new_connection(datev)

    sign_in(datev, connection)
    clock.advance(timedelta(minutes=20))
    DatevApi(Connection.objects.get(pk=connection.pk)).client("455148-1")

    assert [call.status for call in token_calls(datev)] == [status, 200, 200]
    assert all(b"client_secret" not in call.body for call in token_calls(datev))


def test_basic_falls_back_to_the_client_id_alone(datev):
    datev.options.client_authentication = "client_id"
    connection = new_connection(datev, client_authentication="basic")

    sign_in(datev, connection)

    assert [call.status for call in token_calls(datev)] == [401, 200]


def test_a_refresh_whose_answer_was_lost_is_not_sent_again(datev):
    connection = new_connection(datev)
    sign_in(datev, connection)
    clock.advance(timedelta(minutes=20))
    datev.faults.add("login.token", drop="after")

    for _ in range(3):
        with pytest.raises(AccessLostError):
            DatevApi(connection).client("455148-1")

    assert len(token_calls(datev)) == 2
    assert Connection.objects.get(pk=connection.pk).health == Health.SIGN_IN
    assert datev.tokens.sessions[0].end_reason == ""


def test_disconnecting_revokes_both_tokens_with_their_hints(datev):
    connection = new_connection(datev)
    sign_in(datev, connection)

    assert oauth.disconnect(connection, "admin") == []

    hints = [
        dict(parse_qsl(call.body.decode()))["token_type_hint"] for call in datev.calls_to("login.revoke")
    ]
    assert hints == ["access_token", "refresh_token"]
    assert datev.tokens.sessions[0].end_reason == "revoked"
    assert not TokenSet.objects.filter(connection=connection).exists()


def test_a_new_sign_in_leaves_one_living_session_at_datev(datev):
    connection = new_connection(datev, token_mode="long", bound_client="455148-1")
    sign_in(datev, connection)
    sign_in(datev, connection)

    assert [session.end_reason for session in datev.tokens.sessions] == ["revoked", ""]
    assert DatevApi(connection).client("455148-1").client_number == 1
