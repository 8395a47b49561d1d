"""Killed at any boundary: a debtor is sent once before its booking, and culprits are set aside once."""

from __future__ import annotations

from typing import Any

import pytest

from bookings.debtors import ensure
from bookings.models import Account, Batch, BatchState, Debtor, DebtorUpdate
from tests.bookings.test_debtors import MUSTER, customer, sale
from tests.bookings.test_killed import rolled_back
from tests.bookings.world import LATER, Killed, World, boundaries, killed_at


def by_debtor(world: World) -> None:
    """A new customer and its first invoice; the workers' rounds until the booking is at DATEV."""
    world.place("record:1", sale(ensure(world.client, customer("a"), MUSTER)))
    for _ in range(3):
        world.run()
        world.pass_time(minutes=1)


def by_culprit(world: World) -> None:
    """Two records in one batch, of which the second one's account is gone by the time of writing."""
    Account.objects.get_or_create(client=world.client, number="4931")
    world.place("record:1", closing=LATER)
    world.place("record:2", closing=LATER, contra_account="4931")
    Account.objects.filter(number="4931").delete()
    world.pass_time(hours=1)
    world.run()
    world.pass_time(minutes=1)
    world.run()


def killed_everywhere(world: World, monkeypatch: Any, way: Any, check: Any) -> None:
    """Die at boundaries, each time on fresh rows and a fresh DATEV."""
    points: list[str] = []
    with rolled_back(), killed_at(0, points, monkeypatch):
        way(world)
    assert len(points) > 30
    for step in boundaries(points, every=5):
        world.datev.store.uploads.clear()
        with rolled_back():
            try:
                with killed_at(step, [], monkeypatch):
                    way(world)
            except Killed:
                world.pass_time(minutes=10)
                way(world)
            world.run_to_rest()
            check(f"step {step}, {points[step - 1]}")


@pytest.mark.kills
def test_a_debtor_is_sent_once_before_its_booking(world: World, monkeypatch: Any) -> None:
    world.client.debtor_from, world.client.debtor_until = 10001, 10005
    world.client.save()

    def check(where: str) -> None:
        assert world.arrived == ["AR-1"], where
        assert [debtor.number for debtor in Debtor.objects.all()] == ["10001"], where
        assert DebtorUpdate.objects.count() == 1, where
        assert set(Batch.objects.values_list("state", flat=True)) == {BatchState.POSTED}, where
        order = [upload.filename for upload in world.datev.store.uploads.values()]
        assert order == list(Batch.objects.order_by("-kind").values_list("filename", flat=True)), where

    killed_everywhere(world, monkeypatch, by_debtor, check)


@pytest.mark.kills
def test_a_culprit_is_set_aside_once(world: World, monkeypatch: Any) -> None:
    def check(where: str) -> None:
        assert world.arrived == ["RE-1"], where
        states = sorted(Batch.objects.values_list("state", "rows"))
        assert states == [(BatchState.POSTED, 1), (BatchState.STOPPED, 1)], where

    killed_everywhere(world, monkeypatch, by_culprit, check)
