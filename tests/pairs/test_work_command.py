"""`manage.py work`: one process that works off what is due, then ends."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from connections import clock
from pairs import tasks
from pairs.management.commands import work as command
from pairs.models import Cursor, Record, RecordState
from tests.pairs.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(asana: Any, datev: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """Naps pass on the clocks of product and vendors, and take no time."""
    made = World(asana, datev)
    monkeypatch.setattr(command.time, "sleep", lambda seconds: made.pass_time(timedelta(seconds=seconds)))
    return made


def work(*options: str) -> str:
    out = StringIO()
    call_command("work", *options, stdout=out)
    return out.getvalue()


def test_until_idle_brings_approved_tasks_all_the_way(world, datev):
    gids = [world.approved() for _ in range(3)]
    waiting = world.task()

    said = work("--until-idle")

    assert [world.record(gid).state for gid in gids] == [RecordState.DONE] * 3
    assert world.record(waiting).state == RecordState.DORMANT
    assert len(datev.bookings()) == 3
    assert "3 done" in said and "1 dormant" in said


def test_it_waits_for_datev_and_no_longer(world, datev):
    """The job takes its time; the next poll of Asana is not waited for."""
    datev.options.job_seconds = 90
    gid = world.approved()
    began_at = clock.now()

    work("--until-idle")

    assert world.record(gid).state == RecordState.DONE
    assert clock.now() - began_at < timedelta(minutes=5)


def test_without_until_idle_one_go_over_what_is_due_is_enough(world, datev):
    datev.options.job_seconds = 90
    gid = world.approved()
    said = work()
    assert world.record(gid).state == RecordState.SENT
    assert "1 sent" in said
    assert work().startswith("0 steps")


def test_a_second_run_finds_nothing_to_do(world, datev):
    world.approved()
    work("--until-idle")
    calls = len(datev.calls)
    assert "1 done" in work("--until-idle")
    assert len(datev.calls) == calls


def test_new_tasks_are_read_when_the_poll_is_due_or_asked_for(world):
    work("--until-idle")
    assert Cursor.objects.get().due_at > clock.now()
    gid = world.approved()

    work("--until-idle")
    assert not Record.objects.filter(source_ref=gid).exists()

    work("--until-idle", "--poll-now")
    assert world.record(gid).state == RecordState.DONE


def test_it_ends_when_its_time_is_over_and_goes_on_the_next_time(world, datev):
    gids = [world.approved() for _ in range(2)]
    said = work("--until-idle", "--max-seconds", "0")
    assert "in 1 rounds" in said
    assert any(world.record(gid).state != RecordState.DONE for gid in gids)

    work("--until-idle")
    assert [world.record(gid).state for gid in gids] == [RecordState.DONE] * 2
    assert len(datev.bookings()) == 2


def test_what_waits_for_a_person_does_not_keep_it_from_ending(world):
    refused = world.approved(amount=None)
    said = work("--until-idle")
    assert world.record(refused).state == RecordState.REFUSED
    assert "1 refused" in said


def test_an_outage_that_lasts_longer_than_the_time_given_is_left_to_the_next_run(world, datev):
    for _ in range(50):
        datev.faults.add("documents.put", status=503)
    gid = world.approved()
    work("--until-idle", "--max-seconds", "1")
    assert world.record(gid).state in (RecordState.WAITING, RecordState.UNKNOWN)
    assert datev.bookings() == []


def test_the_hourly_housekeeping_runs(world):
    work("--until-idle")
    assert tasks.keep_house().startswith("0 rows deleted")
