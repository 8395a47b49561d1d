"""Limits: points of the app, calls of an endpoint, writes to an issue; and every form of 429 by switch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlconnector.sandbox.jira import JiraSimulator
from mlconnector.sandbox.jira.errors import FAULTS
from tests.sandbox.jira.conftest import Client, created, document

SECOND = timedelta(seconds=1)


def test_a_read_costs_a_point_for_each_object_a_write_one(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    def cost(call) -> int:
        before = sim.limits.points(sim.client_id)
        call()
        return sim.limits.points(sim.client_id) - before

    assert cost(lambda: created(api)) == 1
    assert cost(lambda: created(api)) == 1
    assert cost(lambda: api.get("/issue/FIN-1")) == 2
    assert cost(lambda: api.search("project = FIN")) == 3
    assert cost(lambda: api.post("/issue/bulkfetch", {"issueIdsOrKeys": ["FIN-1", "FIN-2"]})) == 3
    assert cost(lambda: api.post("/issue/FIN-1/comment", {"body": document("x")})) == 1


@pytest.mark.parametrize(
    ("option", "reason"),
    [("points_per_hour", "jira-quota-global-based"), ("site_points_per_hour", "jira-quota-tenant-based")],
)
def test_points_come_back_at_the_full_hour(
    api: Client, sim: JiraSimulator, project: str, option: str, reason: str
) -> None:
    sim.clock.advance(timedelta(minutes=20))
    setattr(sim.options, option, 3)
    api.get("/project/FIN")
    api.get("/issue/FIN-9")
    api.get("/project/FIN")

    refused = api.get("/project/FIN")

    assert refused.status_code == 429
    assert refused.headers["RateLimit-Reason"] == reason
    assert refused.headers["Retry-After"] == "2400"
    assert refused.headers["X-RateLimit-Limit"] == "3"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Reset"] == "2026-03-02T09:00:00Z"
    sim.clock.advance(timedelta(minutes=40))
    assert Client(sim).get("/project/FIN").status_code == 200


def test_a_quota_of_one_site_leaves_the_others_alone(sim: JiraSimulator) -> None:
    other = sim.add_site("zweite")
    token = sim.sign_in()[0]
    sim.options.site_points_per_hour = 1
    here, there = Client(sim, token), Client(sim, token, other)
    here.get("/priority")

    assert here.get("/priority").status_code == 429
    assert there.get("/priority").status_code == 200


def test_bursts_are_counted_for_each_endpoint(api: Client, sim: JiraSimulator, project: str) -> None:
    sim.options.calls_per_second = 2
    assert [api.get("/project/FIN").status_code for _ in range(3)] == [200, 200, 429]

    refused = api.get("/project/FIN")

    assert (refused.headers["RateLimit-Reason"], refused.headers["Retry-After"]) == ("jira-burst-based", "1")
    assert api.get("/priority").status_code == 200
    sim.clock.advance(SECOND)
    assert api.get("/project/FIN").status_code == 200


def test_writes_to_one_issue_are_spaced(api: Client, sim: JiraSimulator, project: str) -> None:
    first, second = created(api), created(api)

    def write(key: str) -> int:
        return api.put(f"/issue/{key}/properties/x", 1).status_code

    assert [write(first) for _ in range(21)] == [201, *[200] * 19, 429]
    refused = api.put(f"/issue/{first}/properties/x", 1)
    assert refused.headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert refused.headers["Retry-After"] == "2"
    assert write(second) == 201
    assert api.get(f"/issue/{first}").status_code == 200
    for _ in range(4):
        sim.clock.advance(2 * SECOND)
        assert {write(first) for _ in range(20)} == {200}
    sim.clock.advance(2 * SECOND)
    refused = api.put(f"/issue/{first}/properties/x", 1)
    assert (refused.headers["X-RateLimit-Limit"], refused.headers["Retry-After"]) == ("100", "20")


@pytest.mark.parametrize(("announce", "prefix"), [("enforced", ""), ("beta", "Beta-")])
def test_normal_answers_say_what_is_left(
    api: Client, sim: JiraSimulator, project: str, announce: str, prefix: str
) -> None:
    sim.options.points_per_hour, sim.options.announce_limits = 10, announce

    first = api.get("/project/FIN")
    last = [api.get("/project/FIN") for _ in range(8)][-1]

    assert first.headers[f"{prefix}RateLimit-Policy"] == '"global-app-quota";q=10;w=3600'
    assert first.headers[f"{prefix}RateLimit"] == '"global-app-quota";r=9;t=3600'
    assert "X-RateLimit-NearLimit" not in first.headers
    assert last.headers["X-RateLimit-NearLimit"] == "true"


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind.startswith("429")])
def test_every_form_of_429_comes_by_switch(api: Client, sim: JiraSimulator, project: str, kind: str) -> None:
    sim.fail("projects.get", kind)

    refused = api.get("/project/FIN")

    assert refused.status_code == 429
    assert ("Retry-After" in refused.headers) is (kind not in ("429 gateway", "429 bare"))
    assert api.get("/project/FIN").status_code == 200


def test_a_create_may_happen_although_its_answer_is_lost(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    for kind in ("502 but done", "502"):
        sim.fail("issues.create", kind)
        fields = {"project": {"key": "FIN"}, "issuetype": {"id": sim.type_id("FIN")}, "summary": kind}
        assert api.post("/issue", {"fields": fields}).status_code == 502

    assert [issue.values["summary"] for issue in sim.issues()] == ["502 but done"]
