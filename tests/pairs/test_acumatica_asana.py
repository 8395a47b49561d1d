"""Acumatica -> Asana, whole stories: a document becomes one task, a decision on it is carried out once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections import sessions
from connections.models import CallLog, Connection
from pairs import checks
from pairs.models import RecordState
from tests.pairs.acumatica_world import RESULT, AcumaticaWorld


@pytest.fixture
def world(db: None, acumatica: Any, asana: Any, monkeypatch: pytest.MonkeyPatch) -> AcumaticaWorld:
    world = AcumaticaWorld(acumatica, asana)
    # What a worker waits for an operation passes on all clocks.
    monkeypatch.setattr(sessions.time, "sleep", lambda seconds: world.pass_time(timedelta(seconds=seconds)))
    return world


def decided(world: AcumaticaWorld, ref: str, verdict: str = "approved", minutes: float = 5) -> None:
    """The task of a document is there, somebody decides, and everything comes to rest."""
    world.settle()
    world.decide(ref, verdict)
    world.work(minutes=minutes)


# --- documents become tasks ---


def test_a_bill_becomes_one_approval_task_and_is_followed(world: AcumaticaWorld) -> None:
    bill = world.bill(
        amount="1190.00",
        tax="190.00",
        number="005933",
        vendor_ref="RE-4711",
        due="2026-04-10",
        lines=[{"TransactionDescription": "Stühle", "Qty": 4, "UnitCost": "250.0000", "Amount": "1000.00"}],
    )
    world.set(lines_as="table")
    world.settle()

    [task] = world.tasks()
    assert task.resource_subtype == "approval"
    assert task.name == "Eingangsrechnung 005933: Muster Werkzeughandel GmbH, 1.190,00 EUR"
    assert task.due_on == "2026-04-10"
    assert {key: world.value(bill, key) for key in ("amount", "number", "supplier", "status")} == {
        "amount": Decimal(1190),
        "number": "005933",
        "supplier": "Muster Werkzeughandel GmbH",
        "status": "Balanced",
    }
    for text in (
        "Betrag: 1.190,00 EUR",
        "RE-4711",
        "1. Stühle: 4 x 250,00 EUR = 1.000,00 EUR",
        "https://acumatica.example/erp/Main?CompanyID=MUSTER&ScreenId=AP301000&DocType=INV&RefNbr=005933",
    ):
        assert text in task.notes
    assert task.notes.splitlines()[-1] == "Acumatica: Bill 005933 (MUSTER)"

    world.acumatica.change_bill(bill, amount="2380.00", due="2026-05-01")
    world.settle()
    [task] = world.tasks()
    assert (world.value(bill, "amount"), task.due_on) == (Decimal(2380), "2026-05-01")
    assert "2.380,00 EUR" in task.name


def test_only_what_the_filters_let_in_becomes_a_task(world: AcumaticaWorld) -> None:
    world.set(branches="NORD", creditors="geruest", bill_minimum="500", order_types="Normal")
    fits = {"branch": "NORD", "vendor": "GERUEST", "amount": "500.00"}
    wanted = {world.bill(**fits), world.order(**fits)}
    for other in (
        {"branch": "MAIN"},
        {"vendor": "WERKZEUG"},
        {"amount": "499.99"},
        {"type": "Credit Adj."},
        {"status": "On Hold"},
    ):
        world.bill(**fits | other)
    world.order(**fits | {"type": "Blanket"})
    world.order(**fits | {"status": "Open"})
    late = world.bill(**fits | {"status": "On Hold"})
    world.settle()
    assert {record.source_ref for record in world.records("bills", "purchase_orders")} == wanted
    assert len(world.tasks()) == 2

    world.acumatica.change_bill(late, status="Balanced")
    world.settle()
    assert len(world.tasks()) == 3
    # Another filter reads everything again.
    world.set(branches="")
    world.settle()
    assert len(world.tasks()) == 4


def test_a_rule_chooses_project_section_and_person(world: AcumaticaWorld) -> None:
    north, large = world.asana.add_project("Nord"), world.asana.add_project("Groß")
    for field in world.fields.values():
        for project in (north, large):
            world.asana.add_field_to_project(project, field)
    section = world.asana.add_section(large, "Neu")
    anna = world.asana.add_user("Anna Beispiel", "anna@example.org")
    world.acumatica.add_vendor_class("SUB", "Nachunternehmer")
    world.acumatica.add_vendor("NU1", "Muster Bau GmbH", vendor_class="SUB")
    world.set(
        project_rules=f"class = sub and amount >= 5000 -> {large}, {section}, anna@example.org\n"
        f"# Niederlassung\nbranch = NORD -> https://app.asana.com/0/{north}/list"
    )
    assert checks.faults_of(world.integration) == []
    refs = [
        world.bill(vendor="NU1", amount="5000.00"),
        world.bill(vendor="NU1", amount="4999.99", branch="NORD"),
        world.bill(vendor="NU1", amount="1.00"),
        world.order(branch="NORD"),
    ]
    world.settle()
    places = [world.place(ref) for ref in refs]
    assert [project for project, _ in places] == [large, north, world.project, north]
    assert places[0][1] == section and world.task(refs[0]).assignee == anna
    assert world.asked_for_creditors() == 2, "each creditor is asked for once"

    # A task moves with its document, and a decision in any of these projects is seen.
    world.acumatica.change_bill(refs[2], branch="NORD")
    world.settle()
    assert world.place(refs[2])[0] == north
    world.decide(refs[2])
    world.work()
    assert world.status(refs[2]) == "Open"


def test_a_project_that_is_gone_stops_nobody_else(world: AcumaticaWorld) -> None:
    gone = world.asana.add_project("Alt")
    world.set(project_rules=f"branch = NORD -> {gone}")
    lost, other = world.bill(branch="NORD"), world.bill()
    world.delete_project(gone)
    decided(world, other)
    assert world.status(other) == "Open"
    assert world.record(lost).state == RecordState.CONFIG


@pytest.mark.parametrize("lines_as", ["subtasks", "in_project"])
def test_lines_become_subtasks_and_files_are_attached_once(world: AcumaticaWorld, lines_as: str) -> None:
    world.set(lines_as=lines_as, with_files=True)
    order = world.order(
        amount="300.00",
        lines=[
            {"LineDescription": "Kies", "OrderQty": 2, "UnitCost": "100", "ExtendedCost": "200.00"},
            {"LineDescription": "Sand", "OrderQty": 1, "UnitCost": "100", "ExtendedCost": "100.00"},
        ],
    )
    world.acumatica.add_file("PurchaseOrder", order, "Angebot.pdf")
    world.settle()
    lines = sorted(task.name for task in world.asana.known.all("task") if task.parent)
    assert lines == ["Kies", "Sand"]
    world.acumatica.change_purchase_order(order, description="eilig")
    world.settle()
    files = [file.name for file in world.asana.known.all("attachment")]
    assert (len(world.tasks()), files) == (1, ["Angebot.pdf"])


def test_a_document_that_is_not_complete_is_refused_with_all_faults(world: AcumaticaWorld) -> None:
    bill = world.bill(amount=None, vendor="", currency="", lines=[{"Qty": 1}])
    world.settle()
    record = world.record(bill)
    assert record.state == RecordState.REFUSED
    assert {fault["field"] for fault in record.faults} == {"Document amount", "Currency", "Vendor ID"}
    assert world.tasks() == []


# --- decisions are carried out ---


def test_an_approval_releases_the_bill_and_the_loop_is_quiet(world: AcumaticaWorld) -> None:
    bill = world.bill(amount="1190.00")
    decided(world, bill)
    world.settle()

    [release] = world.releases(bill)
    assert (release.amount, world.status(bill)) == (Decimal(1190), "Open")
    assert world.value(bill, RESULT) == "In Acumatica freigegeben"
    assert world.value(bill, "status") == "Open"
    assert world.task(bill).approval_status == "approved"
    [comment] = world.comments(bill)
    assert "„Open“" in comment
    assert world.decision(bill).state == world.record(bill).state == RecordState.DONE

    world.quiet()
    for _ in range(3):
        world.deliver()
        world.work()
    assert world.calls() == []


def test_a_purchase_order_gets_its_configured_action(world: AcumaticaWorld) -> None:
    world.acumatica.rename_action("PurchaseOrder", "Approve", "ApproveOrder")
    order = world.order()
    decided(world, order)
    assert world.decision(order).state == RecordState.CONFIG
    assert world.value(order, RESULT) == "In Acumatica nicht ausgeführt: bitte prüfen"

    world.set(order_approve_action="ApproveOrder")
    world.replay(world.decision(order))
    assert (world.status(order, "purchase_orders"), world.value(order, RESULT)) == (
        "Open",
        "In Acumatica genehmigt",
    )
    assert len(world.releases(order, "approve")) == 1


@pytest.mark.parametrize("second", ["Petra", "ml-connector"])
def test_a_map_of_two_steps_is_finished_by_its_approvers(world: AcumaticaWorld, second: str) -> None:
    """An approval in Asana stands for every step that is the connection's user's."""
    world.acumatica.add_user("Petra")
    world.acumatica.set_approval_map("Bill", "ml-connector", second)
    bill = world.bill(status="Pending Approval")
    decided(world, bill)
    if second == "Petra":
        assert world.decision(bill).state == RecordState.SENT
        assert world.status(bill) == "Pending Approval" and not world.releases(bill)
        tried = len(world.acumatica.done)
        world.work(minutes=70, step=timedelta(minutes=10))
        assert len(world.acumatica.done) == tried, "what was refused once is not tried each hour"
        world.acumatica.press("Bill", bill, "Approve", user="Petra")
        world.work()
    assert world.status(bill) == "Open"
    assert (len(world.releases(bill, "approve")), len(world.releases(bill))) == (2, 1)


def lost(world: AcumaticaWorld, kind: str) -> None:
    world.acumatica.fail("POST /Bill/ReleaseBill", kind)


ODD_WAYS: dict[str, Any] = {
    "answered 202 and lost": lambda world, bill: setattr(world.acumatica.options, "operations_lost", 1),
    "204 without effect": lambda world, bill: setattr(world.acumatica.options, "actions_without_effect", 2),
    "the answer is lost": lambda world, bill: lost(world, "drop after"),
    "the request is lost": lambda world, bill: lost(world, "drop before"),
    "a long operation": lambda world, bill: setattr(world.acumatica.options, "action_seconds", 90.0),
    "released already": lambda world, bill: world.acumatica.press("Bill", bill, "ReleaseBill"),
    "the poll fails": lambda world, bill: world.acumatica.fail("GET /Bill/ReleaseBill/status/*", "500 html"),
    "another process": lambda world, bill: lost(world, "another process"),
}


@pytest.mark.parametrize("way", sorted(ODD_WAYS))
def test_whatever_the_answer_the_bill_is_released_once_in_the_end(world: AcumaticaWorld, way: str) -> None:
    bill = world.bill()
    world.settle()
    ODD_WAYS[way](world, bill)
    world.decide(bill)
    world.work(minutes=15)
    assert (len(world.releases(bill)), world.status(bill)) == (1, "Open")
    assert world.value(bill, RESULT) == "In Acumatica freigegeben"
    assert world.decision(bill).state == RecordState.DONE


def test_an_action_that_never_has_an_effect_is_given_to_a_person(world: AcumaticaWorld) -> None:
    world.acumatica.options.actions_without_effect = 99
    bill = world.bill()
    decided(world, bill, minutes=20)
    assert (world.decision(bill).state, world.decision(bill).code) == (RecordState.REJECTED, "no_effect")
    assert len([call for call in world.acumatica.calls if call.route == "action"]) == 4
    assert world.value(bill, RESULT) == "In Acumatica nicht ausgeführt: bitte prüfen"


def test_what_the_workflow_refuses_is_told_on_the_task_and_goes_on_after_a_replay(
    world: AcumaticaWorld,
) -> None:
    bill = world.bill(period="022026")
    world.acumatica.close_period("022026")
    decided(world, bill)
    assert world.decision(bill).state == RecordState.REJECTED
    [comment] = world.comments(bill)
    assert "02-2026 financial period is closed" in comment
    world.work(minutes=15)
    assert len(world.comments(bill)) == 1

    world.acumatica.tenants["MUSTER"].closed_periods.clear()
    world.replay(world.decision(bill))
    assert (world.status(bill), len(world.releases(bill))) == ("Open", 1)


@pytest.mark.parametrize("may", [False, True])
def test_hold_is_taken_off_only_by_setting(world: AcumaticaWorld, may: bool) -> None:
    world.set(bill_statuses="On Hold\nBalanced", releases_hold=may)
    bill = world.bill(status="On Hold")
    decided(world, bill)
    assert world.status(bill) == ("Open" if may else "On Hold")
    assert world.decision(bill).state == (RecordState.DONE if may else RecordState.REJECTED)


@pytest.mark.parametrize("verdict", ["rejected", "changes_requested"])
@pytest.mark.parametrize("action", ["", "PutOnHold"])
def test_a_rejection_is_noted_or_carried_out_and_never_releases(
    world: AcumaticaWorld, verdict: str, action: str
) -> None:
    world.set(bill_reject_action=action, approval_rule="completed")
    bill = world.bill()
    decided(world, bill, verdict)
    is_done = bool(action) and verdict == "rejected"
    assert world.status(bill) == ("On Hold" if is_done else "Balanced")
    assert world.releases(bill) == []
    assert world.value(bill, RESULT) == (
        "In Acumatica abgelehnt" if is_done else "Vermerkt, in Acumatica unverändert"
    )


def test_a_field_can_decide(world: AcumaticaWorld) -> None:
    field = world.asana.add_custom_field(world.project, "Freigabe", "enum", options=["ja", "nein"])
    yes, no = (world.asana.option(field, name) for name in ("ja", "nein"))
    world.set(approval_rule="option", task_kind="task", approval_field=field)
    assert [fault.field for fault in checks.faults_of(world.integration)] == ["Approval option"]
    world.set(approval_option=yes, rejection_option=no)
    good, bad = world.bill(), world.bill()
    world.settle()
    world.asana.set_field(world.gid(good), field, "ja")
    world.asana.set_field(world.gid(bad), field, "nein")
    world.asana.complete(world.gid(bad))
    world.work()
    assert (world.status(good), world.status(bad)) == ("Open", "Balanced")
    world.settle()
    # The document's end completes the task, whoever has decided.
    assert world.task(good).is_completed


# --- only what was approved is released ---


@pytest.mark.parametrize("seen_first", ["the decision", "the change"])
@pytest.mark.parametrize("change", [{"amount": "9999.00"}, {"status": "On Hold"}, {"currency": "USD"}])
def test_a_document_that_was_changed_after_its_approval_is_asked_about_again(
    world: AcumaticaWorld, seen_first: str, change: dict[str, str]
) -> None:
    bill = world.bill(amount="100.00")
    world.settle()
    world.decide(bill)
    world.acumatica.change_bill(bill, **change)
    if seen_first == "the change":
        world.update_task(bill)
    world.work(minutes=8)
    assert world.releases(bill) == []
    assert world.task(bill).approval_status == "pending"
    assert world.decision(bill).state == RecordState.DORMANT
    assert world.value(bill, RESULT) == "Seit der Entscheidung geändert: bitte erneut entscheiden"

    world.acumatica.change_bill(bill, status="Balanced")
    world.work()
    world.decide(bill)
    world.work()
    [release] = world.releases(bill)
    assert release.amount == Decimal(change.get("amount", "100.00"))


def test_by_setting_a_changed_document_is_left_to_a_person(world: AcumaticaWorld) -> None:
    world.set(when_changed="comment")
    bill = world.bill(amount="100.00")
    world.settle()
    world.decide(bill)
    world.acumatica.change_bill(bill, amount="200.00")
    world.work()
    record = world.decision(bill)
    assert (record.state, [fault["value"] for fault in record.faults]) == (RecordState.REFUSED, ["200"])
    assert world.task(bill).approval_status == "approved" and not world.releases(bill)
    # Taken back and given again, the approval is about what the task shows now.
    world.decide(bill, "pending")
    world.work()
    world.decide(bill)
    world.work()
    assert [release.amount for release in world.releases(bill)] == [Decimal(200)]


def test_an_approval_that_is_withdrawn_before_it_is_looked_at_counts_no_more(world: AcumaticaWorld) -> None:
    bill = world.bill()
    world.settle()
    world.decide(bill)
    world.poll(flow="approvals")
    world.decide(bill, "pending")
    world.work(poll=False)
    assert world.status(bill) == "Balanced" and not world.releases(bill)


def test_an_earlier_installations_approved_task_is_asked_about_again(world: AcumaticaWorld) -> None:
    task = world.asana.add_task(
        world.project, "Alt", notes="Acumatica: Bill 000001 (MUSTER)", approval_status="approved"
    )
    bill = world.bill(number="000001")
    world.work()
    assert world.gid(bill) == task and len(world.tasks()) == 1
    assert world.task(bill).approval_status == "pending" and not world.releases(bill)
    world.decide(bill)
    world.work()
    assert len(world.releases(bill)) == 1


# --- the end ---


@pytest.mark.parametrize("way", ["released", "deleted", "canceled"])
def test_what_ends_in_acumatica_ends_its_task_without_an_approval(world: AcumaticaWorld, way: str) -> None:
    done = world.asana.add_section(world.project, "Erledigt")
    world.set(finished_section=done)
    ref = world.order() if way == "canceled" else world.bill()
    world.settle()
    if way == "released":
        world.acumatica.press("Bill", ref, "ReleaseBill")
    elif way == "canceled":
        world.acumatica.change_purchase_order(ref, status="Canceled")
    else:
        world.acumatica.delete_bill(ref)
        # No list shows it: it is asked for once a day.
        world.pass_time(timedelta(days=1))
    world.work()
    task = world.task(ref)
    assert task.is_completed and task.resource_subtype == "default_task"
    assert world.place(ref)[1] == done
    assert len(world.comments(ref)) == 1
    assert world.record(ref).state == RecordState.DONE
    world.work()
    assert len(world.comments(ref)) == 1 and len(world.releases()) == (way == "released")


def test_an_order_that_goes_back_to_approval_is_asked_about_again(world: AcumaticaWorld) -> None:
    order = world.order(amount="100.00")
    decided(world, order)
    world.work()
    world.acumatica.press("PurchaseOrder", order, "PutOnHold")
    world.work()
    world.acumatica.change_purchase_order(order, amount="150.00", status="Pending Approval")
    world.work()
    assert world.task(order).approval_status == "pending"
    world.decide(order)
    world.work()
    assert [one.amount for one in world.releases(order, "approve")] == [Decimal(100), Decimal(150)]


# --- push notifications, sign-in and limits ---


def test_a_push_wakes_the_same_record_as_the_poll(world: AcumaticaWorld, settings: Any) -> None:
    world.listen(settings)
    bill = world.bill()
    world.deliver()
    world.work(poll=False, minutes=2)
    assert len(world.tasks()) == 1
    world.quiet()
    world.work(minutes=2)
    assert world.calls() == [], "the poll brings nothing new"

    world.acumatica.change_bill(bill, amount="7.00")
    world.deliver()
    world.work(poll=False, minutes=2)
    assert world.value(bill, "amount") == Decimal(7)
    world.acumatica.delete_bill(bill)
    world.deliver()
    world.work(poll=False, minutes=2)
    assert world.task(bill).is_completed


def test_another_tenants_push_is_ignored(world: AcumaticaWorld, settings: Any) -> None:
    world.acumatica.add_tenant("ANDERE")
    world.listen(settings, tenant="ANDERE")
    world.acumatica.add_bill(tenant="ANDERE")
    world.deliver()
    world.work(poll=False, minutes=2)
    assert world.records("bills") == []


@pytest.mark.parametrize("trouble", ["version", "tenant", "licence"])
def test_what_is_wrong_at_the_whole_connection_is_one_message_and_no_storm(
    world: AcumaticaWorld, trouble: str
) -> None:
    bill = world.bill()
    source: Connection = world.integration.source
    if trouble == "version":
        source.settings["endpoint_version"] = "26.100.001"
    else:
        source.settings["sign_in"] = "session"
        source.settings["tenant"] = "ANDERS" if trouble == "tenant" else "MUSTER"
        world.acumatica.add_tenant("ZWEITE")
    if trouble == "licence":
        world.acumatica.options.max_api_users = 0
    source.save()
    before = CallLog.objects.count()
    world.work(minutes=60, step=timedelta(minutes=10))
    assert world.tasks() == []
    errors = world.cursor_errors()
    words = {"version": "name or version", "tenant": "tenant of this", "licence": "licence of your"}
    assert any(words[trouble] in error for error in errors) and len(errors) <= 2, errors
    assert CallLog.objects.filter(connection=source).count() - before < 40
    source.settings |= {"endpoint_version": "24.200.001", "tenant": "MUSTER"}
    source.save()
    world.acumatica.options.max_api_users = 2
    world.pass_time(timedelta(hours=2))
    world.work(minutes=2)
    assert bill in {record.source_ref for record in world.records("bills")}
