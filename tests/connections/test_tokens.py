"""Access tokens: refreshed in time, by one, once; what is lost or dead asks for a person."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection as database

from connections import clock
from connections.errors import AccessLostError, ConfigurationError, TransientError
from connections.models import AuditEntry, CallLog, Connection, Health, TokenSet
from connections.sign_in import asked_by_person
from connections.tokens import LEASE, BearerAuth, TokenStore
from tests.connections.loopback import answer, cut, drop, in_turn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("private_addresses")]


def tokens(number: int = 2, **more) -> bytes:
    return json.dumps(
        {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}", "expires_in": 900} | more
    ).encode()


def refusal(code: str) -> bytes:
    return json.dumps({"error": code, "error_description": "token refresh-1 is dead"}).encode()


@pytest.fixture
def signed_in(muster, server):
    """Makes a connection on which a person has signed in: access-1, refresh-1, valid for 900 seconds."""

    def sign_in(*behaviours, **settings) -> TokenStore:
        url = server.on("/token", in_turn(*behaviours)) if behaviours else f"{server.url}/token"
        connection = muster.connection(token_url=url, base_url=server.url, **settings)
        store = TokenStore(connection)
        store.store_answer(json.loads(tokens(1)), clock.now())
        return store

    return sign_in


def held() -> TokenSet:
    return TokenSet.objects.get()


def health() -> str:
    return Connection.objects.get().health


class TestInTime:
    def test_a_fresh_token_needs_no_call(self, signed_in, server):
        store = signed_in()
        clock.advance(timedelta(seconds=839))
        assert store.current() == "access-1"
        assert server.received == []

    def test_a_token_is_refreshed_a_minute_before_its_end_and_stored_before_use(self, signed_in, server):
        store = signed_in(answer(200, tokens(2)))
        clock.advance(timedelta(seconds=841))
        assert store.current() == "access-2"
        assert store.current() == "access-2"
        assert [request.form for request in server.received] == [
            {"grant_type": "refresh_token", "refresh_token": "refresh-1"}
        ]
        assert (held().generation, held().tokens["refresh_token"]) == (2, "refresh-2")
        assert (held().refreshing_until, held().refresh_starts) == (None, 0)

    def test_tokens_are_encrypted(self, signed_in):
        signed_in()
        with database.cursor() as cursor:
            cursor.execute("SELECT tokens FROM connections_tokenset")
            stored = cursor.fetchone()[0]
        assert "access-1" not in stored and "refresh-1" not in stored

    def test_an_absent_refresh_token_keeps_the_old_one(self, signed_in):
        store = signed_in(answer(200, b'{"access_token": "access-2", "expires_in": "900"}'))
        clock.advance(timedelta(hours=1))
        assert store.current() == "access-2"
        assert held().tokens["refresh_token"] == "refresh-1"

    def test_a_null_refresh_token_keeps_the_old_one(self, signed_in):
        store = signed_in(answer(200, tokens(2, refresh_token=None)))
        clock.advance(timedelta(hours=1))
        store.current()
        assert held().tokens["refresh_token"] == "refresh-1"

    def test_a_token_shorter_than_the_margin_is_not_refreshed_before_every_call(self, signed_in, server):
        store = signed_in(answer(200, tokens(2, expires_in=30)))
        clock.advance(timedelta(hours=1))
        store.current()
        assert store.current() == "access-2"
        assert len(server.received) == 1

    def test_a_token_without_an_end_is_used_until_it_is_refused(self, signed_in, server):
        store = signed_in(answer(200, tokens(2, expires_in=None)))
        clock.advance(timedelta(hours=1))
        store.current()
        clock.advance(timedelta(days=300))
        assert store.current() == "access-2"
        assert len(server.received) == 1


class TestNotTooEarly:
    def test_a_valid_token_is_used_as_long_as_the_vendor_allows_no_refresh(self, signed_in, server):
        store = signed_in(answer(200, tokens(2)), earliest_refresh=870)
        clock.advance(timedelta(seconds=860))
        assert store.current() == "access-1"
        clock.advance(timedelta(seconds=11))
        assert store.current() == "access-2"

    def test_a_rejected_token_waits_until_a_refresh_is_allowed(self, signed_in, server):
        store = signed_in(answer(200, tokens(2)), earliest_refresh=570)
        clock.advance(timedelta(seconds=100))
        with pytest.raises(TransientError) as caught:
            store.refresh(unless_newer_than="access-1")
        assert timedelta(seconds=460) < caught.value.retry_after <= timedelta(seconds=470)
        assert server.received == []


class TestARejectedToken:
    def test_is_refreshed_once_for_all_who_saw_it_rejected(self, signed_in, server):
        store = signed_in(answer(200, tokens(2)), answer(500))
        assert store.refresh(unless_newer_than="access-1") == "access-2"
        assert TokenStore(store.connection).refresh(unless_newer_than="access-1") == "access-2"
        assert len(server.received) == 1

    def test_is_replaced_during_a_call(self, signed_in, server, muster):
        store = signed_in(answer(200, tokens(2)))
        url = server.on("/api", in_turn(answer(401, b"{}"), answer(200)))
        transport = muster.transport(store.connection, auth=BearerAuth(store))
        assert transport.call("GET", url).status == 200
        sent = [request.headers.get("Authorization") for request in server.received if request.path == "/api"]
        assert sent == ["Bearer access-1", "Bearer access-2"]


class TestADeadRefreshToken:
    def test_costs_one_call_and_asks_for_a_person(self, signed_in, server):
        store = signed_in(answer(400, refusal("invalid_grant")))
        clock.advance(timedelta(hours=1))
        for _ in range(5):
            with pytest.raises(AccessLostError, match="sign in again"):
                TokenStore(store.connection).current()
        assert len(server.received) == 1
        assert health() == Health.SIGN_IN
        assert "refresh_token" not in held().tokens
        assert AuditEntry.objects.filter(action="connection.sign_in_needed").count() == 1

    def test_is_not_sent_again_when_a_person_tests_the_connection(self, signed_in, server):
        store = signed_in(answer(400, refusal("invalid_grant")))
        clock.advance(timedelta(hours=1))
        with pytest.raises(AccessLostError):
            store.current()
        with asked_by_person(), pytest.raises(AccessLostError):
            store.current()
        assert len(server.received) == 1

    def test_says_nothing_against_a_sign_in_of_this_very_moment(self, signed_in, server):
        store = signed_in(answer(400, refusal("invalid_grant")))
        stale = held()
        store.store_answer(json.loads(tokens(9)), clock.now())
        with pytest.raises(TransientError):
            store._renew(stale)
        assert health() != Health.SIGN_IN
        assert store.current() == "access-9"


class TestALostAnswer:
    @pytest.mark.parametrize("behaviour", [drop, cut, answer(200, b"<html>"), answer(500, b""), answer(200)])
    def test_of_a_rotating_refresh_asks_for_a_person_and_is_never_repeated(
        self, signed_in, server, behaviour
    ):
        store = signed_in(behaviour, answer(200, tokens(2)))
        clock.advance(timedelta(hours=1))
        for _ in range(3):
            with pytest.raises(AccessLostError, match="was lost"):
                store.current()
        assert len(server.received) == 1
        assert health() == Health.SIGN_IN

    def test_of_a_refresh_that_does_not_rotate_is_asked_for_again(self, signed_in, server):
        store = signed_in(drop, answer(200, tokens(2)), rotates=False)
        clock.advance(timedelta(hours=1))
        with pytest.raises(TransientError):
            store.current()
        assert store.current() == "access-2"
        assert health() != Health.SIGN_IN


class TestNothingWasUsedUp:
    def test_when_the_sign_in_service_is_down(self, signed_in, server):
        store = signed_in(answer(503, b"<html>Maintenance</html>"), answer(200, tokens(2)))
        clock.advance(timedelta(hours=1))
        with pytest.raises(TransientError):
            store.current()
        assert store.current() == "access-2"

    def test_when_it_asks_us_to_slow_down(self, signed_in, server):
        store = signed_in(answer(429, b"{}", Retry_After="20"), answer(200, tokens(2)))
        clock.advance(timedelta(hours=1))
        with pytest.raises(TransientError) as caught:
            store.current()
        assert caught.value.retry_after == timedelta(seconds=20)
        clock.advance(timedelta(seconds=21))
        assert store.current() == "access-2"

    def test_when_the_connection_is_refused(self, muster):
        connection = muster.connection(token_url="http://127.0.0.1:1/token", base_url="http://127.0.0.1:1")
        store = TokenStore(connection)
        store.store_answer(json.loads(tokens(1)), clock.now())
        clock.advance(timedelta(hours=1))
        with pytest.raises(TransientError, match="nothing was sent"):
            store.current()
        assert held().tokens["refresh_token"] == "refresh-1"
        assert held().refreshing_until is None


class TestWhileAnotherProcessRefreshes:
    @pytest.fixture
    def leased(self, signed_in):
        def lease(*behaviours, starts=1, **settings):
            store = signed_in(*behaviours, **settings)
            clock.advance(timedelta(hours=1))
            TokenSet.objects.update(
                refreshing_by="another", refreshing_until=clock.now() + LEASE, refresh_starts=starts
            )
            return store

        return lease

    def test_its_result_is_waited_for(self, leased, server, monkeypatch):
        store = leased()

        def finish(seconds):
            store.store_answer(json.loads(tokens(5)), clock.now())

        monkeypatch.setattr("time.sleep", finish)
        assert store.current() == "access-5"
        assert server.received == []

    def test_the_wait_is_three_seconds_at_most(self, leased, server, slept):
        with pytest.raises(TransientError) as caught:
            leased().current()
        assert sum(slept) <= 3
        assert caught.value.retry_after
        assert server.received == []

    def test_its_death_is_followed_by_one_further_try(self, leased, server):
        store = leased(answer(200, tokens(2)))
        clock.advance(LEASE)
        assert store.current() == "access-2"
        assert len(server.received) == 1

    def test_a_second_death_in_a_row_asks_for_a_person(self, leased, server):
        store = leased(starts=2)
        clock.advance(LEASE)
        with pytest.raises(AccessLostError, match="was lost"):
            store.current()
        assert server.received == []
        assert health() == Health.SIGN_IN

    def test_deaths_do_not_matter_where_nothing_rotates(self, leased, server):
        store = leased(answer(200, tokens(2)), starts=7, rotates=False)
        clock.advance(LEASE)
        assert store.current() == "access-2"


class TestClientAuthentication:
    def test_basic_carries_id_and_secret_in_the_header(self, signed_in, server):
        store = signed_in(answer(200, tokens(2)))
        store.refresh(unless_newer_than="access-1")
        assert server.received[0].headers["Authorization"].startswith("Basic ")
        assert "client_id" not in server.received[0].form

    @pytest.mark.parametrize("status", [400, 401])
    def test_the_other_way_is_tried_once_and_remembered(self, signed_in, server, status):
        store = signed_in(
            answer(status, refusal("invalid_client")),
            answer(200, tokens(2)),
            answer(200, tokens(3)),
            client_authentication="client_id_only",
            fallback_authentication="basic",
        )
        assert store.refresh(unless_newer_than="access-1") == "access-2"
        again = TokenStore(Connection.objects.get())
        assert again.refresh(unless_newer_than="access-2") == "access-3"

        assert ["Authorization" in request.headers for request in server.received] == [False, True, True]
        assert server.received[0].form["client_id"] == "muster-app"
        assert "client_secret" not in server.received[0].form
        assert Connection.objects.get().learned == {"client_authentication": "basic"}

    def test_refused_both_ways_waits_for_a_person_and_keeps_the_refresh_token(self, signed_in, server):
        store = signed_in(answer(401, refusal("invalid_client")), fallback_authentication="post")
        with pytest.raises(ConfigurationError, match="client id"):
            store.refresh(unless_newer_than="access-1")
        for _ in range(3):
            with pytest.raises(AccessLostError):
                store.refresh(unless_newer_than="access-1")
        assert len(server.received) == 2
        assert health() == Health.SIGN_IN

        server.on("/token", answer(200, tokens(2)))
        with asked_by_person():
            assert store.refresh(unless_newer_than="access-1") == "access-2"

    def test_post_carries_id_and_secret_in_the_form(self, signed_in, server):
        store = signed_in(answer(200, tokens(2)), client_authentication="post")
        store.refresh(unless_newer_than="access-1")
        assert server.received[0].form["client_secret"] == "s3cret-of-the-app"


class TestTheEndOfTheSignIn:
    def test_comes_from_the_answer(self, muster, server):
        store = TokenStore(muster.connection(token_url="https://t.example/", consent_hours=2))
        now = clock.now()
        store.store_answer(json.loads(tokens(1, refresh_token_expires_in="39600")), now)
        assert held().consent_ends_at == now + timedelta(hours=11)

    def test_or_from_what_the_vendor_declares(self, muster, server):
        now = clock.now()
        store = TokenStore(muster.connection(token_url="https://t.example/", consent_hours=2))
        store.store_answer(json.loads(tokens(1, refresh_token_expires_in="soon")), now)
        assert held().consent_ends_at == now + timedelta(hours=2)

    @pytest.mark.parametrize(("sliding", "hours"), [(False, 2), (True, 3)])
    def test_moves_with_a_refresh_only_if_it_slides(self, signed_in, sliding, hours):
        store = signed_in(answer(200, tokens(2)), consent_hours=2, sliding=sliding)
        begun = held().signed_in_at
        clock.advance(timedelta(hours=1))
        store.current()
        assert abs(held().consent_ends_at - begun - timedelta(hours=hours)) < timedelta(minutes=1)


class TestNobodyHasSignedIn:
    def test_asks_for_a_person(self, muster):
        connection = muster.connection(token_url="https://t.example/")
        with pytest.raises(AccessLostError, match="Nobody has signed in"):
            TokenStore(connection).current()
        assert health() == Health.SIGN_IN

    def test_and_the_vendor_gave_no_refresh_token(self, muster):
        store = TokenStore(muster.connection(token_url="https://t.example/"))
        store.store_answer({"access_token": "access-1", "expires_in": 900}, clock.now())
        assert store.current() == "access-1"
        clock.advance(timedelta(hours=1))
        with pytest.raises(AccessLostError):
            store.current()


def test_a_person_who_disconnects_during_a_refresh_stays_disconnected(signed_in, server):
    """The tokens that come too late are revoked, not kept."""
    store = signed_in(answer(200, tokens(2)), revoke_url=server.on("/revoke", answer(200)))
    clock.advance(timedelta(hours=1))
    stale = held()
    store.forget()
    with pytest.raises(TransientError):
        store._renew(stale)
    assert not TokenSet.objects.exists()
    assert [request.form.get("token") for request in server.received] == [None, "access-2", "refresh-2"]


@pytest.mark.parametrize(
    "behaviour", [answer(200, tokens(2)), answer(400, refusal("invalid_grant")), answer(500, tokens(3)), drop]
)
def test_no_token_or_secret_is_kept_in_the_open(signed_in, server, behaviour, caplog):
    store = signed_in(behaviour)
    clock.advance(timedelta(hours=1))
    said = []
    try:
        store.current()
    except AccessLostError as error:
        said.append(f"{error} {error!r} {error.message.to_json()}")
    connection = Connection.objects.get()
    said += [str(row) for row in CallLog.objects.values()]
    said += [str(row) for row in AuditEntry.objects.values()]
    said += [str(connection.health_message), str(connection.learned), caplog.text]
    for secret in ("refresh-1", "access-2", "refresh-2", "access-3", "refresh-3", "s3cret-of-the-app"):
        assert not [text for text in said if secret in text]
