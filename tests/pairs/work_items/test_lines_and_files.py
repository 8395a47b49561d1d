"""Lines as subtasks or as a list, files and comments once each, and the end of a task."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from connections import clock
from connections.errors import OutcomeUnknownError
from connections.messages import say
from pairs.base import Change
from pairs.engine import Context
from pairs.models import RecordState
from pairs.records import claim, wake
from pairs.work_items import Closing, close, comment, reopen, write
from tests.pairs.work_items.world import World

AFTER = timedelta(minutes=2)
TEN, TWENTY = Decimal("10.00"), Decimal("20.00")


def lined(world: World, how: str) -> None:
    world.integration.settings["lines_as"] = how
    world.integration.save()


def context_of(world: World, ref: str = "INV1", flow: str = "bills") -> Context:
    """The record, claimed, as `handle` gets it."""
    wake(world.integration, flow, [Change(ref)])
    record = claim(world.record(ref, flow).pk, now=clock.now())
    assert record is not None
    return Context(record)


# --- lines ------------------------------------------------------------------------------------------------


def test_lines_are_a_list_in_the_description(world: World) -> None:
    lined(world, "table")
    world.add(lines={"1": TEN, "2": TWENTY})
    world.work()

    [task] = world.tasks()
    assert "1. Position 1: 10.00 EUR\n2. Position 2: 20.00 EUR" in task.notes
    assert task.notes.endswith("Muster: Bill INV1 (Test)")
    assert world.calls("POST", "PUT") == ["POST tasks.create"]


@pytest.mark.parametrize("how", ["subtasks", "in_project"])
def test_lines_are_subtasks_that_follow_their_document(world: World, how: str) -> None:
    lined(world, how)
    world.add(lines={"1": TEN, "2": TWENTY, "3": TEN})
    world.work()
    first = {task.name: task.gid for task in world.subtasks()}
    assert set(first) == {"Position 1", "Position 2", "Position 3"}
    assert {bool(task.memberships) for task in world.subtasks()} == {how == "in_project"}
    if how == "in_project":
        assert world.value(first["Position 2"], "amount") == TWENTY
    world.quiet()

    world.change(lines={"1": TEN, "2": Decimal("25.00"), "4": TEN})
    world.work()

    now = {task.name: task.gid for task in world.subtasks()}
    assert set(now) == {"Position 1", "Position 2", "Position 4"}
    assert (now["Position 1"], now["Position 2"]) == (first["Position 1"], first["Position 2"])
    assert sorted(world.calls("POST", "PUT", "DELETE")) == [
        "DELETE tasks.delete",
        "POST tasks.create",
        "PUT tasks.change",
    ]
    world.change(lines={"1": TEN, "3": TEN})
    world.work()
    assert {task.name for task in world.subtasks()} == {"Position 1", "Position 3"}


def test_lines_of_an_earlier_installation_are_found_below_their_task(world: World) -> None:
    from tests.pairs.work_items.test_ensure import forget

    lined(world, "subtasks")
    world.add(lines={"1": TEN, "2": TWENTY})
    world.work()
    before = {task.gid for task in world.subtasks()}
    forget(world)
    world.work()
    assert {task.gid for task in world.subtasks()} == before
    assert world.calls("POST", "PUT") == []


def test_a_task_made_anew_gets_its_lines_anew(world: World) -> None:
    lined(world, "in_project")
    world.integration.settings["when_task_gone"] = "anew"
    world.integration.save()
    world.add(lines={"1": TEN})
    world.work()
    world.asana.delete_task(world.link().target_ref)
    world.change(amount=TWENTY)
    world.work()

    [task], [line] = world.tasks(), world.subtasks()
    assert line.parent == task.gid


# --- files ------------------------------------------------------------------------------------------------


def test_each_file_is_attached_once(world: World) -> None:
    world.add(files={"a.pdf": b"%PDF-a", "b.pdf": b"%PDF-b"})
    world.asana.fail("attachments.upload", "drop after")
    world.work()
    gid = world.link().target_ref
    attached = [world.asana.known.by_gid[one].name for one in world.asana.known.attachments_of[gid]]
    assert sorted(attached) == ["a.pdf", "b.pdf"]

    world.change(files={"a.pdf": b"%PDF-a", "b.pdf": b"%PDF-b", "c.pdf": b"%PDF-c"})
    world.work()
    attached = [world.asana.known.by_gid[one].name for one in world.asana.known.attachments_of[gid]]
    assert sorted(attached) == ["a.pdf", "b.pdf", "c.pdf"]


def test_files_of_an_earlier_installation_are_not_attached_again(world: World) -> None:
    from tests.pairs.work_items.test_ensure import forget

    world.add(files={"a.pdf": b"%PDF-a"})
    world.work()
    forget(world)
    world.work()
    assert len(world.asana.known.attachments_of[world.link().target_ref]) == 1


# --- comments, results, the end ---------------------------------------------------------------------------


def test_a_comment_is_said_once_also_after_a_lost_answer(world: World) -> None:
    world.add()
    world.work()
    gid = world.link().target_ref
    context = context_of(world)
    world.asana.fail("stories.create", "drop after")
    with pytest.raises(OutcomeUnknownError):
        comment(context, gid, "released", say("Done."))
    world.pass_time(AFTER)
    for _ in range(2):
        comment(context, gid, "released", say("Done."))
    [said] = world.asana.comments(gid)
    assert said.startswith("Erledigt.\n[ML-") or said.startswith("Done.\n[ML-")


def test_a_result_is_one_put_into_the_fields_mapped_for_it(world: World) -> None:
    field = world.asana.add_custom_field(world.project, "Ergebnis", "text")
    world.map("result", field, flow="approvals")
    world.add()
    world.work()
    gid = world.link().target_ref
    context = context_of(world, gid, "approvals")
    world.quiet()
    for _ in range(2):
        write(context, gid, "t1", {"result": "Freigegeben"}, project=world.project, watched_by="approvals")
    assert world.calls("PUT") == ["PUT tasks.change"]
    assert world.asana.value(gid, field) == "Freigegeben"


@pytest.mark.parametrize("decided", [True, False])
def test_closing_records_no_approval_that_nobody_gave(world: World, decided: bool) -> None:
    section = world.asana.add_section(world.project, "Erledigt")
    world.add()
    world.work()
    gid = world.link().target_ref
    if decided:
        world.asana.reject(gid)
    context = context_of(world)
    closing = Closing("deleted", say("Done."), section=section)
    for _ in range(2):
        close(context, closing, watched_by="approvals")

    [task] = world.tasks()
    assert task.is_completed
    assert task.approval_status == ("rejected" if decided else "")
    assert task.memberships == {world.project: section}
    assert len(world.asana.comments(gid)) == 1


def test_a_decision_is_asked_for_again(world: World) -> None:
    world.add()
    world.work()
    gid = world.link().target_ref
    world.asana.approve(gid)
    context = context_of(world)
    for _ in range(2):
        reopen(context, gid, "v2", say("Done."))
    assert world.tasks()[0].approval_status == "pending"
    assert len(world.asana.comments(gid)) == 1


def test_an_approval_that_we_ended_as_a_plain_task_is_an_approval_again(world: World) -> None:
    world.add()
    world.work()
    context, gid = context_of(world), world.link().target_ref
    for turn in ("1", "2"):
        close(context, Closing(f"released {turn}"))
        assert world.tasks()[0].resource_subtype == "default_task"
        for _ in range(2):
            reopen(context, gid, f"returned {turn}", say("Done."))
        [task] = world.tasks()
        assert (task.resource_subtype, task.approval_status) == ("approval", "pending")
        assert not task.is_completed


def test_a_document_without_a_task_has_nothing_to_close(world: World) -> None:
    world.add(branch="West")
    world.work()
    assert world.record().state == RecordState.REFUSED
    assert close(context_of(world), Closing("deleted")) is None
