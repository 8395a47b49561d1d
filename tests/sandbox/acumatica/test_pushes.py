"""Push notifications: rows, Ids, attempts, and what goes wrong on the way."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

URL = "https://hub.example/hooks/acumatica"


@pytest.fixture
def bodies(posted):
    """The bodies that arrived, as JSON."""
    return lambda: [json.loads(body) for _, _, body in posted]


def test_a_new_changed_and_deleted_bill(sim, posted, bodies):
    sim.add_push(URL, secret="geheim")
    bill = sim.add_bill()
    sim.clock.advance(timedelta(seconds=1))
    sim.change_bill(bill, status="On Hold")
    sim.delete_bill(bill)

    sim.deliver()

    made, changed, deleted = bodies()
    row = {
        "Type": "Bill",
        "ReferenceNbr": "000001",
        "Status": "Balanced",
        "NoteID": bill,
        "APInvoice_lastModifiedDateTime": "2026-02-11T14:15:14.04",
    }
    assert (made["Inserted"], made["Deleted"]) == ([row], [])
    assert (made["Query"], made["CompanyId"], made["AdditionalInfo"]) == ("AsanaBills", "MUSTER", {})
    assert made["TimeStamp"] == 639064125140400000
    assert changed["Deleted"] == [row]
    assert changed["Inserted"][0]["Status"] == "On Hold"
    assert (deleted["Inserted"], len(deleted["Deleted"])) == ([], 1)
    assert len({body["Id"] for body in bodies()}) == 3
    assert posted[0][0] == URL
    assert posted[0][1]["X-Acumatica-Secret"] == "geheim"


def test_a_row_that_no_longer_matches_looks_deleted(sim, bodies):
    sim.add_push(URL, statuses=("Balanced",))
    bill = sim.add_bill()
    sim.change_bill(bill, status="On Hold")
    sim.change_bill(bill, description="unsichtbar")

    sim.deliver()

    assert [(len(body["Inserted"]), len(body["Deleted"])) for body in bodies()] == [(1, 0), (0, 1)]
    assert sim.bill(bill)["Status"] == "On Hold"


def test_a_transaction_is_one_message_for_each_inquiry(sim, bodies):
    sim.add_push(URL)
    sim.add_push(URL, query="AllBills", columns={"Nr": "ReferenceNbr", "Betrag": "Amount", "Tag": "Date"})
    with sim.transaction():
        sim.add_bill(date="2026-02-01")
        sim.add_bill(date="2026-02-01")

    sim.deliver()

    first, second = bodies()
    assert first["Id"] == second["Id"]
    assert len(first["Inserted"]) == 2
    assert second["Inserted"][0] == {"Nr": "000001", "Betrag": 119.0, "Tag": "2026-02-01T00:00:00"}


def test_our_own_writes_come_back(sim, caller, bodies):
    bill = sim.add_bill()
    sim.add_push(URL)

    caller.act("Bill/ReleaseBill", bill)
    sim.bill(bill)
    sim.deliver()

    assert bodies()[0]["Inserted"][0]["Status"] == "Open"


def test_five_attempts_then_it_is_listed_for_two_days(sim, answers, bodies):
    sim.add_push(URL)
    sim.add_bill()
    answers.extend([500] * 5)

    attempts = sim.pass_time(timedelta(minutes=30))

    assert [attempt.status for attempt in attempts] == [500] * 5
    assert len({body["Id"] for body in bodies()}) == 1
    assert len(sim.pushes.failed()) == 1
    sim.pushes.resend()
    assert [attempt.is_success for attempt in sim.deliver()] == [True]
    sim.add_bill()
    answers.extend([500] * 5)
    sim.pass_time(timedelta(days=3))
    assert sim.pushes.failed() == []


def test_messages_are_doubled_lost_reordered_and_late(sim, bodies):
    sim.add_push(URL)
    sim.hooks.set({"duplicate": 1})
    sim.add_bill()
    sim.deliver()
    assert len(bodies()) == 2
    assert bodies()[0]["Id"] == bodies()[1]["Id"]

    sim.hooks.set({"lose": 1, "out_of_order": True})
    for number in ("000007", "000008", "000009"):
        sim.add_bill(number=number)
    sim.deliver()
    assert [body["Inserted"][0]["ReferenceNbr"] for body in bodies()[2:]] == ["000009", "000008"]

    sim.hooks.set({"hold": True})
    sim.options.push_delay_seconds = 60
    sim.add_bill()
    assert sim.pass_time(timedelta(minutes=1)) == []
    sim.hooks.set({"hold": False})
    assert len(sim.deliver()) == 1
    assert sim.deliver() == []
