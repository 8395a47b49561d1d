"""Deliveries of webhooks: signatures, filters, heartbeats, retries, the end."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from mlconnector.sandbox.asana import AsanaSimulator
from tests.sandbox.asana.conftest import TARGET, Client, Receiver, register

HOUR = timedelta(hours=1)


def test_the_signature_is_over_the_exact_bytes(
    sim: AsanaSimulator, hub: Receiver, hook: str, task: str
) -> None:
    sim.approve(task)
    sim.deliver()
    ((headers, body),) = hub.received

    def signed(content: bytes) -> str:
        return hmac.new(hub.secret.encode(), content, hashlib.sha256).hexdigest()

    assert headers["X-Hook-Signature"] == signed(body)
    assert "Müßig".encode() in body
    parsed = json.loads(body)
    for again in (
        json.dumps(parsed),
        json.dumps(parsed, ensure_ascii=False),
        json.dumps(parsed, separators=(",", ":")),
        json.dumps(parsed, separators=(",", ":"), ensure_ascii=False),
    ):
        assert signed(again.encode()) != headers["X-Hook-Signature"]


def test_events_carry_references_only(
    sim: AsanaSimulator, hub: Receiver, hook: str, task: str, amount: str
) -> None:
    sim.set_field(task, amount, 5)
    sim.deliver()
    changed = next(event for event in hub.events() if event["action"] == "changed")

    assert changed["resource"] == {"gid": task, "resource_type": "task", "resource_subtype": "approval"}
    assert changed["parent"] is None
    assert changed["change"] == {
        "field": "custom_fields",
        "action": "changed",
        "new_value": {"gid": amount, "resource_type": "custom_field", "resource_subtype": "number"},
    }


def test_an_approval_names_both_fields_and_adds_a_story(
    sim: AsanaSimulator, hub: Receiver, hook: str, task: str
) -> None:
    sim.deliver()
    hub.received.clear()
    sim.approve(task)
    sim.deliver()

    assert hub.changed_fields() == ["approval_status", "completed"]
    story = hub.events()[-1]
    assert (story["action"], story["resource"]["resource_subtype"]) == ("added", "approval_status_changed")
    assert story["parent"]["gid"] == task
    assert "change" not in story
    assert len(hub.received) == 1


def test_filters_choose(api: Client, sim: AsanaSimulator, hub: Receiver, project: str, amount: str) -> None:
    register(
        api,
        project,
        {"resource_type": "task", "action": "changed", "fields": ["custom_fields"]},
        {"resource_type": "story", "resource_subtype": "comment_added", "action": "added"},
    )
    task = sim.add_task(project)
    sim.rename_task(task, "Neu")
    sim.approve(task)
    sim.set_field(task, amount, 5)
    sim.add_comment(task, "hallo")
    sim.deliver()

    kinds = [(event["resource"]["resource_type"], event["action"]) for event in hub.events()]
    assert kinds == [("task", "changed"), ("story", "added")]


def test_events_of_subtasks_bubble_up(
    sim: AsanaSimulator, hub: Receiver, hook: str, project: str, task: str
) -> None:
    line = sim.add_task("", "Zeile", parent=task, resource_subtype="default_task")
    sim.complete(line)
    elsewhere = sim.add_task(sim.add_project("Anderes"))
    sim.approve(elsewhere)
    sim.deliver()

    assert {event["resource"]["gid"] for event in hub.events() if event["action"] == "changed"} == {line}


def test_a_task_in_two_projects_is_told_twice(
    api: Client, sim: AsanaSimulator, hub: Receiver, hook: str, task: str
) -> None:
    other = sim.add_project("Archiv")
    register(api, other, target=TARGET + "2/")
    sim.add_to_project(task, other)
    sim.deliver()
    hub.received.clear()
    sim.approve(task)

    assert len(sim.deliver()) == 2


def test_deletion_is_told(api: Client, sim: AsanaSimulator, hub: Receiver, hook: str, task: str) -> None:
    api.delete(f"/tasks/{task}")
    sim.deliver()

    assert hub.events()[-1]["action"] == "deleted"


def test_many_events_come_in_batches_of_a_hundred(
    sim: AsanaSimulator, hub: Receiver, hook: str, task: str
) -> None:
    sim.deliver()
    hub.received.clear()
    for number in range(60):
        sim.rename_task(task, f"Name {number}")
    sim.deliver()

    assert [len(json.loads(body)["events"]) for _, body in hub.received] == [100, 20]


def test_who_lost_access_hears_nothing_more(sim: AsanaSimulator, hub: Receiver, hook: str, task: str) -> None:
    sim.deliver()
    hub.received.clear()
    sim.block("pat")
    sim.approve(task)
    sim.deliver()

    assert hub.received == []


def test_deliveries_get_lost_doubled_turned_round_and_held(
    sim: AsanaSimulator, hub: Receiver, hook: str, task: str
) -> None:
    sim.deliver()
    hub.received.clear()
    sim.hooks.lose = 1
    sim.approve(task)
    sim.deliver()
    assert hub.received == []

    sim.hooks.duplicate = 1
    sim.reject(task)
    sim.deliver()
    assert len(hub.received) == 2
    assert hub.received[0] == hub.received[1]

    hub.received.clear()
    sim.hooks.hold = True
    sim.rename_task(task, "gehalten")
    assert sim.deliver() == []
    sim.hooks.hold = False
    sim.deliver()
    assert hub.changed_fields() == ["name"]

    hub.received.clear()
    sim.hooks.out_of_order = True
    for number in range(51):
        sim.rename_task(task, f"Name {number}")
    sim.deliver()
    assert [len(json.loads(body)["events"]) for _, body in hub.received] == [2, 100]


# --- heartbeats, failures, the end --------------------------------------------


def test_a_heartbeat_follows_the_handshake_and_then_every_eight_hours(
    api: Client, sim: AsanaSimulator, hub: Receiver, project: str
) -> None:
    register(api, project)
    sim.deliver()
    assert [json.loads(body) for _, body in hub.received] == [{"events": []}]

    sim.pass_time(24 * HOUR)

    assert len(hub.received) == 4
    (shown,) = api.read("/webhooks", workspace=sim.workspace, opt_fields="last_success_at")
    assert shown["last_success_at"] == "2026-03-03T08:00:00.000Z"


def test_failures_are_counted_and_tried_again(
    api: Client, sim: AsanaSimulator, hub: Receiver, hook: str, task: str
) -> None:
    hub.status = 500
    sim.approve(task)
    sim.deliver()
    shown = api.read(f"/webhooks/{hook}")
    assert (shown["delivery_retry_count"], shown["last_failure_content"]) == (1, "answer")
    assert shown["next_attempt_after"] == "2026-03-02T08:00:10.000Z"
    assert shown["failure_deletion_timestamp"] == "2026-03-03T08:00:00.000Z"
    assert sim.deliver() == []

    sim.clock.advance(timedelta(seconds=10))
    sim.deliver()
    assert api.read(f"/webhooks/{hook}")["next_attempt_after"] == "2026-03-02T08:00:30.000Z"

    hub.status = 204
    sim.pass_time(timedelta(seconds=20))
    shown = api.read(f"/webhooks/{hook}")
    assert (shown["delivery_retry_count"], shown["next_attempt_after"]) == (0, None)
    assert hub.received[0] == hub.received[-1]


@pytest.mark.parametrize("status", [0, 302, 404, 410, 500])
def test_after_a_day_of_failures_the_webhook_is_gone(
    api: Client, sim: AsanaSimulator, hub: Receiver, hook: str, task: str, status: int
) -> None:
    hub.status = status
    sim.approve(task)
    sim.pass_time(23 * HOUR)
    assert api.get(f"/webhooks/{hook}").status_code == 200

    sim.pass_time(HOUR)

    assert api.get(f"/webhooks/{hook}").status_code == 404
    hub.status = 200
    assert sim.heartbeat() == []


def test_an_unanswered_heartbeat_is_enough_to_lose_it(
    api: Client, sim: AsanaSimulator, hub: Receiver, hook: str
) -> None:
    hub.status = 0
    sim.pass_time(33 * HOUR)

    assert api.get(f"/webhooks/{hook}").status_code == 404


def test_gone_may_delete_at_once_by_switch(
    api: Client, sim: AsanaSimulator, hub: Receiver, hook: str
) -> None:
    sim.options.gone_deletes_webhook = True
    hub.status = 410
    sim.heartbeat()

    assert api.get(f"/webhooks/{hook}").status_code == 404


def test_attempts_are_kept_for_assertions(sim: AsanaSimulator, hub: Receiver, hook: str, task: str) -> None:
    sim.approve(task)
    (attempt,) = sim.deliver()

    assert (attempt.target, attempt.status, attempt.is_success) == (TARGET, 200, True)
    assert attempt.events() == hub.events()
    assert sim.deliveries.attempts[-1] == attempt
