"""Polling and deliveries only wake; cursor and records are stored together; what is lost is found again."""

from datetime import timedelta

import pytest

from connections import clock
from connections.errors import RejectedError, TransientError
from connections.messages import say
from connections.models import Health
from pairs import intake, records, registry
from pairs.base import Change, Flow, Page, Pair
from pairs.models import Cursor, Delivery, Record, Verdict, Webhook


@pytest.fixture
def cursor(integration):
    intake.ensure_cursors()
    return Cursor.objects.get(integration=integration)


@pytest.fixture
def hook(integration):
    return Webhook.objects.create(
        integration=integration, connection=integration.source, flow="things", resource_ref="p1"
    )


def delivery(hook, **values):
    return Delivery.objects.create(
        **{
            "webhook": hook,
            "received_at": clock.now(),
            "verdict": Verdict.GENUINE,
            "body": b"{}",
            "sha256": "0" * 64,
        }
        | values
    )


def test_all_pages_are_read_and_the_cursor_moves_with_them(cursor, pair):
    pair.pages = [
        Page([Change("1", "a"), Change("2", "a")], {"seen": 2}, more="next"),
        Page([Change("3", "a")], {"seen": 3}),
    ]

    assert intake.poll(cursor.pk) == 3

    cursor.refresh_from_db()
    assert cursor.value == {"seen": 3}
    assert pair.polled == [({}, ""), ({"seen": 2}, "next")]
    assert cursor.due_at > clock.now()
    assert Record.objects.count() == 3


def test_changes_are_noticed_while_paused_or_while_the_target_waits_for_a_sign_in(cursor, integration):
    integration.is_paused = True
    integration.save()
    integration.target.health = Health.SIGN_IN
    integration.target.save()
    assert cursor in intake.due_cursors(clock.now())

    integration.source.health = Health.SIGN_IN
    integration.source.save()
    assert cursor not in intake.due_cursors(clock.now())


def test_a_poll_that_dies_keeps_what_it_stored_and_goes_on_there(cursor, pair, monkeypatch):
    pair.pages = [Page([Change("1", "a")], {"seen": 1}, more="next"), Page([Change("2", "a")], {"seen": 2})]
    store = records.wake

    def dies_on_the_second_page(integration, flow, changes):
        if changes[0].ref == "2":
            raise SystemExit
        return store(integration, flow, changes)

    monkeypatch.setattr(records, "wake", dies_on_the_second_page)
    with pytest.raises(SystemExit):
        intake.poll(cursor.pk)
    monkeypatch.undo()

    cursor.refresh_from_db()
    assert cursor.value == {"seen": 1, "more": "next"}
    assert list(Record.objects.values_list("source_ref", flat=True)) == ["1"]

    Cursor.objects.update(lease_until=None)
    monkeypatch.setattr(registry, "pairs", lambda: {"fake": pair.declared})
    pair.pages = [Page([Change("2", "a")], {"seen": 2})]
    intake.poll(cursor.pk)

    cursor.refresh_from_db()
    assert pair.polled[-1] == ({"seen": 1}, "next")
    assert cursor.value == {"seen": 2}
    assert Record.objects.count() == 2


def test_a_listing_longer_than_the_limits_of_a_vendor_comes_to_its_end(cursor, pair, monkeypatch):
    pages = [Page([Change(f"{number}", "a")], {}, more=f"{number}") for number in range(1, 7)]
    read = []

    def two_at_a_time(context, value, more):
        if len(read) % 3 == 2:
            read.append(None)
            raise TransientError(say("Asana asked us to slow down"), retry_after=timedelta(seconds=3))
        read.append(more)
        return pages.pop(0) if pages else Page([], {"seen": "all"})

    monkeypatch.setattr(pair, "_poll", two_at_a_time)
    monkeypatch.setattr(registry, "pairs", lambda: {"fake": pair.declared})
    for _ in range(4):
        intake.poll(cursor.pk)
        clock.advance(timedelta(seconds=30))

    cursor.refresh_from_db()
    assert [more for more in read if more is not None] == ["", "1", "2", "3", "4", "5", "6"]
    assert (cursor.value, cursor.failures, cursor.error) == ({"seen": "all"}, 0, None)
    assert Record.objects.count() == 6


def test_a_poll_is_a_matter_of_a_minute_and_goes_on_at_once(cursor, pair, monkeypatch):
    monkeypatch.setattr(intake, "POLL_SECONDS", -1)
    pair.pages = [Page([Change("1", "a")], {}, more="next"), Page([Change("2", "a")], {})]

    intake.poll(cursor.pk)

    cursor.refresh_from_db()
    assert len(pair.polled) == 1
    assert cursor.due_at <= clock.now()
    assert cursor in intake.due_cursors(clock.now())


def test_a_place_in_a_listing_that_is_refused_is_given_up(cursor, pair, monkeypatch):
    Cursor.objects.update(value={"seen": 1, "more": "ended"})

    def refuses(context, value, more):
        raise RejectedError(say("No such offset"))

    monkeypatch.setattr(pair, "_poll", refuses)
    monkeypatch.setattr(registry, "pairs", lambda: {"fake": pair.declared})
    intake.poll(cursor.pk)

    cursor.refresh_from_db()
    assert cursor.value == {"seen": 1}


def test_a_flow_that_was_just_read_is_not_read_again_by_a_task_queued_before(cursor, pair):
    intake.poll(cursor.pk)
    intake.poll(cursor.pk)

    assert len(pair.polled) == 1


def test_only_one_worker_polls_a_flow_at_a_time(cursor, pair):
    Cursor.objects.update(lease_until=clock.now() + timedelta(minutes=1), claimed_by="another")

    assert intake.poll(cursor.pk) == 0
    assert pair.polled == []


def test_a_failed_poll_is_shown_and_tried_later(cursor, pair, monkeypatch):
    def fails(context, value, more):
        raise TransientError(say("Asana asked us to slow down"), retry_after=timedelta(minutes=7))

    monkeypatch.setattr(pair, "_poll", fails)
    monkeypatch.setattr(registry, "pairs", lambda: {"fake": pair.declared})
    intake.poll(cursor.pk)

    cursor.refresh_from_db()
    assert cursor.failures == 1
    assert cursor.error["pattern"] == "Asana asked us to slow down"
    assert cursor.due_at >= clock.now() + timedelta(minutes=6)
    assert cursor.claimed_by == ""


def test_a_delivery_wakes_what_it_names_once(hook, pair):
    pair.changes = [Change("1", "a"), Change("2", "a")]
    stored = delivery(hook)

    assert len(intake.work_delivery(stored.pk)) == 2
    assert intake.work_delivery(stored.pk) == []
    stored.refresh_from_db()
    assert stored.woken == 2


def test_a_signed_delivery_that_is_not_understood_makes_the_poll_due(hook, pair, cursor, monkeypatch):
    def not_understood(context, headers, body):
        raise ValueError("odd")

    flow = Flow("things", "Things", poll=pair._poll, handle=pair._handle, wake=not_understood)
    monkeypatch.setattr(registry, "pairs", lambda: {"fake": Pair("fake", "", "", "asana", "datev", (flow,))})
    Cursor.objects.update(due_at=clock.now() + timedelta(hours=1))
    stored = delivery(hook)

    assert intake.work_delivery(stored.pk) == []
    stored.refresh_from_db()
    assert "odd" in stored.error
    assert Cursor.objects.get().due_at <= clock.now()


def test_old_deliveries_are_forgotten_but_never_an_open_one(hook, settings):
    settings.DELIVERY_DAYS = 30
    long_ago = clock.now() - timedelta(days=31)
    delivery(hook, received_at=long_ago, worked_at=long_ago)
    still_open = delivery(hook, received_at=long_ago)
    delivery(hook, worked_at=clock.now())

    intake.forget(clock.now())

    assert Delivery.objects.count() == 2
    assert Delivery.objects.filter(pk=still_open.pk).exists()
