"""One record's run: who may take it, what becomes of it, and what survives a dead worker."""

from datetime import timedelta

import pytest
from django.conf import settings

from connections import clock
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.messages import DataFault, Message, say
from connections.models import AuditEntry, Effect, Health
from pairs import engine, records
from pairs.base import Change, done, dormant, parked, sent, waiting
from pairs.models import Record, RecordState


def enter(integration, ref="1201", version="1", **values):
    """A record that was just woken."""
    [pk] = records.wake(
        integration, "things", [Change(ref=ref, version=version, label=f"Task {ref}", **values)]
    )
    return Record.objects.get(pk=pk)


def run(record):
    """Claim and run it as a worker does; the record as it then is."""
    claimed = records.claim(record.pk, now=clock.now())
    if claimed is not None:
        engine.run(claimed)
    record.refresh_from_db()
    return record


def test_a_new_thing_becomes_a_record_that_is_handled_and_done(integration, pair):
    record = run(enter(integration))

    assert (record.state, record.handled_version, record.due_at) == (RecordState.DONE, "1", None)
    assert pair.handled == ["1201"]
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "record.entered",
        "record.done",
    ]


def test_the_same_version_seen_again_wakes_nothing_and_a_new_one_does(integration, pair):
    record = run(enter(integration))

    assert records.wake(integration, "things", [Change(ref="1201", version="1")]) == []
    assert records.wake(integration, "things", [Change(ref="1201", version="2")]) == [record.pk]
    assert run(record).handled_version == "2"


def test_of_two_workers_only_one_gets_the_record(integration, pair):
    record = enter(integration)

    assert records.claim(record.pk, now=clock.now()) is not None
    assert records.claim(record.pk, now=clock.now()) is None


def test_a_record_that_is_corrected_while_it_is_being_refused_is_handled_again(integration, pair):
    def refuse(context):
        records.wake(integration, "things", [Change(ref="1201", version="2")])
        raise RejectedError(say("Not an amount."))

    pair.handle = refuse
    record = run(enter(integration))
    assert record.state == RecordState.WAITING and record.due_at <= clock.now()

    pair.handle = lambda context: done(say("Done."), version="2")
    assert run(record).state == RecordState.DONE


def test_a_record_that_changes_while_it_is_handled_is_handled_again(integration, pair):
    def handle(context):
        records.wake(integration, "things", [Change(ref="1201", version="2")])
        return done(say("Done."), version="1")

    pair.handle = handle
    record = run(enter(integration))

    assert (record.state, record.seen_version) == (RecordState.WAITING, "2")
    assert record.due_at <= clock.now()


def test_a_waiting_answer_is_not_asked_for_again_and_again(integration, pair):
    pair.handle = lambda context: sent(say("On its way."), look_at=None)
    record = run(enter(integration))
    records.wake(integration, "things", [Change(ref="1201", version="2")])

    assert run(record).state == RecordState.SENT
    assert record.due_at is None


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (TransientError(say("Slow down.")), RecordState.WAITING),
        (AccessLostError(say("Sign in.")), RecordState.RECONNECT),
        (OutcomeUnknownError(say("Unclear.")), RecordState.UNKNOWN),
        (ConfigurationError(say("No such field.")), RecordState.CONFIG),
        (RejectedError(say("No."), vendor="datev", code="1008834"), RecordState.REJECTED),
        (RejectedError(say("No.")), RecordState.REFUSED),
        (ZeroDivisionError("a secret detail"), RecordState.INTERNAL),
    ],
)
def test_each_error_has_its_own_state_and_sentence(integration, pair, error, state):
    def handle(context):
        raise error

    pair.handle = handle
    record = run(enter(integration))

    assert record.state == state
    assert str(Message.from_json(record.reason))
    assert "secret" not in str(record.reason)
    assert (record.due_at is not None) == (state in ("waiting", "reconnect", "unknown"))


def test_all_faults_are_kept_with_the_record(integration, pair):
    faults = [DataFault("Amount", "x", say("No amount.")), DataFault("Account", "y", say("No account."))]
    pair.handle = lambda context: parked(RecordState.REFUSED, say("Not booked."), faults=faults)

    assert [fault["field"] for fault in run(enter(integration)).faults] == ["Amount", "Account"]


def test_failures_are_tried_again_later_and_later_and_the_vendors_time_counts(integration, pair):
    def handle(context):
        raise TransientError(say("Slow down."))

    pair.handle = handle
    record, waits = enter(integration), []
    for _ in range(4):
        run(record)
        waits.append(round((record.due_at - clock.now()).total_seconds()))
        clock.advance(record.due_at - clock.now() + timedelta(seconds=1))

    assert waits == [30, 60, 120, 240]
    assert record.starts == 0

    def asked(context):
        raise TransientError(say("Slow down."), retry_after=timedelta(minutes=20))

    pair.handle = asked
    run(record)
    assert round((record.due_at - clock.now()).total_seconds()) == 1200


def test_a_dead_workers_record_is_taken_up_when_its_lease_has_ended(integration, pair):
    record = enter(integration)
    records.claim(record.pk, now=clock.now())

    assert records.sweep(clock.now()) == 0
    clock.advance(timedelta(seconds=settings.RECORD_LEASE_SECONDS + 1))
    assert records.sweep(clock.now()) == 1

    record.refresh_from_db()
    assert (record.state, record.starts) == (RecordState.WAITING, 1)
    assert run(record).state == RecordState.DONE


def test_a_record_whose_write_may_have_arrived_is_shown_as_unknown_after_a_crash(integration, pair):
    record = enter(integration)
    records.claim(record.pk, now=clock.now())
    Effect.objects.create(owner=record.owner, name="write", state="started")
    clock.advance(timedelta(seconds=settings.RECORD_LEASE_SECONDS + 1))

    records.sweep(clock.now())

    record.refresh_from_db()
    assert record.state == RecordState.UNKNOWN
    assert run(record).state == RecordState.DONE


def test_a_record_that_kills_every_worker_is_given_up(integration, pair):
    record = enter(integration)
    for _ in range(settings.RECORD_MAX_STARTS):
        assert records.claim(record.pk, now=clock.now()) is not None
        clock.advance(timedelta(seconds=settings.RECORD_LEASE_SECONDS + 1))
        records.sweep(clock.now())

    record.refresh_from_db()
    assert record.state == RecordState.GAVE_UP
    assert records.claim(record.pk, now=clock.now()) is None


def test_a_worker_that_lost_its_lease_stores_nothing_and_writes_nothing(integration, pair):
    written = []

    def handle(context):
        Record.objects.filter(pk=context.record.pk).update(claimed_by="another worker")
        context.effect("write", lambda: written.append(1))
        return done(say("Done."))

    pair.handle = handle
    record = run(enter(integration))

    assert written == []
    assert (record.state, record.claimed_by) == (RecordState.RUNNING, "another worker")


@pytest.mark.parametrize("field", ["is_on", "is_paused"])
def test_nothing_is_handled_while_the_integration_is_off_or_paused(integration, pair, field):
    record = enter(integration)
    type(integration).objects.update(**{field: field == "is_paused"})

    assert run(record).state == RecordState.WAITING
    assert pair.handled == []


def test_records_wait_for_a_sign_in_and_go_on_after_it(integration, pair):
    record = enter(integration)
    integration.source.health = Health.SIGN_IN
    integration.source.save()

    assert run(record).state == RecordState.WAITING

    integration.source.health = Health.OK
    integration.source.save()
    assert run(record).state == RecordState.DONE


def test_a_lost_access_does_not_hammer_and_ends_with_a_good_test(integration, pair):
    def refused(context):
        raise AccessLostError(say("Sign in."))

    pair.handle = refused
    record = run(enter(integration))
    assert records.claim(record.pk, now=clock.now()) is None

    clock.advance(timedelta(seconds=5))
    integration.source.checked_at = clock.now()
    integration.source.save()
    assert records.wake_reconnected(clock.now()) == 1
    pair.handle = lambda context: done(say("Done."))
    assert run(record).state == RecordState.DONE


def test_a_planned_wait_and_a_dormant_record(integration, pair):
    until = clock.now() + timedelta(hours=3)
    pair.handle = lambda context: waiting(say("Waits."), until=until)
    record = run(enter(integration))
    assert (record.state, record.due_at, record.failures) == (RecordState.WAITING, until, 0)

    pair.handle = lambda context: dormant(say("Not approved."), version="2")
    records.wake(integration, "things", [Change(ref="1201", version="2")])
    record = run(record)
    assert (record.state, record.due_at) == (RecordState.DORMANT, None)


def test_a_closed_record_is_not_woken_by_changes(integration, pair):
    record = enter(integration)
    Record.objects.update(state=RecordState.CLOSED, due_at=None)

    records.wake(integration, "things", [Change(ref="1201", version="9")])

    record.refresh_from_db()
    assert (record.state, record.due_at) == (RecordState.CLOSED, None)
