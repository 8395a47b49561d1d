"""The way of bookings by EXTF file, against the simulated DATEV."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bookings import decisions, jobs, selectors
from bookings.models import Batch, BatchState, Job, JobState
from connections import clock
from connections.errors import RejectedError
from connections.models import AuditEntry, Effect, Health
from tests.bookings.world import LATER, World


def test_a_booking_arrives_once_and_its_source_is_told(world: World) -> None:
    world.place("record:1")

    world.run_to_rest()

    assert world.arrived == ["RE-1"]
    outcome = selectors.outcome("record:1", 1)
    assert outcome is not None
    assert outcome.state == "posted"
    assert outcome.job_ref == Job.objects.get().vendor_ref
    assert [booking.origin for booking in selectors.unannounced(10)] == ["record:1"]


def test_bytes_name_and_reference_are_stored_before_the_first_post_and_stay(world: World) -> None:
    world.place("record:1")
    world.datev.faults.add("extf.import", status=503, headers={"Retry-After": "60"}, times=1)

    world.run()
    stored = Batch.objects.values("content", "sha256", "filename", "reference").get()
    world.client.dictation_code = "AB"
    world.client.save()
    world.run_to_rest()

    assert Batch.objects.values("content", "sha256", "filename", "reference").get() == stored
    [upload] = world.datev.store.uploads.values()
    assert upload.content == bytes(stored["content"])
    assert (upload.filename, upload.reference) == (stored["filename"], stored["reference"])


@pytest.mark.parametrize("form", ["relative", "absolute", "platform", "missing"])
def test_the_job_is_found_whatever_form_the_location_has(world: World, form: str) -> None:
    world.datev.options.location = form
    world.place("record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.POSTED
    assert len(world.datev.store.uploads) == 1


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 500, "processed": True}, {"delay": 1000.0}])
def test_a_lost_answer_to_the_import_is_adopted_and_never_sent_twice(
    world: World, fault: dict[str, Any]
) -> None:
    world.datev.faults.add("extf.import", **fault)
    world.place("record:1")

    world.run_to_rest()

    assert len(world.datev.calls_to("extf.import")) == 1
    assert world.arrived == ["RE-1"]
    assert world.batch().state == BatchState.POSTED
    assert Effect.objects.get(name="import_extf").was_adopted


def test_an_import_that_did_not_arrive_is_sent_again_after_a_look(world: World) -> None:
    world.datev.faults.add("extf.import", drop="before")
    world.place("record:1")

    world.run_to_rest()

    assert world.arrived == ["RE-1"]
    assert len(world.datev.calls_to("extf.jobs")) == 1


def test_a_file_that_the_list_shows_late_is_waited_for(world: World) -> None:
    world.datev.options.list_hidden_seconds = 100
    world.datev.faults.add("extf.import", drop="after")
    world.place("record:1")

    world.run_to_rest()

    assert len(world.datev.calls_to("extf.import")) == 1
    assert world.arrived == ["RE-1"]


def test_a_refusal_as_duplicate_file_is_adopted(world: World) -> None:
    world.datev.options.duplicate_filename = True
    world.datev.options.list_hidden_seconds = 600
    world.datev.faults.add("extf.import", drop="after")
    world.place("record:1")

    world.run_to_rest()

    assert len(world.datev.store.uploads) == 1
    assert world.batch().state == BatchState.POSTED


def test_the_first_look_waits_for_retry_after_and_the_next_ones_grow(world: World) -> None:
    world.datev.options.job_seconds = 3 * 3600
    world.datev.options.retry_after = "17"
    world.place("record:1")
    world.run()
    sent_at = world.batch().sent_at
    assert sent_at is not None

    looks = []
    while world.batch().state == BatchState.SENT:
        due_at = world.batch().due_at
        assert due_at is not None
        world.pass_time(seconds=(due_at - clock.now()).total_seconds() + 0.01)
        looks.append(clock.now())
        world.run()

    distances = [round((later - looks[at]).total_seconds()) for at, later in enumerate(looks[1:])]
    assert timedelta(seconds=17) <= looks[0] - sent_at < timedelta(seconds=20)
    assert distances[0] >= 60
    assert distances == sorted(distances)
    assert max(distances) <= 1800
    assert len(looks) < 20
    assert world.batch().state == BatchState.POSTED


def test_a_job_that_is_not_shown_yet_counts_as_pending(world: World) -> None:
    world.datev.options.job_hidden_seconds = 300
    world.place("record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.POSTED


def test_a_job_that_never_ends_becomes_unknown_and_is_never_sent_again(world: World) -> None:
    world.datev.options.job_seconds = 1e9
    world.place("record:1")

    world.run_to_rest(hours=100)

    batch = world.batch()
    assert batch.state == BatchState.UNKNOWN
    assert Job.objects.get().state == JobState.UNKNOWN
    assert len(world.datev.calls_to("extf.import")) == 1
    outcome = selectors.outcome("record:1", 1)
    assert outcome is not None
    assert outcome.state == "unknown"
    with pytest.raises(RejectedError):
        jobs.resubmit(batch, by="erika")


def test_an_unknown_batch_is_asked_for_again_and_never_sent_by_it(world: World) -> None:
    world.datev.options.job_seconds = 30 * 3600
    world.place("record:1")
    world.run_to_rest(hours=26)
    assert world.batch().state == BatchState.UNKNOWN

    jobs.ask_again(world.batch(), by="erika")
    world.run_to_rest()
    assert world.batch().state == BatchState.UNKNOWN
    world.pass_time(hours=10)
    jobs.ask_again(world.batch(), by="erika")
    world.run_to_rest()

    assert world.batch().state == BatchState.POSTED
    assert len(world.datev.calls_to("extf.import")) == 1


def test_asking_again_for_a_file_whose_answer_was_lost_looks_it_up_only(world: World, settings: Any) -> None:
    settings.RECORD_MAX_STARTS = 2
    world.datev.faults.add("extf.import", drop="before", times=1)
    world.datev.faults.add("extf.jobs", status=503, times=2)
    world.place("record:1")
    world.run_to_rest()
    assert world.batch().state == BatchState.UNKNOWN
    world.pass_time(hours=25)

    jobs.ask_again(world.batch(), by="erika")
    world.run_to_rest()

    assert world.batch().state == BatchState.UNKNOWN
    assert len(world.datev.calls_to("extf.import")) == 1


@pytest.mark.parametrize(("seen", "state"), [("arrived", "posted"), ("not_arrived", "failed")])
def test_a_person_settles_an_unknown_batch(world: World, seen: Any, state: str) -> None:
    world.datev.options.job_seconds = 1e9
    world.place("record:1")
    world.run_to_rest(hours=100)
    told = selectors.unannounced(10)

    batch = jobs.settle(world.batch(), seen, by="erika")

    outcome = selectors.outcome("record:1", 1)
    assert outcome is not None
    assert outcome.state == state
    assert selectors.unannounced(10) == told
    entry = AuditEntry.objects.get(action="batch.settled")
    assert (entry.actor, entry.subject) == ("erika", batch.owner)
    with pytest.raises(RejectedError):
        jobs.settle(batch, seen, by="erika")


def test_a_refused_file_says_why_and_is_sent_again_under_a_new_name(world: World) -> None:
    world.datev.options.next_jobs = ["1008834"]
    world.place("record:1", closing=LATER)
    world.place("record:2", closing=LATER)
    world.run_to_rest()

    refused = world.batch()
    job = Job.objects.get()
    assert (refused.state, refused.code) == (BatchState.FAILED, "1008834")
    assert refused.help_url.endswith("/1008834")
    assert job.state == JobState.FAILED
    assert job.affected_elements[0]["name"]

    successor = jobs.resubmit(refused, by="erika")
    world.run_to_rest()

    successor.refresh_from_db()
    assert successor.state == BatchState.POSTED
    assert (successor.corrects, successor.revision) == (refused, 2)
    assert successor.filename != refused.filename
    assert successor.reference != refused.reference
    assert world.arrived == ["RE-1", "RE-2"]
    with pytest.raises(RejectedError):
        jobs.resubmit(refused, by="erika")


def test_a_booking_that_was_replaced_is_not_in_the_corrected_file(world: World) -> None:
    world.datev.options.next_jobs = ["1008834"]
    world.place("record:1", closing=LATER)
    world.place("record:2", closing=LATER)
    world.run_to_rest()
    refused = world.batch()

    world.place("record:1", revision=2, document_field_1="RE-1-NEU")
    jobs.resubmit(refused, by="erika")
    world.run_to_rest()

    assert sorted(world.arrived) == ["RE-1-NEU", "RE-2"]


def test_a_new_revision_waits_until_the_fate_of_the_earlier_one_is_known(world: World) -> None:
    world.datev.options.job_seconds = 600
    world.place("record:1")
    world.run()

    with pytest.raises(RejectedError) as raised:
        world.place("record:1", revision=2)

    assert raised.value.code == "earlier_unsettled"


def test_try_again_by_datev_sends_the_same_bytes_a_limited_number_of_times(world: World) -> None:
    world.datev.options.next_jobs = ["1008837", "1008837", ""]
    world.place("record:1")

    world.run_to_rest()

    uploads = list(world.datev.store.uploads.values())
    assert len({upload.content for upload in uploads}) == 1
    assert len({(upload.filename, upload.reference) for upload in uploads}) == 1
    assert [upload.result for upload in uploads] == ["failed", "failed", "succeeded"]
    assert world.batch().state == BatchState.POSTED
    assert world.arrived == ["RE-1"]


def test_a_lost_answer_of_the_second_try_does_not_adopt_the_failed_first(world: World) -> None:
    world.datev.options.next_jobs = ["1008837", ""]
    world.datev.faults.add("extf.import", drop="after", skip=1)
    world.place("record:1")

    world.run_to_rest()

    assert len(world.datev.calls_to("extf.import")) == 2
    assert world.batch().state == BatchState.POSTED
    assert list(Job.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "succeeded"]
    assert world.arrived == ["RE-1"]


def test_try_again_by_datev_without_end_stops_for_a_person(world: World) -> None:
    world.datev.options.next_jobs = ["1008837"] * 3
    world.place("record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.STOPPED
    assert len(world.datev.store.uploads) == 3
    jobs.try_again(world.batch(), by="erika")
    world.run_to_rest()
    assert world.arrived == ["RE-1"]


def test_a_missing_right_stops_the_batch_until_a_person_tries_again(world: World) -> None:
    world.datev.faults.add("extf.import", status=403, body={"request_id": "1"}, times=None)
    world.place("record:1")

    world.run_to_rest()

    batch = world.batch()
    assert batch.state == BatchState.STOPPED
    assert batch.reason is not None
    assert len(world.datev.calls_to("extf.import")) == 1
    world.datev.faults.clear()
    sha256 = batch.sha256
    jobs.try_again(batch, by="erika")
    world.run_to_rest()
    assert world.batch().sha256 == sha256
    assert world.arrived == ["RE-1"]


def test_a_stopped_batch_whose_bookings_travel_elsewhere_is_never_sent(world: World) -> None:
    world.datev.faults.add("extf.import", status=403, body={"request_id": "1"}, times=1)
    world.place("record:1")
    world.run_to_rest()
    stopped = world.batch()
    jobs.resubmit(stopped, by="erika")

    with pytest.raises(RejectedError):
        jobs.try_again(stopped, by="erika")

    world.run_to_rest()
    assert world.arrived == ["RE-1"]


def test_try_again_leaves_replaced_bookings_out(world: World) -> None:
    world.datev.faults.add("extf.import", status=403, body={"request_id": "1"}, times=1)
    world.place("record:1", closing=LATER)
    world.place("record:2", closing=LATER)
    world.run_to_rest()
    stopped = world.batch()
    world.place("record:1", revision=2, document_field_1="RE-1-NEU")

    decisions.try_again(stopped, by="erika")
    world.run_to_rest()

    assert sorted(world.arrived) == ["RE-1-NEU", "RE-2"]


def test_without_a_sign_in_nothing_is_called_and_nothing_is_given_up(world: World) -> None:
    world.place("record:1")
    world.connection.health = Health.SIGN_IN
    world.connection.save()
    calls = len(world.datev.calls)

    world.run_to_rest(hours=100)

    assert len(world.datev.calls) == calls
    assert world.batch().state == BatchState.CLOSED
    world.connection.health = Health.OK
    world.connection.save()
    world.run_to_rest()
    assert world.arrived == ["RE-1"]


def test_an_outage_is_waited_out_and_given_up_after_many_starts(world: World, settings: Any) -> None:
    settings.RECORD_MAX_STARTS = 3
    outage = world.datev.faults.add("extf.import", status=429, headers={"Retry-After": "40"}, times=None)
    world.place("record:1")

    world.run_to_rest(hours=100)

    batch = world.batch()
    assert batch.state == BatchState.STOPPED
    assert outage.hits == 3
    world.datev.faults.clear()
    jobs.try_again(batch, by="erika")
    world.run_to_rest()
    assert world.arrived == ["RE-1"]


def test_an_outage_while_the_answer_is_missing_ends_in_unknown_not_in_stopped(
    world: World, settings: Any
) -> None:
    settings.RECORD_MAX_STARTS = 3
    world.datev.faults.add("extf.import", drop="after")
    world.datev.faults.add("extf.jobs", status=503, times=None)
    world.place("record:1")

    world.run_to_rest(hours=100)

    assert world.batch().state == BatchState.UNKNOWN
    assert len(world.datev.calls_to("extf.import")) == 1


def test_a_refused_look_says_nothing_about_what_was_sent(world: World) -> None:
    world.datev.faults.add("extf.job", status=403, body={"request_id": "1"}, times=3)
    world.place("record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.POSTED


def test_bytes_that_were_changed_behind_our_back_are_not_sent(world: World) -> None:
    world.place("record:1")
    world.datev.faults.add("extf.import", status=429, headers={"Retry-After": "1"}, times=1)
    world.run()
    Batch.objects.update(content=b"something else")

    world.run_to_rest()

    assert world.batch().state == BatchState.STOPPED
    assert world.datev.store.uploads == {}


def test_a_table_that_changed_after_placing_stops_the_batch_with_the_faults(world: World) -> None:
    world.place("record:1")
    world.client.accounts.filter(number="4930").update(is_blocked=True)

    world.run_to_rest()

    batch = world.batch()
    assert batch.state == BatchState.STOPPED
    assert batch.faults
    assert world.datev.store.uploads == {}
    world.client.accounts.filter(number="4930").update(is_blocked=False)
    jobs.try_again(batch, by="erika")
    world.run_to_rest()
    assert world.arrived == ["RE-1"]
