"""Completions: milestones, releases, budgets and costs, and what cannot be taken back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.sandbox.exact import ExactSimulator
from tests.sandbox.exact.caller import message

PROJECTS, TERMS, BUDGETS = "project/Projects", "project/InvoiceTerms", "project/ProjectHourBudgets"
DELIVERABLES, ACTIVITIES, EXPENSES = "project/WBSDeliverables", "project/WBSActivities", "project/WBSExpenses"
COSTS = "project/CostTransactions"


@pytest.fixture
def project(exact: ExactSimulator) -> str:
    return exact.add_project("P1", "Neubau", milestones=[("Rohbau", "5000.00")], BudgetedAmount="20000")


@pytest.fixture
def milestone(exact: ExactSimulator, project: str) -> str:
    return exact.rows(DELIVERABLES)[0]["ID"]


def test_a_milestone_with_a_term_is_completed_and_reopened(exact, caller, milestone):
    assert caller.put(DELIVERABLES, milestone, {"Completed": True}).status_code == 204
    (row,) = caller.read("sync/Project/ProjectWBS", "ID,Completed,Milestone,Type", "Timestamp gt 1L")
    assert (row["ID"], row["Completed"], row["Milestone"], row["Type"]) == (milestone, 1, 1, 1)

    assert caller.put(DELIVERABLES, milestone, {"Completed": False}).status_code == 204
    assert exact.row(milestone)["Completed"] is False


def test_a_milestone_without_a_term_cannot_be_completed(exact, caller, project):
    bare = exact.add_deliverable(project, "Ohne Rate")

    refused = caller.put(DELIVERABLES, bare, {"Completed": True})

    assert refused.status_code == 500
    assert "factuurtermijn" in message(refused)
    assert exact.row(bare)["Completed"] is False


def test_a_term_is_linked_to_milestones_of_billing_projects_only(exact, caller, project):
    term = exact.add_invoice_term(project, "100.00")
    plain = exact.add_deliverable(project, "Kein Meilenstein", Milestone=False)
    assert caller.put(DELIVERABLES, plain, {"ProjectTerm": term}).status_code == 500
    assert caller.put(DELIVERABLES, plain, {"ProjectTerm": term, "Milestone": True}).status_code == 204

    other = exact.add_project("P2", "Ohne", UseBillingMilestones=False)
    bare = exact.add_deliverable(other, "Meilenstein")
    term = exact.add_invoice_term(other, "100.00")
    assert caller.put(DELIVERABLES, bare, {"ProjectTerm": term}).status_code == 500


def test_a_term_is_released_once_and_for_good(exact, caller, milestone):
    body = {"Completed": True, "ReleaseInvoiceTerm": True, "ReleaseInvoiceTermDate": "2026-01-31T00:00:00"}

    assert caller.put(DELIVERABLES, milestone, body).status_code == 204

    (term,) = caller.read(TERMS, "InvoiceStatus,InvoiceDate,Percentage,WBS,Deliverable")
    assert (term["InvoiceStatus"], term["WBS"], term["Percentage"]) == (20, milestone, 25.0)
    assert f"{exact.rows(TERMS)[0]['InvoiceDate']:%Y-%m-%d}" == "2026-01-31"
    for again in (
        {"ReleaseInvoiceTerm": False},
        {"ReleaseInvoiceTermDate": "2026-02-01T00:00:00"},
        {"Completed": False},
    ):
        assert (
            message(caller.put(DELIVERABLES, milestone, again)) == "De factuurtermijn is reeds vrijgegeven."
        )
    assert caller.put(DELIVERABLES, milestone, {"Description": "Rohbau fertig"}).status_code == 204
    exact.options.reopen_after_release = True
    assert caller.put(DELIVERABLES, milestone, {"Completed": False}).status_code == 204


def test_an_invoiced_term_is_not_changed(exact, caller, milestone):
    term = exact.rows(TERMS)[0]["ID"]
    exact.process_term(term)

    assert caller.put(TERMS, term, {"InvoiceDate": "2026-03-01T00:00:00"}).status_code == 500


def test_work_items_are_completed_without_a_term(exact, caller, project):
    for path, key in (
        (ACTIVITIES, exact.add_activity(project, "Mauern", BudgetedHours=80)),
        (EXPENSES, exact.add_expense(project, "Steine", BudgetedCost="900")),
    ):
        assert caller.put(path, key, {"Completed": True, "EndDate": "2026-02-01T00:00:00"}).status_code == 204
        assert exact.row(key)["Completed"] is True
    rows = caller.call("GET", f"read/project/ProjectWBSByProject?projectId=guid'{project}'").json()["d"][
        "results"
    ]
    assert [(one["Description"], one["Type"]) for one in rows] == [
        ("Rohbau", 1),
        ("Mauern", 2),
        ("Steine", 3),
    ]
    assert [one["Hours"] for one in rows] == [None, 80.0, None]
    where = f"Project eq guid'{project}'"
    bulk = caller.read("bulk/Project/ProjectWBS", "ID,SequenceNumber", where)
    assert [one["SequenceNumber"] for one in bulk] == [1, 2, 3]
    assert caller.get("bulk/Project/ProjectWBS", "ID", "Description eq 'Steine'").status_code == 400


def test_budgets_are_plain_figures(exact, caller, project):
    assert caller.put(PROJECTS, project, {"BudgetedCosts": 1234.5}).status_code == 204
    assert exact.row(project)["BudgetedCosts"] == Decimal("1234.5")
    assert caller.put(PROJECTS, project, {"CostsAmountFC": 1}).status_code == 400
    body = {"Project": project, "Item": exact.some("hours"), "Budget": 40}

    key = caller.post(BUDGETS, body).json()["d"]["ID"]

    assert message(caller.post(BUDGETS, body)).startswith("Gegeven bestaat reeds.")
    assert caller.post(BUDGETS, {**body, "Item": exact.some("item")}).status_code == 500
    assert caller.put(BUDGETS, key, {"Budget": 45}).status_code == 204
    assert exact.rows(BUDGETS)[0]["ProjectCode"] == "P1"


def cost_body(exact, project, **changes):
    return {
        "Project": project,
        "Item": exact.some("item"),
        "Quantity": 1,
        "PriceFC": 250.00,
        "Date": "2026-01-15T00:00:00",
        "Notes": "asana:1209",
        **changes,
    }


def test_a_cost_is_entered_as_draft_and_found_by_its_note(exact, caller, project):
    created = caller.post(COSTS, cost_body(exact, project)).json()["d"]
    assert created["EntryNumber"] == 1
    where = f"Project eq guid'{project}' and Date eq datetime'2026-01-15T00:00:00'"

    (found,) = caller.read(COSTS, "ID,AmountFC,HourStatus,Notes,Type", where)

    assert (found["ID"], found["AmountFC"], found["HourStatus"]) == (created["ID"], 250.0, 1)
    assert caller.put(COSTS, created["ID"], {"Quantity": 2}).status_code == 204
    (row,) = caller.read("sync/Project/TimeCostTransactions", "AmountFC,Type,ProjectCode", "Timestamp gt 1L")
    assert (row["AmountFC"], row["Type"], row["ProjectCode"]) == (500.0, 2, "P1")
    assert caller.delete(COSTS, created["ID"]).status_code == 204
    (gone,) = caller.read("sync/Deleted", "EntityKey,EntityType", "Timestamp gt 1L")
    assert (gone["EntityKey"], gone["EntityType"]) == (created["ID"], 14)


@pytest.mark.parametrize("status", [10, 14, 16, 20])
def test_final_and_submitted_costs_are_locked(exact, caller, project, status):
    key = caller.post(COSTS, cost_body(exact, project, HourStatus=status)).json()["d"]["ID"]

    assert message(caller.put(COSTS, key, {"Quantity": 2})).startswith("De boeking is definitief")
    assert caller.delete(COSTS, key).status_code == 500
    exact.options.submitted_is_locked = False
    assert caller.delete(COSTS, key).status_code == (204 if status == 10 else 500)


def test_costs_are_refused_with_reasons(exact, caller, project):
    assert message(caller.post(COSTS, cost_body(exact, None))) == "Verplicht: Project"
    assert caller.post(COSTS, cost_body(exact, project, Item=exact.some("hours"))).status_code == 500
    assert message(caller.post(COSTS, cost_body(exact, project, Quantity=None))) == "Verplicht: Quantity"
    assert caller.post(COSTS, cost_body(exact, project, HourStatus=3)).status_code == 500
    other = exact.add_expense(exact.add_project("P9", "Fremd"), "Steine")
    assert message(caller.post(COSTS, cost_body(exact, project, Expense=other))) == "Ongeldig: Expense"
    exact.block(project)
    assert message(caller.post(COSTS, cost_body(exact, project))) == "Geblokkeerd: Project"


def test_progress_is_reported(exact, caller, project):
    body = {"Project": project, "Description": "KW 3", "EstimatedPercentageCompleted": 40}

    assert caller.post("project/ProjectProgressReports", body).status_code == 201
    (report,) = caller.read("project/ProjectProgressReports", "ProjectCode,EstimatedPercentageCompleted")
    assert (report["ProjectCode"], report["EstimatedPercentageCompleted"]) == ("P1", 40.0)


def test_a_project_in_use_stays(exact, caller, project):
    assert caller.delete(PROJECTS, project).status_code == 500
    assert caller.post(PROJECTS, {"Code": "P1", "Description": "x", "Type": 2}).status_code == 500
    assert caller.post(PROJECTS, {"Code": "P3", "Description": "x", "Type": 9}).status_code == 500
