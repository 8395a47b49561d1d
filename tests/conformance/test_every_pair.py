"""What every pair of the registry must do; an entry in `stages.PAIRS` puts it on the stage."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import connection
from django.db.models import QuerySet

from connections import clock
from connections.effects import Effects
from connections.exchange import Exchange
from connections.messages import Message
from connections.models import CallLog, Connection, Effect, EffectState
from connections.registry import vendor
from pairs import actions, checks, registry, work
from pairs.base import Flow, Pair
from pairs.models import PARKED, Cursor, Integration, MappingKind, Record, RecordState
from tests.conformance.stages import PAIRS, VENDORS, PairStage
from tests.mounting import mounted
from tests.pairs.stories import AFTER_A_CRASH, survive


@pytest.fixture(params=sorted(PAIRS))
def key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def declared(key: str) -> Pair:
    return registry.pair(key)


@pytest.fixture
def stage(key: str) -> PairStage:
    return PAIRS[key]


@pytest.fixture
def world(db: None, stage: PairStage, declared: Pair) -> Iterator[Any]:
    with ExitStack() as mounts:
        simulators = {}
        for name in {declared.source_vendor, declared.target_vendor}:
            simulators[name] = VENDORS[name].simulator()
            mounts.enter_context(mounted(simulators[name], *VENDORS[name].prefixes))
        yield stage.make(**simulators)


def writes() -> QuerySet[CallLog]:
    """All calls so far that change something; some vendors read by POST too."""
    found = CallLog.objects.exclude(method="GET")
    for name, stage in VENDORS.items():
        for end in stage.reads:
            found = found.exclude(connection__vendor=name, url__endswith=end)
    return found


def test_every_pair_of_the_registry_is_on_the_stage() -> None:
    """A module of that name in `tests/conformance/stages/pairs/`."""
    assert set(PAIRS) == set(registry.pairs())


# --- declarations ---


def test_everything_that_people_see_is_declared_and_can_be_translated(
    key: str, declared: Pair, sentences: set[str]
) -> None:
    assert declared.key == key and declared.flows
    assert {declared.source_vendor, declared.target_vendor} <= set(VENDORS)
    shown = [declared.label, declared.description]
    for setting in declared.settings:
        shown += [setting.label, setting.help_text, *(label for _, label in setting.choices)]
        assert setting.label, setting.key
        assert bool(setting.choices) == (setting.kind == "choice"), setting.key
    for flow in declared.flows:
        shown.append(flow.label)
        for field in (*flow.fields, *flow.write_back):
            assert field.label, field.key
            shown += [field.label, field.help_text, *(label for _, label in field.choices)]
        for decision in flow.decisions:
            assert set(decision.states) <= set(RecordState.values)
            shown += [decision.label, decision.help_text]
    assert {str(text) for text in shown if text} - sentences == set()


def test_keys_are_unique_and_lists_to_choose_from_exist(declared: Pair) -> None:
    for keys in (
        [setting.key for setting in declared.settings],
        [flow.key for flow in declared.flows],
        *([field.key for field in flow.fields] for flow in declared.flows),
        *([field.key for field in flow.write_back] for flow in declared.flows),
    ):
        assert len(set(keys)) == len(keys)
    for flow in declared.flows:
        read = declared.source_vendor if flow.reads == "source" else declared.target_vendor
        if flow.fields:
            assert flow.source_fields in vendor(read).discover
        assert flow.poll_every >= timedelta(minutes=1)
        assert (flow.wake is None) or vendor(read).webhooks is not None


@pytest.mark.django_db
def test_an_empty_integration_gets_all_its_faults_at_once_in_words(key: str, declared: Pair) -> None:
    source, target = (
        Connection.objects.create(name=name, vendor=name)
        for name in (declared.source_vendor, declared.target_vendor)
    )
    empty = Integration.objects.create(name="Neu", pair=key, source=source, target=target)

    faults = checks.faults_of(empty)
    asked_for = {fault.field for fault in faults}

    required = [setting for setting in declared.settings if setting.required and not setting.default]
    assert {setting.label for setting in required} <= asked_for
    for flow in declared.flows:
        assert {field.label for field in flow.fields if field.is_required} <= asked_for
    assert all(str(fault.rule) for fault in faults)
    assert not CallLog.objects.exists()
    swapped = Integration(name="Verdreht", pair=key, source=target, target=source)
    assert {"From", "To"} <= {fault.field for fault in checks.faults_of(swapped)}


def test_the_world_of_the_stage_has_no_fault_and_each_missing_mapping_is_one(
    world: Any, declared: Pair
) -> None:
    assert checks.faults_of(world.integration) == []
    for flow in declared.flows:
        for field in (field for field in flow.fields if field.is_required):
            row = world.integration.mappings.filter(flow=flow.key, way="into", target_field=field.key).get()
            row.kind, row.source_field, row.constant = MappingKind.DIRECT, "", ""
            row.save()
    assert len(checks.faults_of(world.integration)) >= sum(
        field.is_required for flow in declared.flows for field in flow.fields
    )


# --- the way of one object ---


def test_handled_twice_and_polled_again_and_again_it_arrives_once(world: Any, stage: PairStage) -> None:
    ref = stage.ready(world)
    world.work(minutes=5)
    written = writes().count()
    for _ in range(3):
        # Woken by an event that the object's own mark does not show.
        Record.objects.update(seen_version="9999", state=RecordState.WAITING, due_at=clock.now())
        world.work(minutes=3)

    assert stage.arrived(world) == 1
    assert writes().count() == written
    assert world.record(ref).state == stage.arrives_as


@pytest.fixture
def everybody_adds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each object in each JSON answer of a vendor gets a member more; the addresses that answered so."""
    spoiled: list[str] = []
    send = Exchange.send

    def sent(self: Exchange, request: requests.PreparedRequest) -> requests.Response:
        answer = send(self, request)
        try:
            found = json.loads(answer.content)
        except ValueError:
            return answer
        answer._content = json.dumps(_with_more(found)).encode()
        spoiled.append(str(request.url))
        return answer

    monkeypatch.setattr(Exchange, "send", sent)
    return spoiled


def _with_more(found: Any) -> Any:
    if isinstance(found, list):
        return [_with_more(item) for item in found]
    if isinstance(found, dict):
        return {name: _with_more(item) for name, item in found.items()} | {"x\x00": "\ud800\x00"}
    return found


def test_members_that_no_database_keeps_break_nothing(
    world: Any, stage: PairStage, everybody_adds: list[str]
) -> None:
    ref = stage.ready(world)
    world.work(minutes=5)

    assert everybody_adds
    assert world.record(ref).state == stage.arrives_as, world.record(ref).reason
    assert stage.arrived(world) == 1


def test_steps_in_any_order_end_alike(world: Any, stage: PairStage) -> None:
    """Batches before records, records before polls: who comes too early does nothing."""
    ref = stage.ready(world)
    work.bookings()
    work.due_records()
    work.announcements()
    Cursor.objects.update(due_at=clock.now())
    work.bookings()
    work.polls()
    work.bookings()
    work.deliveries()
    world.work(minutes=5)

    assert stage.arrived(world) == 1
    assert world.record(ref).state == stage.arrives_as


def effects_of(world: Any, stage: PairStage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all writes on the way of one object, in order."""
    seen: list[str] = []
    once = Effects.once

    def noted(self: Effects, name: str, do: Callable[[], Any], **options: Any) -> Any:
        if name not in seen:
            seen.append(name)
        return once(self, name, do, **options)

    stage.ready(world)
    with monkeypatch.context() as patch:
        patch.setattr(Effects, "once", noted)
        world.work(minutes=5)
    return seen


MOMENTS = ("before the call", "inside the call", "after the call")


@pytest.mark.kills
@pytest.mark.parametrize("when", MOMENTS)
def test_a_worker_that_ends_at_any_write_is_followed_by_one_that_does_not_repeat_it(
    world: Any, stage: PairStage, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    number = len(effects_of(world, stage, monkeypatch))
    once = Effects.once
    assert number
    # In `make test` each write has its turn before, inside or after; in `make crash` all of them.
    stride = 1 if os.environ.get("KILL_EVERYWHERE") else 3 if connection.vendor == "postgresql" else 2
    for victim in range(MOMENTS.index(when) % min(stride, number), number, stride):
        left = [victim]

        def killed(
            self: Effects, name: str, do: Callable[[], Any], left: list[int] = left, **options: Any
        ) -> Any:
            is_open = not self.is_done(name)
            if is_open:
                left[0] -= 1
            if not is_open or left[0] != -1:
                return once(self, name, do, **options)
            if when == "before the call":
                raise SystemExit

            def do_and_die() -> Any:
                do()
                raise SystemExit

            result = once(self, name, do_and_die if when == "inside the call" else do, **options)
            raise SystemExit(result)

        ref, before = stage.ready(world), stage.arrived(world)
        with monkeypatch.context() as patch:
            patch.setattr(Effects, "once", killed)
            while not survive(world, lambda: world.work(minutes=4)):
                pass
        world.pass_time(AFTER_A_CRASH)
        world.work(minutes=5)

        assert left[0] < 0, "the worker was never killed"
        assert stage.arrived(world) == before + 1, (when, victim)
        assert world.record(ref).state == stage.arrives_as, (when, victim, world.record(ref).reason)
    assert not Effect.objects.exclude(state=EffectState.DONE).exists()


@pytest.mark.parametrize("switch", [{"is_paused": True}, {"is_on": False}])
def test_nothing_is_written_while_it_is_paused_or_off_and_nothing_is_lost(
    world: Any, stage: PairStage, switch: dict[str, bool]
) -> None:
    Integration.objects.update(**switch)
    ref = stage.ready(world)
    before = writes().count()
    world.work(minutes=4)
    assert writes().count() == before
    assert stage.arrived(world) == 0

    Integration.objects.update(is_paused=False, is_on=True)
    world.work(minutes=5)
    assert world.record(ref).state == stage.arrives_as
    assert stage.arrived(world) == 1


@pytest.mark.parametrize("key", [key for key in sorted(PAIRS) if PAIRS[key].deleted], indirect=True)
def test_an_object_that_is_deleted_is_neither_lost_nor_a_fault_of_ours(world: Any, stage: PairStage) -> None:
    assert stage.deleted
    early, late = stage.ready(world), stage.ready(world)
    Cursor.objects.update(due_at=clock.now())
    work.intake.ensure_cursors()
    work.polls()
    stage.deleted(world, early)
    Record.objects.update(snapshot=None, snapshot_at=None)
    world.work(minutes=5)
    assert world.record(early).state not in (RecordState.INTERNAL, RecordState.DONE, RecordState.RUNNING)
    assert world.record(early).reason
    assert stage.arrived(world) == 1

    stage.deleted(world, late)
    actions.replay(Record.objects.all(), by="anna")
    world.work(minutes=4)
    assert stage.arrived(world) == 1
    assert world.record(late).state != RecordState.INTERNAL


def test_a_change_after_arrival_is_for_a_person(world: Any, stage: PairStage) -> None:
    ref = stage.ready(world)
    world.work(minutes=5)
    stage.changed(world, ref)
    world.work(minutes=4)

    assert stage.arrived(world) == 1
    assert (world.record(ref).state == RecordState.CHANGED) == stage.is_final
    assert bool(world.record(ref).faults) == stage.is_final


def test_from_every_state_a_replay_ends_where_the_truth_is(world: Any, stage: PairStage) -> None:
    """Whatever a record was parked as: read again, it is found to have arrived, and nothing is doubled."""
    ref = stage.ready(world)
    world.work(minutes=5)
    for state in PARKED:
        Record.objects.update(state=state, due_at=None)
        assert actions.replay([world.record(ref)], by="anna").taken == 1
        world.work(minutes=2)
        assert world.record(ref).state == stage.arrives_as, state
    assert stage.arrived(world) == 1


def test_a_fault_of_ours_parks_the_record_with_a_reason_and_a_replay_heals_it(
    world: Any, stage: PairStage, declared: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = stage.ready(world)

    def broken(self: Flow, *args: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        for flow in declared.flows:
            patch.setitem(flow.__dict__, "handle", broken)
        world.work(minutes=2)
    record = world.record(ref)
    assert record.state == RecordState.INTERNAL
    assert record.subject in str(Message.from_json(record.reason))

    actions.replay([record], by="anna")
    world.work(minutes=5)
    assert world.record(ref).state == stage.arrives_as
    assert stage.arrived(world) == 1
