"""What is written, and what is known after an answer that is a refusal, a breakdown or none at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections.errors import OutcomeUnknownError, RejectedError
from connections.vendors.exact.api import EntryStatus, ExactApi, NewCost, WbsKind
from mlconnector.sandbox.exact import ExactSimulator
from tests.connections.vendors.exact.conftest import Times

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 15)


@pytest.fixture
def project(exact: ExactSimulator) -> str:
    return exact.add_project("P100", "Umbau", milestones=[("Rohbau", 1000)])


@pytest.fixture
def milestone(api: ExactApi, project: str) -> str:
    return api.wbs(project)[0].id


@pytest.fixture
def new_cost(exact: ExactSimulator, project: str) -> NewCost:
    return NewCost(
        project_id=project,
        item_id=exact.some("item"),
        quantity=Decimal("1.5"),
        price=Decimal("250.10"),
        currency="EUR",
        entered_on=DAY,
        marker="asana:1209876543210987",
        text="Montage",
    )


def costs(exact: ExactSimulator) -> list[dict[str, Any]]:
    return exact.rows("project/CostTransactions")


# --- milestones ---


def test_a_milestone_is_completed_reopened_and_completed_again(
    api: ExactApi, exact: ExactSimulator, milestone: str
) -> None:
    for _ in range(2):
        api.complete(milestone)
        assert exact.row(milestone)["Completed"] is True
    api.reopen(milestone)
    assert exact.row(milestone)["Completed"] is False
    api.complete(milestone)
    found = api.wbs_item(milestone)
    assert found is not None and found.is_completed


def test_a_rule_of_the_books_is_told_in_their_words_after_a_look(
    api: ExactApi, exact: ExactSimulator, project: str
) -> None:
    """It comes as 500 in the user's language, like a breakdown; a reading shows that nothing was written."""
    loose = exact.add_deliverable(project, "Ohne Termin")
    exact.set_language("nl")
    asked = len(exact.calls)
    with pytest.raises(RejectedError, match="It says: .+") as refused:
        api.complete(loose)
    assert refused.value.status == 500
    assert [call.method for call in exact.calls[asked:]] == ["PUT", "GET"]
    assert exact.row(loose)["Completed"] is not True


def test_a_500_that_hides_a_success_is_one(api: ExactApi, exact: ExactSimulator, milestone: str) -> None:
    body = '{"error": {"code": "", "message": {"lang": "", "value": "Er is een fout opgetreden"}}}'
    exact.faults.add("project/WBSDeliverables.change", status=500, body=body, processed=True, times=1)
    api.complete(milestone)
    assert exact.row(milestone)["Completed"] is True


def test_a_500_that_can_not_be_looked_up_is_unclear(
    api: ExactApi, exact: ExactSimulator, milestone: str
) -> None:
    body = '{"error": {"code": "", "message": {"lang": "", "value": "Er is een fout opgetreden"}}}'
    exact.faults.add("project/WBSDeliverables.change", status=500, body=body, times=1)
    exact.faults.add("project/WBSDeliverables.list", status=503, times=1)
    with pytest.raises(OutcomeUnknownError):
        api.complete(milestone)


@pytest.mark.parametrize(
    "trouble",
    [{"status": 500}, {"status": 503}, {"drop": "after"}, {"status": 500, "body": "<html>Oops</html>"}],
)
def test_a_breakdown_or_a_lost_answer_is_unclear_and_the_finder_tells(
    api: ExactApi, exact: ExactSimulator, milestone: str, trouble: dict[str, Any]
) -> None:
    exact.faults.add("project/WBSDeliverables.change", times=1, **trouble)
    with pytest.raises(OutcomeUnknownError):
        api.complete(milestone)
    found = api.wbs_item(milestone)
    assert found is not None and found.is_completed is bool(exact.row(milestone)["Completed"])


def test_activities_and_expenses_are_completed_without_a_term(
    api: ExactApi, exact: ExactSimulator, project: str
) -> None:
    activity, expense = exact.add_activity(project, "Planung"), exact.add_expense(project, "Miete")
    api.complete(activity, WbsKind.ACTIVITY)
    api.complete(expense, WbsKind.EXPENSE)
    assert exact.row(activity)["Completed"] is True and exact.row(expense)["Completed"] is True


def test_a_term_is_released_once(api: ExactApi, exact: ExactSimulator, project: str, milestone: str) -> None:
    assert api.find_release(milestone) is None
    api.release_term(milestone, date(2026, 1, 31))
    assert api.find_release(milestone) == milestone
    (term,) = api.invoice_terms(project)
    assert term.invoice_on == date(2026, 1, 31)
    # Asked for again after an unclear answer: the vendor refuses, and the finder shows that it is done.
    api.release_term(milestone, date(2026, 2, 28))
    assert api.invoice_terms(project)[0].invoice_on == date(2026, 1, 31)


def test_reopening_after_a_release_ends_with_a_person(
    api: ExactApi, exact: ExactSimulator, milestone: str
) -> None:
    api.complete(milestone)
    api.release_term(milestone, DAY)
    with pytest.raises(RejectedError):
        api.reopen(milestone)
    assert api.find_release(milestone) == milestone


# --- budgets ---


def test_an_hour_budget_is_made_once_and_then_changed(
    api: ExactApi, exact: ExactSimulator, project: str
) -> None:
    hours = exact.some("hours")
    made = api.set_hour_budget(project, hours, Decimal("40"))
    assert api.set_hour_budget(project, hours, Decimal("40")) == made
    assert api.set_hour_budget(project, hours, Decimal("42.25")) == made
    assert [(row["ID"], row["Budget"]) for row in exact.rows("project/ProjectHourBudgets")] == [
        (made, Decimal("42.25"))
    ]


def test_an_hour_budget_whose_answer_was_lost_is_found(
    api: ExactApi, exact: ExactSimulator, project: str
) -> None:
    hours = exact.some("hours")
    exact.faults.add("project/ProjectHourBudgets.create", drop="after", times=1)
    with pytest.raises(OutcomeUnknownError):
        api.set_hour_budget(project, hours, Decimal(40))
    found = api.find_hour_budget(project, hours)
    assert found is not None and found.hours == Decimal(40)
    assert api.set_hour_budget(project, hours, Decimal(40)) == found.id
    assert len(exact.rows("project/ProjectHourBudgets")) == 1


def test_two_hour_budgets_of_the_same_type_are_a_question_for_a_person(
    api: ExactApi, exact: ExactSimulator, project: str
) -> None:
    hours = exact.some("hours")
    keys = ("11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002")
    rows = [{"ID": key, "Project": project, "Item": hours, "Budget": 8} for key in keys]
    exact.faults.add("project/ProjectHourBudgets.list", body={"d": {"results": rows}})
    with pytest.raises(RejectedError, match="2 hour budgets"):
        api.set_hour_budget(project, hours, Decimal(40))


def test_cost_budgets_are_figures_that_may_be_written_twice(
    api: ExactApi, exact: ExactSimulator, project: str
) -> None:
    for _ in range(2):
        api.set_cost_budget(project, Decimal("1234.56"))
    found = api.project(project)
    assert found is not None and found.budgeted_costs == Decimal("1234.56")
    activity = exact.add_activity(project, "Planung")
    api.set_wbs_budget(activity, WbsKind.ACTIVITY, cost=Decimal(500), hours=Decimal(8))
    item = api.wbs_item(activity, WbsKind.ACTIVITY)
    assert item is not None and (item.budgeted_cost, item.budgeted_hours) == (Decimal(500), Decimal(8))
    with pytest.raises(ValueError, match="no budget"):
        api.set_wbs_budget(activity, WbsKind.DELIVERABLE, cost=Decimal(1))


# --- cost entries ---


def test_a_cost_entry_is_made_with_its_marker(
    api: ExactApi, exact: ExactSimulator, new_cost: NewCost
) -> None:
    entry_id = api.add_cost(new_cost)
    made = api.cost(entry_id)
    assert made is not None and exact.calls[-2].method == "POST"
    assert made.amount == Decimal("375.15") and made.status == EntryStatus.DRAFT and made.is_changeable
    assert made.notes == "Montage [asana:1209876543210987]" and made.entered_on == DAY
    assert api.find_cost(new_cost.project_id, DAY, new_cost.marker) == made
    assert api.find_cost(new_cost.project_id, DAY, "asana:120987654321098") is None
    assert api.find_cost(new_cost.project_id, DAY + timedelta(days=1), new_cost.marker) is None


@pytest.mark.parametrize("trouble", [{"drop": "after"}, {"status": 500, "processed": True}])
def test_a_cost_entry_whose_answer_was_lost_is_found_and_not_made_twice(
    api: ExactApi, exact: ExactSimulator, new_cost: NewCost, trouble: dict[str, Any]
) -> None:
    exact.faults.add("project/CostTransactions.create", times=1, **trouble)
    with pytest.raises(OutcomeUnknownError):
        api.add_cost(new_cost)
    found = api.find_cost(new_cost.project_id, DAY, new_cost.marker)
    assert found is not None and len(costs(exact)) == 1


def test_an_answer_without_an_id_is_unclear_and_never_nothing_happened(
    api: ExactApi, exact: ExactSimulator, new_cost: NewCost
) -> None:
    for body in ('{"d": {}}', '{"d": {"ID": null}}', "", "<html>", "[]"):
        exact.faults.add("project/CostTransactions.create", status=201, body=body, times=1)
        with pytest.raises(OutcomeUnknownError):
            api.add_cost(new_cost)


def test_a_cost_entry_that_was_never_made_is_not_found(
    api: ExactApi, exact: ExactSimulator, new_cost: NewCost
) -> None:
    exact.faults.add("project/CostTransactions.create", status=503, times=1)
    with pytest.raises(OutcomeUnknownError):
        api.add_cost(new_cost)
    assert api.find_cost(new_cost.project_id, DAY, new_cost.marker) is None
    api.add_cost(new_cost)
    assert len(costs(exact)) == 1


def test_a_refused_cost_entry_says_why(api: ExactApi, exact: ExactSimulator, new_cost: NewCost) -> None:
    wrong = replace(new_cost, item_id=exact.add_supplier())
    with pytest.raises(RejectedError, match="It says: .+"):
        api.add_cost(wrong)
    assert costs(exact) == []


def test_a_draft_is_changed_and_taken_back(api: ExactApi, exact: ExactSimulator, new_cost: NewCost) -> None:
    made = api.add_cost(new_cost)
    for _ in range(2):
        api.change_cost(made, quantity=Decimal(2), price=Decimal(300))
    found = api.cost(made)
    assert found is not None and found.amount == Decimal(600)
    api.delete_cost(made)
    api.delete_cost(made)
    assert costs(exact) == []
    with pytest.raises(RejectedError, match="deleted"):
        api.change_cost(made, price=Decimal(1))


def test_an_approved_entry_is_left_alone(api: ExactApi, exact: ExactSimulator, new_cost: NewCost) -> None:
    made = api.add_cost(new_cost)
    exact.finalize_entry(made)
    asked = len(exact.calls)
    for deed in (lambda: api.change_cost(made, price=Decimal(1)), lambda: api.delete_cost(made)):
        with pytest.raises(RejectedError, match="second entry"):
            deed()
    assert {call.method for call in exact.calls[asked:]} == {"GET"}


def test_no_write_leaves_an_error_that_counts(
    api: ExactApi, exact: ExactSimulator, project: str, new_cost: NewCost, times: Times
) -> None:
    api.delete_cost(api.add_cost(new_cost))
    api.set_hour_budget(project, exact.some("hours"), Decimal(1))
    assert not [call for call in exact.calls if call.status in (400, 401, 403, 404)]
