"""What must always hold, seen over whole stories (the table in CONTRIBUTING.md names every holder)."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.utils import translation
from django_q.models import OrmQ

from connections import audit, clock
from connections.exchange import Exchange
from connections.messages import Message, faults_from_json
from connections.models import AuditEntry, CallLog, TokenSet
from connections.vendors.asana.api import AsanaApi
from pairs import actions, records, selectors, tasks, work
from pairs.base import Change
from pairs.models import PARKED, Cursor, Record, RecordState, Webhook
from tests.pairs.stories import run_queue
from tests.pairs.world import World


@pytest.fixture
def world(db: None, asana: Any, datev: Any, settings: Any) -> World:
    settings.PUBLIC_URL = "https://hub.example"
    asana.options.handshake_on_a_thread = False
    return World(asana, datev)


@pytest.mark.parametrize("route", ["extf", "dxso"])
def test_no_transaction_is_open_while_a_vendor_is_called(
    transactional_db: None, asana: Any, datev: Any, settings: Any, monkeypatch: Any, route: str
) -> None:
    settings.PUBLIC_URL = "https://hub.example"
    asana.options.handshake_on_a_thread = False
    send = Exchange.send
    calls: list[tuple[str, bool]] = []

    def watched(self: Exchange, request: Any) -> Any:
        calls.append((f"{request.method} {request.url}", database.in_atomic_block))
        return send(self, request)

    monkeypatch.setattr(Exchange, "send", watched)
    world = World(asana, datev, route=route, result_comment=True)
    gid = world.approved()
    TokenSet.objects.update(access_expires_at=clock.now() - timedelta(seconds=1))
    asana.deliver()
    world.approved(amount=None)
    world.work(minutes=8)
    world.asana.set_field(gid, world.fields["amount"], Decimal("238.00"))
    world.work(minutes=4)
    actions.decide(world.record(gid), "correct", by="anna")
    world.work(minutes=8)
    type(world.integration).objects.update(is_on=False)
    work.webhooks()

    methods = {call.partition(" ")[0] for call, _ in calls}
    assert {"GET", "POST", "PUT", "DELETE"} <= methods
    assert world.record(gid).state == RecordState.DONE
    assert [call for call, is_open in calls if is_open] == []


def test_no_worker_sleeps_for_long_and_nobody_calls_during_a_pause(world: World, monkeypatch: Any) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    gid = world.approved()
    world.datev.faults.add("extf.import", status=429, headers={"Retry-After": "1800"})
    world.asana.faults.add("attachments.list", status=503, headers={"Retry-After": "600"})

    world.work(minutes=9)
    waiting = world.record(gid)
    assert waiting.state == RecordState.WAITING and waiting.due_at > clock.now()
    world.work(minutes=3)
    asked = len(world.datev.calls_to("extf.import"))
    world.work(minutes=20)
    assert len(world.datev.calls_to("extf.import")) == asked == 1
    world.work(minutes=30)

    assert world.record(gid).state == RecordState.DONE
    assert len(world.datev.bookings()) == 1
    assert max(slept, default=0) <= 2


def test_every_record_that_entered_is_counted_in_exactly_one_state(world: World) -> None:
    seen = [world.approved(), world.task(), world.approved(amount=None), world.approved(account=None)]
    world.datev.options.next_jobs = ["1008838"]
    world.work(minutes=8)
    seen.append(world.approved())
    Cursor.objects.update(due_at=clock.now())
    work.polls()

    counts = selectors.counts()
    assert sum(counts.values()) == Record.objects.count() == len(seen)
    assert AuditEntry.objects.filter(action="record.entered").count() == len(seen)
    assert sum(selectors.counts_by_integration()[world.integration.pk].values()) == len(seen)
    assert sum(selectors.parked().values()) == sum(counts[state] for state in PARKED) == 3
    assert counts[RecordState.DORMANT] == counts[RecordState.WAITING] == 1


def parked_world(world: World) -> dict[str, Record]:
    """A record in each state that a vendor or our checks can bring about, by the state."""
    datev = world.datev
    world.approved(amount=None)
    world.approved(account=Decimal("4711"))
    datev.options.next_jobs = ["1008838"]
    world.approved(document_number="RE-1")
    world.work(minutes=8)
    changed = world.approved(document_number="RE-2")
    world.work(minutes=8)
    world.asana.set_field(changed, world.fields["amount"], Decimal("1.19"))
    datev.faults.add("extf.import", status=418)
    world.approved(document_number="RE-3")
    world.work(minutes=4)
    world.asana.faults.add("attachments.list", status=418)
    world.approved(document_number="RE-4")
    world.work(minutes=4)
    world.asana.faults.add("attachments.list", status=402)
    world.approved(document_number="RE-5")
    world.work(minutes=4)
    return {record.state: record for record in Record.objects.filter(state__in=PARKED)}


def test_every_parked_record_says_what_happened_and_what_to_do_in_both_languages(world: World) -> None:
    found = parked_world(world)

    assert {
        RecordState.REFUSED,
        RecordState.REJECTED,
        RecordState.CHANGED,
        RecordState.CONFIG,
        RecordState.INTERNAL,
    } <= set(found)
    for record in Record.objects.filter(state__in=PARKED):
        sentences = [Message.from_json(record.reason), *faults_from_json(record.faults)]
        said = {}
        for language in ("en", "de"):
            with translation.override(language):
                said[language] = [str(sentence) for sentence in sentences]
        assert all(len(sentence) > 20 for sentence in said["en"]), said
        assert said["en"][0] != said["de"][0], said
        assert "%(" not in " ".join(said["en"] + said["de"])
        told = AuditEntry.objects.filter(subject=record.subject, action=f"record.{record.state}")
        assert told.exists(), f"the timeline of {record} does not say that it is {record.state}"
        assert record.due_at is None and record.source_url


def test_a_replay_of_every_parked_state_ends_well_or_where_it_stood_and_doubles_nothing(world: World) -> None:
    states = {record.pk: record.state for record in parked_world(world).values()}
    booked = len(world.datev.bookings())

    actions.replay(Record.objects.filter(pk__in=states), by="anna")
    world.work(minutes=10)

    ended = dict(Record.objects.filter(pk__in=states).values_list("pk", "state"))
    for pk, state in states.items():
        expected = {state} if state in (RecordState.REFUSED, RecordState.CHANGED) else {RecordState.DONE}
        assert ended[pk] in expected, (state, ended[pk])
    assert len(world.datev.bookings()) - booked <= len(states)
    assert world.datev.state()["repeated"] == []


def test_the_queue_may_be_emptied_at_any_time(world: World) -> None:
    """Everything comes by the queue alone: ticks fill it, it is lost again and again, all arrives once."""
    for _ in range(2):
        tasks.tick()
        run_queue()
    gids = [world.approved() for _ in range(3)]
    world.asana.deliver()
    assert OrmQ.objects.exists()
    OrmQ.objects.all().delete()
    for minute in range(12):
        world.pass_time(timedelta(seconds=61))
        tasks.tick()
        if minute in (1, 3):
            OrmQ.objects.all().delete()
        run_queue()

    assert {world.record(gid).state for gid in gids} == {RecordState.DONE}
    assert len(world.datev.bookings()) == 3
    assert len(world.datev.state()["extf_jobs"]) == 3


def test_ticks_and_tasks_that_run_twice_do_no_harm(world: World) -> None:
    gids = [world.approved() for _ in range(2)]
    for _ in range(12):
        tasks.tick()
        world.asana.deliver()
        tasks.tick()
        run_queue(times=2)
        world.pass_time(timedelta(seconds=61))

    assert {world.record(gid).state for gid in gids} == {RecordState.DONE}
    assert len(world.datev.bookings()) == len(world.datev.state()["documents"]) == 2
    assert Webhook.objects.count() == len(world.asana.state()["webhooks"]) == 1
    assert CallLog.objects.filter(method="POST", url__contains="/webhooks").count() == 1
    assert list(audit.broken_links()) == []


def test_a_source_that_sends_nonsense_is_shown_and_stops_nobody_else(world: World, monkeypatch: Any) -> None:
    """A fault of ours while reading a source is no reason for silence: the cursor says so and tries again."""
    gid = world.approved()
    work.everything()
    tasks_of = AsanaApi.tasks

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise KeyError("gid")

    monkeypatch.setattr(AsanaApi, "tasks", broken)
    world.work(minutes=6)
    monkeypatch.setattr(AsanaApi, "tasks", tasks_of)

    cursor = Cursor.objects.get()
    assert cursor.error and cursor.failures and cursor.due_at > clock.now() - timedelta(hours=1)
    assert world.record(gid).state == RecordState.DONE
    world.work(minutes=1)
    assert Cursor.objects.get().error is None


def test_an_event_that_the_objects_own_mark_does_not_show_is_looked_at_once(world: World) -> None:
    """Asana does not move modified_at for a comment or a file; the record comes to rest all the same."""
    gid = world.approved()
    world.work(minutes=6)
    later = (world.asana.clock.now() + timedelta(minutes=3)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    records.wake(world.integration, "tasks", [Change(ref=gid, version=later)])
    reads = len(world.asana.calls_to("tasks.get"))

    for _ in range(10):
        work.due_records()

    assert world.record(gid).state == RecordState.DONE
    assert len(world.asana.calls_to("tasks.get")) == reads + 1
    # What a stale read has missed is found by the poll, although its moment lies before the event's.
    world.asana.set_field(gid, world.fields["amount"], Decimal("238.00"))
    world.work(minutes=3)
    assert world.record(gid).state == RecordState.CHANGED
