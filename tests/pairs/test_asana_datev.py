"""The whole story: an approved Asana task becomes a document and a booking, and the task says so."""

from decimal import Decimal

import pytest

from pairs.models import RecordState
from tests.pairs.world import World


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


def test_an_approved_task_is_booked_with_its_document_and_the_task_says_so(world):
    gid = world.approved(document_number="RE-2026-0815")

    world.work()

    [booking] = world.datev.bookings()
    assert booking["amount"] == "119,00" or booking["amount"] == Decimal("119.00")
    [document] = world.datev.state()["documents"]
    assert booking["document_guid"].lower() == document["guid"].lower()
    assert world.result(gid)[0] == "Gebucht"
    assert world.record(gid).state == RecordState.DONE
