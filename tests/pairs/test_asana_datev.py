"""The whole story: an approved Asana task becomes a document and a booking, and the task says so."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from bookings import jobs
from bookings.models import Batch, Document, DocumentState
from connections import audit
from connections.messages import Message
from connections.models import CallLog, Effect
from pairs import actions, records, work
from pairs.base import Change
from pairs.models import FieldMapping, RecordState
from tests.pairs.world import World


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


def faults(record):
    return [f"{fault['field']}: {Message.from_json(fault['rule'])}" for fault in record.faults]


def test_an_approved_task_is_booked_with_its_document_and_the_task_says_so(world):
    gid = world.approved(document_number="RE-2026-0815")

    world.work()

    [booking] = world.datev.bookings()
    assert (booking["amount"], booking["side"]) == ("119.00", "H")
    assert (booking["account"], booking["contra_account"], booking["bu_key"]) == ("70001", "4930", "9")
    assert (booking["document_field_1"], booking["text"]) == ("RE-2026-0815", "Müller & Söhne, Büromaterial")
    assert booking["cost_center_1"] == "100"
    [document] = world.datev.state()["documents"]
    assert booking["document_guids"] == [document["guid"].lower()]
    assert document["document_type"] == "Rechnungseingang"
    assert world.result(gid)[0] == "Gebucht"
    assert world.asana.value(gid, world.fields["job"])
    assert world.record(gid).state == RecordState.DONE
    assert list(audit.broken_links()) == []


def test_nothing_happens_a_second_time(world):
    gid = world.approved()
    world.work()
    writes = CallLog.objects.exclude(method="GET").count()

    for _ in range(3):
        world.work()
    actions.replay([world.record(gid)], by="anna")
    world.work()

    assert CallLog.objects.exclude(method="GET").count() == writes
    assert len(world.datev.bookings()) == 1
    assert world.record(gid).state == RecordState.DONE


@pytest.mark.parametrize("decision", ["pending", "rejected", "changes_requested"])
def test_only_what_is_approved_is_booked(world, decision):
    gid = world.task()
    world.asana.decide(gid, decision)

    world.work()

    assert world.record(gid).state == RecordState.DORMANT
    assert world.datev.bookings() == []
    assert world.result(gid) == (None, None)

    world.asana.approve(gid)
    world.work()
    assert world.record(gid).state == RecordState.DONE


def test_what_was_approved_before_the_first_day_stays_as_it_was_booked_by_hand(world):
    gid = world.approved()
    world.integration.settings["begin_on"] = (world.asana.clock.now() + timedelta(days=2)).date().isoformat()
    world.integration.save()
    world.pass_time(timedelta(days=3))
    world.asana.add_comment(gid, "Danke!")
    later = world.approved()

    world.work()

    assert world.record(gid).state == RecordState.DORMANT
    assert world.result(gid) == (None, None)
    assert world.record(later).state != RecordState.DORMANT


def test_completion_or_an_option_can_be_the_rule(db, asana, datev):
    world = World(asana, datev, approval_rule="completed")
    open_gid = world.asana.add_task(world.project, "Offen", resource_subtype="default_task")
    world.work()
    assert world.record(open_gid).state == RecordState.DORMANT

    field = world.fields["kind"]
    world.integration.settings |= {
        "approval_rule": "option",
        "approval_field": field,
        "approval_option": asana.option(field, "Rechnung"),
    }
    world.integration.save()
    gid = world.task(kind="Rechnung")
    world.work()
    assert world.record(gid).state == RecordState.DONE


def test_every_fault_is_listed_at_once_and_nothing_is_sent(world):
    gid = world.approved(
        amount=None, account=Decimal("4711"), creditor="1600", document_number="RE 1/2", attach=False
    )

    world.work()

    record = world.record(gid)
    assert record.state == RecordState.REFUSED
    found = " ".join(faults(record))
    for part in ("amount", "account (Konto)", "contra account", "Belegfeld 1", "Attachment"):
        assert part in found, found
    assert not [
        call
        for call in CallLog.objects.exclude(method="GET")
        if "datev" in call.url and "token" not in call.url
    ]
    status, details = world.result(gid)
    assert status == "Prüfen"
    assert "Nicht gebucht" in details or "Not booked" in details


def test_a_corrected_task_goes_on_by_itself_and_is_told_once_for_each_reason(world):
    gid = world.approved(amount=None)
    world.work()
    writes = Effect.objects.filter(name__startswith="write_back").count()
    world.work()
    assert Effect.objects.filter(name__startswith="write_back").count() == writes == 1

    world.asana.set_field(gid, world.fields["amount"], Decimal("59.50"))
    world.work()

    assert world.record(gid).state == RecordState.DONE
    assert world.result(gid)[0] == "Gebucht"
    assert [row["amount"] for row in world.datev.bookings()] == ["59.50"]


def test_a_credit_note_turns_the_side_round(world):
    world.approved(kind="Gutschrift", amount=Decimal("23.80"))

    world.work()

    assert [(row["amount"], row["side"]) for row in world.datev.bookings()] == [("23.80", "S")]


def test_a_field_that_is_gone_parks_the_record_and_says_which(world):
    FieldMapping.objects.filter(target_field="amount").update(source_label="Bruttobetrag")
    gid = world.approved()
    world.asana.remove_field_from_project(world.project, world.fields["amount"])

    world.work()

    record = world.record(gid)
    assert record.state == RecordState.CONFIG
    assert "Bruttobetrag" in faults(record)[0]

    world.asana.add_field_to_project(world.project, world.fields["amount"])
    actions.wake_after_change(type(world.integration).objects.all(), by="anna")
    world.work()
    assert world.record(gid).state == RecordState.DONE


def test_a_renamed_field_changes_nothing(world):
    world.asana.known.get("custom_field", world.fields["amount"]).name = "Summe"
    gid = world.approved()

    world.work()

    assert world.record(gid).state == RecordState.DONE


def test_a_changed_amount_after_booking_is_never_booked_silently(world):
    gid = world.approved(amount=Decimal("119.00"))
    world.work()
    world.asana.set_field(gid, world.fields["amount"], Decimal("238.00"))

    world.work()

    record = world.record(gid)
    assert record.state == RecordState.CHANGED
    assert "119,00" in faults(record)[0]
    assert len(world.datev.bookings()) == 1


def test_a_correction_is_a_reversal_and_a_new_booking(world):
    gid = world.approved(amount=Decimal("119.00"))
    world.work()
    world.asana.set_field(gid, world.fields["amount"], Decimal("238.00"))
    world.work()

    actions.decide(world.record(gid), "correct", by="anna")
    world.work()

    rows = [(row["amount"], row["side"], row["bu_key"]) for row in world.datev.bookings()]
    assert rows == [("119.00", "H", "9"), ("119.00", "S", "29"), ("238.00", "H", "9")]
    assert world.record(gid).state == RecordState.DONE
    world.work()
    assert len(world.datev.bookings()) == 3


def test_a_change_can_be_kept_as_it_was_booked(world):
    gid = world.approved()
    world.work()
    world.asana.set_field(gid, world.fields["amount"], Decimal("238.00"))
    world.work()

    actions.decide(world.record(gid), "keep", by="anna")
    world.work()

    assert world.record(gid).state == RecordState.DONE
    assert len(world.datev.bookings()) == 1


def test_a_task_that_is_deleted_after_booking_is_shown_to_a_person(world):
    gid = world.approved()
    world.work()
    world.asana.delete_task(gid)
    actions.replay([world.record(gid)], by="anna")

    world.work()

    record = world.record(gid)
    assert record.state == RecordState.CHANGED
    assert "deleted" in str(Message.from_json(record.reason))


def test_a_batch_that_a_person_settles_ends_its_records(world, settings):
    settings.JOB_GIVE_UP_HOURS = 2
    world.datev.options.job_seconds = 10**9
    gid = world.approved()
    world.work(minutes=180, step=timedelta(minutes=20))
    record = world.record(gid)
    assert record.state == RecordState.UNSETTLED
    assert world.result(gid)[0] == "Unklar"

    jobs.settle(Batch.objects.get(), "arrived", "anna")
    world.work(poll=False, minutes=3)

    assert world.record(gid).state == RecordState.DONE
    assert world.result(gid)[0] == "Gebucht"
    assert len(world.datev.state()["extf_jobs"]) == 1


def test_a_job_that_datev_refuses_is_told_with_its_code_and_can_be_replayed(world):
    world.datev.options.next_jobs = ["1008838"]
    gid = world.approved()

    world.work()

    record = world.record(gid)
    assert (record.state, record.code) == (RecordState.REJECTED, "1008838")
    assert record.help_url.endswith("1008838")
    assert world.result(gid)[0] == "Abgelehnt"

    actions.replay([record], by="anna")
    world.work()

    assert world.record(gid).state == RecordState.DONE
    assert world.result(gid)[0] == "Gebucht"
    assert len(world.datev.bookings()) == 1
    assert len({job["filename"] for job in world.datev.state()["extf_jobs"]}) == 2


def test_a_refused_record_does_not_try_again_because_of_our_own_writing(world):
    world.datev.options.next_jobs = ["1008838"] * 5
    world.integration.settings["result_comment"] = True
    world.integration.save()
    gid = world.approved()

    for _ in range(3):
        world.work()

    assert world.record(gid).revision == 1
    assert len(world.datev.state()["extf_jobs"]) == 1
    assert len(world.asana.comments(gid)) == 1


def test_a_comment_is_written_once(world):
    world.integration.settings["result_comment"] = True
    world.integration.save()
    gid = world.approved()

    world.work()
    world.work()

    [comment] = world.asana.comments(gid)
    assert "In DATEV gebucht" in comment


def test_several_attachments_are_all_uploaded_and_linked(world):
    gid = world.task()
    world.asana.add_attachment(gid, "Lieferschein.pdf", b"%PDF-1.4 second")
    world.asana.approve(gid)

    world.work()

    assert len(world.datev.state()["documents"]) == 2
    assert world.record(gid).state == RecordState.DONE


def test_without_attachments_by_rule_only_the_booking_travels(db, asana, datev):
    world = World(asana, datev, attachments="none")
    gid = world.approved()

    world.work()

    assert world.datev.state()["documents"] == []
    assert world.record(gid).state == RecordState.DONE


def test_a_link_instead_of_a_file_is_refused_with_a_sentence(world):
    gid = world.task(attach=False)
    world.asana.add_attachment(gid, "Rechnung", b"", host="gdrive", url="https://files.example/1")
    world.asana.approve(gid)

    world.work()

    assert world.record(gid).state == RecordState.REFUSED
    assert "gdrive" in faults(world.record(gid))[0]


def test_a_file_that_datev_does_not_take_is_refused_before_the_upload(world):
    gid = world.task(attach=False)
    world.asana.add_attachment(gid, "Rechnung.zip", b"PK\x03\x04", media_type="application/zip")
    world.asana.approve(gid)

    world.work()

    assert world.record(gid).state == RecordState.REFUSED
    assert world.result(gid)[0] == "Prüfen"
    assert world.datev.state()["documents"] == []


def test_a_document_that_datev_has_already_needs_a_decision(world):
    world.datev.options.duplicate_content = True
    first = world.approved(document_number="RE-1")
    world.work()
    second = world.task(document_number="RE-2", attach=False)
    world.asana.add_attachment(second, "RE-1.pdf")
    world.asana.approve(second)

    world.work()

    assert world.record(first).state == RecordState.DONE
    record = world.record(second)
    assert (record.state, record.code) == (RecordState.REJECTED, "DCO01253")
    actions.decide(record, "book_without", by="anna")
    world.work()
    assert len(world.datev.bookings()) == 2
    assert world.record(second).state == RecordState.DONE


def test_a_missing_document_is_uploaded_later_without_booking_again(world):
    gid = world.approved()
    world.work()
    world.datev.store.documents.clear()
    Document.objects.update(state=DocumentState.PLANNED)
    Effect.objects.filter(owner__startswith="document:").delete()
    actions.replay([world.record(gid)], by="anna")

    world.work()

    assert world.record(gid).state == RecordState.DONE
    assert len(world.datev.state()["documents"]) == 1
    assert len(world.datev.bookings()) == 1


def test_bookings_of_two_months_travel_in_two_files(db, asana, datev):
    world = World(asana, datev, close_count=100, close_minutes=5)
    march = world.approved(document_date=date(2026, 3, 14))
    april = world.approved(document_date=date(2026, 4, 1))

    world.work()

    assert len(world.datev.state()["extf_jobs"]) == 2
    assert {world.record(gid).state for gid in (march, april)} == {RecordState.DONE}


def test_a_task_changed_while_its_batch_collects_is_booked_as_it_is_then(db, asana, datev):
    world = World(asana, datev, close_count=100, close_minutes=60)
    gid = world.approved(amount=Decimal("119.00"))
    world.work(minutes=5)
    world.asana.set_field(gid, world.fields["amount"], Decimal("238.00"))

    world.work(minutes=90)

    assert [row["amount"] for row in world.datev.bookings()] == ["238.00"]
    assert world.record(gid).state == RecordState.DONE


def test_the_dxso_route_carries_the_document_inside_the_job(db, asana, datev):
    world = World(asana, datev, route="dxso")
    gid = world.approved()

    world.work()

    record = world.record(gid)
    assert record.state == RecordState.DONE, record.reason
    [job] = world.datev.state()["dxso_jobs"]
    assert job["status"] == 2
    assert len(world.datev.bookings()) == 1
    assert not [call for call in CallLog.objects.filter(method="PUT") if "/documents/" in call.url]


@pytest.mark.parametrize(
    ("simulator", "route"),
    [
        ("datev", "extf.import"),
        ("datev", "documents.put"),
        ("datev", "extf.job"),
        ("asana", "tasks.change"),
        ("asana", "stories.create"),
        ("asana", "tasks.list"),
        ("asana", "attachments.list"),
    ],
)
def test_a_lost_answer_is_looked_up_never_repeated_blindly(world, simulator, route):
    world.integration.settings["result_comment"] = True
    world.integration.save()
    sim = getattr(world, simulator)
    sim.faults.add(route, drop="after")
    gid = world.approved()

    world.work()

    assert world.record(gid).state == RecordState.DONE, world.record(gid).reason
    assert len(world.datev.bookings()) == 1
    assert len(world.datev.state()["extf_jobs"]) == 1
    assert len(world.datev.state()["documents"]) == 1
    assert len(world.asana.comments(gid)) == 1
    assert world.result(gid)[0] == "Gebucht"


def test_a_backfill_costs_few_calls_for_each_task(db, asana, datev):
    world = World(asana, datev, close_count=20)
    world.work(minutes=1)
    for number in range(20):
        world.approved(document_number=f"RE-{number}")
    before = CallLog.objects.count()

    world.work(minutes=3)

    assert len(world.datev.bookings()) == 20
    assert (CallLog.objects.count() - before) / 20 <= 4.5


def test_one_task_by_webhook_costs_at_most_eight_calls(world):
    world.approved()
    world.work()
    gid = world.task()
    world.asana.approve(gid)
    before = CallLog.objects.count()
    modified_at = f"{world.asana.task(gid).modified_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    records.wake(world.integration, "tasks", [Change(ref=gid, version=modified_at)])
    for _ in range(5):
        work.due_records()
        work.bookings()
        world.pass_time(timedelta(seconds=61))
    work.due_records()

    assert world.record(gid).state == RecordState.DONE
    assert CallLog.objects.count() - before <= 8
