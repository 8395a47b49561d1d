"""Debtors: one number per customer for ever; DATEV has them before the first booking that uses them."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections as databases

from bookings import corrections, debtor_batches, debtors, decisions, selectors
from bookings.debtor_details import DebtorDetails
from bookings.debtors import customer_ref, ensure
from bookings.entry import Direction, Entry, Side
from bookings.extf import parser
from bookings.models import (
    Account,
    Batch,
    BatchKind,
    BatchState,
    DatevClient,
    Debtor,
    DebtorUpdate,
    Partner,
)
from bookings.validation import labels
from connections.errors import RejectedError
from tests.bookings.world import DAY, World
from tests.factories import datev_connection

ORG = "4ef5b371-0000-4000-8000-000000000001"
OTHER_ORG = "4ef5b371-0000-4000-8000-000000000002"
MUSTER = DebtorDetails(name="Muster GmbH", street="Musterstraße 1", city="Musterstadt", country="DE")


def read(content: bytes) -> parser.ParsedFile:
    return parser.parse(content, categories=(parser.PARTNERS,))


def customer(key: str, organisation: str = ORG) -> str:
    return customer_ref("dynamics", organisation, "account", key)


@pytest.fixture
def sales(world: World) -> World:
    """The client gives debtor numbers from 10001 to 10005."""
    world.client.debtor_from, world.client.debtor_until = 10001, 10005
    world.client.save()
    return world


def sale(debtor: Debtor, number: str = "AR-1", **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "amount": Decimal("119.00"),
        "side": Side.DEBIT,
        "account": debtor.number,
        "contra_account": "8400",
        "document_date": DAY,
        "document_field_1": number,
        "direction": Direction.OUTGOING,
    }
    return Entry(**values | changes)


def rows_of(batch: Batch) -> list[str]:
    return [row.value(1) for row in read(bytes(batch.content or b"")).rows]


def faults_of(raised: Any) -> list[str]:
    return [fault.field for fault in raised.value.faults]


def test_a_customer_keeps_its_number_and_no_number_is_given_twice(sales: World) -> None:
    first = ensure(sales.client, customer("a"), MUSTER)
    second = ensure(sales.client, customer("b"), MUSTER)
    again = ensure(sales.client, customer("a"), replace(MUSTER, name="Muster & Söhne GmbH"))

    assert (first.number, second.number, again.number) == ("10001", "10002", "10001")
    assert first.pk == again.pk
    assert Partner.objects.get(client=sales.client, number="10001").name == "Muster & Söhne GmbH"
    # What the client's table knows from elsewhere is left out; a hole stays a hole.
    Partner.objects.create(client=sales.client, number="10003", name="Von Hand angelegt")
    Partner.objects.filter(number="10002").delete()
    assert ensure(sales.client, customer("c"), MUSTER).number == "10004"


def test_a_copied_crm_has_customers_of_its_own(sales: World) -> None:
    assert ensure(sales.client, customer("a"), MUSTER).number == "10001"
    assert ensure(sales.client, customer("a", OTHER_ORG), MUSTER).number == "10002"
    with pytest.raises(ValueError, match="named by"):
        customer_ref("dynamics", "", "account", "a")


def test_a_number_that_another_customer_has_is_a_fault_that_names_both(sales: World) -> None:
    ensure(sales.client, customer("a"), MUSTER, number="10500")

    with pytest.raises(RejectedError) as raised:
        ensure(
            sales.client,
            customer("b"),
            replace(MUSTER, name="Beispiel AG", country="Atlantis"),
            number="10500",
        )

    assert faults_of(raised) == [labels.DEBTOR_NUMBER, labels.DEBTOR_COUNTRY]
    told = str(raised.value.faults[0])
    assert "Muster GmbH" in told and "Beispiel AG" in told
    assert customer("a") in told and customer("b") in told
    assert Debtor.objects.count() == 1


def test_a_number_never_changes(sales: World) -> None:
    ensure(sales.client, customer("a"), MUSTER)
    with pytest.raises(RejectedError) as raised:
        ensure(sales.client, customer("a"), MUSTER, number="10500")
    assert faults_of(raised) == [labels.DEBTOR_NUMBER]
    assert ensure(sales.client, customer("a"), MUSTER, number="10001").number == "10001"


@pytest.mark.parametrize("number", ["70001", "100010", "1001", "abc", "010001"])
def test_only_numbers_of_debtors_are_taken(sales: World, number: str) -> None:
    with pytest.raises(RejectedError) as raised:
        ensure(sales.client, customer("a"), MUSTER, number=number)
    assert faults_of(raised) == [labels.DEBTOR_NUMBER]
    assert not Debtor.objects.exists()


def test_without_a_range_or_with_a_used_up_one_nobody_gets_a_number(sales: World) -> None:
    for key in "abcde":
        ensure(sales.client, customer(key), MUSTER)
    with pytest.raises(RejectedError) as raised:
        ensure(sales.client, customer("f"), MUSTER)
    assert faults_of(raised) == [labels.DEBTOR_RANGE]

    DatevClient.objects.update(debtor_from=None, debtor_until=None)
    sales.client.refresh_from_db()
    with pytest.raises(RejectedError) as raised:
        ensure(sales.client, customer("f"), MUSTER)
    assert faults_of(raised) == [labels.DEBTOR_RANGE]
    assert Debtor.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_parallel_workers_give_each_customer_one_number_of_its_own(datev: Any) -> None:
    world = World(datev, datev_connection(datev))
    DatevClient.objects.update(debtor_from=10001, debtor_until=10100)
    world.client.refresh_from_db()
    made: list[tuple[str, str]] = []

    def work(keys: str) -> None:
        try:
            made.extend((key, ensure(world.client, customer(key), MUSTER).number) for key in keys)
        finally:
            databases["default"].close()

    workers = [threading.Thread(target=work, args=(keys,)) for keys in ("abcd", "dcba", "cdab")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(made) == 12
    assert len(set(made)) == len({number for _, number in made}) == Debtor.objects.count() == 4


def test_a_new_debtor_is_in_datev_before_the_first_booking_on_it(sales: World) -> None:
    debtor = ensure(sales.client, customer("a"), MUSTER)
    sales.place("record:1", sale(debtor))

    sales.run()
    outcome = selectors.outcome("record:1", 1)
    assert outcome is not None and outcome.state == "sending"
    assert "10001 Muster GmbH" in str(outcome.message)
    sales.run_to_rest()

    uploads = [upload.filename for upload in sales.datev.store.uploads.values()]
    master = Batch.objects.get(kind=BatchKind.DEBTORS)
    posted = Batch.objects.get(kind=BatchKind.BOOKINGS)
    assert uploads == [master.filename, posted.filename]
    assert (master.state, posted.state) == (BatchState.POSTED, BatchState.POSTED)
    assert rows_of(master) == ["10001"]
    debtor.refresh_from_db()
    assert debtor.sent_at is not None and debtor.sent_digest == debtor.digest


def test_many_new_debtors_travel_in_one_file_and_are_sent_once(sales: World) -> None:
    for number, key in enumerate("abc", start=1):
        debtor = ensure(sales.client, customer(key), MUSTER)
        sales.place(f"record:{number}", sale(debtor, f"AR-{number}"))

    sales.run_to_rest()
    for key in "abc":
        ensure(sales.client, customer(key), MUSTER)
    sales.run_to_rest()

    assert rows_of(Batch.objects.get(kind=BatchKind.DEBTORS)) == ["10001", "10002", "10003"]
    assert len(sales.datev.store.uploads) == 4


def test_changed_details_follow_within_the_hour_and_hold_no_booking_up(sales: World) -> None:
    debtor = ensure(sales.client, customer("a"), MUSTER)
    sales.run_to_rest()
    ensure(sales.client, customer("a"), replace(MUSTER, city="Beispielburg"))
    sales.place("record:1", sale(debtor))

    sales.run()
    assert Batch.objects.filter(kind=BatchKind.DEBTORS).count() == 1
    sales.run_to_rest()

    first, second = Batch.objects.filter(kind=BatchKind.DEBTORS).order_by("pk")
    assert read(bytes(second.content or b"")).rows[0].value(19) == "Beispielburg"
    assert first.sha256 != second.sha256
    debtor.refresh_from_db()
    assert debtor.digest == debtor.sent_digest


def test_details_that_change_back_before_they_are_sent_are_not_sent(sales: World) -> None:
    ensure(sales.client, customer("a"), MUSTER)
    sales.run_to_rest()
    ensure(sales.client, customer("a"), replace(MUSTER, city="Beispielburg"))
    ensure(sales.client, customer("a"), MUSTER)
    sales.run_to_rest()
    assert Batch.objects.filter(kind=BatchKind.DEBTORS).count() == 1


def test_details_that_change_while_their_file_is_on_its_way_are_sent_after_it(sales: World) -> None:
    debtor = ensure(sales.client, customer("a"), MUSTER, collect_for=timedelta(0))
    sales.run()
    ensure(sales.client, customer("a"), replace(MUSTER, city="Beispielburg"))
    sales.run_to_rest()

    debtor.refresh_from_db()
    assert debtor.digest == debtor.sent_digest
    assert DebtorUpdate.objects.filter(debtor=debtor).count() == 2


def test_bookings_wait_for_a_refused_file_until_it_is_sent_again(sales: World) -> None:
    sales.datev.options.next_jobs = ["1008834"]
    debtor = ensure(sales.client, customer("a"), MUSTER)
    sales.place("record:1", sale(debtor))

    sales.run_to_rest(hours=3)
    refused = Batch.objects.get(kind=BatchKind.DEBTORS)
    assert refused.state == BatchState.FAILED
    assert sales.arrived == []
    waiting = selectors.outcome("record:1", 1)
    assert waiting is not None and refused.filename in str(waiting.message)

    successor = decisions.resubmit(refused, "anna")
    sales.run_to_rest()

    assert successor.revision == 2 and successor.filename != refused.filename
    assert sales.batch(pk=successor.pk).state == BatchState.POSTED
    assert sales.arrived == ["AR-1"]
    with pytest.raises(RejectedError):
        decisions.resubmit(refused, "anna")


def test_refused_debtors_are_corrected_in_their_table_and_then_sent_on_request(sales: World) -> None:
    sales.datev.options.next_jobs = ["1008834"]
    debtor = ensure(sales.client, customer("a"), MUSTER)
    sales.place("record:1", sale(debtor))
    sales.run_to_rest(hours=3)
    refused = Batch.objects.get(kind=BatchKind.DEBTORS)

    assert corrections.resubmit(refused, "1", "jira").refusal is corrections.Refusal.NO_CORRECTION
    ensure(sales.client, customer("a"), replace(MUSTER, street="Musterweg 2"))
    assert corrections.resubmit(refused, "2", "jira").is_sent
    sales.run_to_rest()

    assert sales.arrived == ["AR-1"]
    assert selectors.failure(f"batch:{refused.pk}").is_over


def test_a_lost_answer_to_a_file_of_debtors_is_adopted(sales: World) -> None:
    sales.datev.faults.add("extf.import", drop="after")
    debtor = ensure(sales.client, customer("a"), MUSTER)
    sales.place("record:1", sale(debtor))

    sales.run_to_rest()

    assert len(sales.datev.store.uploads) == 2
    assert sales.arrived == ["AR-1"]


def test_what_a_person_saw_in_datev_counts(sales: World) -> None:
    ensure(sales.client, customer("a"), MUSTER, collect_for=timedelta(0))
    sales.run()
    Batch.objects.update(state=BatchState.UNKNOWN, due_at=None)

    decisions.settle(Batch.objects.get(), "arrived", "anna")

    assert Debtor.objects.get().sent_at is not None


def test_a_debtor_that_our_checks_refuse_by_now_is_set_aside_alone(sales: World) -> None:
    """The account length was changed after the numbers had been given."""
    for key in "ab":
        ensure(sales.client, customer(key), MUSTER, collect_for=timedelta(0))
    Debtor.objects.filter(number="10002").update(number="20002000")

    sales.run_to_rest()

    good = Batch.objects.get(kind=BatchKind.DEBTORS, state=BatchState.POSTED)
    aside = Batch.objects.get(kind=BatchKind.DEBTORS, state=BatchState.STOPPED)
    assert rows_of(good) == ["10001"]
    assert aside.set_aside_from == good and aside.rows == 1
    assert [fault["field"] for fault in aside.faults] == [labels.DEBTOR_NUMBER]


def test_no_file_is_made_when_nothing_has_changed(sales: World) -> None:
    Account.objects.create(client=sales.client, number="4711", name="Anderes")
    assert debtor_batches.send_due(sales.datev.clock.now()) == []
    assert debtors.of(sales.client, customer("a")) is None
