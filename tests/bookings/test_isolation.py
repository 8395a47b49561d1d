"""Culprits are set aside with their reasons; the good rows go on by themselves and arrive once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bookings import decisions, selectors
from bookings.models import Account, Batch, BatchState, CostCenter
from bookings.validation import labels
from mlconnector.sandbox.datev.dxso_package import Package
from tests.bookings.test_dxso_way import place as place_dxso
from tests.bookings.world import INVOICE, LATER, World


@pytest.fixture
def changed(world: World) -> World:
    """Three records wait in one batch; then an account that the second one uses is blocked."""
    Account.objects.create(client=world.client, number="4931", name="Bücher")
    world.place("record:1", closing=LATER)
    world.place(
        "record:2",
        replace(INVOICE, contra_account="4931", document_field_1="RE-2"),
        replace(INVOICE, amount=Decimal("7.00"), document_field_1="RE-2"),
        closing=LATER,
    )
    world.place("record:3", closing=LATER)
    Account.objects.get(number="4931").delete()
    return world


def outcome_of(record: str) -> Any:
    found = selectors.outcome(record, 1)
    assert found is not None
    return found


def test_good_rows_go_on_and_the_culprit_is_parked_with_its_faults(changed: World) -> None:
    changed.run_to_rest()

    assert changed.arrived == ["RE-1", "RE-3"]
    good = Batch.objects.get(state=BatchState.POSTED)
    aside = Batch.objects.get(state=BatchState.STOPPED)
    assert (good.rows, aside.rows, aside.set_aside_from) == (2, 2, good)
    assert [outcome_of(f"record:{number}").state for number in (1, 2, 3)] == ["posted", "stopped", "posted"]
    # Both rows of the invoice stay together; the fault is told once, with the document on the batch's page.
    assert {fault.field for fault in outcome_of("record:2").faults} == {labels.CONTRA_ACCOUNT}
    assert [fault["value"] for fault in aside.faults] == ["4931 (RE-2)"]
    assert {booking.origin for booking in selectors.unannounced(10)} == {"record:1", "record:2", "record:3"}


def test_once_the_table_is_right_the_culprit_is_sent_by_itself(changed: World) -> None:
    changed.run_to_rest()
    Account.objects.create(client=changed.client, number="4931", name="Bücher")

    decisions.try_again(Batch.objects.get(state=BatchState.STOPPED), "anna")
    changed.run_to_rest()

    assert changed.arrived == ["RE-1", "RE-3", "RE-2", "RE-2"]
    assert not Batch.objects.exclude(state=BatchState.POSTED).exists()


def test_a_replayed_culprit_takes_its_place(changed: World) -> None:
    changed.run_to_rest()

    changed.place("record:2", revision=2)
    changed.run_to_rest()

    assert changed.arrived == ["RE-1", "RE-3", "RE-2"]


def test_when_every_row_is_a_culprit_the_batch_stops_as_a_whole(world: World) -> None:
    world.place("record:1", closing=LATER)
    world.place("record:2", closing=LATER)
    CostCenter.objects.all().delete()

    world.run_to_rest()

    stopped = world.batch()
    assert stopped.state == BatchState.STOPPED and stopped.rows == 2
    assert [fault["value"] for fault in stopped.faults] == ["100 (RE-1)", "100 (RE-2)"]
    assert world.arrived == []


def test_a_transfer_that_datev_refuses_because_of_one_document_goes_on_without_it(
    world: World, monkeypatch: Any
) -> None:
    spoiled = refuse_all_because_of(monkeypatch, "0002.xml")
    for number in (1, 2, 3):
        place_dxso(world, f"record:{number}")

    world.run_to_rest()

    assert spoiled == ["seen"]
    assert sorted(world.arrived) == ["RE-1", "RE-3"]
    assert [outcome_of(f"record:{number}").state for number in (1, 2, 3)] == ["posted", "failed", "posted"]
    aside = Batch.objects.get(rows=1)
    assert aside.state == BatchState.FAILED and "RE-2" in aside.faults[0]["value"]
    decisions.resubmit(aside, "anna")
    world.run_to_rest()
    assert sorted(world.arrived) == ["RE-1", "RE-2", "RE-3"]


def refuse_all_because_of(monkeypatch: Any, ending: str) -> list[str]:
    """DATEV takes nothing of the first job and names one ledger file in its protocol."""
    process, seen = Package.process, []

    def refusing(self: Any, *args: Any) -> None:
        if seen:
            return process(self, *args)
        seen.append("seen")
        name = next(name for name in self.job.files if name.endswith(ending))
        self._say("error", "Rechnung passt nicht zu Rechnungsschema (Fehlernr=807)", name)
        self.job.status = 3
        return None

    monkeypatch.setattr(Package, "process", refusing)
    return seen
