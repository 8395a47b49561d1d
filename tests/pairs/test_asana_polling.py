"""How the approved tasks of a project are found: all of them, whatever changes while they are read."""

from datetime import timedelta
from typing import Any

import pytest

from connections import clock
from connections.vendors.asana import client
from connections.vendors.asana.api import AsanaApi
from pairs import intake
from pairs.models import Cursor, RecordState
from tests.pairs.stories import sign_in_at_datev
from tests.pairs.world import World


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


def test_a_task_that_changes_while_a_long_listing_is_read_is_found_by_the_next_one(
    world: World, monkeypatch: Any
) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", 1)
    tasks = {world.task(), world.task()}
    listed = AsanaApi.tasks
    seen: list[str] = []

    def slowly(self: AsanaApi, *args: Any, **named: Any) -> Any:
        page = listed(self, *args, **named)
        seen.extend(task.gid for task in page.tasks)
        if len(seen) == 1:
            world.pass_time(timedelta(minutes=30))
            world.asana.approve(seen[0])
            world.pass_time(timedelta(minutes=30))
            [other] = tasks - set(seen)
            world.asana.approve(other)
        return page

    monkeypatch.setattr(AsanaApi, "tasks", slowly)
    intake.ensure_cursors()
    intake.poll(Cursor.objects.get().pk)
    monkeypatch.undo()
    assert set(seen) == tasks

    world.work()

    assert {world.record(gid).state for gid in tasks} == {RecordState.DONE}


@pytest.mark.parametrize("change", ["project", "begin_on"])
def test_another_project_or_an_earlier_first_day_is_read_from_the_beginning(
    world: World, change: str
) -> None:
    gid = world.approved()
    other = world.asana.add_project("Archiv")
    if change == "project":
        world.integration.settings["project"] = other
    else:
        world.integration.settings["begin_on"] = (clock.now() + timedelta(days=9)).date().isoformat()
    world.integration.save()
    world.pass_time(timedelta(days=10))
    newer = world.asana.add_task(other if change == "project" else world.project, "Neu")
    world.work(minutes=2)
    assert world.integration.records.filter(source_ref=newer).exists()
    assert not world.integration.records.filter(source_ref=gid).exists()

    world.integration.settings |= {"project": world.project, "begin_on": "2025-01-01"}
    world.integration.save()
    sign_in_at_datev(world)
    world.work()

    assert world.record(gid).state == RecordState.DONE
