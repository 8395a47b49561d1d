"""The way of bookings by DXSO job, against the simulated DATEV."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bookings import documents, housekeeping, jobs, selectors
from bookings.entry import Route
from bookings.models import BatchState, Booking, Document, DocumentState, Job, JobState, ProtocolEntry
from connections import clock
from connections.errors import RejectedError
from mlconnector.sandbox.datev.dxso_package import Package
from tests.bookings.world import INVOICE, LATER, PDF, World

SCHEMAS = Path(__file__).parents[2] / ".." / "shared" / "specs" / "datev-formats" / "xsd-v060"


def kept_document(world: World, origin: str, name: str = "Rechnung.pdf") -> Document:
    document = documents.plan(origin, "attachment-1", world.client, name)
    return documents.keep(document, PDF + origin.encode())


def place(world: World, origin: str, **changes: Any) -> Document:
    document = kept_document(world, origin)
    world.place(origin, route=Route.DXSO, closing=LATER, documents=(document.guid,), **changes)
    return document


def state_of(origin: str, revision: int = 1) -> str:
    outcome = selectors.outcome(origin, revision)
    assert outcome is not None
    return outcome.state


def test_invoices_and_their_images_arrive_once(world: World) -> None:
    document = place(world, "record:1")
    place(world, "record:2")

    world.run_to_rest()

    assert world.batch().state == BatchState.POSTED
    assert sorted(world.arrived) == ["RE-1", "RE-2"]
    assert len(world.datev.store.documents) == 2
    document.refresh_from_db()
    assert document.state == DocumentState.UPLOADED
    [job] = world.datev.store.dxso_jobs.values()
    assert len(job.files) == job.uploads == 5
    texts = list(ProtocolEntry.objects.order_by("pk").values_list("text", "filename"))
    assert texts == [(entry["text"], entry["filename"]) for entry in job.entries]


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="DATEV's schema files are not at hand")
def test_the_files_are_checked_against_the_schemas_where_they_are_at_hand(
    world: World, settings: Any
) -> None:
    settings.DATEV_XSD_DIR = str(SCHEMAS)
    world.datev.options.xsd_dir = str(SCHEMAS)
    place(world, "record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.POSTED


def test_a_folder_without_schemas_stops_before_anything_is_uploaded(world: World, settings: Any) -> None:
    settings.DATEV_XSD_DIR = "/nowhere"
    place(world, "record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.STOPPED
    assert world.datev.calls_to("dxso.files") == []


@pytest.mark.parametrize("route", ["dxso.create", "dxso.files"])
@pytest.mark.parametrize("fault", [{"drop": "after"}, {"drop": "before"}, {"status": 500}])
def test_what_is_unclear_before_the_end_begins_a_new_job(world: World, route: str, fault: Any) -> None:
    world.datev.faults.add(route, **fault)
    place(world, "record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.POSTED
    assert world.arrived == ["RE-1"]
    ended = [job for job in world.datev.store.dxso_jobs.values() if job.status]
    assert len(ended) == 1
    assert len(world.datev.calls_to("dxso.finalise")) == 1


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"drop": "before"}, {"status": 500, "processed": True}])
def test_a_lost_answer_to_the_end_is_looked_up_and_no_new_job_is_begun(world: World, fault: Any) -> None:
    world.datev.faults.add("dxso.finalise", **fault)
    place(world, "record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.POSTED
    assert world.arrived == ["RE-1"]
    assert len(world.datev.calls_to("dxso.create")) == 1


def test_transfers_that_break_off_again_and_again_stop_for_a_person(world: World) -> None:
    world.datev.faults.add("dxso.files", drop="after", times=None)
    place(world, "record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.STOPPED
    assert world.datev.calls_to("dxso.finalise") == []
    world.datev.faults.clear()
    jobs.try_again(world.batch(), by="erika")
    world.run_to_rest()
    assert world.arrived == ["RE-1"]


def test_the_new_belege_online_is_a_configuration_problem_with_a_way_out(world: World) -> None:
    world.datev.client("455148-1").is_duo_next = True
    place(world, "record:1")

    world.run_to_rest()

    batch = world.batch()
    assert (batch.state, batch.code) == (BatchState.STOPPED, "DCO01301")
    outcome = selectors.outcome("record:1", 1)
    assert outcome is not None
    assert "EXTF" in str(outcome.message)


def test_only_the_invoices_that_the_protocol_blames_are_refused(world: World, monkeypatch: Any) -> None:
    place(world, "record:1")
    place(world, "record:2")
    spoil(monkeypatch, "0002.xml")
    world.run_to_rest()

    batch = world.batch()
    assert (batch.state, Job.objects.get().state) == (BatchState.PARTLY, JobState.PARTLY)
    assert (state_of("record:1"), state_of("record:2")) == ("posted", "failed")
    assert world.arrived == ["RE-1"]

    monkeypatch.undo()
    jobs.resubmit(batch, by="erika")
    world.run_to_rest()

    assert sorted(world.arrived) == ["RE-1", "RE-2"]
    assert state_of("record:2") == "posted"
    names = [set(job.files) - {"document.xml"} for job in world.datev.store.dxso_jobs.values()]
    assert names[0].isdisjoint(names[1])


def spoil(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """DATEV finds the ledger file whose name ends so unreadable."""
    process = Package.process

    def spoiling(self: Any, *args: Any) -> None:
        for name in self.job.files:
            if name.endswith(ending):
                self.job.files[name] = b"<broken"
        process(self, *args)

    monkeypatch.setattr(Package, "process", spoiling)


@pytest.mark.parametrize(
    ("status", "state", "job_state"),
    [
        (3, BatchState.FAILED, JobState.FAILED),
        (5, BatchState.FAILED, JobState.CANCELLED),
        (4, BatchState.UNKNOWN, JobState.UNKNOWN),
        (6, BatchState.UNKNOWN, JobState.UNKNOWN),
    ],
)
def test_each_end_has_its_own_state(world: World, status: int, state: Any, job_state: Any) -> None:
    world.datev.options.next_dxso = [status]
    place(world, "record:1")

    world.run_to_rest()

    assert world.batch().state == state
    assert Job.objects.get().state == job_state


def test_an_unknown_end_is_settled_by_a_person_with_its_images(world: World) -> None:
    world.datev.options.next_dxso = [6]
    document = place(world, "record:1")
    world.run_to_rest()

    jobs.settle(world.batch(), "arrived", by="erika")

    document.refresh_from_db()
    assert document.state == DocumentState.UPLOADED
    assert state_of("record:1") == "posted"


def test_images_of_a_refused_transfer_are_kept_for_a_while(world: World) -> None:
    world.datev.options.next_dxso = [3]
    place(world, "record:1")
    world.run_to_rest()

    assert housekeeping.forget(clock.now() + timedelta(days=80)) == 0
    assert housekeeping.forget(clock.now() + timedelta(days=100)) == 1
    successor = jobs.resubmit(world.batch(), by="erika")
    world.run_to_rest()

    successor.refresh_from_db()
    assert successor.state == BatchState.STOPPED
    assert "Rechnung.pdf" in str(successor.faults)


def test_a_long_job_is_uploaded_in_slices(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("bookings.dxso_jobs.UPLOADS_PER_START", 2)
    for number in range(1, 4):
        place(world, f"record:{number}")

    world.run_to_rest()

    assert sorted(world.arrived) == ["RE-1", "RE-2", "RE-3"]
    assert len(world.datev.calls_to("dxso.create")) == 1


def test_another_account_length_of_the_job_stops_the_batch(world: World) -> None:
    client = world.datev.client("455148-1")
    client.fiscal_years = tuple(replace(year, account_length=5) for year in client.fiscal_years)
    place(world, "record:1")

    world.run_to_rest()

    assert world.batch().state == BatchState.STOPPED
    assert world.datev.calls_to("dxso.files") == []


def test_rows_of_one_invoice_must_agree_before_anything_is_stored(world: World) -> None:
    with pytest.raises(RejectedError) as raised:
        world.place(
            "record:1", INVOICE, replace(INVOICE, document_field_1="RE-2"), route=Route.DXSO, closing=LATER
        )

    assert raised.value.faults
    assert not Booking.objects.exists()
