"""Our own writes are no news to whoever watches the tasks, and no decision of a person is ever lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from connections import clock
from connections.vendors.asana.tasks import Task
from pairs import records, work
from pairs.base import Change
from pairs.engine import Context
from pairs.models import Delivery, RecordState
from pairs.work_items import watch
from tests.pairs.work_items.world import World


@pytest.fixture
def watched(world: World) -> World:
    """One document, and a webhook on the project that has told all there was to tell."""
    work.webhooks()
    world.add()
    world.work()
    world.deliver()
    world.work()
    world.watched.clear()
    world.quiet()
    return world


def settle(world: World) -> None:
    """Everything is told and looked at, by webhook and by poll."""
    for _ in range(3):
        world.deliver()
        world.work()


def test_our_own_writes_cause_no_further_calls(watched: World) -> None:
    section = watched.asana.add_section(watched.project, "Eilig")
    watched.change(amount=Decimal("238.00"), files={"a.pdf": b"%PDF-"}, section=section)
    settle(watched)

    assert Delivery.objects.exists() and watched.watched == []
    assert sorted(watched.calls("POST", "PUT")) == [
        "POST attachments.upload",
        "POST tasks.add_project",
        "PUT tasks.change",
    ]


def test_the_making_of_a_task_is_no_news_either(watched: World) -> None:
    watched.add("INV2")
    settle(watched)

    record = watched.record(watched.link("INV2").target_ref, "approvals")
    assert (watched.watched, record.state) == ([], RecordState.DORMANT)
    assert watched.calls("POST", "PUT") == ["POST tasks.create"]
    assert set(watched.calls("GET")) <= {"GET projects.fields"}


def test_a_decision_is_seen_by_webhook_and_by_poll(watched: World) -> None:
    gid = watched.link().target_ref
    watched.pass_time(timedelta(minutes=1))
    watched.asana.approve(gid)
    watched.deliver()
    watched.work(poll=False)
    assert watched.decided == {gid: "approved"}

    watched.asana.reject(gid)
    watched.work()
    assert watched.decided == {gid: "rejected"}


@pytest.mark.parametrize("seconds", [0, 1, 60])
def test_a_decision_just_before_our_write_is_in_its_answer_and_not_lost(watched: World, seconds: int) -> None:
    gid = watched.link().target_ref
    watched.asana.approve(gid)
    watched.pass_time(timedelta(seconds=seconds))
    watched.change(amount=Decimal("7.00"))
    watched.run()
    watched.work(poll=False)
    assert watched.decided == {gid: "approved"}

    watched.watched.clear()
    settle(watched)
    assert watched.watched == []


@pytest.mark.parametrize("seconds", [0, 1, 60])
def test_a_decision_just_after_our_write_is_found_at_the_latest_by_the_poll(
    watched: World, seconds: int
) -> None:
    gid = watched.link().target_ref
    watched.change(amount=Decimal("7.00"))
    watched.run()
    watched.pass_time(timedelta(seconds=seconds))
    watched.asana.approve(gid)
    settle(watched)
    assert watched.decided == {gid: "approved"}


def test_a_decision_while_the_first_answer_was_lost_is_not_taken_for_ours(world: World) -> None:
    work.webhooks()
    world.add()
    world.asana.fail("tasks.create", "drop after")
    world.work(minutes=0.01)
    [task] = world.tasks()
    world.asana.approve(task.gid)
    world.deliver()
    settle(world)
    assert world.decided == {task.gid: "approved"}
    assert len(world.tasks()) == 1


def test_a_person_who_changes_the_task_while_it_is_handled_is_heard(watched: World) -> None:
    """The watching flow writes a result; meanwhile somebody takes the approval back."""
    gid = watched.link().target_ref
    watched.asana.approve(gid)
    watched.pass_time(timedelta(minutes=1))
    records.wake(watched.integration, "approvals", [Change(gid)])
    record = records.claim(watched.record(gid, "approvals").pk, now=clock.now())
    context = Context(record)
    read = context.target.task(gid)
    watch.remember(context, read)
    assert watch.version(context, read).startswith(watch.version_of(read))

    ours = context.target.change_task(gid, name="Neu")
    watch.written(context, watched.link(), ours, flow="approvals", own={"name"})
    noted = watch.version(context, read)
    assert not watch.is_news(watch.version_of(ours), noted)

    watched.asana.decide(gid, "pending")
    later = context.target.change_task(gid, name="Neuer")
    watch.written(context, watched.link(), later, flow="approvals", own={"name"})
    assert watch.version(context, read).startswith(watch.version_of(read))
    assert watch.is_news(watch.version_of(later), watch.version(context, read))


def test_a_comment_of_a_person_is_no_change_of_the_task(watched: World) -> None:
    gid = watched.link().target_ref
    watched.asana.add_comment(gid, "Danke")
    watched.work()
    assert watched.watched == []


def test_other_tasks_of_the_project_are_left_alone(watched: World) -> None:
    watched.asana.approve(watched.asana.add_task(watched.project, "Fremd"))
    settle(watched)
    assert watched.watched == []


@pytest.mark.parametrize("rule", ["leave", "anew"])
def test_a_deleted_task_is_noticed_at_once(watched: World, rule: str) -> None:
    watched.integration.settings["when_task_gone"] = rule
    watched.integration.save()
    gid = watched.link().target_ref
    watched.asana.delete_task(gid)
    settle(watched)

    assert len(watched.tasks()) == (1 if rule == "anew" else 0)
    assert watched.record().state == RecordState.DONE


def test_a_task_from_the_trash_is_kept_up_to_date_again(watched: World) -> None:
    gid = watched.link().target_ref
    watched.asana.delete_task(gid)
    settle(watched)
    watched.change(amount=Decimal("9.00"))
    watched.work()
    with watched.asana.lock:
        watched.asana._changes("").undelete(watched.asana.task(gid))
    settle(watched)
    assert watched.value(gid, "amount") == Decimal("9.00")


@pytest.mark.parametrize(
    ("version", "known", "is_news"),
    [
        ("2026-03-01T10:00:00.000Z|aa", "", True),
        ("2026-03-01T10:00:00.000Z|aa", "2026-03-01T10:00:00.000Z|aa", False),
        ("2026-03-01T10:00:05.000Z|aa", "2026-03-01T10:00:00.000Z|aa", False),
        ("2026-03-01T10:00:00.000Z|bb", "2026-03-01T10:00:00.000Z|aa", True),
        ("2026-03-01T09:00:00.000Z|bb", "2026-03-01T10:00:00.000Z|aa", False),
        ("2026-03-01T10:00:01.000Z", "2026-03-01T10:00:00.000Z|aa", True),
        ("2026-03-01T10:00:01.000Z", "2026-03-01T10:00:00.000Z|aa|2026-03-01T10:00:02.000Z", False),
        ("2026-03-01T10:00:01.000Z|bb", "2026-03-01T10:00:00.000Z|aa|2026-03-01T10:00:02.000Z", True),
        ("2026-03-01T10:00:03.000Z", "2026-03-01T10:00:00.000Z|aa|2026-03-01T10:00:02.000Z", True),
    ],
)
def test_what_is_news(version: str, known: str, is_news: bool) -> None:
    assert watch.is_news(version, known) is is_news


def test_a_version_survives_the_snapshot(watched: World) -> None:
    raw = watch.change_of(Task.listed(watched_task(watched))).snapshot
    assert watch.version_of(Task.listed(raw)) == watch.version_of(Task.listed(watched_task(watched)))


def watched_task(world: World) -> dict:
    from connections.vendors.asana.api import AsanaApi

    return dict(AsanaApi(world.integration.target).task(world.link().target_ref).raw)
