"""Releasing bills, approving orders: long operations, the session they belong to, refusals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.sandbox.acumatica.caller import Caller, unwrap


def test_a_release_is_started_polled_and_seen(sim, caller):
    bill = sim.add_bill(amount="119.00")
    sim.options.action_seconds = 30

    started = caller.act("Bill/ReleaseBill", Type="Bill", ReferenceNbr="000001")

    assert started.status_code == 202
    assert started.headers["Location"].startswith("/erp/entity/Default/24.200.001/Bill/ReleaseBill/status/")
    assert caller.follow(started).status_code == 202
    assert sim.bill(bill)["Status"] == "Balanced"
    sim.clock.advance(timedelta(seconds=30))
    assert caller.follow(started).status_code == 204
    assert unwrap(caller.get(f"Bill/{bill}").json(), "Status") == "Open"
    (done,) = sim.releases(bill)
    assert (done.amount, done.user, done.before, done.after) == (
        Decimal("119.00"),
        sim.user,
        "Balanced",
        "Open",
    )


def test_while_an_operation_runs_the_form_is_busy_for_its_session_alone(sim, caller):
    bill = sim.add_bill()
    sim.options.action_seconds = 30
    started = caller.act("Bill/ReleaseBill", bill)
    other = Caller(sim)
    other.login()

    assert "not been completed" in caller.get(f"Bill/{bill}").json()["exceptionMessage"]
    assert caller.get("Vendor").status_code == 200
    assert other.get(f"Bill/{bill}").status_code == 200
    assert other.follow(started).status_code == 404
    caller.logout()
    assert caller.follow(started).status_code == 401
    sim.clock.advance(timedelta(seconds=30))
    assert sim.bill(bill)["Status"] == "Open"


def test_signing_out_may_end_an_operation(sim, caller):
    bill = sim.add_bill()
    sim.options.action_seconds, sim.options.sign_out_ends_operations = 30, True
    caller.act("Bill/ReleaseBill", bill)

    caller.logout()

    sim.clock.advance(timedelta(minutes=1))
    assert sim.bill(bill)["Status"] == "Balanced"
    assert sim.releases() == []


def test_answers_that_prove_nothing(sim, caller):
    bill = sim.add_bill()
    sim.options.actions_without_effect = sim.options.operations_lost = 1
    sim.options.location_on_204 = True

    at_once = caller.act("Bill/ReleaseBill", bill)
    lost = caller.act("Bill/ReleaseBill", bill)

    assert (at_once.status_code, caller.follow(at_once).status_code) == (204, 404)
    assert (lost.status_code, caller.follow(lost).status_code) == (202, 204)
    assert sim.bill(bill)["Status"] == "Balanced"


def test_an_already_released_bill_is_refused(sim, caller):
    bill = sim.add_bill(status="Open")

    refused = caller.act("Bill/ReleaseBill", bill)

    assert refused.status_code == 500
    assert refused.json()["exceptionType"].endswith("PXActionDisabledException")
    assert refused.json()["exceptionMessage"] == "Error: The Release button is disabled."


@pytest.mark.parametrize("status", [500, 422, 200])
def test_an_operation_may_fail_later_in_three_forms(sim, caller, status):
    bill = sim.add_bill(period="022026")
    sim.close_period("022026")
    sim.options.failed_poll_status = status

    started = caller.act("Bill/ReleaseBill", bill)

    assert started.status_code == 202
    failed = caller.follow(started)
    assert failed.status_code == status
    assert "02-2026 financial period is closed" in failed.json()["exceptionMessage"]
    assert sim.bill(bill)["Status"] == "Balanced"
    assert sim.releases() == []
    assert "closed" in sim.done[0].refusal


def test_a_refusal_may_come_with_the_call_or_in_the_operation(sim, caller):
    bill = sim.add_bill(status="On Hold")
    assert caller.act("Bill/ReleaseBill", bill).status_code == 500
    sim.options.refuse_in_operation = True

    started = caller.act("Bill/ReleaseBill", bill)

    assert (started.status_code, caller.follow(started).status_code) == (202, 500)


def test_a_location_may_be_a_whole_address(sim, caller):
    sim.options.absolute_location = True

    started = caller.act("Bill/ReleaseBill", sim.add_bill())

    assert started.headers["Location"].startswith("https://acumatica.example/erp/entity/")
    assert caller.follow(started).status_code == 204


def test_a_bill_without_a_balance_closes(sim, caller):
    bill = sim.add_bill(balance="0")

    caller.act("Bill/ReleaseBill", bill)

    assert sim.bill(bill)["Status"] == "Closed"


def test_fields_beside_the_keys_are_changes(sim, caller):
    bill = sim.add_bill(amount="119.00")

    caller.act("Bill/ReleaseBill", Type="Bill", ReferenceNbr="000001", Amount=1.0)

    assert sim.releases(bill)[0].amount == Decimal(1)


@pytest.mark.parametrize(
    ("action", "status"),
    [("Bill/Nonsense", 404), ("PurchaseOrder/ReleaseBill", 404), ("Bill/ReleaseBill", 500)],
)
def test_unknown_actions_and_records(caller, action, status):
    assert caller.act(action, "d11d2e19-7c07-f111-8cb1-0123456789ab").status_code == status


def test_an_action_needs_an_entity(caller):
    assert caller.http.post(f"{caller.base}/Bill/ReleaseBill", json={}).status_code == 400
    assert caller.http.post(f"{caller.base}/Bill/ReleaseBill", data="x").status_code == 415


# --- approval ---------------------------------------------------------------------------------------------
def test_an_order_is_approved_step_by_step(sim, caller):
    sim.add_user("chefin")
    sim.set_approval_map("PurchaseOrder", sim.user, "chefin")
    order = sim.add_purchase_order()
    before = caller.get(f"PurchaseOrder/{order}").json()["LastModifiedDateTime"]
    sim.clock.advance(timedelta(minutes=1))

    assert caller.act("PurchaseOrder/Approve", Type="Normal", OrderNbr="000001").status_code == 204
    row = caller.get(f"PurchaseOrder/{order}").json()
    assert (unwrap(row, "Status"), row["LastModifiedDateTime"]) == ("Pending Approval", before)
    refused = caller.act("PurchaseOrder/Approve", order)
    assert "not an authorized approver" in refused.json()["exceptionMessage"]
    sim.press("PurchaseOrder", order, "Approve", user="chefin")

    assert sim.purchase_order(order)["Status"] == "Open"
    assert [done.user for done in sim.releases(order, effect="approve")] == [sim.user, "chefin"]


def test_a_reason_may_be_required(sim, caller):
    sim.set_approval_map("Bill", sim.user, reason_required=True)
    bill = sim.add_bill(status="Pending Approval")

    assert "reason" in caller.act("Bill/Approve", bill).json()["exceptionMessage"]
    reason = {"ReasonApproveRejectParams": {"Reason": {"type": "CustomStringField", "value": "geprüft"}}}
    body = {"entity": {"id": bill}, "parameters": {"custom": reason}}
    assert caller.http.post(f"{caller.base}/Bill/Approve", json=body).status_code == 204
    assert sim.bill(bill)["Status"] == "Balanced"


def test_rejection_hold_and_the_names_of_the_screen(sim, caller):
    order = sim.add_purchase_order()
    sim.rename_action("PurchaseOrder", "ReleaseFromHold", "RemoveHold")

    assert caller.act("PurchaseOrder/Reject", order).status_code == 204
    assert sim.purchase_order(order)["Status"] == "Rejected"
    assert caller.act("PurchaseOrder/PutOnHold", order).status_code == 204
    assert caller.act("PurchaseOrder/ReleaseFromHold", order).status_code == 404
    assert caller.act("PurchaseOrder/RemoveHold", order).status_code == 204
    assert sim.purchase_order(order)["Status"] == "Open"
    assert "RemoveHold" in caller.get("PurchaseOrder/$adHocSchema").json()["_workflowActions"]


@pytest.mark.parametrize(
    ("field", "status"), [("PrintOrders", "Pending Printing"), ("SendOrdersbyEmail", "Pending Email")]
)
def test_an_order_may_have_to_be_sent_first(sim, caller, field, status):
    sim.add_vendor("POST", "Muster Versand GmbH", **{field: True})
    order = sim.add_purchase_order(vendor="POST")

    caller.act("PurchaseOrder/Approve", order)

    assert sim.purchase_order(order)["Status"] == status


def test_without_the_feature_there_is_no_approval(sim, caller):
    sim.tenants["MUSTER"].features.discard("Approval")

    refused = caller.act("PurchaseOrder/Approve", sim.add_purchase_order())

    assert refused.json()["exceptionType"].endswith("PXActionDisabledException")


def test_a_reversed_bill_gets_a_debit_adjustment(sim, caller):
    caller.act("Bill/ReverseBill", sim.add_bill(status="Open", amount="50"))

    adjustment = sim.bill("Debit Adj.|000001")
    assert (adjustment["Amount"], adjustment["Status"]) == (Decimal(50), "On Hold")


def test_refusals_on_demand_and_faults_by_route(sim, caller):
    bill = sim.add_bill()
    sim.options.refuse_actions = ["Account 1600 is inactive."]
    sim.fail("POST /Bill/ReleaseBill", "drop after", skip=1)

    assert (
        caller.follow(caller.act("Bill/ReleaseBill", bill)).json()["exceptionMessage"].startswith("Account")
    )
    with pytest.raises(OSError):
        caller.act("Bill/ReleaseBill", bill)
    assert sim.bill(bill)["Status"] == "Open"  # it worked, though nobody was told
    sim.fail("GET /Bill/**", "another process")
    assert "Another process" in caller.get(f"Bill/{bill}").json()["exceptionMessage"]
