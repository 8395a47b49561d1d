"""Documents change, people decide, workers die, in any order: one task for each document, and it is right."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connections import clock
from pairs import intake, records, work
from pairs.base import Change
from pairs.models import RecordState
from pairs.records import LeaseLost
from pairs.work_items import ensure, known, rules_of
from tests.pairs.stories import AFTER_A_CRASH, Crashes, Moment, rolled_back, survive
from tests.pairs.work_items.test_lines_and_files import context_of
from tests.pairs.work_items.world import World

TEN = Decimal("10.00")
Action = Callable[[World], Any]


def gid_of(world: World) -> str | None:
    living = world.tasks()
    return living[0].gid if living else None


def by_a_person(act: Callable[[World, str], Any]) -> Action:
    return lambda world: act(world, gid) if (gid := gid_of(world)) else None


ACTIONS: dict[str, Action] = {
    "amount up": lambda world: world.change(amount=world.documents["INV1"].amount + 1),
    "amount back": lambda world: world.change(amount=Decimal("119.00")),
    "branch": lambda world: world.change(branch="Süd"),
    "due away": lambda world: world.change(due_on=None),
    "line more": lambda world: world.change(
        lines={**world.documents["INV1"].lines, str(len(world.documents["INV1"].lines) + 1): TEN}
    ),
    "line less": lambda world: world.change(lines=dict(list(world.documents["INV1"].lines.items())[1:])),
    "line changed": lambda world: world.change(
        lines={number: amount + 1 for number, amount in world.documents["INV1"].lines.items()}
    ),
    "file": lambda world: world.change(files={**world.documents["INV1"].files, "a.pdf": b"%PDF-"}),
    "poll": lambda world: world.poll(),
    "handle": lambda world: work.due_records(),
    "deliver": lambda world: world.deliver(),
    "a minute": lambda world: world.pass_time(AFTER_A_CRASH / 6),
    "approve": by_a_person(lambda world, gid: world.asana.approve(gid)),
    "reject": by_a_person(lambda world, gid: world.asana.reject(gid)),
    "ask again": by_a_person(lambda world, gid: world.asana.decide(gid, "pending")),
    "comment": by_a_person(lambda world, gid: world.asana.add_comment(gid, "Hallo")),
    "lost answer": lambda world: world.asana.fail("tasks.create", "drop after"),
}
STEPS = st.lists(st.sampled_from(sorted(ACTIONS)), min_size=4, max_size=16)
# What never happens here leaves an example without a crash.
MOMENTS = tuple(moment for moment in Crashes.MOMENTS if "batch" not in moment)
KILLS = st.sets(st.tuples(st.sampled_from(MOMENTS), st.integers(1, 3)), max_size=4)


def begun(asana: Any, monkeypatch: Any) -> World:
    asana.reset()
    known.forget()
    asana.options.handshake_on_a_thread = False
    world = World(asana, monkeypatch, lines_as="in_project")
    work.webhooks()
    world.add(lines={"1": TEN})
    intake.ensure_cursors()
    return world


def to_rest(world: World) -> None:
    while not survive(world, lambda: world.work(minutes=5)):
        world.pass_time(AFTER_A_CRASH)


def test_any_history_with_any_crashes_ends_with_one_task_that_is_right(
    db: None, asana: Any, monkeypatch: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://hub.example"
    crashes = Crashes(monkeypatch)
    killed: list[int] = []

    @_settings
    @given(steps=STEPS, kills=KILLS)
    @example(["poll", "handle", "approve", "amount up", "poll", "handle"], {("after POST", 1)})
    @example(["poll", "lost answer", "handle", "approve", "deliver"], {("before finish", 1)})
    @example(
        ["poll", "handle", "line more", "line changed", "poll", "handle", "line less"], {("after PUT", 1)}
    )
    def check(steps: list[str], kills: set[Moment]) -> None:
        with rolled_back():
            world = begun(asana, monkeypatch)
            crashes.arm(kills)
            for step in steps:
                survive(world, lambda step=step: ACTIONS[step](world))
            world.deliver()
            to_rest(world)
            crashes.at.clear()
            world.work(minutes=3)
            holds(world)
            is_quiet(world)
        killed.append(crashes.killed)

    check()
    assert sum(killed) > len(killed) / 3, "most examples ran without any crash"


_settings = settings(max_examples=6, suppress_health_check=list(HealthCheck))


def holds(world: World) -> None:
    """One task with one subtask for each line, all as the document is now; decisions have been heard."""
    document = world.documents["INV1"]
    [task] = world.tasks()
    assert world.record().state == RecordState.DONE, world.record().reason
    assert world.value(task.gid, "amount") == document.amount
    assert world.value(task.gid, "branch") == document.branch
    assert world.value(task.gid, "due_date") == document.due_on
    lines = sorted((line.name, world.value(line.gid, "amount")) for line in world.subtasks())
    assert lines == sorted((f"Position {number}", amount) for number, amount in document.lines.items())
    files = [world.asana.known.by_gid[gid].name for gid in world.asana.known.attachments_of.get(task.gid, [])]
    assert files == list(document.files)
    assert world.decided.get(task.gid, "pending") == task.approval_status


def is_quiet(world: World) -> None:
    """From here on a change of the document is one call, and nobody is disturbed by it.

    A worker that was killed between a write and its note leaves one look at the task behind.
    """
    world.deliver()
    world.work(minutes=2)
    world.quiet()
    world.watched.clear()
    world.change(amount=Decimal("1234.00"))
    world.work(minutes=2)
    world.deliver()
    world.work(minutes=2)
    assert (world.calls("POST", "PUT", "DELETE"), world.watched) == (["PUT tasks.change"], [])
    assert set(world.calls("GET")) <= {"GET projects.fields"}


def test_a_worker_that_has_lost_its_record_writes_nothing(world: World) -> None:
    world.add()
    records.wake(world.integration, "bills", [Change("INV1", "1")])
    late = context_of(world)
    world.pass_time(AFTER_A_CRASH)
    records.sweep(clock.now())
    work.due_records()
    assert len(world.tasks()) == 1
    world.change(amount=Decimal("5.00"))
    world.quiet()

    try:
        ensure(late, world.item("INV1"), rules_of(late))
    except LeaseLost:
        assert world.calls("POST", "PUT") == []
    else:
        raise AssertionError("the late worker went on")
    assert len(world.tasks()) == 1
