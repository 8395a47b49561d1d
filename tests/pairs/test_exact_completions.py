"""Completed tasks back to Exact Online: milestones, terms, budgets, costs, each once and only by choice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from pairs import actions, hooks
from pairs.checks import faults_of
from pairs.discovery import Offers
from pairs.models import FieldMapping, Record, RecordState
from tests.pairs.exact_works import BUDGETS, COSTS, DELIVERABLES, FLOW, TERMS, Works

pytestmark = pytest.mark.django_db


@pytest.fixture
def works(exact: Any, asana: Any, monkeypatch: pytest.MonkeyPatch) -> Works:
    # Polling alone must do; what webhooks hurry along is a story of its own.
    monkeypatch.setattr(hooks, "can_be_reached", lambda: False)
    return Works(exact, asana)


def test_nothing_flows_back_until_it_is_chosen(works: Works) -> None:
    gid = works.task(cost_price="250,00", cost_quantity=Decimal(2), hours=Decimal(8), budget=Decimal(900))
    works.work()
    assert works.written() == [] and not works.asana.comments(gid)
    assert not Record.objects.filter(flow=FLOW).exists()


def test_a_completed_milestone_task_completes_its_milestone_once_and_says_so_quietly(works: Works) -> None:
    works.set(completes="milestones")
    gid, plain = works.task("  rohbau "), works.task("Rohbau", "default_task", project=None)
    works.work()
    assert works.milestone()["Completed"] is True and works.milestone("Dach")["Completed"] is False
    assert works.record(gid).state == RecordState.DONE
    assert works.record(plain).state == RecordState.DORMANT
    assert "'Rohbau' (Projekt P1)" in works.said(gid) and works.asana.comments(plain) == []
    assert "Rohbau" in works.asana.value(gid, works.result)

    works.exact.calls.clear()
    works.asana.calls.clear()
    works.work()
    actions.replay([works.record(gid)], by="anna")
    works.work()
    assert works.written() == [] and len(works.asana.comments(gid)) == 1
    assert works.record(gid).state == RecordState.DONE
    assert {call.method for call in works.asana.calls} == {"GET"}


def test_what_is_wrong_is_listed_at_once_on_record_and_task_and_goes_on_when_mended(works: Works) -> None:
    item = works.exact.some("item")
    works.set(completes="milestones", enters_costs=True, cost_item=item)
    gid = works.task("Rohbua", cost_price="zweihundert", cost_quantity=None)
    works.work()
    record = works.record(gid)
    assert record.state == RecordState.REFUSED
    assert {fault["field"] for fault in record.faults} == {
        "Milestone, activity or expense",
        "Price of the cost entry",
        "Quantity of the cost entry",
    }
    assert "Rohbau, Dach" in works.said(gid) and "zweihundert" in works.said(gid)
    assert works.written() == []

    works.asana.rename_task(gid, "Rohbau")
    works.asana.set_field(gid, works.fields["cost_price"], "200,50")
    works.asana.set_field(gid, works.fields["cost_quantity"], Decimal("2"))
    works.work()
    assert works.record(gid).state == RecordState.DONE
    (entry,) = works.exact.rows(COSTS)
    assert (entry["AmountFC"], entry["Quantity"], entry["HourStatus"]) == (Decimal("401.00"), 2, 1)
    assert works.milestone()["Completed"] is True


def test_a_milestone_without_an_invoice_term_is_not_tried_and_one_task_has_one_milestone(
    works: Works,
) -> None:
    works.set(completes="milestones")
    works.exact.add_deliverable(works.project, "Abnahme")
    bare, first = works.task("Abnahme"), works.task("Rohbau")
    works.work()
    second = works.task("Etwas anderes", milestone="Rohbau")
    works.work()
    assert works.record(bare).state == works.record(second).state == RecordState.REFUSED
    assert "invoice term" in str(works.record(bare).faults)
    assert "Another task" in str(works.record(second).faults)
    assert works.record(first).state == RecordState.DONE
    assert works.written() == [f"PUT {DELIVERABLES}.change"]


def test_an_invoice_term_is_released_once_and_only_after_another_person_has_confirmed_it(
    works: Works, admin_client: Any
) -> None:
    chef = get_user_model().objects.create_user("chef")
    works.integration._history_user = chef
    works.set(completes="milestones", releases_terms=True)
    del works.integration._history_user
    works.set(comments=True)
    gid = works.task()
    works.work()
    record = works.record(gid)
    assert record.state == RecordState.TO_CONFIRM and "10000.00" in str(record.reason)
    assert works.milestone()["Completed"] is True and not works.milestone()["ReleaseInvoiceTerm"]

    page = admin_client.get(reverse("admin:pairs_record_change", args=[record.pk])).content.decode()
    assert "Rechnungsrate freigeben" in page or "Release the invoice term" in page

    works.decide(gid, "release_term", "chef")
    assert works.record(gid).state == RecordState.TO_CONFIRM, "not by who has switched it on"
    assert not works.milestone()["ReleaseInvoiceTerm"]

    (term,) = works.exact.rows(TERMS, Description="Rohbau")
    works.exact.change(term["ID"], Amount="12000.00")
    works.decide(gid, "release_term", "erika")
    assert works.record(gid).state == RecordState.TO_CONFIRM, "another amount is asked about anew"
    assert "12000.00" in str(works.record(gid).reason)

    works.decide(gid, "release_term", "erika")
    assert works.record(gid).state == RecordState.DONE
    assert works.milestone()["ReleaseInvoiceTerm"] is True
    assert works.milestone()["ReleaseInvoiceTermDate"].date() == works.exact.day()
    assert "freigegeben" in works.said(gid)
    actions.replay([works.record(gid)], by="anna")
    works.work()
    assert works.written().count(f"PUT {DELIVERABLES}.change") == 2, "completed and released, each once"

    other = works.task("Dach")
    works.work()
    works.decide(other, "keep_term", "erika")
    assert works.record(other).state == RecordState.DONE
    assert not works.milestone("Dach")["ReleaseInvoiceTerm"]


def test_a_cost_entry_follows_its_task_while_it_is_a_draft(works: Works) -> None:
    works.set(enters_costs=True, cost_item=works.exact.some("item"), reopens=True)
    gid = works.task("Kran", "default_task", cost_price="250,00", cost_quantity=Decimal("1.5"))
    works.work()
    (entry,) = works.exact.rows(COSTS)
    assert (entry["AmountFC"], entry["Project"]) == (Decimal("375.00"), works.project)
    assert entry["Notes"] == f"Kran [asana:{gid}]"

    works.asana.set_field(gid, works.fields["cost_price"], "300,00")
    works.work()
    (entry,) = works.exact.rows(COSTS)
    assert entry["AmountFC"] == Decimal("450.00")

    works.asana.complete(gid, False)
    works.work()
    assert works.exact.rows(COSTS) == [] and works.record(gid).state == RecordState.DORMANT
    works.asana.complete(gid, by=works.asana.connector)
    works.work()  # Also where the connection uses the token of somebody who works in Asana.
    (entry,) = works.exact.rows(COSTS)
    assert entry["Notes"] == f"Kran [asana:{gid}:2]"

    works.exact.finalize_entry(entry["ID"])
    works.asana.complete(gid, False)
    works.work()
    assert len(works.exact.rows(COSTS)) == 1, "approved entries stay"
    assert works.asana.comments(gid)[-1].startswith("Die Kostenbuchung")
    said = len(works.asana.comments(gid))
    works.asana.rename_task(gid, "Kran, groß")
    works.work()
    assert len(works.asana.comments(gid)) == said, "once for each time it is opened"
    works.asana.complete(gid)
    works.work()
    assert len(works.exact.rows(COSTS)) == 1, "and there is no second one"


def test_a_lost_answer_to_a_cost_entry_makes_no_second_one(works: Works) -> None:
    works.set(enters_costs=True, cost_item=works.exact.some("item"))
    works.exact.fail(f"{COSTS}.create", "drop after", times=1)
    gid = works.task("Kran", "default_task", cost_price="250,00", cost_quantity=Decimal(1))
    works.work(minutes=4)
    assert works.record(gid).state == RecordState.DONE
    assert len(works.exact.rows(COSTS)) == 1 and len(works.asana.comments(gid)) == 1


def test_budgets_are_set_or_added_to_and_added_hours_count_once(works: Works) -> None:
    works.set(hour_budget="add", hour_item=works.exact.some("hours"), cost_budget="project", reopens=True)
    works.exact.add_hour_budget(works.project, 10)
    first = works.task("Planung", "default_task", hours=Decimal("2.5"), budget=Decimal("900.00"))
    second = works.task("Bau", "default_task", hours=Decimal(4))
    works.work()

    def budget() -> Decimal:
        (found,) = works.exact.rows(BUDGETS)
        return Decimal(found["Budget"])

    assert budget() == Decimal("16.5")
    assert works.exact.row(works.project)["BudgetedCosts"] == Decimal("900.00")
    (entry,) = works.exact.rows(BUDGETS)
    works.exact.change(entry["ID"], Budget=20)
    works.asana.set_field(first, works.fields["hours"], Decimal("3.5"))
    works.asana.complete(second, False)
    works.work()
    assert budget() == Decimal("17"), "20 by a person, one hour more, four hours less"
    assert "900" in works.said(first)


def test_reopening_takes_back_what_exact_gives_back_or_leaves_it_by_the_rule(works: Works) -> None:
    works.set(completes="milestones")
    gid = works.task()
    works.work()
    works.asana.complete(gid, False)
    works.work()
    assert works.milestone()["Completed"] is True, "not chosen"
    assert len(works.asana.comments(gid)) == 2

    works.set(reopens=True)
    works.asana.complete(gid)
    works.work()
    works.asana.complete(gid, False)
    works.work()
    assert works.milestone()["Completed"] is False
    works.asana.complete(gid)
    works.work()
    assert works.milestone()["Completed"] is True

    works.exact.change(works.milestone()["ID"], ReleaseInvoiceTerm=True)
    works.asana.complete(gid, False)
    works.work()
    assert works.milestone()["Completed"] is True, "Exact Online does not reopen what is released"
    assert works.record(gid).state == RecordState.REJECTED
    assert len(works.asana.comments(gid)) == 5


def test_a_project_finished_in_asana_completes_the_rest_of_its_milestones(works: Works) -> None:
    works.set(projects_as="projects", completes_projects=True)
    works.exact.add_deliverable(works.project, "Abnahme")
    works.work()
    (own,) = [one for one in works.asana.known.all("project") if one.name.startswith("P1")]
    works.asana.set_status(own.gid, "on_track")
    works.work()
    assert works.written() == []
    works.asana.set_status(own.gid, "complete")
    works.work()
    works.work()
    done = {row["Description"] for row in works.exact.rows(DELIVERABLES) if row["Completed"]}
    assert done == {"Rohbau", "Dach"}
    record = works.record(f"project:{own.gid}")
    assert record.state == RecordState.DONE and "Abnahme" in str(record.reason)
    assert works.written() == [f"PUT {DELIVERABLES}.change"] * 2
    # The milestones in Asana were completed by us: that is no news for Exact Online.
    assert {task.is_completed for task in works.asana.known.all("task")} == {True, False}


def test_the_task_of_an_order_belongs_to_the_project_of_its_lines(
    exact: Any, asana: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(hooks, "can_be_reached", lambda: False)
    works = Works(exact, asana, completes="all")
    works.set(orders_as="task", project=works.place, order_completes_task="received", lines_as="subtasks")
    expense = exact.add_expense(works.project, "Material Dach")
    line = {"QuantityInPurchaseUnits": 1, "UnitPrice": "10.00", "Project": works.project, "Expense": expense}
    order = works.world.order(line)
    other = works.world.order()
    works.work()
    (task, ended) = works.world.tasks(works.place)
    asana.complete(task.gid)
    exact.receive(other)
    works.work()
    assert exact.row(expense)["Completed"] is True and exact.row(order)["OrderNumber"]
    assert works.record(task.gid).state == RecordState.DONE
    assert ended.is_completed and works.record(ended.gid).state == RecordState.DORMANT, "ended by us"
    assert works.written() == ["PUT project/WBSExpenses.change"]


def test_a_webhook_of_asana_wakes_what_somebody_has_completed_and_nothing_else(
    exact: Any, asana: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://hub.example"
    works = Works(exact, asana, completes="milestones")
    works.work()
    gid, other = works.task(done=False), works.task("Dach", done=False)
    asana.complete(gid)
    asana.rename_task(other, "Dach West")
    asana.deliver()
    works.world.work(poll=False, minutes=1)
    assert works.milestone()["Completed"] is True
    assert not Record.objects.filter(flow=FLOW, source_ref=other).exists()

    asana.calls.clear()
    asana.deliver()
    works.world.work(poll=False, minutes=1)
    assert [call.route for call in asana.calls if call.method != "HEAD"] == [], "our own comment is no news"


def test_what_is_switched_on_without_its_mapping_is_told_beforehand(works: Works) -> None:
    works.integration.mappings.all().delete()
    works.set(
        hour_budget="add", cost_budget="wbs", enters_costs=True, releases_terms=True, completes_projects=True
    )
    told = {fault.field for fault in faults_of(works.integration)}
    assert told == {
        "Hour type of the budget",
        "Hours for the budget",
        "Budgeted costs",
        "Price of the cost entry",
        "Item of cost entries",
        "A completed milestone releases its invoice term",
        "A project finished in Asana completes the rest of its milestones",
    }


def test_people_choose_from_the_fields_of_the_project_with_the_milestones(
    works: Works, admin_client: Any
) -> None:
    flow = works.integration.declared.flow(FLOW)
    offered = Offers(works.integration).fields(flow, FieldMapping.Way.INTO) or ()
    assert {*works.fields.values(), "builtin:name"} <= {option.ref for option in offered}
    page = admin_client.get(reverse("admin:pairs_integration_change", args=[works.integration.pk]))
    shown = page.content.decode()
    assert "Completed tasks: from fields of the target into the source" in shown and "Stunden (" in shown
