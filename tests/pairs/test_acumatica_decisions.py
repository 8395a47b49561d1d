"""Acumatica -> Asana, whole stories: a decision is carried out once, and only on what was decided about."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections.models import AuditEntry
from pairs import checks
from pairs.models import RecordState
from tests.pairs.acumatica_world import RESULT, AcumaticaWorld


@pytest.fixture
def world(acumatica_world: AcumaticaWorld) -> AcumaticaWorld:
    return acumatica_world


def decided(world: AcumaticaWorld, ref: str, verdict: str = "approved", minutes: float = 5) -> None:
    """The task of a document is there, somebody decides, and everything comes to rest."""
    world.settle()
    world.decide(ref, verdict)
    world.work(minutes=minutes)


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
    [decided_by] = AuditEntry.objects.filter(action="task.decided")
    assert decided_by.details["person"] == world.asana.approver

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


@pytest.mark.parametrize(
    ("change", "seen_first"),
    [
        ({"amount": "9999.00"}, "the decision"),
        ({"amount": "9999.00"}, "the change"),
        ({"status": "On Hold"}, "the decision"),
        ({"currency": "USD"}, "the change"),
    ],
)
def test_a_document_that_was_changed_after_its_approval_is_asked_about_again(
    world: AcumaticaWorld, change: dict[str, str], seen_first: str
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
