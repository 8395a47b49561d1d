"""Lists of Exact Online as options of choice fields: never two for a code, and said what does not fit."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from connections import clock, limits
from connections.messages import Message
from connections.models import Connection
from connections.vendors.asana import definitions
from pairs import actions, standard_fields, work
from pairs.definitions.exact_asana.options import MISSING
from pairs.models import Cursor, FieldMapping, Integration, Record, RecordState
from tests.pairs.exact_world import ExactWorld

pytestmark = pytest.mark.django_db
LIST = "exact:499156:options:gl_account"


@pytest.fixture
def world(exact: Any, asana: Any, monkeypatch: pytest.MonkeyPatch) -> ExactWorld:
    made = ExactWorld(exact, asana)
    monkeypatch.setattr(limits, "time", SimpleNamespace(sleep=made.sleep))
    return made


def options(world: ExactWorld, name: str = "Sachkonto") -> dict[str, bool]:
    """Name -> whether it is switched on. Two of one name would be an error of ours."""
    field = world.asana.known.get("custom_field", world.fields[name])
    found = field.options
    assert max(Counter(option.name.split(" ")[0] for option in found).values(), default=0) <= 1
    return {option.name: option.is_enabled for option in found}


def test_600_accounts_are_kept_in_a_field_that_takes_500_and_what_does_not_fit_is_said(
    world: ExactWorld,
) -> None:
    exact = world.exact
    codes = [f"{4000 + number}" for number in range(600)]
    ids = {code: exact.add_gl_account(code, f"Konto {code}") for code in codes}
    # Most of them were entered by people before: with a name, or with the code alone.
    world.map(
        "dimensions",
        "gl_account",
        "Sachkonto",
        "enum",
        options=[f"{code} - Konto {code}" for code in codes[:440]],
    )
    for code in codes[440:450]:
        world.asana.add_option(world.fields["Sachkonto"], code)
    world.map("purchase_orders", "gl_account", "Sachkonto")
    world.integration.settings["only_accounts"] = "4000-4599"
    world.integration.save()
    without = exact.add_item("A", "Artikel A", GLCosts=ids["4599"], IsPurchaseItem=True)
    order = world.order({"Item": without, "QuantityInPurchaseUnits": 1, "UnitPrice": "10.00"})
    world.work(minutes=6)

    found = options(world)
    assert len(found) == 500 and "4449 - Konto 4449" in found and "4499 - Konto 4499" in found
    kept = world.record(LIST)
    assert kept.state == RecordState.CONFIG
    assert kept.reason["values"]["count"] == "100"
    [fault] = kept.faults
    assert "4500" in fault["value"] and "4599" in fault["value"]
    # The task is made without the value, and says so.
    assert world.record(world.ref(order)).state == RecordState.DONE
    assert world.record(world.ref(order)).code == MISSING
    assert "4599 - Konto 4599" in str(Message.from_json(world.record(world.ref(order)).reason))
    [task] = world.tasks()
    assert "4599 - Konto 4599" in world.subtasks(task.gid)[0].notes

    # Renamed, blocked and deleted in Exact Online.
    exact.rename(ids["4000"], "Bürobedarf")
    exact.block(ids["4001"])
    exact.delete(ids["4002"])
    world.work(minutes=4)
    found = options(world)
    assert len(found) == 500
    assert found["4000 - Bürobedarf"] and not found["4001 - Konto 4001"] and not found["4002 - Konto 4002"]
    assert "4000 - Konto 4000" not in found

    exact.block(ids["4001"], is_blocked=False)
    world.work(minutes=4)
    assert options(world)["4001 - Konto 4001"]


def test_a_value_follows_when_its_option_comes_and_a_persons_name_for_it_stays(world: ExactWorld) -> None:
    exact = world.exact
    world.map_dimensions("purchase_orders")
    exact.add_cost_center("100", "Verwaltung")
    world.work()
    gid = world.asana.option(world.fields["Kostenstelle"], "100 - Verwaltung")
    world.asana.known.by_gid[gid].name = "Verwaltung (100)"

    exact.add_cost_center("200", "Vertrieb")
    lines = [
        {"QuantityInPurchaseUnits": 1, "UnitPrice": "1.00", "CostCenter": code, "Description": code}
        for code in ("100", "200")
    ]
    order = world.order(*lines)
    # The list is read each hour; the order comes sooner.
    Cursor.objects.filter(flow="purchase_orders").update(due_at=clock.now())
    world.work(poll=False)
    assert world.record(world.ref(order)).code == MISSING
    world.work(minutes=4)
    [task] = world.tasks()
    shown = [world.value(line.gid, "Kostenstelle") for line in world.subtasks(task.gid)]
    assert shown == ["Verwaltung (100)", "200 - Vertrieb"]
    assert world.record(world.ref(order)).code == ""

    # An account that is blocked later is no reason to take it from the tasks that have it.
    exact.block(exact.rows("hrm/Costcenters", Code="200")[0]["ID"])
    exact.change(order, Description="Eilt")
    world.work(minutes=4)
    assert not options(world, "Kostenstelle")["200 - Vertrieb"]
    assert world.value(world.subtasks(task.gid)[1].gid, "Kostenstelle") == "200 - Vertrieb"
    assert "Eilt" in task.notes and world.record(world.ref(order)).code == ""


def test_an_option_stands_for_the_longest_code_that_it_begins_with(world: ExactWorld) -> None:
    names = ["KST 1 - Nord", "100", "100 Alt"]
    world.map("dimensions", "cost_center", "Kostenstelle", "enum", options=names)
    for code, name in (("KST", "Alle"), ("KST 1", "Nord"), ("100", "Verwaltung")):
        world.exact.add_cost_center(code, name)
    world.work()
    field = world.asana.known.get("custom_field", world.fields["Kostenstelle"])
    found = [option.name for option in field.options]
    assert found == ["KST 1 - Nord", "100 - Verwaltung", "100 Alt", "KST - Alle"]


def test_two_workers_and_two_integrations_make_one_option_for_a_code(
    world: ExactWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        world.exact.add_gl_account(f"49{number}0", f"Konto {number}")
    world.map("dimensions", "gl_account", "Sachkonto", "enum")
    second = Integration.objects.create(
        name="Zweite",
        pair="exact_asana",
        source=Connection.objects.get(pk=world.source.pk),
        target=world.target,
        is_on=True,
        settings=world.integration.settings,
    )
    FieldMapping.objects.create(
        integration=second,
        flow="dimensions",
        way=FieldMapping.Way.BACK,
        target_field="gl_account",
        source_field=world.fields["Sachkonto"],
    )
    add, entered = definitions.add_option, []

    def meanwhile(*args: Any) -> Any:
        """The other worker is at it before and after the call of the first one."""
        if len(entered) < 3:
            entered.append(args)
            work.due_records()
            made = add(*args)
            actions.replay(Record.objects.exclude(state=RecordState.RUNNING), by="anna")
            work.due_records()
            return made
        return add(*args)

    monkeypatch.setattr(definitions, "add_option", meanwhile)
    world.work(minutes=6)
    assert entered and len(options(world)) == 5
    states = Record.objects.filter(source_ref=LIST).values_list("state", flat=True)
    assert list(states) == [RecordState.DONE, RecordState.DONE]


def test_suppliers_can_be_chosen_from_and_a_field_that_is_no_choice_is_said(world: ExactWorld) -> None:
    exact = world.exact
    world.map("dimensions", "supplier", "Lieferant", "enum")
    world.map("purchase_orders", "supplier", "Lieferant")
    world.map("dimensions", "cost_center", "Kostenstelle", "text")
    supplier = exact.add_supplier("Muster Papier GmbH")
    exact.add_customer("Beispiel AG")
    world.order(supplier=supplier)
    world.work()
    [task] = world.tasks()
    assert world.value(task.gid, "Lieferant").endswith(" - Muster Papier GmbH")
    assert len(options(world, "Lieferant")) == 1
    assert world.record("exact:499156:options:cost_center").state == RecordState.CONFIG


def test_the_usual_fields_are_made_and_an_order_fills_them(world: ExactWorld) -> None:
    made = standard_fields.create(world.integration, by="anna")
    assert made.faults == []
    named = {field.name: field.gid for field in world.asana.known.all("custom_field")}
    world.fields |= named
    bought = world.exact.add_gl_account("4930", "Bürobedarf")
    item = world.exact.add_item("PAPIER", "Papier", GLCosts=bought, IsPurchaseItem=True)
    order = world.order({"Item": item, "QuantityInPurchaseUnits": 3, "UnitPrice": "2.00"})
    world.work(minutes=4)

    [task] = world.tasks()
    [line] = world.subtasks(task.gid)
    shown = {name: world.value(task.gid, name) for name in ("Sachkonto", "Belegstatus", "Lieferant")}
    assert shown == {
        "Sachkonto": "4930 - Bürobedarf",
        "Belegstatus": "offen",
        "Lieferant": "Muster Lieferant GmbH",
    }
    assert (world.value(line.gid, "Menge"), world.value(line.gid, "Nettobetrag")) == (3, 6)
    assert world.value(task.gid, standard_fields.name("source_id", "de")).endswith(f"(499156, {order})")
