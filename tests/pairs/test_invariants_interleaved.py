"""One task, everything that can happen to it in any order, and workers that die: booked exactly once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bookings import selectors
from connections import clock
from pairs import actions, tasks, work
from pairs.models import Cursor, Delivery, Record, RecordState
from tests.pairs.stories import AFTER_A_CRASH, Crashes, Moment, rolled_back, run_queue, survive
from tests.pairs.world import World

AMOUNTS = (Decimal("119.00"), Decimal("238.00"), Decimal("11.90"))


def polled(world: World, gid: str) -> None:
    Cursor.objects.update(due_at=clock.now())
    work.polls()


def edited(number: int) -> Callable[[World, str], None]:
    return lambda world, gid: world.asana.set_field(gid, world.fields["amount"], AMOUNTS[number])


def delivered_again(world: World, gid: str) -> None:
    """Every delivery once more, newest first, as if it had not been worked on."""
    Delivery.objects.update(worked_at=None)
    for delivery in Delivery.objects.order_by("-id"):
        tasks.work_delivery(delivery.pk)


def replayed(world: World, gid: str) -> None:
    actions.replay(Record.objects.all(), by="anna")


ACTIONS: dict[str, Callable[[World, str], Any]] = {
    "poll": polled,
    "deliver": lambda world, gid: world.asana.deliver(),
    "deliver again": delivered_again,
    "handle": lambda world, gid: work.due_records(),
    "book": lambda world, gid: work.bookings(),
    "tick and queue": lambda world, gid: (tasks.tick(), run_queue()),
    "queue twice": lambda world, gid: run_queue(times=2),
    "edit to 238": edited(1),
    "edit to 11.90": edited(2),
    "edit back": edited(0),
    "comment": lambda world, gid: world.asana.add_comment(gid, "Notiz"),
    "approve": lambda world, gid: world.asana.approve(gid),
    "replay": replayed,
    "a minute": lambda world, gid: world.pass_time(AFTER_A_CRASH / 6),
}
STEPS = st.lists(st.sampled_from(sorted(ACTIONS)), min_size=4, max_size=14)
KILLS = st.sets(st.tuples(st.sampled_from(Crashes.MOMENTS), st.integers(1, 2)), min_size=1, max_size=4)


def begun(asana: Any, datev: Any) -> World:
    for simulator in (asana, datev):
        simulator.reset()
    asana.options.handshake_on_a_thread = False
    # The sign-in's own troubles are told elsewhere; here it lasts.
    datev.options.access_seconds = datev.options.short_seconds = 10**6
    world = World(asana, datev, result_comment=True)
    work.webhooks()
    return world


def to_rest(world: World) -> None:
    """Workers go on, and go on dying, until nothing is under way."""
    world.pass_time(AFTER_A_CRASH)
    while not survive(world, lambda: world.work(minutes=10, step=AFTER_A_CRASH / 5)):
        world.pass_time(AFTER_A_CRASH)


def booked_amounts(world: World) -> list[Decimal]:
    return [Decimal(row["amount"]) for row in world.datev.bookings()]


@pytest.mark.parametrize("route", ["extf", "dxso"])
def test_any_interleaving_with_any_crashes_books_once_and_tells_the_truth(
    db: None, asana: Any, datev: Any, settings_of_product: None, monkeypatch: Any, route: str
) -> None:
    crashes = Crashes(monkeypatch)
    killed: list[int] = []

    @settings(max_examples=10, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS, kills=KILLS)
    @example(
        ["approve", "poll", "handle", "edit to 238", "deliver", "handle", "book"],
        {("after POST", 2), ("before finish", 1)},
    )
    @example(
        ["approve", "deliver", "queue twice", "edit to 11.90", "tick and queue", "replay"],
        {("after PUT", 1), ("after start", 2)},
    )
    def check(steps: list[str], kills: set[Moment]) -> None:
        with rolled_back():
            world = begun(asana, datev)
            world.integration.settings["route"] = route
            world.integration.save()
            gid = world.task()
            crashes.arm(kills)
            for step in steps:
                survive(world, lambda step=step: ACTIONS[step](world, gid))
            survive(world, lambda: world.asana.approve(gid))
            to_rest(world)
            holds(world, gid)
        killed.append(crashes.killed)

    check()
    assert sum(killed) > len(killed) / 2, "most examples ran without any crash"


def holds(world: World, gid: str) -> None:
    """One booking, one document, one file at DATEV; the task and the record say what is true."""
    record, state = world.record(gid), world.datev.state()
    sent = [job for job in state["dxso_jobs"] if job["status"]] + state["extf_jobs"]
    amounts = booked_amounts(world)
    assert (len(amounts), len(state["documents"]), len(sent)) == (1, 1, 1), (
        record.state,
        record.reason,
        state,
    )
    assert world.result(gid)[0] == "Gebucht"
    told = [text for text in world.asana.comments(gid) if text != "Notiz"]
    assert len(told) == 1, told
    wanted = world.asana.value(gid, world.fields["amount"])
    assert record.state == (RecordState.DONE if amounts == [wanted] else RecordState.CHANGED), record.reason
    [entry] = selectors.posted_entries(record.subject, before_revision=record.revision + 1)
    assert entry.amount == amounts[0]


@pytest.fixture
def settings_of_product(settings: Any) -> None:
    settings.PUBLIC_URL = "https://hub.example"
