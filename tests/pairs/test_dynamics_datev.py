"""The whole way of an invoice from Dynamics into DATEV."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connections import clock
from connections.messages import Message
from mlconnector.sandbox.dynamics import DynamicsSimulator
from mlconnector.sandbox.kit import SimClock
from pairs import checks
from pairs.models import RecordState
from tests.mounting import mounted, post_to_product
from tests.pairs.dynamics_world import DynamicsWorld


@pytest.fixture
def dynamics() -> Iterator[DynamicsSimulator]:
    simulator = DynamicsSimulator(clock=SimClock(at=clock.now()), post=post_to_product())
    with mounted(simulator, *simulator.mounts):
        yield simulator


@pytest.fixture
def world(db, dynamics, datev) -> DynamicsWorld:
    return DynamicsWorld(dynamics, datev)


def test_first(world):
    assert checks.faults_of(world.integration) == []
    ref = world.billed()
    world.work()
    record = world.record(ref)
    print(record.state, record.reason and str(Message.from_json(record.reason)), record.faults)
    print(world.datev.bookings())
    assert record.state == RecordState.DONE
