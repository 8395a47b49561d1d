"""Killed at any boundary and started again: exactly one booking, one document, nothing lost.

A kill is a BaseException at every vendor call and every change of a row, before and after it; what a
transaction has not committed by then is lost, as after a SIGKILL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from bookings import documents, jobs
from bookings.claims import Claim
from bookings.entry import Route
from bookings.models import Batch, BatchState, Document, DocumentState
from connections import clock, http
from tests.bookings.world import LATER, PDF, Killed, World, boundaries, killed_at


def by_extf(world: World) -> None:
    """One task: its document uploaded, its booking placed; then the worker's first round."""
    document = documents.plan("record:1", "attachment-1", world.client, "Rechnung.pdf")
    document = documents.upload(document, PDF, world.api, world.effects(document.owner))
    world.place("record:1", documents=(document.guid,))
    world.run()
    world.pass_time(seconds=10)
    world.run()


def by_dxso(world: World) -> None:
    document = documents.plan("record:1", "attachment-1", world.client, "Rechnung.pdf")
    documents.keep(document, PDF)
    world.place("record:1", route=Route.DXSO, documents=(document.guid,))
    world.run()
    world.pass_time(seconds=15)
    world.run()


@contextmanager
def rolled_back() -> Iterator[None]:
    """Rows of the block are gone afterwards; the product takes its inner transactions for the outermost."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


@pytest.mark.kills
@pytest.mark.parametrize("way", [by_extf, by_dxso])
def test_killed_anywhere_everything_arrives_once(
    world: World, monkeypatch: Any, way: Callable[[World], None]
) -> None:
    """Many boundaries in one test: each time on fresh rows and a fresh DATEV, as counted by the first run."""
    points: list[str] = []
    with rolled_back(), killed_at(0, points, monkeypatch):
        way(world)
    assert len(points) > 40

    for step in boundaries(points, every=4):
        world.datev.store.documents.clear()
        world.datev.store.uploads.clear()
        world.datev.store.dxso_jobs.clear()
        with rolled_back():
            with pytest.raises(Killed), killed_at(step, [], monkeypatch):
                way(world)
            world.pass_time(minutes=10)
            way(world)
            world.run_to_rest()
            where = f"step {step}, {points[step - 1]}"
            assert world.arrived == ["RE-1"], where
            assert len(world.datev.store.documents) == 1, where
            assert list(Batch.objects.values_list("state", flat=True)) == [BatchState.POSTED], where
            assert Document.objects.get().state == DocumentState.UPLOADED, where


def test_of_two_workers_only_one_has_the_batch(world: World) -> None:
    world.place("record:1")
    batch = world.batch()

    first = Claim.take(batch.pk)

    assert first is not None
    assert Claim.take(batch.pk) is None
    assert world.run() == 0


def test_a_worker_that_was_taken_over_sends_nothing_and_changes_nothing(
    world: World, monkeypatch: Any
) -> None:
    """The first worker hangs before its POST until its lease has run out; a second one does the work."""
    world.place("record:1")
    exchange = http.Transport._exchange
    has_hung = []

    def hanging(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not has_hung and request.path_url.endswith("/import"):
            has_hung.append(request)
            Batch.objects.update(claimed_by="another worker")
        return exchange(self, request, *args, **kwargs)

    monkeypatch.setattr(http.Transport, "_exchange", hanging)
    jobs.work_due(clock.now())
    batch = world.batch()
    assert (batch.state, batch.claimed_by) == (BatchState.CLOSED, "another worker")

    world.pass_time(minutes=10)
    world.run_to_rest()

    assert world.arrived == ["RE-1"]
    assert len(world.datev.calls_to("extf.import")) == 1


def test_a_worker_that_lost_its_lease_before_the_write_does_not_write(world: World, monkeypatch: Any) -> None:
    world.place("record:1")
    guard = Claim.guard

    def too_late(self: Claim) -> None:
        Batch.objects.update(claimed_by="another worker")
        guard(self)

    monkeypatch.setattr(Claim, "guard", too_late)
    jobs.work_due(clock.now())

    assert world.datev.calls_to("extf.import") == []


def test_a_fault_of_our_own_is_noted_and_ends_in_a_stop(
    world: World, monkeypatch: Any, settings: Any
) -> None:
    settings.RECORD_MAX_STARTS = 2

    def broken(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(jobs.ROUTES, Route.EXTF, broken)
    world.place("record:1", closing=LATER)

    world.run_to_rest()

    assert world.batch().state == BatchState.STOPPED
