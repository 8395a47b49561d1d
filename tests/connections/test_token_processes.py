"""Eight real processes with one expired token, and one that is killed in mid-refresh."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection as database

from connections import clock
from connections.models import Connection, Health, TokenSet
from connections.tokens import TokenStore
from tests.connections.loopback import answer, drop
from tests.connections.test_tokens import refusal, tokens

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 8


@pytest.fixture
def signed_in(muster, server, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    connection = muster.connection(token_url=f"{server.url}/token", base_url=server.url)
    TokenStore(connection).store_answer(json.loads(tokens(1)), clock.now())
    return connection


@contextmanager
def worker(connection: Connection, count: int = 1) -> Iterator[subprocess.Popen[str]]:
    """Processes on the test's own database, an hour ahead, that wait for the starting shot."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.connections.refresher", str(connection.pk), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"DATABASE_URL": _url(), "ALLOW_PRIVATE_ADDRESSES": "1"},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def _url() -> str:
    from tests import postgres

    name = str(database.settings_dict["NAME"])
    if database.vendor == "postgresql":
        return postgres.url(os.environ["TEST_POSTGRES_SOCKET"], name)
    return f"sqlite:///{name}"


def all_at_once(connection: Connection) -> list[str]:
    """What eight processes print that start together."""
    with worker(connection, WORKERS) as process:
        return process.communicate("go\n", timeout=60)[0].split()


@pytest.mark.parametrize("profile", [{}, {"encoding": "json", "may_repeat_refresh": True}])
def test_eight_processes_with_an_expired_token_make_one_call(signed_in, server, profile):
    signed_in.settings |= profile
    signed_in.save()
    server.on("/token", answer(200, tokens(2)))
    assert all_at_once(signed_in) == ["access-2"] * WORKERS
    assert len(server.received) == 1
    assert TokenSet.objects.get().generation == 2


@pytest.mark.parametrize("behaviour", [answer(400, refusal("invalid_grant")), drop])
def test_eight_processes_with_a_dead_or_lost_sign_in_make_one_call(signed_in, server, behaviour):
    server.on("/token", behaviour)
    assert all_at_once(signed_in) == ["AccessLostError"] * WORKERS
    assert len(server.received) == 1
    assert Connection.objects.get().health == Health.SIGN_IN


def test_a_process_killed_in_mid_refresh_is_followed_by_one_that_succeeds(signed_in, server):
    has_arrived, is_dead = threading.Event(), threading.Event()

    def hold(client, request):
        has_arrived.set()
        is_dead.wait(30)
        return False

    server.on("/token", hold)
    with worker(signed_in) as process:
        process.stdin.write("go\n")
        process.stdin.flush()
        assert has_arrived.wait(30)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    is_dead.set()

    left = TokenSet.objects.get()
    assert (left.generation, left.refresh_starts) == (1, 1)
    assert left.refreshing_until is not None

    server.on("/token", answer(200, tokens(2)))
    TokenSet.objects.update(refreshing_until=clock.now())
    with worker(signed_in) as process:
        assert process.communicate("go\n", timeout=60)[0].strip() == "access-2"
    assert len(server.received) == 2
