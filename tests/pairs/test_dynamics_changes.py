"""How changes in Dynamics are learned: expired marks, webhooks twice or never, copies, crashes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections as databases

from bookings.models import Debtor, Document
from connections.messages import Message
from connections.models import AuditEntry
from mlconnector.sandbox.dynamics import DynamicsSimulator
from pairs import actions, records, work
from pairs.base import Change
from pairs.models import Cursor, Delivery, Integration, Record, RecordState, Webhook
from tests.bookings.formats.einvoices import cii, pdf_with
from tests.mounting import mounted, post_to_product
from tests.pairs.dynamics_world import DynamicsWorld, map_fields
from tests.pairs.stories import Crashes, survive


@pytest.fixture
def dynamics() -> Iterator[DynamicsSimulator]:
    simulator = DynamicsSimulator(post=post_to_product())
    with mounted(simulator, *simulator.mounts):
        yield simulator


@pytest.fixture
def world(db: None, dynamics: DynamicsSimulator, datev: Any) -> DynamicsWorld:
    return DynamicsWorld(dynamics, datev)


def times_booked(world: DynamicsWorld) -> Counter[str]:
    return Counter(row[0] for row in world.booked())


# --- change tracking ---------------------------------------------------------------------------------------


def test_after_an_expired_mark_everything_is_read_again_and_nothing_is_booked_twice(
    world: DynamicsWorld,
) -> None:
    kept, changed, deleted = (world.billed(number=f"AR-{number}") for number in (1, 2, 3))
    world.work()
    world.pass_time(timedelta(hours=5))
    world.dynamics.expire_delta_tokens()
    world.dynamics.add_line(world.id_of(changed), text="Mehr", price="1.00", rate=7)
    world.dynamics.delete(world.id_of(deleted))
    late = world.billed(number="AR-4", dated=date(2026, 4, 1))
    world.work()

    assert times_booked(world) == {"AR-1": 1, "AR-2": 1, "AR-3": 1, "AR-4": 1}
    states = {ref: world.record(ref).state for ref in (kept, changed, deleted, late)}
    assert states == {
        kept: RecordState.DONE,
        changed: RecordState.CHANGED,
        deleted: RecordState.CHANGED,
        late: RecordState.DONE,
    }
    announced = AuditEntry.objects.filter(action="flow.read_again")
    assert {entry.subject for entry in announced} == {f"integration:{world.integration.pk}"}
    assert announced.count() == 2  # One for each flow.


def test_a_reading_ends_where_it_was_interrupted_and_forgets_no_page(
    world: DynamicsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connections.vendors.dynamics.changes.ROWS_ON_A_PAGE", 3)
    refs = [world.billed(number=f"AR-{number}") for number in range(1, 9)]
    world.dynamics.faults.add("invoices.list", status=503, times=1)
    world.work()
    assert {world.record(ref).state for ref in refs} == {RecordState.DONE}
    assert set(times_booked(world).values()) == {1}


def test_an_old_reading_that_comes_late_changes_nothing(world: DynamicsWorld) -> None:
    ref = world.billed(number="AR-1")
    world.work()
    record = world.record(ref)
    moment, _, _ = record.handled_version.partition("|")
    stale = f"2020-01-01T00:00:00+00:00|{'0' * 16}"
    assert records.wake(world.integration, "invoices", [Change(ref, stale)]) == []
    assert records.wake(world.integration, "invoices", [Change(ref, f"{moment}|{'0' * 16}")]) == [record.pk]


# --- webhooks ----------------------------------------------------------------------------------------------


def test_webhooks_twice_out_of_order_or_lost_book_each_invoice_once(
    world: DynamicsWorld, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://hub.example"
    work.webhooks()
    assert set(Webhook.objects.values_list("resource_ref", flat=True)) == {"invoice", "account", "contact"}
    first = world.invoice(number="AR-1")
    world.dynamics.bill(first)
    world.dynamics.deliveries.waiting.reverse()
    world.dynamics.deliver()
    Delivery.objects.filter(pk__gt=0).update(worked_at=None)
    world.work(poll=False)
    Delivery.objects.update(worked_at=None)
    lost = world.invoice(number="AR-2")
    world.dynamics.bill(lost)
    world.dynamics.deliveries.waiting.clear()
    world.work()

    assert times_booked(world) == {"AR-1": 1, "AR-2": 1}
    assert {world.record(world.ref(one)).state for one in (first, lost)} == {RecordState.DONE}
    assert Delivery.objects.filter(woken__gt=0).exists()


# --- copies ------------------------------------------------------------------------------------------------


def test_a_copied_environment_has_customers_and_invoices_of_its_own(world: DynamicsWorld) -> None:
    ref = world.billed(number="AR-1")
    world.work()
    copy = world.dynamics.copy_organization("https://kopie.crm4.dynamics.example")
    with mounted(copy, *copy.mounts):
        # The connection is led to the copy: nothing is read until a person has decided.
        world.source.settings["environment_url"] = copy.base_url
        world.source.save()
        world.pass_time(timedelta(hours=2))
        world.work()
        told = [Message.from_json(one.error).pattern for one in Cursor.objects.exclude(error=None)]
        assert len(told) == 2 and all("another organisation" in one for one in told)
        assert times_booked(world) == {"AR-1": 1} and Record.objects.filter(flow="invoices").count() == 1

        other = Integration.objects.get(pk=world.integration.pk)
        other.pk, other.name = None, "Kopie"
        other.save()
        map_fields(other)
        Integration.objects.filter(pk=world.integration.pk).update(is_on=False)
        world.work()

    refs = set(Record.objects.filter(flow="invoices").values_list("source_ref", flat=True))
    assert len(refs) == 2 and {world.id_of(one) for one in refs} == {world.id_of(ref)}
    assert sorted(Debtor.objects.values_list("number", flat=True)) == ["20000", "20001"]
    assert Document.objects.values("guid").distinct().count() == 2


# --- several workers, and workers that die -----------------------------------------------------------------


def test_killed_at_any_moment_it_goes_on_where_it_stood(
    world: DynamicsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashes = Crashes(monkeypatch)
    moments = [
        ("after POST", 3),
        ("before PUT", 1),
        ("after PUT", 1),
        ("after start", 1),
        ("after page stored", 2),
        ("after record stored", 1),
        ("after batch sent", 1),
        ("before batch settled", 2),
    ]
    for number, moment in enumerate(moments, start=1):
        ref = world.billed(number=f"AR-{number}")
        crashes.arm([moment])
        while not survive(world, lambda: world.work(minutes=8)):
            pass
        assert world.record(ref).state == RecordState.DONE, (moment, world.record(ref).reason)
    assert set(times_booked(world).values()) == {1} and len(times_booked(world)) == len(moments)
    assert Document.objects.count() == len(world.datev.state()["documents"]) == len(moments)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_book_each_invoice_once_and_give_each_customer_one_number(
    dynamics: DynamicsSimulator, datev: Any
) -> None:
    if databases["default"].vendor == "sqlite":
        pytest.skip("The in-memory SQLite of the tests has one connection; PostgreSQL runs this.")
    world = DynamicsWorld(dynamics, datev)
    customers = [dynamics.add_account(f"Kunde {number}", address1_country="DE") for number in range(3)]
    refs = [world.billed(customer=customers[number % 3], number=f"AR-{number}") for number in range(9)]

    def worker() -> None:
        for _ in range(20):
            work.everything()
        databases["default"].close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.work()

    assert {world.record(ref).state for ref in refs} == {RecordState.DONE}
    assert set(times_booked(world).values()) == {1} and len(times_booked(world)) == 9
    assert sorted(Debtor.objects.values_list("number", flat=True)) == ["20000", "20001", "20002"]


# --- e-invoices --------------------------------------------------------------------------------------------


def with_e_invoice(world: DynamicsWorld, number: str, content: bytes, filename: str) -> str:
    invoice = world.invoice(number=number, attach=False, dated=date(2026, 7, 14), due_on=date(2026, 8, 13))
    world.dynamics.add_note(invoice, "Rechnung", filename=filename, content=content)
    world.dynamics.bill(invoice)
    return world.ref(invoice)


def test_an_e_invoice_is_compared_and_sent_as_it_is(world: DynamicsWorld) -> None:
    world.integration.settings |= {"compare_einvoice": "park"}
    world.integration.save()
    good = with_e_invoice(world, "RE-1", pdf_with(cii()), "RE-1.pdf")
    other = with_e_invoice(world, "RE-2", cii(), "RE-2.xml")
    world.work()

    assert world.record(good).state == RecordState.DONE, world.record(good).faults
    assert world.record(other).state == RecordState.REFUSED
    assert [fault["value"] for fault in world.record(other).faults] == ["BT-1 RE-1"]
    assert times_booked(world) == {"RE-1": 1}

    # Shown is not stopped: by the other rule it is booked, and the timeline tells the difference.
    world.integration.settings |= {"compare_einvoice": "show"}
    world.integration.save()
    actions.replay([world.record(other)], by="anna")
    world.work()
    assert world.record(other).state == RecordState.DONE
    assert AuditEntry.objects.filter(action="einvoice.differs", subject=world.record(other).subject).exists()


def test_what_dynamics_does_not_know_comes_from_the_e_invoice(world: DynamicsWorld) -> None:
    world.map("document_date", "einvoice:BT-2", kind="date")
    ref = with_e_invoice(world, "RE-1", pdf_with(cii()), "RE-1.pdf")
    world.work()
    assert world.record(ref).state == RecordState.DONE, world.record(ref).faults
    assert world.datev.bookings()[0]["date"] == "2026-07-14"
