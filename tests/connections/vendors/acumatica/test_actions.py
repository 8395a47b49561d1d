"""Release, approve, hold: how each ends, and that nothing is claimed that an answer does not prove."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections import clock
from connections.errors import ConfigurationError, OutcomeUnknownError, RejectedError, TransientError
from connections.vendors.acumatica.api import BILL, PURCHASE_ORDER, ActionEnd, AcumaticaApi
from mlconnector.sandbox.acumatica import AcumaticaSimulator

EVIL = "https://evil.example"


@pytest.fixture(params=["oauth", "session"])
def either(request: pytest.FixtureRequest) -> AcumaticaApi:
    """Both ways of signing in."""
    return request.getfixturevalue("api" if request.param == "oauth" else "by_session")


@pytest.fixture
def bill(acumatica: AcumaticaSimulator) -> str:
    return acumatica.add_bill(amount="1190.00")


def test_a_release_is_followed_to_its_end_in_one_session(
    either: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str
) -> None:
    acumatica.options.action_seconds = 2.0
    result = either.run_action(BILL, bill, "ReleaseBill")
    assert result.end == ActionEnd.DONE
    result.proven()
    state = either.state(BILL, bill)
    assert (state.status, state.amount) == ("Open", Decimal(1190))
    assert len(acumatica.releases(bill)) == 1
    call = acumatica.calls_to("action")[0]
    assert call.json() == {"entity": {"id": bill}, "parameters": {}}, (
        "other fields would be applied as changes"
    )
    assert acumatica.sessions_most_at_once == 1


def test_an_absolute_location_is_followed_too(
    either: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str
) -> None:
    acumatica.options.absolute_location = True
    assert either.run_action(BILL, bill, "ReleaseBill").end == ActionEnd.DONE


def test_a_location_elsewhere_is_not_followed(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str
) -> None:
    acumatica.faults.add("POST /Bill/ReleaseBill", headers={"Location": f"{EVIL}/status/1"})
    assert api.run_action(BILL, bill, "ReleaseBill").end == ActionEnd.UNKNOWN


def test_a_204_proves_nothing(api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str) -> None:
    acumatica.options.actions_without_effect = 1
    acumatica.options.location_on_204 = True
    result = api.run_action(BILL, bill, "ReleaseBill")
    assert result.end == ActionEnd.NOTHING_VISIBLE
    result.proven()
    assert api.state(BILL, bill).status == "Balanced"
    assert acumatica.calls_to("status") == []


def test_an_operation_that_vanishes_shows_in_the_status_alone(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str
) -> None:
    acumatica.options.operations_lost = 1
    api.run_action(BILL, bill, "ReleaseBill")
    assert api.state(BILL, bill).status == "Balanced"
    assert api.run_action(BILL, bill, "ReleaseBill").end == ActionEnd.DONE
    assert len(acumatica.releases(bill)) == 1


@pytest.mark.parametrize("place", ["call", 500, 422, 200])
def test_a_refusal_names_its_reasons_wherever_it_comes(
    either: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str, place: Any
) -> None:
    if place != "call":
        acumatica.options.refuse_in_operation = True
        acumatica.options.failed_poll_status = place
    acumatica.close_period(acumatica.bill(bill)["PostPeriod"])
    result = either.run_action(BILL, bill, "ReleaseBill")
    assert result.end == ActionEnd.REFUSED, result
    assert "eriod" in str(result.message)
    assert "stackTrace" not in str(result.message) and "Simulated.cs" not in str(result.message)
    with pytest.raises(RejectedError, match="eriod"):
        result.proven()
    assert either.state(BILL, bill).status == "Balanced"
    assert acumatica.sessions_opened - acumatica.sessions_closed == acumatica.sessions_open


def test_what_is_released_already_is_a_refusal_that_the_status_explains(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str
) -> None:
    acumatica.press(BILL, bill, "ReleaseBill")
    assert api.run_action(BILL, bill, "ReleaseBill").end == ActionEnd.REFUSED
    assert api.state(BILL, bill).status == "Open"
    assert len(acumatica.releases(bill)) == 1


@pytest.mark.parametrize("kind", ["drop after", "500", "500 html", "503"])
def test_an_answer_that_says_nothing_is_unknown_never_done(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str, kind: str
) -> None:
    acumatica.fail("POST /Bill/ReleaseBill", kind, **({} if "drop" in kind else {"processed": True}))
    result = api.run_action(BILL, bill, "ReleaseBill")
    assert result.end == ActionEnd.UNKNOWN
    with pytest.raises(OutcomeUnknownError):
        result.proven()
    clock.advance(timedelta(minutes=1))
    assert api.state(BILL, bill).status == "Open"


def test_trouble_while_asking_for_the_operation_is_no_end(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str
) -> None:
    acumatica.fail("GET /Bill/ReleaseBill/status/*", "500 html", times=2)
    assert api.run_action(BILL, bill, "ReleaseBill").end == ActionEnd.DONE


def test_a_declined_action_was_not_started(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str
) -> None:
    acumatica.options.decline = 1
    with pytest.raises(TransientError) as raised:
        api.run_action(BILL, bill, "ReleaseBill")
    assert raised.value.retry_after and acumatica.releases(bill) == []


def test_somebody_elses_change_at_the_same_moment_is_decided_anew(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str
) -> None:
    acumatica.fail("POST /Bill/ReleaseBill", "another process")
    with pytest.raises(TransientError, match="at the same moment"):
        api.run_action(BILL, bill, "ReleaseBill")


# --- approvals --------------------------------------------------------------------------------------------


def test_a_purchase_order_is_approved_by_the_action_of_its_screen(
    either: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    order = acumatica.add_purchase_order()
    acumatica.rename_action(PURCHASE_ORDER, "Approve", "GenehmigenBestellung")
    with pytest.raises(ConfigurationError, match="no action 'Approve'"):
        either.run_action(PURCHASE_ORDER, order, "Approve")
    either.run_action(PURCHASE_ORDER, order, "GenehmigenBestellung").proven()
    assert either.state(PURCHASE_ORDER, order).status == "Open"


@pytest.mark.parametrize("name", ["", "../Bill", "Release Bill", "Approve?x=1", "1st"])
def test_a_name_that_is_none_is_not_sent(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str, name: str
) -> None:
    with pytest.raises(ConfigurationError, match="no action"):
        api.run_action(BILL, bill, name)
    assert acumatica.calls_to("action") == []


def test_who_may_not_approve_is_refused_in_acumaticas_words(
    api: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    acumatica.add_user("chef")
    acumatica.set_approval_map(BILL, "chef")
    bill = acumatica.add_bill(status="On Hold")
    api.set_hold(BILL, bill, False)
    assert api.state(BILL, bill).status == "Pending Approval"
    result = api.run_action(BILL, bill, "Approve")
    assert result.end == ActionEnd.REFUSED and str(result.message)
    assert api.state(BILL, bill).status == "Pending Approval"


def test_parameters_and_fields_of_a_dialog_are_wrapped(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, bill: str
) -> None:
    api.run_action(
        BILL,
        bill,
        "Approve",
        parameters={"AmtToRelease": Decimal("1.50")},
        dialog={"Approval.Reason": "passt", "Approval.IsFinal": True, "Approval.Step": 2},
    )
    assert acumatica.calls_to("action")[0].json()["parameters"] == {
        "AmtToRelease": {"value": 1.5},
        "custom": {
            "Approval": {
                "Reason": {"type": "CustomStringField", "value": "passt"},
                "IsFinal": {"type": "CustomBooleanField", "value": True},
                "Step": {"type": "CustomIntField", "value": 2},
            }
        },
    }


@pytest.mark.parametrize("has_patch", [True, False], ids=["PATCH", "PUT"])
def test_hold_is_taken_off_and_put_on(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, has_patch: bool
) -> None:
    acumatica.options.has_patch = has_patch
    bill = acumatica.add_bill(status="On Hold")
    api.set_hold(BILL, bill, False)
    assert (api.state(BILL, bill).status, api.state(BILL, bill).is_on_hold) == ("Balanced", False)
    api.set_hold(BILL, bill, True)
    assert api.state(BILL, bill).status == "On Hold"


@pytest.mark.parametrize("has_patch", [True, False], ids=["PATCH", "PUT"])
def test_taking_a_deleted_document_off_hold_creates_none(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, has_patch: bool
) -> None:
    acumatica.options.has_patch = has_patch
    bill = acumatica.add_bill(status="On Hold")
    acumatica.delete_bill(bill)
    with pytest.raises((TransientError, RejectedError, ConfigurationError)):
        api.set_hold(BILL, bill, False)
    assert api.changes(BILL).changes == ()


def test_a_refused_change_lists_all_faults(api: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    bill = acumatica.add_bill(status="On Hold")
    body = {
        "id": bill,
        "error": "Updating 'AP Invoice' record raised at least one error.",
        "Vendor": {"value": "X", "error": "'Vendor' cannot be found."},
        "Details": [{"id": bill, "Project": {"value": "T", "error": "Project not found."}}],
    }
    acumatica.fail("PATCH /Bill", "500", status=422, body=body)
    with pytest.raises(RejectedError, match="'Vendor' cannot be found") as raised:
        api.set_hold(BILL, bill, False)
    assert [fault.field for fault in raised.value.faults] == ["Vendor", "Details[0].Project"]
