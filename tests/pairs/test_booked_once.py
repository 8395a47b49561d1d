"""Nothing is booked twice, and nothing that is booked is replaced, unless a person has said so."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database

from bookings import jobs, selectors, services
from bookings.models import Batch, BatchState, Booking, BookingVerdict, DatevClient, Document, FiscalYearRow
from connections import clock
from connections.errors import RejectedError
from connections.messages import Message
from pairs import actions, exclusive, intake, work
from pairs.models import Integration, Record, RecordState
from tests.pairs.world import World


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


def reason(record: Record) -> str:
    return Message.from_json(record.reason).pattern


def second_integration(world: World) -> Integration:
    """Another one for the same project, as somebody makes it who starts anew beside the old one."""
    mappings = list(world.integration.mappings.all())
    copy = Integration.objects.get(pk=world.integration.pk)
    copy.pk, copy.name = None, "Noch einmal"
    copy.save()
    for mapping in mappings:
        mapping.pk, mapping.integration = None, copy
        mapping.save()
    return copy


def other_client(world: World) -> DatevClient:
    """The client of another company, with the same tables."""
    first = world.client
    tables = [list(rows.all()) for rows in (first.accounts, first.partners, first.cost_centers)]
    keys = list(first.tax_keys.all())
    copy = DatevClient.objects.get(pk=first.pk)
    copy.pk, copy.name, copy.client_number = None, "Beispiel Bau GmbH", 2
    copy.save()
    FiscalYearRow.objects.create(client=copy, start=date(2026, 1, 1), end=date(2026, 12, 31))
    for row in (*keys, *(row for rows in tables for row in rows)):
        row.pk, row.client = None, copy
        row.save()
    return copy


class TestATaskOfTwoIntegrations:
    def test_is_booked_by_one_of_them(self, world: World) -> None:
        other = second_integration(world)
        gid = world.approved()

        world.work()

        states = set(Record.objects.filter(source_ref=gid).values_list("state", flat=True))
        assert states == {RecordState.DONE, RecordState.REFUSED}
        assert len(world.datev.bookings()) == 1
        assert len(world.datev.state()["documents"]) == 1
        [refused] = Record.objects.filter(state=RecordState.REFUSED)
        assert "has booked it" in reason(refused)
        assert world.result(gid)[0] == "Gebucht"
        assert other.records.count() == 1

    def test_is_booked_once_even_if_both_are_at_it_at_the_same_moment(
        self, world: World, monkeypatch: Any
    ) -> None:
        """The second one has looked before the first one placed its booking."""
        second_integration(world)
        looks: list[int] = []
        look = exclusive.other_record

        def the_third_look_comes_too_early(context: Any) -> Record | None:
            looks.append(context.record.pk)
            return None if len(looks) == 3 else look(context)

        monkeypatch.setattr(exclusive, "other_record", the_third_look_comes_too_early)
        gid = world.approved()

        world.work()

        assert Record.objects.filter(source_ref=gid, state=RecordState.REFUSED).count() == 1
        assert looks[:4] == [looks[0], looks[0], looks[2], looks[2]]
        assert len(world.datev.bookings()) == 1

    def test_may_be_booked_by_the_other_one_after_the_first_record_was_closed(self, world: World) -> None:
        world.datev.options.next_jobs = ["1008838"]
        gid = world.approved()
        world.work()
        other = second_integration(world)
        world.work()
        assert other.records.get().state == RecordState.REFUSED

        actions.close([world.record(gid)], by="anna", why="Die andere Integration bucht.")
        actions.replay(other.records.all(), by="anna")
        world.work()

        assert other.records.get().state == RecordState.DONE
        assert len(world.datev.bookings()) == 1
        with pytest.raises(RejectedError):
            jobs.resubmit(Batch.objects.get(state=BatchState.FAILED), "bert")


class TestARefusedBooking:
    def test_that_is_booked_anew_cannot_be_sent_again_from_its_old_batch(self, world: World) -> None:
        world.datev.options.next_jobs = ["1008838"]
        gid = world.approved()
        world.work()
        # The new try ends before it is placed: the task is not approved any more.
        world.asana.decide(gid, "pending")
        actions.replay([world.record(gid)], by="anna")
        world.work()
        assert world.record(gid).state == RecordState.DORMANT

        with pytest.raises(RejectedError):
            jobs.resubmit(Batch.objects.get(), "bert")

        world.asana.approve(gid)
        world.work()
        assert world.record(gid).state == RecordState.DONE
        assert len(world.datev.bookings()) == 1

    def test_whose_batch_is_on_its_way_again_is_not_booked_beside_it(self, world: World) -> None:
        world.datev.options.next_jobs = ["1008838"]
        gid = world.approved()
        world.work()
        jobs.resubmit(Batch.objects.get(), "bert")
        actions.replay([world.record(gid)], by="anna")

        world.work()

        record = world.record(gid)
        assert (record.state, record.revision) == (RecordState.DONE, 1)
        assert len(world.datev.bookings()) == 1

    def test_of_a_closed_record_is_not_sent_again(self, world: World) -> None:
        world.datev.options.next_jobs = ["1008838"]
        gid = world.approved()
        world.work()

        actions.close([world.record(gid)], by="anna", why="Von Hand gebucht.")

        with pytest.raises(RejectedError):
            jobs.resubmit(Batch.objects.get(), "bert")
        assert Booking.objects.get().verdict == BookingVerdict.RELEASED


class TestACorrection:
    def changed(self, world: World, amount: str = "238.00") -> str:
        gid = world.approved(amount=Decimal("119.00"))
        world.work()
        world.asana.set_field(gid, world.fields["amount"], Decimal(amount))
        world.work()
        assert world.record(gid).state == RecordState.CHANGED
        return gid

    def test_of_a_task_that_is_not_approved_changes_nothing_and_says_so(self, world: World) -> None:
        gid = self.changed(world)
        world.asana.decide(gid, "pending")
        actions.decide(world.record(gid), "correct", by="anna")

        world.work()

        record = world.record(gid)
        assert record.state == RecordState.CHANGED
        assert "still stands in DATEV" in reason(record)
        assert len(world.datev.bookings()) == 1

        # Approving it again is no decision to reverse a booking.
        world.asana.approve(gid)
        world.work()
        assert world.record(gid).state == RecordState.CHANGED
        assert len(world.datev.bookings()) == 1

        actions.decide(world.record(gid), "correct", by="anna")
        world.work()
        assert world.record(gid).state == RecordState.DONE
        assert [row["amount"] for row in world.datev.bookings()] == ["119.00", "119.00", "238.00"]

    def test_that_was_not_booked_can_be_given_up(self, world: World) -> None:
        gid = self.changed(world)
        world.asana.set_field(gid, world.fields["amount"], None)
        actions.decide(world.record(gid), "correct", by="anna")
        world.work()
        record = world.record(gid)
        assert record.state == RecordState.CHANGED and record.faults

        actions.decide(record, "keep", by="anna")
        world.work()

        assert world.record(gid).state == RecordState.DONE
        assert len(world.datev.bookings()) == 1

    def test_never_reverses_in_the_books_of_another_client(self, world: World) -> None:
        gid = self.changed(world)
        world.integration.settings["datev_client"] = other_client(world).ref
        world.integration.save()

        actions.decide(world.record(gid), "correct", by="anna")
        world.work()

        record = world.record(gid)
        assert record.state == RecordState.CHANGED
        assert [fault["field"] for fault in record.faults] == ["DATEV client"]
        assert len(world.datev.bookings()) == 1

    def test_travels_whole_or_not_at_all_when_the_task_changes_while_it_is_collected(
        self, db: None, asana: Any, datev: Any
    ) -> None:
        world = World(asana, datev, close_count=2, close_minutes=5)
        gid = world.approved(amount=Decimal("119.00"), document_date=date(2026, 3, 14))
        world.work()
        # March is closed by the reversal, April still collects the new booking.
        world.integration.settings["close_minutes"] = 60
        world.integration.save()
        collecting = world.approved(document_date=date(2026, 3, 20))
        world.work(minutes=1)
        world.asana.set_field(gid, world.fields["document_date"], date(2026, 4, 2))
        world.work(minutes=1)
        actions.decide(world.record(gid), "correct", by="anna")
        world.work(minutes=1)
        correction = Booking.objects.filter(origin=world.record(gid).subject, revision=2)
        assert sorted(correction.values_list("position", "batch__state")) == [(1, "sent"), (2, "open")]
        world.asana.set_field(gid, world.fields["amount"], Decimal("238.00"))

        world.work(minutes=90)

        assert world.record(collecting).state == RecordState.DONE
        assert world.record(gid).state == RecordState.CHANGED
        rows = [row["amount"] for row in world.datev.bookings()]
        assert rows.count("119.00") == 4 and "238.00" not in rows

    def test_of_a_dxso_booking_brings_its_document_again_after_it_was_emptied_here(
        self, db: None, asana: Any, datev: Any
    ) -> None:
        world = World(asana, datev, route="dxso")
        gid = self.changed(world)
        Document.objects.update(content=None)

        actions.decide(world.record(gid), "correct", by="anna")
        world.work()

        assert world.record(gid).state == RecordState.DONE
        assert len(world.datev.bookings()) == 3


def test_a_task_booked_for_another_client_after_all_links_a_document_of_that_client(world: World) -> None:
    world.datev.options.next_jobs = ["1008838"]
    gid = world.approved()
    world.work()
    right = other_client(world)
    world.integration.settings["datev_client"] = right.ref
    world.integration.save()

    actions.replay([world.record(gid)], by="anna")
    world.work()

    assert world.record(gid).state == RecordState.DONE
    booking = Booking.objects.get(client=right)
    assert [Document.objects.get(guid=guid).client for guid in booking.entry.documents] == [right]
    assert len(world.datev.state()["documents"]) == 2


def test_a_document_kept_for_dxso_is_uploaded_when_the_route_becomes_extf(world: World) -> None:
    world.integration.settings["route"] = "dxso"
    world.integration.save()
    world.datev.faults.add("dxso.create", status=500, times=None)
    gid = world.approved()
    world.work(minutes=2)
    Batch.objects.update(state=BatchState.STOPPED, due_at=None)
    world.integration.settings["route"] = "extf"
    world.integration.save()

    Record.objects.update(state=RecordState.REJECTED)
    actions.replay([world.record(gid)], by="anna")
    world.work()

    assert world.record(gid).state == RecordState.DONE
    assert len(world.datev.state()["documents"]) == 1


def test_a_task_that_has_left_the_project_is_not_booked(world: World) -> None:
    gid = world.approved(amount=None)
    world.work()
    world.asana.set_field(gid, world.fields["amount"], Decimal("119.00"))
    world.asana.remove_from_project(gid, world.project)
    actions.replay([world.record(gid)], by="anna")

    world.work()

    assert world.record(gid).state == RecordState.DORMANT
    assert world.datev.bookings() == []


def test_an_answer_that_comes_while_the_record_is_being_looked_at_is_told_by_the_next_round(
    world: World,
) -> None:
    gid = world.approved()
    work.everything()
    while Batch.objects.get().state != BatchState.POSTED:
        world.pass_time(timedelta(seconds=61))
        jobs.work_due(clock.now())
    Record.objects.update(state=RecordState.RUNNING, claimed_by="another", due_at=None)

    def ends_as_sent(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """The other worker stores its outcome right after the wake has passed by."""
        result = execute(sql, params, many, context)
        if sql.startswith('UPDATE "pairs_record" SET "due_at"'):
            with database.cursor() as cursor:
                cursor.execute(
                    "UPDATE pairs_record SET state = 'sent', claimed_by = '' WHERE state = 'running'"
                )
        return result

    with database.execute_wrapper(ends_as_sent):
        work.announcements()
    assert world.record(gid).state == RecordState.SENT
    assert Booking.objects.get().announced_at is None

    world.work()
    assert world.record(gid).state == RecordState.DONE


def test_what_was_sent_again_meanwhile_counts_as_not_told(world: World) -> None:
    world.datev.options.next_jobs = ["1008838"]
    world.approved()
    work.everything()
    while Batch.objects.get().state != BatchState.FAILED:
        world.pass_time(timedelta(seconds=61))
        jobs.work_due(clock.now())
    told = selectors.unannounced(10)
    jobs.resubmit(Batch.objects.get(), "bert")

    assert services.mark_announced([booking.pk for booking in told]) == 0


def test_a_record_whose_wake_was_lost_is_looked_at_by_itself(world: World) -> None:
    gid = world.approved()
    work.everything()
    while Batch.objects.get().state != BatchState.POSTED:
        world.pass_time(timedelta(seconds=61))
        jobs.work_due(clock.now())
    Booking.objects.update(announced_at=clock.now())

    work.due_records()
    assert world.record(gid).state == RecordState.SENT
    world.pass_time(timedelta(hours=7))
    work.due_records()

    assert world.record(gid).state == RecordState.DONE


def test_a_slow_datev_ends_a_slice_of_batches_not_the_task(world: World) -> None:
    for number in range(3):
        world.approved(document_number=f"RE-{number}")
    intake.ensure_cursors()
    work.polls()
    work.due_records()

    assert jobs.work_due(clock.now(), seconds=-1) == 0
    assert jobs.work_due(clock.now()) == 3
