"""Sign-ins that need nobody (client credentials, a password), and refreshes that may be repeated."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connections import clock, services
from connections.admin.panel import signs_in_with_browser
from connections.errors import AccessLostError, ConfigurationError, TransientError
from connections.models import CallLog, Connection, Health, TokenSet
from connections.sign_in import asked_by_person
from connections.tokens import BearerAuth, TokenStore
from tests.connections.loopback import answer, drop, in_turn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("private_addresses")]

CREDENTIALS = {"grant": "client_credentials", "client_authentication": "post"}
PASSWORD = {"grant": "password", "grant_params": {"username": "robot", "password": "pl4nted"}}


def tokens(number: int, **more) -> bytes:
    return json.dumps({"access_token": f"access-{number}", "expires_in": 3599} | more).encode()


def refusal(code: str) -> bytes:
    return json.dumps({"error": code}).encode()


@pytest.fixture
def store(muster, server):
    """Makes the token store of a connection whose token address behaves as told."""

    def make(*behaviours, **settings) -> TokenStore:
        url = server.on("/token", in_turn(*behaviours))
        return TokenStore(muster.connection(token_url=url, base_url=server.url, **settings))

    return make


def test_client_credentials_sign_in_by_themselves_and_again_before_the_end(store, server):
    known = store(answer(200, tokens(1)), answer(200, tokens(2)), **CREDENTIALS)
    assert known.current() == "access-1"
    clock.advance(timedelta(seconds=3500))
    assert known.current() == "access-1"
    clock.advance(timedelta(seconds=60))
    assert known.current() == "access-2"
    assert server.received[0].form == {
        "grant_type": "client_credentials",
        "scope": "read write",
        "client_id": "muster-app",
        "client_secret": "s3cret-of-the-app",
    }
    assert not signs_in_with_browser(known.connection)


def test_a_rejected_token_is_replaced_by_a_new_sign_in(store, server, muster):
    known = store(answer(200, tokens(1)), answer(200, tokens(2)), **CREDENTIALS)
    server.on("/me", in_turn(answer(401, b'{"code": ""}'), answer(200, b'{"name": "App"}')))
    transport = muster.transport(known.connection, auth=BearerAuth(known))
    assert transport.call("GET", f"{server.url}/me").json() == {"name": "App"}


def test_a_wrong_secret_is_said_once_and_not_asked_again_until_a_person_wants_to_know(store, server):
    known = store(answer(401, refusal("invalid_client")), answer(200, tokens(1)), **CREDENTIALS)
    with pytest.raises(ConfigurationError):
        known.current()
    assert Connection.objects.get().health == Health.SIGN_IN
    with pytest.raises(AccessLostError):
        known.current()
    assert len(server.received) == 1
    with asked_by_person():
        assert known.current() == "access-1"


def test_a_lost_answer_to_a_grant_costs_nothing_but_time(store):
    known = store(drop, drop, drop, answer(200, tokens(1)), **CREDENTIALS)
    for _ in range(3):
        with pytest.raises(TransientError):
            known.current()
    assert known.current() == "access-1"


def test_a_dead_refresh_token_of_a_password_grant_is_followed_by_a_new_sign_in(store, server):
    known = store(
        answer(200, tokens(1, refresh_token="refresh-1")),
        answer(400, refusal("invalid_grant")),
        answer(200, tokens(2, refresh_token="refresh-2")),
        **PASSWORD,
    )
    known.current()
    assert known.refresh(unless_newer_than="access-1") == "access-2"
    assert [request.form["grant_type"] for request in server.received] == [
        "password",
        "refresh_token",
        "password",
    ]
    assert TokenSet.objects.get().tokens["refresh_token"] == "refresh-2"
    assert "pl4nted" not in json.dumps(list(CallLog.objects.values()), default=str)


def test_a_token_request_as_json(store, server):
    known = store(answer(200, tokens(1)), encoding="json", **CREDENTIALS)
    known.current()
    assert json.loads(server.received[0].body)["grant_type"] == "client_credentials"


def test_a_lost_answer_is_asked_for_again_by_the_clock_where_that_is_allowed(store):
    repeatable = {"may_repeat_refresh": True, "name": "repeatable"}
    known = store(drop, drop, answer(200, tokens(2, refresh_token="refresh-2")), **repeatable)
    known.store_answer(json.loads(tokens(1, refresh_token="refresh-1")), clock.now())
    assert services.unfinished(clock.now()) == []
    with pytest.raises(TransientError):
        known.refresh(unless_newer_than="access-1")

    assert services.finish_refreshes(clock.now()) == 0
    assert services.finish_refreshes(clock.now()) == 1
    assert services.unfinished(clock.now()) == []
    assert TokenSet.objects.get().tokens["refresh_token"] == "refresh-2"


def test_a_process_that_died_while_refreshing_is_made_up_for_when_its_lease_is_over(store):
    known = store(answer(200, tokens(2, refresh_token="refresh-2")), may_repeat_refresh=True)
    known.store_answer(json.loads(tokens(1, refresh_token="refresh-1")), clock.now())
    TokenSet.objects.update(refresh_starts=1, refreshing_until=clock.now() + timedelta(seconds=90))
    assert services.finish_refreshes(clock.now()) == 0

    clock.advance(timedelta(seconds=91))
    assert services.finish_refreshes(clock.now()) == 1


def test_a_lost_answer_is_left_alone_where_a_second_question_would_end_the_sign_in(store):
    known = store(drop)
    known.store_answer(json.loads(tokens(1, refresh_token="refresh-1")), clock.now())
    with pytest.raises(AccessLostError):
        known.refresh(unless_newer_than="access-1")
    assert services.finish_refreshes(clock.now()) == 0


def test_a_refresh_that_may_be_repeated_survives_lost_answers_until_the_vendor_refuses(store):
    known = store(
        *[drop] * 3,
        answer(200, tokens(2, refresh_token="refresh-2")),
        answer(403, refusal("invalid_grant")),
        may_repeat_refresh=True,
    )
    known.store_answer(json.loads(tokens(1, refresh_token="refresh-1")), clock.now())
    for _ in range(3):
        with pytest.raises(TransientError):
            known.refresh(unless_newer_than="access-1")
    assert known.refresh(unless_newer_than="access-1") == "access-2"
    with pytest.raises(AccessLostError):
        known.refresh(unless_newer_than="access-2")
    assert Connection.objects.get().health == Health.SIGN_IN
