"""Webhooks: the handshake inside the create call, signatures, filters, heartbeats, retries, the end."""

import hashlib
import hmac
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.http import HttpRequest, HttpResponse
from django.test import Client as DjangoClient
from django.urls import path

from mlconnector.sandbox.asana import AsanaSimulator
from tests.sandbox.asana import hub as django_hub
from tests.sandbox.asana.conftest import Client, message


def echo_view(request: HttpRequest) -> HttpResponse:
    """A Django view that echoes the handshake and answers deliveries with their own bytes."""
    secret = request.headers.get("X-Hook-Secret")
    return HttpResponse(request.body, headers={"X-Hook-Secret": secret} if secret else {})


urlpatterns = [path("hooks/asana/6f1c/", echo_view)]
TARGET = "https://hub.example/hooks/asana/6f1c/"
HOUR = timedelta(hours=1)


class Receiver:
    """A hub: echoes the handshake and keeps what came."""

    def __init__(self) -> None:
        self.secret = ""
        self.status = 200
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.threads: list[str] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.threads.append(threading.current_thread().name)
        if "X-Hook-Secret" in headers:
            self.secret = headers["X-Hook-Secret"]
            return 200, {"x-hook-secret": self.secret}, b""
        if self.status == 0:
            raise requests.ConnectionError("refused")
        self.received.append((headers, body))
        return self.status, {}, b"answer"

    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.received for event in json.loads(body)["events"]]

    def changed_fields(self) -> list[str]:
        return [event["change"]["field"] for event in self.events() if "change" in event]


@pytest.fixture
def hub(sim: AsanaSimulator) -> Receiver:
    sim.post = Receiver()
    return sim.post


def register(api: Client, project: str, *filters: dict[str, Any], target: str = TARGET) -> requests.Response:
    return api.post("/webhooks", {"resource": project, "target": target, "filters": list(filters)})


@pytest.fixture
def hook(api: Client, sim: AsanaSimulator, hub: Receiver, project: str) -> str:
    """A webhook on the project whose first heartbeat has arrived."""
    gid = register(api, project).json()["data"]["gid"]
    sim.deliver()
    hub.received.clear()
    return gid


# --- registration -------------------------------------------------------------


def test_the_secret_travels_in_the_handshake_and_in_the_answer(
    api: Client, hub: Receiver, project: str
) -> None:
    answer = register(api, project)

    assert answer.status_code == 201
    assert answer.json()["X-Hook-Secret"] == hub.secret
    assert len(hub.secret) == 64
    data = answer.json()["data"]
    assert (data["active"], data["target"], data["resource"]["gid"]) == (False, TARGET, project)
    assert "X-Hook-Secret" not in api.get(f"/webhooks/{data['gid']}").json()
    assert api.read(f"/webhooks/{data['gid']}")["active"] is True
    assert hub.threads[0] == "asana-handshake"


def test_the_simulator_answers_others_during_the_handshake(
    api: Client, sim: AsanaSimulator, project: str
) -> None:
    seen: list[int] = []

    def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        seen.append(Client(sim, sim.pat).get("/users/me").status_code)
        return 204, {"X-Hook-Secret": headers["X-Hook-Secret"]}, b""

    sim.post = post

    assert register(api, project).status_code == 201
    assert seen == [200]


@pytest.mark.parametrize(
    ("status", "echo"), [(200, "wrong"), (200, None), (201, "right"), (302, "right"), (0, "right")]
)
def test_a_failed_handshake_makes_no_webhook(
    api: Client, sim: AsanaSimulator, project: str, status: int, echo: str | None
) -> None:
    def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        assert body == b""
        if not status:
            raise requests.ConnectionError("refused")
        secret = headers["X-Hook-Secret"] if echo == "right" else echo
        return status, {"X-Hook-Secret": secret} if secret else {}, b""

    sim.post = post

    assert register(api, project).status_code == 400
    assert api.read("/webhooks", workspace=sim.workspace) == []


def test_a_slow_handshake_is_given_up(api: Client, sim: AsanaSimulator, project: str) -> None:
    sim.options.handshake_seconds = 0.01
    late = threading.Event()

    def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        late.wait(5)
        return 200, headers, b""

    sim.post = post
    assert register(api, project).status_code == 400
    late.set()


def test_the_same_webhook_twice_is_refused(api: Client, sim: AsanaSimulator, hook: str, project: str) -> None:
    again = register(api, project)

    assert again.status_code == 403
    assert message(again).startswith("Duplicated webhook.")
    assert register(api, project, target=TARGET + "other/").status_code == 201
    other = Client(sim, sim.add_token())
    assert register(other, project).status_code == 201


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("https://localhost/hook", 403),
        ("https://127.0.0.1:8000/hook", 403),
        ("https://[::1]/hook", 403),
        ("https://hub/hook", 403),
        ("https://10.1.2.3/hook", 403),
        ("http://hub.example/hook", 400),
        ("hub.example", 400),
    ],
)
def test_targets_must_be_public(api: Client, hub: Receiver, project: str, target: str, status: int) -> None:
    assert register(api, project, target=target).status_code == status


def test_local_targets_are_allowed_for_the_demo(
    api: Client, sim: AsanaSimulator, hub: Receiver, project: str
) -> None:
    sim.options.allow_local_targets = True

    assert register(api, project, target="http://127.0.0.1:8000/hook").status_code == 201


@pytest.mark.parametrize(
    "given",
    [
        {"resource": None, "target": TARGET},
        {"resource": "123", "target": TARGET},
        {"target": TARGET},
        {"resource": "project"},
        {"resource": "project", "target": TARGET, "filters": [{"action": "moved"}]},
        {"resource": "project", "target": TARGET, "filters": [{"action": "added", "fields": ["name"]}]},
        {"resource": "project", "target": TARGET, "filters": [{"kind": "task"}]},
        {"resource": "workspace", "target": TARGET},
        {"resource": "workspace", "target": TARGET, "filters": [{"resource_type": "task"}]},
    ],
)
def test_malformed_registrations_are_refused(
    api: Client, sim: AsanaSimulator, hub: Receiver, project: str, given: dict[str, Any]
) -> None:
    places = {"project": project, "workspace": sim.workspace}
    sent = {**given, "resource": places.get(given.get("resource", ""), given.get("resource"))}

    assert api.post("/webhooks", sent).status_code in (400, 404)
    assert hub.secret == ""


def test_the_list_shows_ones_own_webhooks(api: Client, sim: AsanaSimulator, hook: str, project: str) -> None:
    other = Client(sim, sim.add_token())

    assert [one["gid"] for one in api.read("/webhooks", workspace=sim.workspace)] == [hook]
    assert api.read("/webhooks", workspace=sim.workspace, resource=sim.add_project()) == []
    assert message(api.get("/webhooks")) == "workspace: Missing input"
    assert other.read("/webhooks", workspace=sim.workspace) == []
    assert other.get(f"/webhooks/{hook}").status_code == 404
    assert other.delete(f"/webhooks/{hook}").status_code == 404


def test_filters_are_replaced_but_not_the_target(api: Client, hook: str) -> None:
    filters = [{"resource_type": "task", "action": "deleted"}]

    assert api.put(f"/webhooks/{hook}", {"filters": filters}).json()["data"]["filters"] == filters
    assert api.put(f"/webhooks/{hook}", {"target": TARGET}).status_code == 400


def test_a_deleted_webhook_is_silent(api: Client, sim: AsanaSimulator, hub: Receiver, hook: str) -> None:
    assert api.delete(f"/webhooks/{hook}").json() == {"data": {}}

    sim.heartbeat()

    assert hub.received == []
    assert api.get(f"/webhooks/{hook}").status_code == 404


# --- deliveries ---------------------------------------------------------------


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


def test_deliveries_reach_django_views_in_this_process(
    api: Client, sim: AsanaSimulator, project: str, client: DjangoClient, settings: Any
) -> None:
    settings.ROOT_URLCONF = __name__
    sim.options.handshake_on_a_thread = False
    sim.post = django_hub.through(client)

    assert register(api, project).status_code == 201
    (heartbeat,) = sim.deliver()

    status, _, answer = sim.post(TARGET, heartbeat.headers, heartbeat.body)
    assert (heartbeat.is_success, status, answer) == (True, 200, heartbeat.body)
