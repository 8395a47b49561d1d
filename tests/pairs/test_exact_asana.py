"""Exact Online to Asana as a finance team lives with it: orders, invoices, lines, projects and their ends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connections.models import CallLog
from pairs.models import RecordState
from tests.pairs.exact_world import ExactWorld

pytestmark = pytest.mark.django_db

ORDERS, INVOICES = "purchase_orders", "sales_invoices"


@pytest.fixture
def world(exact: Any, asana: Any) -> ExactWorld:
    return ExactWorld(exact, asana)


def writes_to_asana() -> int:
    return CallLog.objects.exclude(method="GET").filter(url__contains="asana.example").count()


def test_an_order_becomes_a_task_with_its_lines_and_is_followed_to_its_end(world: ExactWorld) -> None:
    exact = world.exact
    world.map_dimensions()
    for key, name, kind, more in (
        ("amount", "Betrag", "number", {"precision": 2}),
        ("net_amount", "Nettobetrag", "number", {"precision": 2}),
        ("quantity", "Menge", "number", {"precision": 4}),
        ("item", "Artikel", "text", {}),
        ("supplier", "Lieferant", "text", {}),
        ("delivery_date", "Liefertermin", "date", {}),
        ("document_status", "Status", "enum", {"options": STATUSES}),
    ):
        world.map(ORDERS, key, name, kind, **more)
    paper = exact.add_item(
        "PAPIER", "Kopierpapier", GLCosts=exact.add_gl_account("4930", "Bürobedarf"), IsPurchaseItem=True
    )
    postage = exact.add_item(
        "PORTO", "Porto", GLCosts=exact.add_gl_account("4910", "Porto"), IsPurchaseItem=True
    )
    exact.add_cost_center("100", "Verwaltung")
    order = world.order(
        {
            "Item": paper,
            "QuantityInPurchaseUnits": 10,
            "UnitPrice": "4.50",
            "Description": "Papier A4",
            "CostCenter": "100",
        },
        {"Item": postage, "QuantityInPurchaseUnits": 1, "UnitPrice": "5.00", "Description": "Versand"},
        supplier=exact.add_supplier("Muster Papier GmbH"),
        ReceiptDate=exact.day(14),
    )
    world.work()

    [task] = world.tasks()
    assert task.name == f"PO {exact.row(order)['OrderNumber']} Muster Papier GmbH"
    assert task.due_on == exact.day(14).isoformat()
    assert world.value(task.gid, "Betrag") == Decimal("50.00")
    assert world.value(task.gid, "Lieferant") == "Muster Papier GmbH"
    assert world.value(task.gid, "Status") == "offen"
    # The lines are booked on different accounts, so the order itself has none; they name one cost center.
    assert world.value(task.gid, "Sachkonto") is None
    assert world.value(task.gid, "Kostenstelle") == "100 - Verwaltung"
    paper_line, sent = world.subtasks(task.gid)
    assert (paper_line.name, sent.name) == ("Papier A4", "Versand")
    assert "10 pc x 4,50 EUR = 45,00 EUR, 4930 - Bürobedarf, 100 - Verwaltung" in paper_line.notes
    shown = {name: world.value(paper_line.gid, name) for name in ("Menge", "Nettobetrag", "Artikel")}
    assert shown == {"Menge": 10, "Nettobetrag": Decimal("45.00"), "Artikel": "PAPIER - Kopierpapier"}
    assert world.value(paper_line.gid, "Sachkonto") == "4930 - Bürobedarf"

    # Delivered in part, a line more, a line less.
    exact.receive(order, 4, line=1)
    exact.add_line(order, QuantityInPurchaseUnits=3, UnitPrice="2.00", Description="Mappen")
    exact.delete(exact.lines(order)[1])
    world.work()
    assert world.value(task.gid, "Status") == "teilweise geliefert"
    assert [line.name for line in world.subtasks(task.gid)] == ["Papier A4", "Mappen"]
    assert world.value(task.gid, "Betrag") == Decimal("51.00")

    before = writes_to_asana()
    world.work()
    assert writes_to_asana() == before

    exact.receive(order)
    exact.bill(order)
    world.work()
    assert task.is_completed and world.value(task.gid, "Status") in ("berechnet", "abgeschlossen")

    # The order was not complete after all; what was opened again is completed again.
    exact.receive(order, 9, line=1)
    world.work()
    assert not task.is_completed and "wieder offen" in world.asana.comments(task.gid)[-1]
    exact.receive(order)
    world.work()
    assert task.is_completed and len(world.asana.comments(task.gid)) == 1
    assert len(world.tasks()) == 1
    assert world.record(world.ref(order)).state == RecordState.DONE


STATUSES = (
    "Entwurf",
    "offen",
    "teilweise geliefert",
    "geliefert",
    "teilweise berechnet",
    "berechnet",
    "abgeschlossen",
    "verarbeitet",
    "storniert",
)


def test_an_invoice_becomes_a_task_and_is_completed_when_it_is_processed(world: ExactWorld) -> None:
    exact = world.exact
    world.map_dimensions()
    world.map(INVOICES, "document_status", "Status", "enum", options=STATUSES)
    world.map(INVOICES, "document_number", "Belegnummer")
    world.map(INVOICES, "customer", "Kunde")
    invoice = world.invoice(
        {"Quantity": 2, "UnitPrice": "60.00", "GLAccount": exact.add_gl_account("8400", "Erlöse")},
        customer=exact.add_customer("Beispiel AG"),
    )
    world.work()

    [task] = world.tasks()
    assert task.name.startswith("INV ") and task.name.endswith("Beispiel AG")
    assert world.value(task.gid, "Kunde") == "Beispiel AG"
    assert world.value(task.gid, "Sachkonto") == "8400 - Erlöse"
    assert not task.is_completed

    number = exact.print_invoice(invoice)
    world.work()
    assert task.is_completed
    assert world.value(task.gid, "Belegnummer") == str(number)
    assert world.value(task.gid, "Status") == "verarbeitet"
    assert len(world.tasks()) == 1


def test_what_is_deleted_or_canceled_in_exact_ends_its_task_and_old_orders_are_left_alone(
    world: ExactWorld,
) -> None:
    exact = world.exact
    old = world.order(OrderDate="2024-12-30")
    deleted, canceled = world.order(), world.order()
    world.work()
    assert world.record(world.ref(old)).state == RecordState.DORMANT
    assert len(world.tasks()) == 2

    exact.delete(deleted)
    exact.cancel_order(canceled)
    world.work()
    for order, said in ((deleted, "gelöscht"), (canceled, "storniert")):
        gid = world.record(world.ref(order)).target_url.rpartition("/")[2]
        assert world.asana.task(gid).is_completed
        assert [said in text for text in world.asana.comments(gid)] == [True]

    # People complete and reopen as they like; nothing is written over it.
    before = writes_to_asana()
    world.asana.complete(gid, False)
    world.work()
    assert writes_to_asana() == before


def test_an_order_that_cant_be_read_is_parked_and_holds_nobody_up(world: ExactWorld) -> None:
    broken, *others = [world.order() for _ in range(4)]
    world.exact.known.rows[broken].values["OrderStatus"] = 77
    world.work()
    assert world.record(world.ref(broken)).state == RecordState.REJECTED
    assert [world.record(world.ref(order)).state for order in others] == [RecordState.DONE] * 3
    assert len(world.tasks()) == 3


def test_an_order_becomes_a_project_of_its_own_made_from_the_template_in_the_portfolio(
    exact: Any, asana: Any
) -> None:
    portfolio, template = asana.add_portfolio("Beschaffung"), asana.add_template("Einkauf", tasks=("Prüfen",))
    world = ExactWorld(exact, asana, orders_as="project", portfolio=portfolio, template=template)
    world.map(ORDERS, "quantity", "Menge", "number", precision=4)
    order = world.order({"QuantityInPurchaseUnits": 7, "UnitPrice": "2.00", "Description": "Mappen"})
    world.work()

    [place] = asana.known.get("portfolio", portfolio).items
    project = asana.known.get("project", place)
    assert project.name == f"PO {exact.row(order)['OrderNumber']} Muster Lieferant GmbH"
    [task] = [task for task in world.tasks(place) if task.name != "Prüfen"]
    [line] = world.subtasks(task.gid)
    assert world.value(line.gid, "Menge") == 7 and place in line.memberships
    assert [task.name for task in world.tasks(place)].count("Prüfen") == 1

    exact.rename(exact.row(order)["Supplier"], "Muster Handel GmbH")
    exact.change(order, Description="Eilt")
    world.work()
    assert project.name.endswith("Muster Handel GmbH")
    assert "Eilt" in task.notes
    assert len(asana.known.get("portfolio", portfolio).items) == 1


def test_projects_stand_in_the_portfolio_and_their_deliverables_are_milestones(
    exact: Any, asana: Any
) -> None:
    portfolio = asana.add_portfolio("Projekte")
    world = ExactWorld(exact, asana, projects_as="portfolio", portfolio=portfolio, with_activities=True)
    world.map("milestones", "budgeted_cost", "Plankosten", "number", precision=2)
    project = exact.add_project("P100", "Umbau", milestones=[("Rohbau", 1000), ("Abnahme", 500)])
    exact.add_activity(project, "Planung", BudgetedCost="250.00")
    world.work(minutes=5)

    [place] = asana.known.get("portfolio", portfolio).items
    assert asana.known.get("project", place).name == "P100 - Umbau"
    found = {task.name: task for task in world.tasks(place)}
    assert {name: task.resource_subtype for name, task in found.items()} == {
        "Rohbau": "milestone",
        "Abnahme": "milestone",
        "Planung": "default_task",
    }
    assert world.value(found["Planung"].gid, "Plankosten") == Decimal("250.00")

    exact.rename(project, "Umbau und Ausbau")
    [deliverable] = exact.rows("project/WBSDeliverables", Description="Rohbau")
    exact.change(deliverable["ID"], Completed=True)
    exact.add_deliverable(project, "Nacharbeiten")
    world.work(minutes=5)
    assert asana.known.get("project", place).name == "P100 - Umbau und Ausbau"
    assert found["Rohbau"].is_completed and not found["Abnahme"].is_completed
    assert len(world.tasks(place)) == 4
    assert len(asana.known.get("portfolio", portfolio).items) == 1
