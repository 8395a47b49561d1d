"""Deliveries: who hears of what, signatures, retries, and what goes wrong on the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from mlconnector.sandbox.jira import JiraSimulator
from mlconnector.sandbox.jira.deliveries import RETRIES, hub_signature
from tests.sandbox.jira.conftest import MORNING, TARGET, Client, Receiver, created, document, register

IDENTIFIER = "X-Atlassian-Webhook-Identifier"
RETRY = "X-Atlassian-Webhook-Retry"
SECRET = "It's a Secret to Everybody"


@pytest.fixture
def key(api: Client, sim: JiraSimulator, hub: Receiver, external_id: str) -> str:
    """An issue, heard of by a dynamic webhook."""
    key = created(api, description=document("Müßig"), **{external_id: "job4711"})
    register(api)
    return key


def part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def is_signed(token: str, secret: str) -> bool:
    content, _, signature = token.rpartition(".")
    digest = hmac.new(secret.encode(), content.encode(), hashlib.sha256).digest()
    return signature == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_a_move_is_told_with_its_changelog_in_the_old_shape(
    sim: JiraSimulator, hub: Receiver, key: str, external_id: str
) -> None:
    change = sim.move(key, "Done")
    sim.deliver()

    ((url, headers, _),) = hub.received
    (body,) = hub.bodies()
    assert url == TARGET
    assert body["webhookEvent"] == "jira:issue_updated"
    assert body["timestamp"] == int(MORNING.timestamp() * 1000)
    assert body["matchedWebhookIds"] == [1]
    assert body["user"]["accountId"] == sim.accountant
    assert body["changelog"]["id"] == change.id
    status = body["changelog"]["items"][-1]
    assert (status["fieldId"], status["to"]) == ("status", sim.status_id("FIN", "Done"))
    assert body["issue"]["key"] == key
    assert body["issue"]["self"].endswith(f"/rest/api/2/issue/{sim.issue(key).id}")
    assert body["issue"]["fields"]["description"] == "Müßig"
    assert body["issue"]["fields"][external_id] == "job4711"
    assert headers["X-Atlassian-Webhook-Flow"] == "Primary"
    assert RETRY not in headers


def test_a_dynamic_delivery_carries_a_token_of_the_app(sim: JiraSimulator, hub: Receiver, key: str) -> None:
    sim.move(key, "Done")
    sim.deliver()

    (_, headers, _) = hub.received[0]
    kind, _, token = headers["Authorization"].partition(" ")
    assert kind == "Bearer"
    assert part(token, 0)["alg"] == "HS256"
    assert part(token, 1) == {"iat": int(MORNING.timestamp()), "exp": int(MORNING.timestamp()) + 180}
    assert is_signed(token, sim.client_secret)
    assert "X-Hub-Signature" not in headers


def test_a_foreign_secret_an_old_token_and_odd_header_names_come_by_switch(
    sim: JiraSimulator, hub: Receiver, key: str
) -> None:
    sim.options.sign_with, sim.options.jwt_age_seconds = "foreign", 600
    sim.options.lower_case_headers = True
    sim.move(key, "Done")
    sim.deliver()

    token = hub.headers("authorization")[0].removeprefix("Bearer ")
    assert is_signed(token, "foreign")
    assert part(token, 1)["exp"] < MORNING.timestamp()


def test_each_algorithm_is_named_in_its_token(sim: JiraSimulator, hub: Receiver, key: str) -> None:
    for algorithm in ("none", "HS512", "RS256"):
        sim.options.jwt_algorithm = algorithm
        hub.received.clear()
        sim.move(key, "Done" if sim.issue(key).resolution == "" else "To Do")
        sim.deliver()
        token = hub.headers("Authorization")[0].removeprefix("Bearer ")
        assert part(token, 0)["alg"] == algorithm
        assert not is_signed(token, sim.client_secret)
        assert token.endswith(".") is (algorithm == "none")


def test_an_admin_webhook_signs_the_exact_bytes(sim: JiraSimulator, hub: Receiver, key: str) -> None:
    sim.known.sites[sim.site].hooks.clear()
    sim.add_admin_webhook("https://hub.example/hooks/admin/", SECRET, jql="project = FIN")
    sim.add_admin_webhook("https://hub.example/hooks/open/", exclude_body=True)
    sim.add_admin_webhook("https://hub.example/hooks/other/", SECRET, jql="project = GONE")
    sim.move(key, "Done")
    sim.deliver()

    (_, headers, body), (_, open_headers, nothing) = hub.received
    assert headers["X-Hub-Signature"] == hub_signature(SECRET, body)
    assert "Authorization" not in headers
    assert "matchedWebhookIds" not in json.loads(body)
    parsed = json.loads(body)
    for again in (json.dumps(parsed), json.dumps(parsed, ensure_ascii=False, separators=(",", ":"))):
        assert hub_signature(SECRET, again.encode()) != headers["X-Hub-Signature"]
    assert ("X-Hub-Signature" in open_headers, nothing) == (False, b"")


def test_the_vendors_own_example_of_a_signature() -> None:
    expected = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

    assert hub_signature(SECRET, b"Hello World!") == expected


# --- who hears of what ------------------------------------------------------------------------------------
def test_filters_choose_fields_projects_and_events(
    api: Client, sim: JiraSimulator, hub: Receiver, project: str
) -> None:
    sim.add_project("HR")
    key, other = sim.add_issue("FIN"), sim.add_issue("HR")
    register(api, fieldIdsFilter=["status"])
    register(api, jqlFilter=f"issueKey = {key} AND status = Done")
    sim.edit(key, labels=["x"])
    sim.move(other, "Done")
    assert sim.deliver() == []

    sim.move(key, "Done")
    (attempt,) = sim.deliver()
    assert attempt.json()["matchedWebhookIds"] == [1, 2]
    sim.delete_issue(key)
    (attempt,) = sim.deliver()
    assert (attempt.event, "changelog" in attempt.json()) == ("jira:issue_deleted", False)
    assert attempt.json()["matchedWebhookIds"] == [1, 2]


def test_comments_and_properties_have_events_of_their_own(
    api: Client, sim: JiraSimulator, hub: Receiver, project: str
) -> None:
    register(api, events=["jira:issue_created", "comment_created", "comment_deleted"])
    register(api, events=["issue_property_set"], issuePropertyKeysFilter=["wanted"])
    key = created(api)
    comment = api.post(f"/issue/{key}/comment", {"body": document("hallo")}).json()
    api.put(f"/issue/{key}/properties/unwanted", 1)
    api.put(f"/issue/{key}/properties/wanted", 1)
    api.delete(f"/issue/{key}/comment/{comment['id']}")
    sim.deliver()

    bodies = hub.bodies()
    assert [body["webhookEvent"] for body in bodies] == [
        "jira:issue_created",
        "comment_created",
        "issue_property_set",
        "comment_deleted",
    ]
    assert bodies[1]["comment"]["body"] == "hallo"
    assert "description" not in bodies[1]["issue"]["fields"]
    assert bodies[2]["property"] == {"key": "wanted"}


def test_a_private_app_of_somebody_else_is_never_called(sim: JiraSimulator, hub: Receiver, key: str) -> None:
    sim.set_app_owner(sim.accountant)
    sim.move(key, "Done")
    assert sim.deliver() == []

    sim.known.apps[sim.client_id].is_public = True
    sim.move(key, "To Do")
    assert len(sim.deliver()) == 1


def test_webhooks_of_a_dead_grant_keep_firing(sim: JiraSimulator, hub: Receiver, key: str) -> None:
    sim.revoke()
    sim.move(key, "Done")

    assert len(sim.deliver()) == 1


# --- on the way -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [0, 408, 409, 425, 429, 500, 503])
def test_some_refusals_are_tried_again_up_to_five_times(
    sim: JiraSimulator, hub: Receiver, key: str, status: int
) -> None:
    hub.status = status
    sim.move(key, "Done")
    assert sim.deliver()[0].status == status
    assert sim.deliver() == []

    attempts = sim.pass_time(timedelta(hours=2))

    assert [one.retry for one in attempts] == list(range(1, RETRIES + 1))
    waits = [after.at - before.at for before, after in zip(attempts, attempts[1:], strict=False)]
    assert all(timedelta(minutes=5) <= wait <= timedelta(minutes=15) for wait in waits)
    assert len({one.identifier for one in attempts}) == 1
    assert [one.headers[RETRY] for one in attempts] == ["1", "2", "3", "4", "5"]
    assert len(sim.deliveries.lost) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413])
def test_other_refusals_lose_the_delivery(sim: JiraSimulator, hub: Receiver, key: str, status: int) -> None:
    hub.status = status
    sim.move(key, "Done")
    sim.deliver()

    assert sim.pass_time(timedelta(days=1)) == []
    assert len(sim.deliveries.lost) == 1


def test_a_retry_brings_the_same_bytes_and_a_fresh_token(sim: JiraSimulator, hub: Receiver, key: str) -> None:
    hub.status = 503
    sim.move(key, "Done")
    sim.deliver()
    hub.status = 204
    sim.move(key, "To Do")
    sim.pass_time(timedelta(minutes=15))

    first, second, retry = hub.received
    assert retry[2] == first[2] != second[2]
    assert retry[1][IDENTIFIER] == first[1][IDENTIFIER] != second[1][IDENTIFIER]
    assert retry[1]["Authorization"] != first[1]["Authorization"]


def test_deliveries_get_doubled_lost_turned_round_and_held(
    sim: JiraSimulator, hub: Receiver, key: str
) -> None:
    sim.hooks.duplicate = 1
    sim.move(key, "In Progress")
    sim.deliver()
    assert hub.received[0] == hub.received[1]

    hub.received.clear()
    sim.hooks.lose = 1
    sim.move(key, "Done")
    assert sim.deliver() == []

    sim.hooks.out_of_order, sim.hooks.hold = True, True
    sim.move(key, "To Do", flow="Secondary")
    sim.move(key, "Done")
    assert sim.deliver() == []
    sim.hooks.hold = False
    sim.deliver()
    ids = [body["changelog"]["id"] for body in hub.bodies()]
    assert ids == sorted(ids, reverse=True)
    assert hub.headers("X-Atlassian-Webhook-Flow") == ["Primary", "Secondary"]
