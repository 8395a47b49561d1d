"""One limiter and one pause for each connection, over all workers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections as databases

from connections import clock, limits
from connections.errors import TransientError
from connections.models import Throttle

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.fixture
def now(monkeypatch):
    """A clock that stands still until it is set."""
    times = [NOW]
    monkeypatch.setattr(clock, "now", lambda: times[-1])
    return times


def test_a_burst_goes_at_once_and_the_next_call_waits_its_turn(muster, now, slept):
    connection = muster.connection(per_minute=60, burst=3)
    for _ in range(4):
        limits.acquire(connection)
    assert slept == [0, 0, 0, 1]


def test_a_long_wait_goes_back_to_the_record(muster, now, slept):
    connection = muster.connection(per_minute=60, burst=1)
    for _ in range(3):
        limits.acquire(connection)
    with pytest.raises(TransientError) as caught:
        limits.acquire(connection)
    assert caught.value.retry_after == timedelta(seconds=3)
    assert max(slept) <= 2


def test_a_refused_turn_costs_nothing(muster, now, slept):
    connection = muster.connection(per_minute=60, burst=1)
    for _ in range(3):
        limits.acquire(connection)
    for _ in range(5):
        with pytest.raises(TransientError):
            limits.acquire(connection)
    now.append(NOW + timedelta(seconds=3))
    limits.acquire(connection)
    assert slept[-1] == 0


def test_in_the_long_run_no_more_calls_start_than_allowed(muster, now, slept):
    connection = muster.connection(per_minute=150, burst=15)
    starts = []
    for second in range(120):
        now.append(NOW + timedelta(seconds=second))
        for _ in range(10):
            try:
                limits.acquire(connection)
            except TransientError:
                break
            starts.append(second + slept[-1])
    for minute in range(60):
        assert sum(minute <= start < minute + 60 for start in starts) <= 150 + 15
    assert len(starts) >= 290


def test_connections_do_not_wait_for_each_other(muster, now, slept):
    busy, idle = (
        muster.connection(per_minute=1, burst=1),
        muster.connection(name="other", per_minute=1, burst=1),
    )
    limits.acquire(busy)
    limits.acquire(idle)
    assert slept == [0, 0]


class TestAPause:
    def test_holds_for_everybody_until_it_ends(self, muster, now, slept):
        connection = muster.connection()
        limits.pause(connection, NOW + timedelta(minutes=5))
        with pytest.raises(TransientError) as caught:
            limits.acquire(connection)
        assert caught.value.retry_after == timedelta(minutes=5)
        assert limits.paused_until(connection) == NOW + timedelta(minutes=5)

        now.append(NOW + timedelta(minutes=5))
        limits.acquire(connection)
        assert limits.paused_until(connection) is None

    def test_is_not_shortened_by_a_later_answer(self, muster, now):
        connection = muster.connection()
        limits.pause(connection, NOW + timedelta(minutes=5))
        limits.pause(connection, NOW + timedelta(minutes=1))
        assert limits.paused_until(connection) == NOW + timedelta(minutes=5)

    def test_that_is_nearly_over_is_waited_for(self, muster, now, monkeypatch):
        connection = muster.connection()
        limits.pause(connection, NOW + timedelta(seconds=1))
        monkeypatch.setattr("time.sleep", lambda seconds: now.append(now[-1] + timedelta(seconds=seconds)))
        limits.acquire(connection)
        assert now[-1] == NOW + timedelta(seconds=1)

    def test_that_is_never_over_does_not_hold_a_worker(self, muster, now, slept):
        """Sleeping does not move this clock: as if others kept renewing a short pause."""
        connection = muster.connection()
        limits.pause(connection, NOW + timedelta(seconds=1))
        with pytest.raises(TransientError):
            limits.acquire(connection)
        assert sum(slept) <= 2


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_never_take_the_same_turn(muster, now, slept):
    connection = muster.connection(per_minute=6000, burst=40)
    failures = []

    def work():
        try:
            for _ in range(5):
                limits.acquire(connection)
        except Exception as error:
            failures.append(error)
        finally:
            databases.close_all()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert failures == []
    assert Throttle.objects.get().paid_until == NOW + timedelta(milliseconds=10) * 40
