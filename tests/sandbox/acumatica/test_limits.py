"""Requests per minute are slowed down, and declined only when too many wait."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests

from tests.sandbox.acumatica.caller import Caller


def test_from_half_of_the_allowance_on_requests_are_delayed(sim, caller):
    """The vendor's own example: limit 50, 25 used, 20 s left, so 0.8 s."""
    sim.options.requests_per_minute = 50
    for _ in range(25):
        caller.get("Bill", top=1)
    assert set(sim.limits.delays) == {0.0}
    sim.clock.advance(timedelta(seconds=40))

    assert caller.get("Bill").status_code == 200

    assert sim.limits.delays[-1] == pytest.approx(0.8)
    sim.clock.advance(timedelta(minutes=1))
    caller.get("Bill")
    assert sim.limits.delays[-1] == 0.0


def test_a_delay_beyond_the_patience_of_the_caller_ends_as_a_time_out(sim, caller):
    sim.options.requests_per_minute = 2
    caller.get("Bill")
    sim.add_bill()

    with pytest.raises(requests.ReadTimeout):
        caller.http.get(f"{caller.base}/Bill", timeout=(5, 30))

    assert sim.calls[-1].status == 200


def test_a_request_that_would_wait_too_long_is_declined(sim, caller):
    sim.options.requests_per_minute, sim.options.longest_wait_seconds = 1, 10
    caller.get("Bill")

    declined = caller.get("Bill")

    assert declined.status_code == 429
    assert "Retry-After" not in declined.headers


def test_requests_are_declined_on_demand_and_signing_out_passes(sim, caller):
    sim.options.decline = 2

    assert [caller.get("Bill").status_code for _ in range(3)] == [429, 429, 200]
    sim.options.decline = 1
    assert caller.logout().status_code == 204


def test_too_many_at_once_are_declined(sim, caller):
    sim.options.concurrent_requests, sim.options.queue_length = 1, 1
    callers = [caller] * 3
    statuses: list[int] = []
    with sim.lock:  # as if one request were being worked on
        threads = [
            threading.Thread(target=lambda one=one: statuses.append(one.get("Bill").status_code))
            for one in map(_copy, callers)
        ]
        for thread in threads:
            thread.start()
        while sim.limits.most_at_once < 3:
            threads[0].join(0.005)
    for thread in threads:
        thread.join()

    assert 429 in statuses
    assert 200 in statuses


def _copy(caller: Caller) -> Caller:
    other = Caller(caller.sim)
    other.http.cookies.update(caller.http.cookies)
    return other
