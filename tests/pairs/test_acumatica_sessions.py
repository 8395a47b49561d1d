"""An integration that signs in to Acumatica by session: one at a time, and each is signed out of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connections import clock, services, sessions
from pairs import work
from tests.killing import killed_at
from tests.pairs.acumatica_world import AcumaticaWorld

LEASE_IS_OVER = timedelta(minutes=6)
# By then a session has ended whose keys nobody has got.
ALL_IS_OVER = timedelta(minutes=25)
# Kill points in a row are of one kind; each fifth is tried.
STEP = 5


@pytest.fixture
def world(
    transactional_db: None, acumatica: Any, asana: Any, monkeypatch: pytest.MonkeyPatch
) -> AcumaticaWorld:
    made = AcumaticaWorld(acumatica, asana, sign_in="session", roster="compare")
    monkeypatch.setattr(sessions.time, "sleep", lambda seconds: made.pass_time(timedelta(seconds=seconds)))
    return made


def all_at_once(world: AcumaticaWorld) -> None:
    """As a worker does; no time passes."""
    world.poll_soon()
    while work.everything():
        pass


def test_sessions_opened_are_sessions_closed_wherever_a_worker_dies(
    world: AcumaticaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    acumatica = world.acumatica
    all_at_once(world)
    number, bills = 1, []
    is_killed = True
    while is_killed:
        waiting = world.bill()
        approved = world.bill()
        all_at_once(world)
        world.decide(approved)
        acumatica.change_bill(waiting, amount="238.00")
        is_killed = killed_at(monkeypatch)(lambda: all_at_once(world), number, number % 2 == 0)
        world.pass_time(LEASE_IS_OVER)
        services.end_sessions(clock.now())
        assert acumatica.sessions_open == 0, number
        world.pass_time(ALL_IS_OVER)
        world.work(minutes=2)
        bills += [waiting, approved]
        assert len(world.releases(approved)) == 1 and world.status(waiting) == "Balanced", number
        assert acumatica.sessions_open == 0 and acumatica.sessions_most_at_once == 1, number
        number += STEP
    assert number > 20, "calls of both sides"
    assert len(world.tasks()) == len(bills)
    assert acumatica.sessions_opened == acumatica.sessions_closed
