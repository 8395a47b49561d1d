"""How changes in Exact Online are learned of: webhooks that name a key, feeds as the guarantee, few calls."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from connections import clock, limits
from connections.messages import Message
from connections.models import CallLog
from pairs import actions, hooks, work
from pairs.models import Cursor, Delivery, Record, RecordState, Verdict, Webhook
from tests.factories import exact_connection
from tests.pairs.exact_world import ExactWorld

pytestmark = pytest.mark.django_db
LINES = "purchaseorder/PurchaseOrderLines"


@pytest.fixture
def world(exact: Any, asana: Any, monkeypatch: pytest.MonkeyPatch) -> ExactWorld:
    made = ExactWorld(exact, asana)
    monkeypatch.setattr(limits, "time", SimpleNamespace(sleep=made.sleep))
    return made


@pytest.fixture
def hooked(world: ExactWorld, settings: Any) -> ExactWorld:
    """Orders, invoices and accounts are subscribed to, and nothing is polled for hours."""
    settings.PUBLIC_URL = "https://hub.example"
    world.map("dimensions", "gl_account", "Sachkonto", "enum")
    hooks.plan()
    world.work()
    topics = {one.topic for one in world.exact.subscriptions()}
    assert topics == {"PurchaseOrders", "SalesInvoices", "GLAccounts"}
    return world


def told(world: ExactWorld) -> None:
    """Deliveries arrive and are worked off; no poll comes in between."""
    Cursor.objects.update(due_at=None)
    world.exact.deliver()
    world.work(poll=False, minutes=1)


def post(topic: str, body: bytes) -> int:
    address = urlsplit(hooks.address(Webhook.objects.get(resource_ref=topic))).path
    return Client().post(address, body, content_type="application/json").status_code


def test_deliveries_make_change_and_end_tasks_whatever_they_name(hooked: ExactWorld) -> None:
    world, exact = hooked, hooked.exact
    order = world.order()
    invoice = world.invoice()
    told(world)
    assert {task.name.split()[0] for task in world.tasks()} == {"PO", "INV"}

    # A line that we know, one that we do not, and one that is gone before anybody looks.
    known, number = exact.lines(order)[0], exact.row(order)["OrderNumber"]
    exact.change(known, Description="Anders")
    exact.deliver()
    Delivery.objects.update(worked_at=clock.now())
    assert post("PurchaseOrders", exact.notification("PurchaseOrders", known, path=LINES)) == 200
    told(world)
    task = next(task for task in world.tasks() if str(number) in task.name)
    assert [line.name for line in world.subtasks(task.gid)] == ["Anders"]

    new = exact.add_line(order, QuantityInPurchaseUnits=1, UnitPrice="3.00", Description="Neu")
    exact.deliver()
    Delivery.objects.update(worked_at=clock.now())
    assert post("PurchaseOrders", exact.notification("PurchaseOrders", new, path=LINES)) == 200
    told(world)
    assert [line.name for line in world.subtasks(task.gid)] == ["Anders", "Neu"]

    gone = exact.add_line(order, QuantityInPurchaseUnits=1, UnitPrice="9.00", Description="Irrtum")
    exact.delete(gone)
    exact.deliver()
    Delivery.objects.update(worked_at=clock.now())
    assert post("PurchaseOrders", exact.notification("PurchaseOrders", gone, "Delete", path=LINES)) == 200
    told(world)
    assert Cursor.objects.get(flow="purchase_orders").due_at is not None
    assert len(world.subtasks(task.gid)) == 2

    exact.delete(order)
    told(world)
    assert world.asana.task(task.gid).is_completed
    assert world.record(world.ref(order)).is_deleted_at_source
    exact.add_gl_account("4930", "Bürobedarf")
    told(world)
    assert world.asana.option(world.fields["Sachkonto"], "4930 - Bürobedarf")
    assert world.record(world.ref(invoice, "sales_invoices")).state == RecordState.DONE
    assert len(world.tasks()) == 2


def test_forged_unsigned_and_foreign_deliveries_make_nothing(hooked: ExactWorld) -> None:
    world, exact = hooked, hooked.exact
    Cursor.objects.update(due_at=None)
    order = world.order()
    Delivery.objects.all().delete()
    genuine = exact.notification("PurchaseOrders", order)
    assert post("PurchaseOrders", exact.notification("PurchaseOrders", order, secret="another")) == 401
    assert post("PurchaseOrders", genuine.partition(b',"HashCode"')[0] + b"}") == 401
    assert post("PurchaseOrders", b"") == 401, "long after the registration nobody validates"
    assert post("PurchaseOrders", exact.notification("PurchaseOrders", order, Division=499157)) == 200
    deleted = exact.notification("PurchaseOrders", "c00ee12c-0000-4000-8000-000000000001", "Delete")
    assert post("PurchaseOrders", deleted) == 200
    world.work(poll=False, minutes=1)
    assert not Record.objects.filter(flow="purchase_orders").exists() and not world.tasks()
    assert set(Delivery.objects.values_list("verdict", flat=True)) == {Verdict.GENUINE, Verdict.REFUSED}

    # The poll finds what no delivery told.
    world.work()
    assert len(world.tasks()) == 1


def test_many_orders_at_sixty_calls_a_minute_take_few_calls_and_hold_up_nobody_else(
    exact: Any, asana: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact.options.calls_per_minute = 60
    world = ExactWorld(
        exact, asana, connection={"calls_per_minute": 60}, lines_as="table", begin_on="2025-01-01"
    )
    monkeypatch.setattr(limits, "time", SimpleNamespace(sleep=world.sleep))
    other = exact_connection(exact, "Zweite", exact.clerk, division="499157")
    for _ in range(41):
        world.order()
    exact.calls.clear()
    world.work(minutes=4)

    assert len(world.tasks()) == 41
    assert not CallLog.objects.filter(status=429).exists()
    assert max(world.slept, default=0) <= 2
    # Two calls read twenty documents, beside the feeds and the items of the lines.
    assert len([call for call in exact.calls if "PurchaseOrder" in call.path]) <= 12
    limits.acquire(other)

    # Nothing has changed: feeds and deletions, and no more.
    exact.calls.clear()
    Cursor.objects.update(due_at=clock.now())
    work.everything()
    assert len(exact.calls) <= 5


def test_a_company_that_moved_to_another_database_loses_and_doubles_nothing(world: ExactWorld) -> None:
    exact = world.exact
    orders = [world.order() for _ in range(3)]
    world.work()
    assert len(world.tasks()) == 3

    exact.delete(orders[0])
    # The log of deletions says nothing of it any more: what is known is compared with what is there.
    exact.known.deletions.clear()
    exact.move_division()
    # A move is looked for every six hours. All marks have ended with it, those of the deletions as well.
    world.pass_time(timedelta(hours=7))
    changed = orders[1]
    exact.change(changed, Description="Nach dem Umzug")
    world.work(minutes=4)
    ends = {order: world.record(world.ref(order)) for order in orders}
    gids = {order: record.target_url.rpartition("/")[2] for order, record in ends.items()}
    assert [world.asana.task(gids[order]).is_completed for order in orders] == [True, False, False]
    assert "Nach dem Umzug" in world.asana.task(gids[changed]).notes
    assert len(world.tasks()) == 3

    # Another company is chosen: nothing of the first one is mistaken for its own.
    world.source.settings["division"] = "499157"
    world.source.save()
    actions.replay([world.record(world.ref(changed))], by="anna")
    world.work(minutes=4)
    assert world.record(world.ref(changed)).state == RecordState.CONFIG
    assert "499156" in str(Message.from_json(world.record(world.ref(changed)).reason))
    assert not world.asana.task(gids[changed]).is_completed
