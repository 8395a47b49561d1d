"""Acumatica -> Asana, whole stories: a document becomes one task, is followed there, and comes to its end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections.models import CallLog, Connection
from pairs import checks
from pairs.models import RecordState
from tests.pairs.acumatica_world import AcumaticaWorld


@pytest.fixture
def world(acumatica_world: AcumaticaWorld) -> AcumaticaWorld:
    return acumatica_world


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
    world.settle()
    world.decide(other)
    world.work()
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


def test_where_lines_cant_be_listed_they_are_read_one_by_one_and_the_filters_still_hold(
    world: AcumaticaWorld,
) -> None:
    world.acumatica.options.not_optimised = ["Bill.Details"]
    world.set(lines_as="table")
    bill = world.bill(description="Schrauben")
    world.bill(status="On Hold")
    world.settle()
    assert "1. Schrauben" in world.task(bill).notes
    assert [record.source_ref for record in world.records("bills")] == [bill]


def test_a_document_that_is_not_complete_is_refused_with_all_faults(world: AcumaticaWorld) -> None:
    bill = world.bill(amount=None, vendor="", currency="", lines=[{"Qty": 1}])
    world.settle()
    record = world.record(bill)
    assert record.state == RecordState.REFUSED
    assert {fault["field"] for fault in record.faults} == {"Document amount", "Currency", "Vendor ID"}
    assert world.tasks() == []


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
