"""Registering webhooks: the handshake inside the create call, duplicates, targets, filters."""

import threading
from typing import Any

import pytest
import requests

from mlconnector.sandbox.asana import AsanaSimulator
from tests.sandbox.asana.conftest import TARGET, Client, Receiver, message, register


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
