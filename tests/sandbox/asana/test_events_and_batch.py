"""Pulling events, and several requests in one."""

from datetime import timedelta
from typing import Any

import pytest

from mlconnector.sandbox.asana import AsanaSimulator
from tests.sandbox.asana.conftest import Client, message


def first_token(api: Client, resource: str) -> str:
    answer = api.get("/events", resource=resource)
    assert answer.status_code == 412
    assert message(answer).startswith("Sync token invalid or too old.")
    return answer.json()["sync"]


def test_events_since_the_token(api: Client, sim: AsanaSimulator, project: str, task: str) -> None:
    token = first_token(api, project)
    assert api.get("/events", resource=project, sync=token).json()["data"] == []

    sim.approve(task)
    answer = api.get("/events", resource=project, sync=token).json()

    assert [event["action"] for event in answer["data"]] == ["changed", "changed", "added"]
    assert answer["data"][0]["resource"]["gid"] == task
    assert answer["has_more"] is False
    assert api.get("/events", resource=project, sync=answer["sync"]).json()["data"] == []
    assert api.get("/events", resource=project, sync=token).json()["data"] == answer["data"]


def test_a_hundred_events_at_a_time(api: Client, sim: AsanaSimulator, project: str, task: str) -> None:
    token, seen = first_token(api, project), []
    for number in range(75):
        sim.rename_task(task, f"Name {number}")
    has_more = True
    while has_more:
        answer = api.get("/events", resource=project, sync=token).json()
        seen.append(len(answer["data"]))
        token, has_more = answer["sync"], answer["has_more"]

    assert seen == [100, 50]


def test_a_token_lasts_a_day_and_belongs_to_its_resource(
    api: Client, sim: AsanaSimulator, project: str, task: str
) -> None:
    token = first_token(api, project)

    assert api.get("/events", resource=task, sync=token).status_code == 412
    sim.clock.advance(timedelta(hours=24))
    late = api.get("/events", resource=project, sync=token)
    assert late.status_code == 412
    assert api.get("/events", resource=project, sync=late.json()["sync"]).status_code == 200
    assert api.get("/events").status_code == 400
    assert api.get("/events", resource="123").status_code == 404


def test_opt_fields_look_into_the_resources(
    api: Client, sim: AsanaSimulator, project: str, task: str
) -> None:
    token = first_token(api, project)
    sim.rename_task(task, "Neu")

    asked = "action,resource.name,user.email"
    first = api.get("/events", resource=project, sync=token, opt_fields=asked).json()["data"][0]

    assert first["resource"]["name"] == "Neu"
    assert first["user"]["email"] == "joerg@muster.example"
    assert "created_at" not in first


def actions(api: Client, *given: dict[str, Any]) -> Any:
    return api.post("/batch", {"actions": list(given)})


def test_a_batch_answers_each_request(api: Client, task: str, amount: str) -> None:
    answer = actions(
        api,
        {"relative_path": f"/tasks/{task}", "method": "get", "options": {"fields": ["name"]}},
        {
            "relative_path": f"/tasks/{task}",
            "method": "put",
            "data": {"custom_fields": {amount: 12.34}},
        },
        {"relative_path": f"/tasks/{task}/stories", "method": "post", "data": {"text": "hallo"}},
        {"relative_path": "/tasks/123", "method": "get"},
        {"relative_path": "/nothing", "method": "get"},
        {"relative_path": f"/tasks/{task}?x=1", "method": "get"},
        {"relative_path": "/attachments", "method": "post"},
        {"relative_path": "/batch", "method": "post"},
        {"relative_path": "/attachments", "method": "get", "data": {"parent": task}},
    )
    results = answer.json()["data"]

    assert answer.status_code == 200
    assert [one["status_code"] for one in results] == [200, 200, 201, 404, 404, 400, 400, 400, 200]
    assert results[0]["body"]["data"]["name"] == "Rechnung 4711"
    assert results[1]["body"]["data"]["custom_fields"][0]["number_value"] == 12.34
    assert results[2]["headers"]["location"].startswith("/stories/")


def test_a_batch_has_one_to_ten_actions(api: Client, task: str) -> None:
    action = {"relative_path": f"/tasks/{task}", "method": "get"}

    assert actions(api).status_code == 400
    assert actions(api, *[action] * 11).status_code == 400
    assert actions(api, {**action, "method": "GET"}).status_code == 400


@pytest.mark.parametrize(("limit", "status"), [(3, 429), (4, 200)])
def test_every_action_counts(api: Client, sim: AsanaSimulator, task: str, limit: int, status: int) -> None:
    sim.options.calls_per_minute = limit
    action = {"relative_path": f"/tasks/{task}", "method": "get"}

    assert actions(api, *[action] * 4).status_code == status
