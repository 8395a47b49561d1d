"""Dynamic webhooks: register, list, refresh, delete, expire; and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlconnector.sandbox.jira import JiraSimulator
from tests.sandbox.jira.conftest import TARGET, Client, Receiver, created, register

DAY = timedelta(days=1)


def test_each_entry_has_its_own_result_in_an_answer_of_200(api: Client, project: str) -> None:
    good = {"events": ["jira:issue_updated"], "jqlFilter": "project = FIN", "fieldIdsFilter": ["status"]}
    bad = {"events": ["jira:issue_updated"], "jqlFilter": "watchCount = 1"}

    answer = api.post("/webhook", {"url": TARGET, "webhooks": [good, bad, good]})

    assert answer.status_code == 200
    first, second, third = answer.json()["webhookRegistrationResult"]
    assert second == {"errors": ["The clause watchCount is unsupported"]}
    listed = api.read("/webhook")["values"]
    assert [one["id"] for one in listed] == [first["createdWebhookId"], third["createdWebhookId"]]
    assert listed[0]["url"] == TARGET
    assert listed[0]["fieldIdsFilter"] == ["status"]
    assert listed[0]["expirationDate"] == "2026-04-01T10:00:00.000+0200"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"jqlFilter": ""}, "must not be empty"),
        ({"jqlFilter": "project is not EMPTY"}, "Operator is not is unsupported"),
        ({"jqlFilter": "cf[10050] = x"}, "The clause cf[10050] is unsupported"),
        ({"jqlFilter": "project = FIN ORDER BY key"}, "ORDER BY is unsupported"),
        ({"jqlFilter": "project FIN"}, "Error in the JQL Query"),
        ({"events": ["jira:everything"]}, "jira:everything is unsupported"),
        ({"events": []}, "At least one event"),
    ],
)
def test_an_entry_that_is_not_taken_says_why(api: Client, project: str, entry: dict, text: str) -> None:
    (result,) = register(api, **entry).json()["webhookRegistrationResult"]

    assert text in result["errors"][0]
    assert api.read("/webhook")["values"] == []


def test_the_schema_is_closed_and_there_is_no_secret(api: Client, project: str) -> None:
    assert register(api, secret="x").status_code == 400
    assert api.post("/webhook", {"url": TARGET}).status_code == 400
    assert register(api, url="nowhere").status_code == 400
    assert register(api, jqlFilter="project != null").json()["webhookRegistrationResult"] == [
        {"createdWebhookId": 1}
    ]


def test_five_for_each_app_and_person(api: Client, sim: JiraSimulator, project: str) -> None:
    results = [register(api).json()["webhookRegistrationResult"][0] for _ in range(6)]

    assert ["errors" in one for one in results] == [False] * 5 + [True]
    other = Client(sim, sim.sign_in(account=sim.accountant)[0])
    assert "createdWebhookId" in register(other).json()["webhookRegistrationResult"][0]
    assert len(api.read("/webhook")["values"]) == 5


def test_an_app_has_one_url(api: Client, sim: JiraSimulator, project: str) -> None:
    register(api)

    refused = register(api, url=TARGET + "new/")
    sim.options.second_url = "keep"
    register(api, url=TARGET + "new/")

    assert (refused.status_code, TARGET in refused.json()["errorMessages"][0]) == (400, True)
    assert {one["url"] for one in api.read("/webhook")["values"]} == {TARGET}


def test_refresh_and_delete_ignore_unknown_ids(api: Client, sim: JiraSimulator, project: str) -> None:
    register(api)
    sim.clock.advance(20 * DAY)
    fresh = Client(sim)

    answer = fresh.put("/webhook/refresh", {"webhookIds": [1, 99]})

    assert answer.json() == {"expirationDate": "2026-04-21T10:00:00.000+0200"}
    assert fresh.read("/webhook")["values"][0]["expirationDate"] == "2026-04-21T10:00:00.000+0200"
    assert fresh.put("/webhook/refresh", {"webhookIds": [99]}).status_code == 200
    assert fresh.put("/webhook/refresh", {"webhookIds": ["1"]}).status_code == 400
    assert fresh.delete("/webhook", {"webhookIds": [1, 99]}).status_code == 202
    assert fresh.read("/webhook")["values"] == []


def test_lost_deliveries_are_not_told_to_such_an_app(api: Client) -> None:
    assert api.get("/webhook/failed").status_code == 403


def test_an_expired_webhook_is_silent_but_can_be_refreshed_for_months(
    api: Client, sim: JiraSimulator, hub: Receiver, project: str
) -> None:
    register(api)
    key = created(api)
    sim.clock.advance(30 * DAY)
    sim.move(key, "Done")
    assert sim.deliver() == []
    fresh = Client(sim)
    assert len(fresh.read("/webhook")["values"]) == 1

    fresh.put("/webhook/refresh", {"webhookIds": [1]})
    sim.move(key, "To Do")

    assert len(sim.deliver()) == 1
    sim.clock.advance(120 * DAY)
    assert Client(sim).read("/webhook")["values"] == []
