"""A refused batch: corrected by people, sent again exactly once for each request, under a new name."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from bookings import corrections, selectors
from bookings.corrections import Refusal, resubmit
from bookings.entry import Route
from bookings.models import Batch, BatchState, Booking, Correction, Job, Resubmission
from bookings.models.correction import AppendOnlyError
from connections.errors import RejectedError
from connections.models import AuditEntry
from tests.bookings.test_dxso_way import place as place_dxso
from tests.bookings.test_dxso_way import spoil
from tests.bookings.test_killed import rolled_back
from tests.bookings.world import INVOICE, LATER, Killed, World, boundaries, killed_at

REF = "integration:3:MUSTER-12:10245"


@pytest.fixture
def refused(world: World) -> Batch:
    """Two bookings in a file that DATEV refuses; the next file it takes."""
    world.datev.options.next_jobs = ["1008834"]
    world.place("record:1", closing=LATER)
    world.place("record:2", closing=LATER)
    world.run_to_rest()
    return world.batch(state=BatchState.FAILED)


@pytest.fixture
def partly(world: World, monkeypatch: Any) -> Batch:
    """Two invoices of which DATEV takes the first."""
    place_dxso(world, "record:1")
    place_dxso(world, "record:2")
    with monkeypatch.context() as patch:
        spoil(patch, "0002.xml")
        world.run_to_rest()
    return world.batch(state=BatchState.PARTLY)


def correct(batch: Batch, **changes: Any) -> Any:
    """Correct the first booking that is to be sent again."""
    bookings = batch.bookings.exclude(verdict__in=("posted", "released")).order_by("pk")
    booking = bookings[0]
    return corrections.correct_row(batch, booking, replace(booking.sent_entry, **changes), "erika")


def state_of(origin: str) -> str:
    outcome = selectors.outcome(origin, 1)
    assert outcome is not None
    return outcome.state


class TestARow:
    def test_is_noted_with_before_and_after_and_changes_nothing_that_was_sent(self, world, refused):
        sent = Batch.objects.values("content", "sha256", "filename", "state").get(pk=refused.pk)

        correct(refused, amount=Decimal("238.00"), posting_text="Papier")

        noted = Correction.objects.get()
        assert [(one["before"], one["after"]) for one in noted.differences] == [
            ("119.00", "238.00"),
            ("Büromaterial", "Papier"),
        ]
        assert (noted.by, noted.row) == ("erika", 1)
        assert AuditEntry.objects.get(action="batch.correction_row").details["changes"] == noted.differences
        assert Batch.objects.values("content", "sha256", "filename", "state").get(pk=refused.pk) == sent
        assert Booking.objects.filter(corrected__isnull=False).count() == 0

    def test_with_faults_lists_all_of_them_and_notes_nothing(self, refused):
        with pytest.raises(RejectedError) as refusal:
            correct(refused, amount=Decimal(0), contra_account="4711", bu_key="77", cost_center_1="999")

        assert len({fault.field for fault in refusal.value.faults}) == 4
        assert not Correction.objects.exists()

    def test_of_another_month_is_refused(self, refused):
        with pytest.raises(RejectedError):
            correct(refused, document_date=INVOICE.document_date.replace(month=8))

    def test_that_is_noted_can_be_withdrawn_but_never_removed(self, world, refused):
        correct(refused, amount=Decimal("238.00"))
        corrections.withdraw_corrections(refused, "erika")

        assert resubmit(refused, REF, "jira").refusal is Refusal.NO_CORRECTION
        assert Correction.objects.count() == 2
        for attempt in (Correction.objects.all().delete, Correction.objects.get(kind="row").delete):
            with pytest.raises(AppendOnlyError):
                attempt()
        with pytest.raises(AppendOnlyError):
            Correction.objects.update(by="nobody")

    def test_of_a_batch_that_is_on_its_way_can_not_be_corrected(self, refused):
        booking = refused.bookings.order_by("pk")[0]
        correct(refused, amount=Decimal("238.00"))
        resubmit(refused, REF, "jira")

        with pytest.raises(RejectedError):
            corrections.correct_row(refused, booking, INVOICE, "erika")


class TestSendingAgain:
    def test_sends_the_corrected_rows_under_a_new_name_and_the_records_follow(self, world, refused):
        correct(refused, amount=Decimal("238.00"))

        result = resubmit(refused, REF, "jira")
        world.run_to_rest()

        assert result.is_sent and not result.is_same_file
        new = world.batch(revision=2)
        assert result.batch == new and new.corrects == refused
        assert new.state == BatchState.POSTED
        assert new.filename != refused.filename and new.reference != refused.reference
        assert [row["amount"] for row in world.datev.bookings()] == ["238.00", "119.00"]
        assert (state_of("record:1"), state_of("record:2")) == ("posted", "posted")
        # What the source placed, and what stands in the books: a later reversal takes back the latter.
        assert selectors.entries("record:1", 1)[0].amount == Decimal("119.00")
        assert selectors.posted_entries("record:1", 2)[0].amount == Decimal("238.00")
        assert {booking.origin for booking in selectors.unannounced(10)} == {"record:1", "record:2"}

    def test_the_same_request_has_the_same_result_for_ever(self, world, refused):
        correct(refused, amount=Decimal("238.00"))
        first = resubmit(refused, REF, "jira")
        world.run_to_rest()

        again = resubmit(world.batch(revision=2), REF, "jira")

        assert (again.batch.pk, again.is_sent, str(again.message)) == (
            first.batch.pk,
            True,
            str(first.message),
        )
        assert Batch.objects.count() == 2
        assert len(world.datev.calls_to("extf.import")) == 2

    def test_another_request_is_refused_once_it_is_on_its_way_or_accepted(self, world, refused):
        correct(refused, amount=Decimal("238.00"))
        resubmit(refused, REF, "jira")

        assert resubmit(refused, "second", "jira").refusal is Refusal.UNDER_WAY
        world.run_to_rest()
        late = resubmit(Job.objects.earliest("pk"), "third", "jira")
        assert late.refusal is Refusal.ACCEPTED
        assert late.batch.revision == 2
        assert len(world.datev.calls_to("extf.import")) == 2

    def test_without_a_correction_nothing_is_sent_and_the_refusal_stays(self, world, refused):
        refusal = resubmit(refused, REF, "jira")
        assert refusal.refusal is Refusal.NO_CORRECTION
        correct(refused, amount=Decimal("238.00"))

        assert resubmit(refused, REF, "jira").refusal is Refusal.NO_CORRECTION
        assert resubmit(refused, "another move", "jira").is_sent
        world.run_to_rest()
        assert len(world.datev.calls_to("extf.import")) == 2

    def test_a_mended_setting_is_a_correction(self, world, refused):
        """The header was wrong: the client's initials are mended, no row is touched."""
        world.client.dictation_code = "MU"
        world.client.save()

        assert resubmit(refused, REF, "jira").is_sent
        world.run_to_rest()
        assert world.arrived == ["RE-1", "RE-2"]

    def test_replayed_records_are_a_correction_and_leave_the_old_file(self, world, refused):
        world.place("record:1", revision=2, amount=Decimal("238.00"))

        assert resubmit(refused, REF, "jira").is_sent
        world.run_to_rest()
        assert sorted(world.arrived) == ["RE-1", "RE-2"]

    def test_when_all_records_were_replayed_nothing_is_left(self, world, refused):
        world.place("record:1", revision=2)
        world.place("record:2", revision=2)

        assert resubmit(refused, REF, "jira").refusal is Refusal.REPLACED
        world.run_to_rest()
        assert sorted(world.arrived) == ["RE-1", "RE-2"]

    def test_after_a_table_changed_the_faults_are_listed_and_nothing_is_sent(self, world, refused):
        correct(refused, amount=Decimal("238.00"))
        world.client.cost_centers.all().delete()

        result = resubmit(refused, REF, "jira")

        assert result.refusal is Refusal.FAULTY
        assert len(result.faults) == 2
        assert resubmit(refused, REF, "jira").faults == result.faults
        assert Batch.objects.count() == 1

    def test_an_error_of_datevs_own_lets_the_same_bytes_go_under_the_same_name(self, world):
        world.datev.options.next_jobs = ["1008837"] * 3
        world.place("record:1")
        world.run_to_rest()
        stopped = world.batch(state=BatchState.STOPPED)

        result = resubmit(stopped, REF, "jira")
        again = resubmit(stopped, REF, "jira")
        world.run_to_rest()

        assert result.is_sent and result.is_same_file and again.is_same_file
        uploads = list(world.datev.store.uploads.values())
        assert len(uploads) == 4
        assert len({(one.filename, one.reference, one.content) for one in uploads}) == 1
        assert world.batch().state == BatchState.POSTED

    def test_what_may_be_in_datev_is_settled_first(self, world):
        world.datev.options.job_seconds = 1e9
        world.place("record:1")
        world.run_to_rest(hours=100)

        assert resubmit(world.batch(), REF, "jira").refusal is Refusal.UNKNOWN

    def test_a_request_belongs_to_one_batch(self, world, refused):
        resubmit(refused, REF, "jira")
        world.place("record:3")
        world.run_to_rest()

        with pytest.raises(RejectedError):
            resubmit(world.batch(state=BatchState.POSTED), REF, "jira")

    def test_a_new_refusal_can_be_corrected_again(self, world, refused):
        world.datev.options.next_jobs = ["1008834"]
        correct(refused, amount=Decimal("238.00"))
        resubmit(refused, REF, "jira")
        world.run_to_rest()
        second = world.batch(revision=2)
        assert second.state == BatchState.FAILED

        assert resubmit(refused, "unchanged", "jira").refusal is Refusal.NO_CORRECTION
        [change] = correct(second, amount=Decimal("357.00"))
        assert change["before"] == "238.00"
        resubmit(refused, "third", "jira")
        world.run_to_rest()

        assert [row["amount"] for row in world.datev.bookings()] == ["357.00", "119.00"]
        assert len({batch.filename for batch in Batch.objects.all()}) == 3


def test_of_a_partly_processed_transfer_only_the_refused_invoice_goes_again(world, partly):
    accepted = [origin for origin in ("record:1", "record:2") if state_of(origin) == "posted"]
    correct(partly, posting_text="Papier")

    assert resubmit(partly, REF, "jira").is_sent
    world.run_to_rest()

    assert len(accepted) == 1
    assert sorted(world.arrived) == ["RE-1", "RE-2"]
    assert world.batch(revision=2).rows == 1
    assert state_of("record:1") == state_of("record:2") == "posted"


def test_a_transfer_without_a_correction_is_not_sent_again(world, partly):
    assert resubmit(partly, REF, "jira").refusal is Refusal.NO_CORRECTION
    assert len(world.datev.calls_to("dxso.create")) == 1


@pytest.mark.kills
@pytest.mark.parametrize("route", [Route.EXTF, Route.DXSO])
def test_killed_anywhere_the_request_sends_one_revision(world: World, monkeypatch: Any, route: Route) -> None:
    """From the request to the accepted file, killed at the boundaries between and asked again."""

    def way() -> None:
        refused = Batch.objects.get(revision=1)
        resubmit(refused, REF, "jira")
        world.run()
        world.pass_time(seconds=15)
        world.run()

    if route == Route.EXTF:
        world.datev.options.next_jobs = ["1008834"]
        world.place("record:1")
    else:
        world.datev.options.next_dxso = [3]
        place_dxso(world, "record:1")
    world.run_to_rest()
    correct(world.batch(), posting_text="Papier")
    uploads, transfers = dict(world.datev.store.uploads), dict(world.datev.store.dxso_jobs)
    points: list[str] = []
    with rolled_back(), killed_at(0, points, monkeypatch):
        way()

    for step in boundaries(points, every=4 if route == Route.EXTF else 9):
        world.datev.store.documents.clear()
        for kept, store in ((uploads, world.datev.store.uploads), (transfers, world.datev.store.dxso_jobs)):
            store.clear()
            store.update(kept)
        with rolled_back():
            with pytest.raises(Killed), killed_at(step, [], monkeypatch):
                way()
            world.pass_time(minutes=10)
            way()
            world.run_to_rest()
            where = f"step {step}, {points[step - 1]}"
            assert world.arrived == ["RE-1"], where
            assert Batch.objects.count() == 2, where
            assert Resubmission.objects.count() == 1, where
            assert Batch.objects.get(revision=2).state == BatchState.POSTED, where


def test_two_requests_at_once_make_one_revision(world, refused, monkeypatch):
    """The second worker comes in between the look and the decision of the first."""
    from bookings.corrections import resubmission

    correct(refused, amount=Decimal("238.00"))
    plan, others = resubmission._plan, []

    def interrupted(batch: Batch) -> Any:
        monkeypatch.setattr(resubmission, "_plan", plan)
        others.append(resubmit(refused, REF, "jira"))
        return plan(batch)

    monkeypatch.setattr(resubmission, "_plan", interrupted)
    result = resubmit(refused, REF, "jira")

    assert result.batch == others[0].batch
    assert Batch.objects.count() == 2
    assert not transaction.get_connection().needs_rollback
