"""What proxies and monitors see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from connections import clock
from connections.models import Connection
from mlconnector import health
from pairs.models import Heartbeat, Integration, Record, RecordState


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch):
    monkeypatch.setattr(health, "_all_applied", False)


@pytest.fixture
def beating(db):
    Heartbeat.objects.create(name="queue", at=clock.now())


@pytest.fixture
def integration(db):
    sign_in = Connection.objects.create(name="Asana Muster", vendor="asana")
    target = Connection.objects.create(name="DATEV Muster", vendor="datev")
    return Integration.objects.create(
        name="Rechnungen", pair="asana_datev", source=sign_in, target=target, is_on=True
    )


def test_healthz_asks_nothing_but_the_process(client, django_assert_num_queries):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def test_readyz_is_ready_when_all_is_well(client, beating):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": {
            "database": {"ok": True},
            "migrations": {"ok": True, "unapplied": 0},
            "queue": {"ok": True, "age_seconds": 0},
            "records": {"ok": True, "oldest_due_seconds": 0},
        },
    }
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_queue_that_never_moved_is_not_ready(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["queue"] == {
        "ok": False,
        "problem": "nothing has come through the queue yet",
    }


def test_a_queue_that_stands_still_is_not_ready(client, beating):
    clock.advance(timedelta(minutes=6))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["queue"] == {"ok": False, "age_seconds": 360}


def record(integration, ref, state, due_in):
    return Record.objects.create(
        integration=integration, flow="bookings", source_ref=ref, state=state, due_at=clock.now() + due_in
    )


def test_a_record_that_has_been_due_for_long_is_not_ready(client, beating, integration):
    record(integration, "1", RecordState.WAITING, -timedelta(minutes=31))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["records"] == {"ok": False, "oldest_due_seconds": 1860}


def test_only_records_that_the_workers_should_do_count(client, beating, integration):
    record(integration, "later", RecordState.WAITING, timedelta(hours=2))
    record(integration, "person", RecordState.RECONNECT, -timedelta(hours=2))
    record(integration, "parked", RecordState.REFUSED, -timedelta(hours=2))
    assert client.get("/readyz").json()["checks"]["records"] == {"ok": True, "oldest_due_seconds": 0}


@pytest.mark.parametrize("switch", [{"is_on": False}, {"is_paused": True}])
def test_records_of_an_integration_that_stands_do_not_count(client, beating, integration, switch):
    record(integration, "1", RecordState.WAITING, -timedelta(hours=2))
    Integration.objects.update(**switch)
    assert client.get("/readyz").status_code == 200


def test_an_unapplied_migration_is_not_ready(client, beating):
    last = MigrationRecorder(connection).migration_qs.filter(app="django_q").latest("id")
    last.delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == {"ok": False, "unapplied": 1}


def test_a_database_that_does_not_answer_is_said_plainly(client, beating, monkeypatch):
    def broken():
        raise DatabaseError("server closed the connection: host=10.0.0.1 user=secret")

    monkeypatch.setitem(health.CHECKS, "database", broken)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == {"ok": False, "problem": "the database does not answer"}
    assert b"10.0.0.1" not in answer.content


def test_readyz_stays_cheap(client, beating, django_assert_max_num_queries):
    client.get("/readyz")
    with django_assert_max_num_queries(3):
        client.get("/readyz")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading_is_allowed(client, path):
    assert client.post(path).status_code == 405
