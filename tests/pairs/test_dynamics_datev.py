"""The whole way of an invoice from Dynamics into DATEV: document, debtor, booking, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from bookings.models import Batch, BatchKind, Debtor, Document, DocumentState
from connections.messages import Message
from connections.models import CallLog
from mlconnector.sandbox.dynamics import DynamicsSimulator
from pairs import actions, checks
from pairs.models import FieldMapping, Integration, Record, RecordState
from tests.mounting import mounted, post_to_product
from tests.pairs.dynamics_world import STATUS, SUPPLY, VAT_ID, DynamicsWorld


@pytest.fixture
def dynamics() -> Iterator[DynamicsSimulator]:
    simulator = DynamicsSimulator(post=post_to_product())
    with mounted(simulator, *simulator.mounts):
        yield simulator


@pytest.fixture
def world(db: None, dynamics: DynamicsSimulator, datev: Any) -> DynamicsWorld:
    return DynamicsWorld(dynamics, datev)


def reason(record: Record) -> str:
    return Message.from_json(record.reason).pattern


def faults(record: Record) -> list[str]:
    return [fault["field"] for fault in record.faults]


def line(price: str, rate: int = 19, **more: Any) -> dict[str, Any]:
    return {"text": "Position", "price": price, "rate": rate} | more


# --- the way ------------------------------------------------------------------------------------------


def test_a_final_invoice_becomes_a_document_a_debtor_and_one_row_for_each_tax_case(
    world: DynamicsWorld,
) -> None:
    ref = world.billed(
        line("1000.00"), line("50.00", 7), line("200.00"), number="AR-1", due_on=date(2026, 4, 13)
    )

    world.work()

    assert world.record(ref).state == RecordState.DONE
    assert world.booked() == [
        ("AR-1", "20000", "8300", "53.50", "S"),
        ("AR-1", "20000", "8400", "1428.00", "S"),
    ]
    [document] = Document.objects.all()
    assert document.state == DocumentState.UPLOADED and document.document_type == "Rechnungsausgang"
    assert {guid for row in world.datev.bookings() for guid in row["document_guids"]} == {str(document.guid)}
    debtor = Debtor.objects.get()
    assert (debtor.number, debtor.name, debtor.details["city"]) == ("20000", "Beispiel AG", "Köln")
    # The debtor was sent before the booking that uses it.
    sent = Batch.objects.order_by("sent_at").values_list("kind", flat=True)
    assert list(sent) == [BatchKind.DEBTORS, BatchKind.BOOKINGS]
    assert world.record(world.ref(world.customer, "account")).state == RecordState.DONE


def test_a_draft_sleeps_until_it_is_final_and_old_invoices_are_left_alone(world: DynamicsWorld) -> None:
    draft = world.invoice()
    old = world.billed(dated=date(2024, 12, 30))
    world.work()
    assert world.record(world.ref(draft)).state == RecordState.DORMANT
    assert world.record(old).state == RecordState.DORMANT
    assert "before" in reason(world.record(old))
    assert not Debtor.objects.exists() and not world.datev.bookings()

    world.dynamics.bill(draft)
    world.work()
    assert world.record(world.ref(draft)).state == RecordState.DONE
    assert len(world.booked()) == 1


def test_invoices_of_one_customer_and_month_travel_together(world: DynamicsWorld) -> None:
    world.integration.settings |= {"close_count": 100, "close_minutes": 60}
    world.integration.save()
    refs = [world.billed(number=f"AR-{number}") for number in range(1, 4)]
    other = world.billed(number="AR-9", dated=date(2026, 4, 1))

    world.work(minutes=5)
    assert {world.record(ref).state for ref in refs} == {RecordState.SENT}
    assert reason(world.record(refs[0])).startswith("The booking is on its way")
    world.wait(minutes=70)

    assert {world.record(ref).state for ref in (*refs, other)} == {RecordState.DONE}
    months = Batch.objects.filter(kind=BatchKind.BOOKINGS).order_by("month").values_list("month", "rows")
    assert list(months) == [(date(2026, 3, 1), 3), (date(2026, 4, 1), 1)]


def test_an_invoice_in_francs_keeps_its_rate_and_both_amounts(world: DynamicsWorld) -> None:
    world.dynamics.add_currency("CHF", "0.95")
    swiss = world.dynamics.add_account(
        "Muster Handels AG", address1_country="Schweiz", new_vatid="CHE123456789"
    )
    ref = world.billed(line("190.00", 0, **{SUPPLY: "Ware"}), customer=swiss, currency="CHF", number="AR-1")

    world.work()

    assert world.record(ref).state == RecordState.DONE, world.record(ref).faults
    [row] = world.datev.bookings()
    assert (row["amount"], row["currency"], row["rate"], row["base_amount"]) == (
        "190.00",
        "CHF",
        "0.950000",
        "200.00",
    )
    assert row["contra_account"] == "8120"


def test_a_contact_is_a_consumer_and_a_debtor_of_its_own(world: DynamicsWorld) -> None:
    person = world.dynamics.add_contact("Musterfrau", "Erika", address1_country="Deutschland")
    ref = world.billed(customer=person)
    world.work()
    assert world.record(ref).state == RecordState.DONE
    debtor = Debtor.objects.get()
    assert debtor.details["is_person"] and debtor.name == "Erika Musterfrau"
    assert ":contact:" in debtor.customer_ref


def test_a_credit_by_negative_lines_is_booked_on_the_other_side(world: DynamicsWorld) -> None:
    world.billed(line("100.00", quantity=-1), number="GS-1")
    world.work()
    assert world.booked() == [("GS-1", "20000", "8400", "119.00", "H")]


def test_an_invoice_that_comes_to_nothing_is_filed_and_not_booked(world: DynamicsWorld) -> None:
    refs = [world.billed(line("0.00")), world.billed(line("100.00"), line("100.00", quantity=-1))]
    world.billed(line("100.00"), line("0.00"), number="AR-3")
    world.work()
    for ref in refs:
        assert world.record(ref).state == RecordState.DONE
        assert "comes to nothing" in reason(world.record(ref))
    assert {document.state for document in Document.objects.all()} == {DocumentState.UPLOADED}
    assert [row[3] for row in world.booked()] == ["119.00"]


# --- what speaks against it ---------------------------------------------------------------------------


def test_all_faults_are_listed_at_once_and_a_corrected_customer_lets_the_invoice_go_on(
    world: DynamicsWorld,
) -> None:
    abroad = world.dynamics.add_account("Beispiel Handels GmbH", address1_country="Austria")
    ref = world.billed(
        line("100.00", 0, **{SUPPLY: "Ware"}), customer=abroad, attach=False, freight="9.00", number="AR-1"
    )
    world.work()
    record = world.record(ref)
    assert record.state == RecordState.REFUSED
    assert "VAT id of the customer (USt-IdNr.)" in faults(record) and "Attachment" in faults(record)
    assert not Debtor.objects.exists() and not world.datev.state()["documents"]

    world.attach(world.id_of(ref))
    world.dynamics.change(world.id_of(ref), freightamount=None)
    world.dynamics.change(abroad, **{VAT_ID: "ATU52409200"})
    world.work()

    assert world.record(ref).state == RecordState.DONE, world.record(ref).faults
    assert world.booked() == [("AR-1", "20000", "8125", "100.00", "S")]
    assert world.datev.bookings()[0]["vat_id"] == "ATU52409200"


def test_a_customer_whose_country_is_not_understood_wakes_the_invoice_when_it_is_corrected(
    world: DynamicsWorld,
) -> None:
    somewhere = world.dynamics.add_account("Muster Ltd", address1_country="Absurdistan")
    ref = world.billed(customer=somewhere)
    world.work()
    assert world.record(ref).state == RecordState.REFUSED
    world.dynamics.change(somewhere, address1_country="DE")
    world.work()
    assert world.record(ref).state == RecordState.DONE


@pytest.mark.parametrize(
    ("rule", "state"),
    [("required", RecordState.REFUSED), ("wait", RecordState.WAITING), ("optional", RecordState.DONE)],
)
def test_an_invoice_without_a_file_goes_by_the_rule(
    world: DynamicsWorld, rule: str, state: RecordState
) -> None:
    world.integration.settings |= {"file_rule": rule}
    world.integration.save()
    ref = world.billed(attach=False)
    world.work()
    assert world.record(ref).state == state
    assert len(world.booked()) == (state == RecordState.DONE)
    if rule != "wait":
        return
    # What is attached later leaves no trace at the invoice, and is found all the same.
    world.attach(world.id_of(ref))
    world.wait(minutes=90)
    assert world.record(ref).state == RecordState.DONE
    late = world.billed(attach=False)
    world.work(minutes=1)
    world.pass_time(timedelta(days=4))
    world.work()
    assert world.record(late).state == RecordState.REFUSED


def test_of_several_files_the_newest_goes_and_a_template_fills_in(world: DynamicsWorld) -> None:
    invoice = world.invoice(attach=False, number="AR-1")
    for name in ("Entwurf.pdf", "Bild.png", "Rechnung.pdf"):
        world.attach(invoice, name)
        world.dynamics.clock.advance(timedelta(seconds=5))
    world.dynamics.bill(invoice)
    world.work()
    assert [document.filename for document in Document.objects.all()] == ["Rechnung.pdf"]

    world.integration.settings |= {"pdf_template": world.dynamics.add_template()}
    world.integration.save()
    ref = world.billed(attach=False, number="AR-2")
    world.work()
    assert world.record(ref).state == RecordState.DONE
    made = Document.objects.get(filename="AR-2.pdf")
    assert made.state == DocumentState.UPLOADED
    assert str(made.guid) in world.datev.bookings()[1]["document_guids"]


def test_a_file_that_datev_has_under_another_id_is_for_a_person_who_may_book_without_it(
    world: DynamicsWorld,
) -> None:
    world.datev.options.duplicate_content = True
    first, again = world.invoice(number="AR-1", attach=False), world.invoice(number="AR-2", attach=False)
    for invoice in (first, again):
        world.dynamics.add_note(invoice, "Rechnung", filename="Rechnung.pdf", content=b"%PDF-1.7 dasselbe")
        world.dynamics.bill(invoice)
        world.work()
    record = world.record(world.ref(again))
    assert record.state == RecordState.REJECTED and record.code == "DCO01253"

    actions.decide(record, "book_without", by="anna")
    world.work()
    assert world.record(world.ref(again)).state == RecordState.DONE
    links = {row["document_field_1"]: row["document_guids"] for row in world.datev.bookings()}
    assert len(links["AR-1"]) == 1 and links["AR-2"] == []


def test_discount_and_freight_are_spread_by_rule_or_the_invoice_is_parked(world: DynamicsWorld) -> None:
    # Dynamics leaves the tax of the lines alone; a plug-in has corrected it here.
    ref = world.billed(
        line("100.00"),
        line("100.00", 7),
        discount="20.00",
        totals={"totaltax": "23.40", "totalamount": "203.40"},
        number="AR-1",
    )
    world.work()
    assert "discount on the whole invoice" in faults(world.record(ref))

    world.integration.settings |= {"discount": "proportional"}
    world.integration.save()
    actions.replay([world.record(ref)], by="anna")
    world.work()

    assert world.record(ref).state == RecordState.DONE, world.record(ref).faults
    assert sorted(row[3] for row in world.booked()) == ["107.10", "96.30"]


# --- debtors ------------------------------------------------------------------------------------------


def test_numbers_come_from_the_mapped_field_and_two_customers_never_share_one(
    world: DynamicsWorld,
) -> None:
    world.map("debtor_number", "account:accountnumber", flow="debtors")
    world.integration.settings |= {"debtor_numbers": "field"}
    world.integration.save()
    twin = world.dynamics.add_account("Zweite AG", "10777", address1_country="DE")
    without = world.dynamics.add_account("Dritte AG", address1_country="DE")
    first = world.billed()
    world.work()
    second, third = world.billed(customer=twin), world.billed(customer=without)
    world.work()

    assert world.record(first).state == RecordState.DONE
    assert Debtor.objects.get().number == "10777"
    assert world.record(second).state == RecordState.REFUSED
    assert faults(world.record(second)) == ["debtor number (Debitorennummer)"]
    assert faults(world.record(third)) == ["debtor number of an account"]


def test_a_changed_customer_is_sent_once_and_keeps_its_number(world: DynamicsWorld) -> None:
    world.billed()
    world.work()
    files = Batch.objects.filter(kind=BatchKind.DEBTORS).count()
    world.dynamics.change(world.customer, name="Beispiel SE", address1_city="Bonn")
    world.dynamics.add_account("Ohne Rechnung GmbH")
    record = world.ref(world.customer, "account")

    world.work(minutes=3)
    assert world.record(record).state == RecordState.WAITING
    world.wait(minutes=70)

    assert world.record(record).state == RecordState.DONE
    assert Batch.objects.filter(kind=BatchKind.DEBTORS).count() == files + 1
    debtor = Debtor.objects.get()
    assert (debtor.number, debtor.name) == ("20000", "Beispiel SE") and debtor.sent_digest == debtor.digest
    assert Record.objects.filter(flow="debtors").count() == 1
    world.dynamics.delete(world.dynamics.add_account("Kurz da GmbH"))
    world.work()
    assert Record.objects.filter(flow="debtors").count() == 1


# --- changed after booking ----------------------------------------------------------------------------


def test_a_canceled_invoice_is_reversed_only_when_a_person_says_so(world: DynamicsWorld) -> None:
    ref = world.billed(number="AR-1")
    world.work()
    world.dynamics.cancel(world.id_of(ref))
    world.work()
    record = world.record(ref)
    assert record.state == RecordState.CHANGED and faults(record) == ["Status"]
    assert len(world.booked()) == 1

    actions.decide(record, "reverse", by="anna")
    world.work()

    assert world.record(ref).state == RecordState.DONE
    assert "was reversed" in reason(world.record(ref))
    assert [row[4] for row in world.booked()] == ["H", "S"]
    # Nothing more is said about it until it is final again.
    actions.replay([world.record(ref)], by="anna")
    world.work()
    assert world.record(ref).state == RecordState.DONE
    world.dynamics.bill(world.id_of(ref))
    world.work()
    assert world.record(ref).state == RecordState.CHANGED
    actions.decide(world.record(ref), "correct", by="anna")
    world.work()
    assert world.record(ref).state == RecordState.DONE
    assert [row[4] for row in world.booked()] == ["H", "S", "S"]


def test_a_changed_line_is_reversed_and_booked_again_when_a_person_says_so(
    world: DynamicsWorld,
) -> None:
    ref = world.billed(line("100.00"), number="AR-1")
    world.work()
    invoice = world.id_of(ref)
    world.dynamics.add_line(invoice, text="Nachtrag", price="10.00", rate=7)
    world.work()
    record = world.record(ref)
    assert record.state == RecordState.CHANGED and faults(record) == ["posting row"]

    actions.decide(record, "correct", by="anna")
    world.work()

    assert world.record(ref).state == RecordState.DONE
    assert sorted((row[2], row[3], row[4]) for row in world.booked()) == [
        ("8300", "10.70", "S"),
        ("8400", "119.00", "H"),
        ("8400", "119.00", "S"),
        ("8400", "119.00", "S"),
    ]
    assert Document.objects.count() == 1


def test_a_paid_invoice_is_no_change_and_a_deleted_one_is_for_a_person(world: DynamicsWorld) -> None:
    paid, gone = world.billed(), world.billed()
    world.work()
    world.dynamics.pay(world.id_of(paid))
    world.dynamics.delete(world.id_of(gone))
    world.work()
    assert world.record(paid).state == RecordState.DONE
    assert world.record(gone).state == RecordState.CHANGED
    actions.decide(world.record(gone), "keep", by="anna")
    world.work()
    assert world.record(gone).state == RecordState.DONE


def test_an_invoice_that_changes_before_its_batch_is_closed_is_booked_as_it_is_then(
    world: DynamicsWorld,
) -> None:
    world.integration.settings |= {"close_count": 100, "close_minutes": 60}
    world.integration.save()
    changed, canceled = world.billed(number="AR-1"), world.billed(number="AR-2")
    world.work(minutes=3)
    world.dynamics.add_line(world.id_of(changed), text="Nachtrag", price="10.00", rate=19)
    world.dynamics.cancel(world.id_of(canceled))
    world.wait(minutes=80)
    assert world.record(changed).state == RecordState.DONE
    assert world.record(canceled).state == RecordState.DORMANT
    assert world.booked() == [("AR-1", "20000", "8400", "130.90", "S")]


# --- what goes back -----------------------------------------------------------------------------------


def test_nothing_is_written_into_dynamics_unless_it_is_mapped(world: DynamicsWorld) -> None:
    world.billed()
    world.work()
    writes = CallLog.objects.filter(connection=world.source).exclude(method="GET")
    assert {call.url.rpartition("/")[2] for call in writes} <= {"$batch", "token"}


def test_the_state_goes_into_a_mapped_column_and_its_failure_leaves_the_booking_alone(
    world: DynamicsWorld,
) -> None:
    world.map("result", f"invoice:{STATUS}", way="back")
    world.integration.save()
    good = world.billed()
    world.work()
    assert world.dynamics.values(world.id_of(good))[STATUS] == "In DATEV gebucht"
    assert world.record(good).state == RecordState.DONE

    bad = world.billed()
    world.dynamics.set_privilege("prvWriteInvoice")
    world.work()
    assert world.record(bad).state == RecordState.DONE
    assert "could not be written" in reason(world.record(bad))
    assert len(world.booked()) == 2


# --- the configuration --------------------------------------------------------------------------------


def test_every_fault_of_the_configuration_is_told_at_once(world: DynamicsWorld) -> None:
    assert checks.faults_of(world.integration) == []
    world.client.tax_cases.update(is_confirmed=False)
    world.client.debtor_from = world.client.debtor_until = None
    world.client.save()
    world.integration.settings |= {
        "begin_on": "gestern",
        "discount": "own_account",
        "debtor_numbers": "field_or_range",
        "final_status_2": "Billed",
        "file_wait_days": -1,
        "close_times": "mittags",
    }
    asked = [fault.field for fault in checks.faults_of(world.integration)]
    assert asked == [
        "Booked from",
        "Sent at (times of the day)",
        "An invoice is final when its status is",
        "Days to wait for a file",
        "tax case (Steuerfall)",
        "discount on the whole invoice",
        "Debtor numbers come from",
        "Debtor numbers come from",
    ]


def test_one_invoice_is_booked_by_one_integration(world: DynamicsWorld) -> None:
    copy = Integration.objects.get(pk=world.integration.pk)
    copy.pk, copy.name = None, "Noch einmal"
    copy.save()
    for mapping in FieldMapping.objects.filter(integration=world.integration):
        mapping.pk, mapping.integration = None, copy
        mapping.save()
    ref = world.billed()
    world.work()
    states = set(Record.objects.filter(source_ref=ref).values_list("state", flat=True))
    assert states == {RecordState.DONE, RecordState.REFUSED}
    assert len(world.booked()) == 1
