"""The tasks of the queue: they wake, they may run twice, and the queue can be lost at any time."""

import json
from datetime import timedelta

import pytest
from django_q.models import OrmQ, Schedule

from connections import clock
from pairs import tasks
from pairs.models import Cursor, Delivery, Heartbeat, Record, RecordState, Verdict, Webhook
from tests.pairs.world import World


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


def run_queue(limit: int = 200) -> int:
    """Run what is queued, as the cluster would, until nothing is left; how many tasks."""
    done = 0
    while (queued := OrmQ.objects.order_by("id").first()) and done < limit:
        task = queued.task
        queued.delete()
        module, _, name = task["func"].rpartition(".")
        assert module == "pairs.tasks"
        assert all(isinstance(argument, int | str) for argument in task["args"])
        getattr(tasks, name)(*task["args"])
        done += 1
    return done


def test_ticks_alone_bring_an_approved_task_to_its_end(world):
    gid = world.approved()

    for _ in range(6):
        tasks.tick()
        run_queue()
        world.pass_time(timedelta(seconds=61))

    assert world.record(gid).state == RecordState.DONE
    assert len(world.datev.bookings()) == 1


def test_ticks_take_in_what_lies_in_the_watched_folder(world, settings, tmp_path):
    settings.HAND_IN_DIR = str(tmp_path)
    (tmp_path / "x.csv").write_bytes(b"no booking file")

    for _ in range(2):
        tasks.tick()
        run_queue()
        world.pass_time(timedelta(seconds=61))

    assert len(list((tmp_path / "refused").glob("*.txt"))) == 1


def test_a_queue_that_is_emptied_costs_time_and_nothing_else(world):
    gid = world.approved()

    for number in range(12):
        tasks.tick()
        if number % 2:
            OrmQ.objects.all().delete()
        run_queue()
        world.pass_time(timedelta(seconds=61))

    assert world.record(gid).state == RecordState.DONE
    assert len(world.datev.bookings()) == 1


def test_tasks_that_run_twice_do_nothing_twice(world):
    gid = world.approved()
    for _ in range(6):
        tasks.tick()
        tasks.tick()
        run_queue()
        world.pass_time(timedelta(seconds=61))

    assert world.record(gid).state == RecordState.DONE
    assert len(world.datev.bookings()) == 1
    assert len(world.datev.state()["documents"]) == 1


def test_the_tick_leaves_a_sign_of_life_and_keeps_house_once_an_hour(world):
    tasks.tick()
    first = Heartbeat.objects.get(name="housekeeping").at
    clock.advance(timedelta(minutes=10))
    tasks.tick()

    assert Heartbeat.objects.get(name="queue").at > first
    assert Heartbeat.objects.get(name="housekeeping").at == first
    clock.advance(timedelta(minutes=51))
    tasks.tick()
    assert Heartbeat.objects.get(name="housekeeping").at > first
    assert "rows deleted" in tasks.keep_house()


def test_there_is_one_schedule_however_often_it_is_ensured(db):
    tasks.ensure_schedule()
    tasks.ensure_schedule()

    [schedule] = Schedule.objects.all()
    assert (schedule.func, schedule.minutes) == ("pairs.tasks.tick", 1)


def test_the_tick_works_off_a_delivery_whose_task_was_lost(world):
    hook = Webhook.objects.create(
        integration=world.integration, connection=world.source, flow="tasks", resource_ref=world.project
    )
    Cursor.objects.all().delete()
    gid = world.approved()
    event = {
        "action": "changed",
        "created_at": "2099-01-01T00:00:00.000Z",
        "resource": {"gid": gid, "resource_type": "task"},
        "parent": None,
    }
    body = json.dumps({"events": [event]}).encode()
    Delivery.objects.create(
        webhook=hook,
        received_at=clock.now() - timedelta(minutes=2),
        verdict=Verdict.GENUINE,
        body=body,
        sha256="0" * 64,
    )

    tasks.tick()

    assert Record.objects.filter(source_ref=gid).exists()
    assert not Delivery.objects.filter(worked_at=None).exists()
