"""Every write to a vendor: once, found again after an unclear try, never repeated blindly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from connections import clock
from connections.effects import Effects, digest
from connections.errors import OutcomeUnknownError, RejectedError, TransientError
from connections.models import Effect, EffectState

pytestmark = [pytest.mark.django_db, pytest.mark.every_variant]


class Vendor:
    """Counts what arrives; `trouble` is raised after (or instead of) the next write."""

    def __init__(self):
        self.arrived, self.trouble, self.loses = [], None, False

    def write(self):
        if self.trouble is None or self.loses:
            self.arrived.append("job-1")
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        return {"job": ("job-1", 1)}

    def find(self):
        return {"job": self.arrived[-1]} if self.arrived else None


@pytest.fixture
def vendor():
    return Vendor()


@pytest.fixture
def effects():
    return Effects("record:1:1", guard=lambda: None)


def effect() -> Effect:
    return Effect.objects.get()


def test_a_done_write_is_not_done_again_and_gives_the_same_result(effects, vendor):
    first = effects.once("submit", vendor.write, content=b"bytes")
    assert effects.once("submit", vendor.write) == first == {"job": ["job-1", 1]}
    assert len(vendor.arrived) == 1
    assert (effect().starts, effect().digest) == (1, digest(b"bytes"))
    assert effects.is_done("submit")


def test_a_refused_write_may_be_tried_again(effects, vendor):
    vendor.trouble = RejectedError("no")
    with pytest.raises(RejectedError):
        effects.once("submit", vendor.write)
    assert effect().state == EffectState.PLANNED
    effects.once("submit", vendor.write)
    assert (len(vendor.arrived), effect().starts) == (1, 2)


@pytest.mark.parametrize(
    "trouble", [OutcomeUnknownError("lost"), KeyError("a bug of ours"), KeyboardInterrupt()]
)
def test_an_unclear_write_is_adopted_when_it_is_found(effects, vendor, trouble):
    vendor.trouble, vendor.loses = trouble, True
    with pytest.raises(type(trouble)):
        effects.once("submit", vendor.write, find=vendor.find)
    assert effects.once("submit", vendor.write, find=vendor.find) == {"job": "job-1"}
    assert len(vendor.arrived) == 1
    assert effect().was_adopted


def test_an_unclear_write_is_done_when_it_is_not_found(effects, vendor):
    vendor.trouble = OutcomeUnknownError("lost")
    with pytest.raises(OutcomeUnknownError):
        effects.once("submit", vendor.write, find=vendor.find)
    effects.once("submit", vendor.write, find=vendor.find)
    assert len(vendor.arrived) == 1
    assert not effect().was_adopted


def test_an_unclear_write_that_can_not_be_found_waits_for_a_person(effects, vendor):
    vendor.trouble, vendor.loses = OutcomeUnknownError("lost"), True
    for _ in range(3):
        with pytest.raises(OutcomeUnknownError):
            effects.once("submit", vendor.write)
    assert len(vendor.arrived) == 1


def test_an_unclear_write_that_the_vendor_makes_harmless_is_repeated(effects, vendor):
    vendor.trouble = OutcomeUnknownError("lost")
    with pytest.raises(OutcomeUnknownError):
        effects.once("put", vendor.write, is_repeatable=True)
    effects.once("put", vendor.write, is_repeatable=True)
    assert effect().state == EffectState.DONE


def test_a_search_that_lags_is_waited_for(effects, vendor):
    vendor.trouble, vendor.loses = OutcomeUnknownError("lost"), True
    with pytest.raises(OutcomeUnknownError):
        effects.once("submit", vendor.write, find=lambda: None)
    lag = timedelta(minutes=2)
    with pytest.raises(TransientError) as caught:
        effects.once("submit", vendor.write, find=vendor.find, search_lag=lag)
    assert timedelta(0) < caught.value.retry_after <= lag
    clock.advance(lag)
    assert effects.once("submit", vendor.write, find=vendor.find, search_lag=lag) == {"job": "job-1"}


def test_a_worker_that_lost_its_record_sends_nothing(vendor):
    def guard():
        raise TransientError("taken over")

    with pytest.raises(TransientError):
        Effects("record:1:1", guard).once("submit", vendor.write)
    assert vendor.arrived == []
    assert not Effect.objects.exists()


def test_a_worker_that_was_overtaken_between_look_and_start_sends_nothing(effects, vendor):
    def guard():
        Effect.objects.update(state=EffectState.STARTED, starts=2)

    vendor.trouble = RejectedError("not yet")
    with pytest.raises(RejectedError):
        effects.once("submit", vendor.write)
    vendor.arrived.clear()

    with pytest.raises(TransientError, match="Another worker"):
        Effects("record:1:1", guard).once("submit", vendor.write)
    assert vendor.arrived == []


def test_of_two_workers_that_start_the_same_new_write_one_sends(vendor):
    def guard():
        Effect.objects.create(owner="record:1:1", name="submit", state=EffectState.STARTED, starts=1)

    with pytest.raises(TransientError, match="Another worker"):
        Effects("record:1:1", guard).once("submit", vendor.write)
    assert vendor.arrived == []


def test_a_late_failure_does_not_undo_what_another_has_finished(effects, vendor):
    def overtaken():
        Effect.objects.update(state=EffectState.DONE, result={"job": "of-the-other"})
        raise RejectedError("too late")

    with pytest.raises(RejectedError):
        effects.once("submit", overtaken)
    assert effects.once("submit", vendor.write) == {"job": "of-the-other"}
    assert vendor.arrived == []


def test_a_late_success_gives_the_result_that_is_kept(effects):
    def overtaken():
        Effect.objects.update(state=EffectState.DONE, result={"job": "of-the-other"})
        return {"job": "mine"}

    assert effects.once("submit", overtaken) == {"job": "of-the-other"}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_inside_a_transaction_that_could_be_rolled_back(effects, vendor):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        effects.once("submit", vendor.write)
    assert vendor.arrived == []


def test_digests_depend_on_content_alone():
    assert digest({"b": 1, "a": "ü"}) == digest({"a": "ü", "b": 1}) != digest({"a": "u", "b": 1})
