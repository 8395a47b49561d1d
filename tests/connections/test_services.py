"""What people and the clock do with connections: test, switch, warn, keep alive, tidy up."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connections import clock, housekeeping, services
from connections.errors import AccessLostError, TransientError
from connections.models import AuditEntry, CallLog, Connection, Health, OAuthFlow, TokenSet
from connections.tokens import TokenStore
from tests.connections.loopback import answer, drop
from tests.connections.test_tokens import refusal, tokens

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("private_addresses")]


@pytest.fixture
def connection(muster, server):
    made = muster.connection(token_url=f"{server.url}/token", base_url=server.url, consent_hours=11)
    TokenStore(made).store_answer(json.loads(tokens(1)), clock.now())
    return made


class TestTestingAConnection:
    def test_shows_and_keeps_who_we_are(self, connection, server):
        server.on("/me", answer(200, b'{"name": "Erika Muster", "plan": "large"}'))
        found = services.test_connection(connection, "admin")

        stored = Connection.objects.get()
        assert found.who == "Erika Muster"
        assert (stored.checkup["who"], stored.checkup["facts"]) == ("Erika Muster", {"plan": "large"})
        assert stored.health == Health.OK
        assert stored.checked_at is not None
        assert AuditEntry.objects.filter(action="connection.tested", actor="admin").count() == 1

    def test_leaves_no_version_in_the_history(self, connection, server):
        server.on("/me", answer(200, b'{"name": "Erika Muster"}'))
        services.test_connection(connection, "admin")
        assert connection.history.count() == 1

    def test_notes_what_stood_in_the_way(self, connection, server):
        server.on("/me", answer(503, b"{}"))
        with pytest.raises(TransientError):
            services.test_connection(connection, "admin")
        stored = Connection.objects.get()
        assert (stored.health, stored.checkup) == (Health.ATTENTION, None)
        assert stored.health_message

    def test_notes_that_a_person_must_sign_in(self, connection, server):
        server.on("/token", answer(400, refusal("invalid_grant")))
        clock.advance(timedelta(hours=1))
        with pytest.raises(AccessLostError):
            services.test_connection(connection, "admin")
        assert Connection.objects.get().health == Health.SIGN_IN

    def test_heals_a_connection_whose_settings_were_corrected(self, connection, server):
        Connection.objects.update(health=Health.SIGN_IN)
        server.on("/token", answer(200, tokens(2)))
        server.on("/me", answer(200, b'{"name": "Erika Muster"}'))
        clock.advance(timedelta(hours=1))
        services.test_connection(connection, "admin")
        assert Connection.objects.get().health == Health.OK


def test_switching_is_recorded_with_who_did_it(connection):
    services.switch(connection, False, "admin")
    assert Connection.objects.get().is_on is False
    entry = AuditEntry.objects.get(action="connection.switched")
    assert (entry.actor, entry.details["is_on"]) == ("admin", False)
    assert connection.history.count() == 2


class TestTheEndOfASignIn:
    def test_of_eleven_hours_is_announced_in_its_last_fifth(self, connection):
        now = clock.now()
        assert services.expiring_soon(now + timedelta(hours=8)) == []
        assert [held.connection for held in services.expiring_soon(now + timedelta(hours=9))] == [connection]
        assert len(services.expiring_soon(now + timedelta(days=3))) == 1

    def test_of_two_years_is_announced_two_weeks_before(self, connection):
        now = clock.now()
        TokenSet.objects.update(consent_ends_at=now + timedelta(days=730))
        assert services.expiring_soon(now + timedelta(days=715)) == []
        assert len(services.expiring_soon(now + timedelta(days=717))) == 1

    def test_of_a_connection_that_is_off_is_nobodys_concern(self, connection):
        services.switch(connection, False, "admin")
        assert services.expiring_soon(clock.now() + timedelta(days=3)) == []

    def test_that_is_unknown_is_not_announced(self, connection):
        TokenSet.objects.update(consent_ends_at=None)
        assert services.expiring_soon(clock.now() + timedelta(days=3000)) == []


class TestKeepingAlive:
    @pytest.fixture
    def sliding(self, connection):
        connection.settings["sliding"] = True
        connection.save()
        return connection

    def test_refreshes_what_would_lapse_unused(self, sliding, server):
        server.on("/token", answer(200, tokens(2)))
        begun = clock.now()
        assert services.keep_alive(begun + timedelta(hours=3)) == 0
        clock.advance(timedelta(hours=4))
        assert services.keep_alive(clock.now()) == 1
        assert services.keep_alive(clock.now()) == 0
        assert len(server.received) == 1
        assert TokenSet.objects.get().consent_ends_at > begun + timedelta(hours=14)

    def test_a_failure_is_no_end(self, sliding, server):
        server.on("/token", drop)
        clock.advance(timedelta(hours=4))
        assert services.keep_alive(clock.now()) == 0
        assert Connection.objects.get().health == Health.SIGN_IN

    def test_leaves_alone_what_does_not_slide(self, connection, server):
        assert services.keep_alive(clock.now() + timedelta(hours=10)) == 0
        assert server.received == []


class TestTidyingUp:
    def test_deletes_old_calls_and_finished_clicks_only(self, connection, settings):
        settings.CALL_LOG_DAYS = 14
        now = clock.now()
        for days in (1, 13, 15, 400):
            CallLog.objects.create(
                connection=connection, at=now - timedelta(days=days), method="GET", url="/", duration_ms=1
            )
        for state, used_at, minutes in (("used", now, 5), ("old", None, -1), ("open", None, 5)):
            OAuthFlow.objects.create(
                connection=connection,
                state=state,
                started_at=now,
                expires_at=now + timedelta(minutes=minutes),
                used_at=used_at,
            )
        assert housekeeping.clean_up(now) == {"calls": 2, "oauth_flows": 2, "endpoint_calls": 0}
        assert CallLog.objects.count() == 2
        assert OAuthFlow.objects.get().state == "open"

    def test_works_in_slices_and_leaves_the_rest_for_the_next_time(self, connection, monkeypatch):
        monkeypatch.setattr(housekeeping, "SLICE", 2)
        monkeypatch.setattr(housekeeping, "MOST_SLICES", 2)
        old = clock.now() - timedelta(days=400)
        CallLog.objects.bulk_create(
            CallLog(connection=connection, at=old, method="GET", url="/", duration_ms=1) for _ in range(5)
        )
        assert housekeeping.clean_up(clock.now())["calls"] == 4
        assert housekeeping.clean_up(clock.now())["calls"] == 1
