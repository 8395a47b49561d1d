"""A corrected configuration is tried at once, however it was corrected."""

import pytest

from bookings.models import Account
from mlconnector.config import applying
from pairs import actions
from pairs.models import Integration, RecordState
from tests.pairs.world import World


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


def test_tasks_that_were_not_approved_by_the_old_rule_are_looked_at_by_the_new_one(world: World) -> None:
    gid = world.task()
    world.asana.complete(gid)
    world.asana.decide(gid, "pending")
    world.work()
    assert world.record(gid).state == RecordState.DORMANT
    actions.wake_after_change(Integration.objects.all(), by="anna")
    assert world.record(gid).state == RecordState.DORMANT

    world.integration.settings |= {
        "approval_rule": "option",
        "approval_field": world.fields["kind"],
        "approval_option": world.asana.option(world.fields["kind"], "Rechnung"),
    }
    world.integration.save()
    actions.wake_after_change(Integration.objects.all(), by="anna")
    world.work(poll=False)

    assert world.record(gid).state == RecordState.DONE


def test_a_configuration_file_wakes_what_waited_for_it(world: World) -> None:
    Account.objects.filter(number="4930").delete()
    gid = world.approved()
    world.work()
    assert world.record(gid).state == RecordState.REFUSED

    document = {
        "datev_clients": [
            {
                "consultant_number": 455148,
                "client_number": 1,
                "accounts": [{"number": "4930", "name": "Bürobedarf"}],
            }
        ]
    }
    report = applying.run(document, is_check=True, by="anna")
    assert report.faults == []
    world.work(poll=False)
    assert world.record(gid).state == RecordState.REFUSED

    applying.run(document, is_check=False, by="anna")
    world.work(poll=False)

    assert world.record(gid).state == RecordState.DONE
