"""A document becomes one task, is changed where it changed, and is found again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from pairs.models import Finding, Link, RecordState, UpdateMode
from pairs.work_items import known
from tests.pairs.work_items.world import World

APPROVER = "joerg@muster.example"


def test_a_document_becomes_a_task_with_all_its_fields_in_one_call(world: World) -> None:
    world.add("INV1", owner=APPROVER, assignee="aenne@muster.example")
    world.work()

    [task] = world.tasks()
    assert world.calls("POST", "PUT") == ["POST tasks.create"]
    assert (task.resource_subtype, task.due_on, task.name) == ("approval", "2026-12-15", "Rechnung INV1")
    assert task.notes.splitlines()[0] == "Bitte prüfen"
    assert task.notes.splitlines()[-2:] == ["https://erp.example/INV1", "Muster: Bill INV1 (Test)"]
    assert world.value(task.gid, "amount") == Decimal("119.00")
    assert world.value(task.gid, "branch") == "Nord"
    assert world.value(task.gid, "due_date") == date(2026, 12, 15)
    assert world.value(task.gid, "owner") == ["Jörg Müßig-Beispiel"]
    assert world.value(task.gid, "source_id") == "Muster: Bill INV1 (Test)"
    assert world.asana.known.by_gid[task.assignee].email == "aenne@muster.example"
    assert world.link().target_ref == task.gid
    assert world.record().state == RecordState.DONE


def test_nothing_changed_means_no_call_at_all(world: World) -> None:
    world.add()
    world.work()
    world.quiet()
    known.forget()

    world.run()

    assert world.asana.calls == []


def test_the_same_amount_written_otherwise_is_no_change(world: World) -> None:
    world.add(amount=Decimal("119.00"))
    world.work()
    world.quiet()
    world.change(amount=Decimal("119.0"))
    world.work()
    assert world.calls("PUT") == []


def test_only_what_changed_is_sent_in_one_call(world: World) -> None:
    world.add()
    world.work()
    world.quiet()
    gid = world.link().target_ref
    world.asana.set_field(gid, world.fields["number"], "von Hand")

    world.change(amount=Decimal("238.00"), due_on=date(2027, 1, 31))
    world.work()

    [put] = [call for call in world.asana.calls if call.method == "PUT"]
    sent = put.json()["data"]
    assert set(sent) == {"due_on", "custom_fields"}
    assert set(sent["custom_fields"]) == {world.fields["amount"], world.fields["due_date"]}
    assert world.value(gid, "amount") == Decimal("238.00")
    assert world.value(gid, "number") == "von Hand"

    world.change(due_on=None)
    world.work()
    assert (world.tasks()[0].due_on, world.value(gid, "due_date")) == (None, None)


def test_the_mode_of_a_mapping_row_says_when_it_is_written(world: World) -> None:
    world.map("branch", world.fields["branch"], update_mode=UpdateMode.NEVER)
    world.map("amount", world.fields["amount"], update_mode=UpdateMode.IF_EMPTY)
    world.add()
    world.work()
    gid = world.link().target_ref
    assert (world.value(gid, "branch"), world.value(gid, "amount")) == ("Nord", Decimal("119.00"))

    world.change(branch="Süd", amount=Decimal("1.00"))
    world.work()
    assert (world.value(gid, "branch"), world.value(gid, "amount")) == ("Nord", Decimal("119.00"))

    world.asana.set_field(gid, world.fields["amount"], None)
    world.change(amount=Decimal("2.00"))
    world.work()
    assert world.value(gid, "amount") == Decimal("2.00")


def test_people_may_assign_the_task_to_somebody_else(world: World) -> None:
    world.add(assignee=APPROVER)
    world.work()
    task = world.tasks()[0]
    task.assignee = ""

    world.change(assignee="aenne@muster.example", amount=Decimal("5.00"))
    world.work()

    assert world.tasks()[0].assignee == ""


def test_all_faults_are_named_and_nothing_is_sent(world: World) -> None:
    world.add(branch="West", owner="niemand@muster.example", amount=Decimal("1.005"))
    world.work()

    record = world.record()
    assert record.state == RecordState.REFUSED
    assert {fault["field"] for fault in record.faults} == {"Branch", "Owner", "Amount"}
    assert world.calls("POST", "PUT") == [] and world.tasks() == []

    world.asana.add_option(world.fields["branch"], "West")
    world.change(owner="", amount=Decimal("1.00"))
    world.work()
    assert world.value(world.link().target_ref, "branch") == "West"


def test_a_mapped_field_outside_the_project_is_a_fault_of_the_configuration(world: World) -> None:
    formula = world.asana.add_custom_field(world.project, "Formel", "number", representation="formula")
    world.map("amount", formula)
    world.asana.remove_field_from_project(world.project, world.fields["branch"])
    world.add()
    world.work()

    record = world.record()
    assert record.state == RecordState.CONFIG
    assert {fault["field"] for fault in record.faults} == {"Branch", "Amount"}


def test_a_value_table_leads_to_options(world: World) -> None:
    world.table("branch", {"N1": "Nord", "S1": world.asana.option(world.fields["branch"], "Süd")})
    world.add("INV1", branch="N1")
    world.add("INV2", branch="S1")
    world.add("INV3", branch="W1")
    world.work()

    assert world.value(world.link("INV1").target_ref, "branch") == "Nord"
    assert world.value(world.link("INV2").target_ref, "branch") == "Süd"
    assert world.record("INV3").state == RecordState.REFUSED


def test_an_amount_is_not_shown_in_another_currency(world: World) -> None:
    dollars = world.asana.add_custom_field(
        world.project, "Amount", "number", precision=2, format="currency", currency_code="USD"
    )
    world.map("amount", dollars)
    world.add()
    world.work()
    assert "USD" in str(world.record().faults)


# --- places -----------------------------------------------------------------------------------------------


def test_the_task_follows_its_document_into_another_section_and_project(world: World) -> None:
    section = world.asana.add_section(world.project, "Eilig")
    other = world.asana.add_project("Andere Freigaben")
    for gid in world.fields.values():
        world.asana.add_field_to_project(other, gid)
    world.add()
    world.work()

    world.change(section=section)
    world.work()
    [task] = world.tasks()
    assert task.memberships == {world.project: section}

    world.change(project=other, section="", amount=Decimal("9999.00"))
    world.work()
    [task] = world.tasks()
    assert list(task.memberships) == [other]
    assert world.value(task.gid, "amount") == Decimal("9999.00")


@pytest.mark.parametrize("rule", ["leave", "anew"])
def test_a_deleted_task_stays_deleted_or_is_made_anew_by_rule(world: World, rule: str) -> None:
    world.integration.settings["when_task_gone"] = rule
    world.integration.save()
    world.add()
    world.work()
    gid = world.link().target_ref
    world.asana.delete_task(gid)

    world.change(amount=Decimal("7.00"))
    world.work()
    world.change(amount=Decimal("8.00"))
    world.work()

    if rule == "leave":
        assert world.tasks() == []
        assert "deleted" in str(world.record().reason)
    else:
        [task] = world.tasks()
        assert task.gid != gid and world.value(task.gid, "amount") == Decimal("8.00")


@pytest.mark.parametrize("rule", ["leave", "anew"])
def test_a_task_that_was_taken_out_stays_out_or_is_put_back_by_rule(world: World, rule: str) -> None:
    world.integration.settings["when_task_gone"] = rule
    world.integration.save()
    elsewhere = world.asana.add_project("Persönlich")
    world.add()
    world.work()
    gid = world.link().target_ref
    world.asana.add_to_project(gid, elsewhere)
    world.asana.remove_from_project(gid, world.project)

    world.change(amount=Decimal("7.00"))
    world.work()

    [task] = world.tasks()
    assert (world.project in task.memberships) == (rule == "anew")
    if rule == "anew":
        assert world.value(gid, "amount") == Decimal("7.00")
    else:
        assert "taken out" in str(world.record().reason)


def test_a_section_that_is_gone_is_not_taken_for_a_deleted_task(world: World) -> None:
    world.integration.settings["when_task_gone"] = "anew"
    world.integration.save()
    section = world.asana.add_section(world.project, "Eilig")
    world.add()
    world.work()
    world.asana.known.by_gid.pop(section)

    world.change(section=section)
    world.work()

    assert len(world.tasks()) == 1
    assert world.record().state == RecordState.REJECTED


# --- found again ------------------------------------------------------------------------------------------


def test_tasks_of_an_earlier_installation_are_linked_by_one_listing(world: World) -> None:
    for number in range(12):
        world.add(f"INV{number}", lines={"1": Decimal("119.00")})
    world.integration.settings["lines_as"] = "in_project"
    world.integration.save()
    world.work()
    before = {task.gid for task in world.asana.known.all("task")}
    world.asana.approve(world.link("INV3").target_ref)
    forget(world)

    world.work()

    assert {task.gid for task in world.asana.known.all("task")} == before
    listed = [c for c in world.asana.calls if c.route == "tasks.list" and "modified_since" not in c.query]
    assert len(listed) == 1
    assert world.calls("POST", "PUT") == []
    assert world.decided == {world.link("INV3").target_ref: "approved"}


def forget(world: World) -> None:
    """The connector is installed anew."""
    from connections.models import Effect
    from pairs.models import Cursor, Record

    for model in (Link, Finding, Effect, Cursor, Record):
        model.objects.all().delete()
    known.forget()
    world.quiet()
    world.watched.clear()
    world.decided.clear()


def test_an_adopted_task_is_brought_up_to_date_and_the_oldest_counts(world: World) -> None:
    key = "Muster: Bill INV1 (Test)"
    old = world.asana.add_task(world.project, "Alt", notes=f"Text\n{key}\nvon Hand darunter")
    world.pass_time(timedelta(minutes=1))
    world.asana.add_task(world.project, "Neu", notes=key)
    world.add()
    world.work()

    assert world.link().target_ref == old
    assert world.value(old, "amount") == Decimal("119.00")
    assert len(world.tasks()) == 2


# --- budget -----------------------------------------------------------------------------------------------


def test_a_backfill_costs_one_write_for_each_document(world: World) -> None:
    for number in range(60):
        world.add(f"INV{number}")
    world.work()

    assert len(world.calls("POST", "PUT", "DELETE")) == 60
    assert len(world.calls("GET")) <= 3
