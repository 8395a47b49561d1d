"""Who may ask, and how refusals look."""

from datetime import timedelta

import pytest

from mlconnector.sandbox.asana import AsanaSimulator
from tests.sandbox.asana.conftest import Client, message


def test_a_request_without_a_bearer_token_is_not_authorized(api: Client, sim: AsanaSimulator) -> None:
    for header in ("", f"Basic {sim.pat}", sim.pat, "Bearer wrong", f"bearer {sim.pat}"):
        answer = api.call("GET", "/users/me", headers={"Authorization": header})

        assert (answer.status_code, message(answer)) == (401, "Not Authorized")


def test_the_token_shows_whose_it_is(api: Client, sim: AsanaSimulator) -> None:
    me = api.read("/users/me", opt_fields="name,email,workspaces.gid,workspaces.name")

    assert me["gid"] == sim.connector
    assert me["email"] == "hub@muster.example"
    assert [workspace["name"] for workspace in me["workspaces"]] == ["Muster Bau GmbH"]


def test_an_oauth_token_ends_after_an_hour_a_personal_one_never(api: Client, sim: AsanaSimulator) -> None:
    access, _ = sim.add_oauth_tokens()
    signed_in = Client(sim, access)
    assert signed_in.get("/users/me").status_code == 200

    sim.clock.advance(timedelta(hours=1))

    assert signed_in.get("/users/me").status_code == 401
    assert api.get("/users/me").status_code == 200


def test_a_revoked_token_is_refused(api: Client, sim: AsanaSimulator) -> None:
    sim.revoke(sim.pat)

    assert api.get("/users/me").status_code == 401


def test_a_refresh_token_opens_nothing(sim: AsanaSimulator) -> None:
    _, refresh = sim.add_oauth_tokens()

    assert Client(sim, refresh).get("/users/me").status_code == 401


def test_a_blocked_workspace_is_missing_and_refuses(api: Client, sim: AsanaSimulator, task: str) -> None:
    sim.block("pat")
    access, _ = sim.add_oauth_tokens()

    assert api.read("/workspaces") == []
    assert api.get(f"/tasks/{task}").status_code == 401
    assert Client(sim, access).get(f"/tasks/{task}").status_code == 200


def test_what_the_token_may_not_see_does_not_exist(api: Client, sim: AsanaSimulator) -> None:
    hidden = sim.add_project("Geheim", privacy_setting="private")
    task = sim.add_task(hidden)

    assert api.get(f"/projects/{hidden}").status_code == 404
    assert message(api.get(f"/tasks/{task}")) == f"task: Unknown object: {task}"
    assert hidden not in [one["gid"] for one in api.read("/projects", workspace=sim.workspace)]


def test_a_granular_token_needs_the_scope(sim: AsanaSimulator, task: str) -> None:
    sim.add_app("77", "secret", ["https://hub.example/cb"], scopes=["tasks:read"])
    access, _ = sim.add_oauth_tokens(client_id="77", scopes=["tasks:read"])
    narrow = Client(sim, access)

    assert narrow.get(f"/tasks/{task}").status_code == 200
    assert narrow.put(f"/tasks/{task}", {"name": "x"}).status_code == 403
    assert narrow.get("/events", resource=task).status_code == 403


def test_unknown_routes_and_ids(api: Client) -> None:
    assert message(api.get("/nothing")) == "No matching route for request"
    assert api.get("/tasks/123").status_code == 404
    assert api.get("/tasks/abc").status_code == 400
    assert message(api.get("/projects")) == "workspace: Missing input"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "Could not find `data` in request body"),
        (b'{"name": "x"}', "Could not find `data` in request body"),
        (b'{"data": {}, "name": "x"}', "name: Unrecognized field in request body"),
        (b'{"data": {"nmae": "x"}}', "nmae: Unrecognized field in request body"),
        (b'{"data": {"name": 5}}', "name: Not a String: 5"),
        (b'{"data": {"completed": "true"}}', "completed: Not a Boolean: true"),
        (b'{"data": [1]}', "data: Missing input"),
        (b'{"data": {', "Could not parse request data, invalid JSON"),
        (b'{"data": {"name": NaN}}', "Could not parse request data, invalid JSON"),
        (b"[]", "Could not parse request data, expected an object"),
    ],
)
def test_bodies_are_checked(api: Client, task: str, content: bytes, expected: str) -> None:
    answer = api.call("PUT", f"/tasks/{task}", data=content, headers={"Content-Type": "application/json"})

    assert (answer.status_code, message(answer)) == (400, expected)


def test_too_many_requests_count_even_when_rejected(api: Client, sim: AsanaSimulator) -> None:
    sim.options.calls_per_minute = 2
    codes = [api.get("/users/me").status_code for _ in range(3)]
    assert codes == [200, 200, 429]

    sim.clock.advance(timedelta(seconds=30))
    again = api.get("/users/me")
    assert (again.status_code, again.headers["Retry-After"]) == (429, "30")
    sim.clock.advance(timedelta(seconds=30))

    # The two rejected ones still count: one at the beginning is forgotten, one half a minute ago is not.
    assert api.get("/users/me").status_code == 200
    assert api.get("/users/me").status_code == 429


def test_limits_are_per_token(api: Client, sim: AsanaSimulator) -> None:
    sim.options.calls_per_minute = 1
    other = Client(sim, sim.add_token())

    assert [api.get("/users/me").status_code, other.get("/users/me").status_code] == [200, 200]


def test_more_open_requests_than_allowed_are_refused(api: Client, sim: AsanaSimulator) -> None:
    sim.options.concurrent_reads = 2
    with sim.limits.counted("GET", sim.pat), sim.limits.counted("GET", sim.pat):
        refused = api.get("/users/me")
        written = api.post("/projects", {"name": "Neu", "workspace": sim.workspace})

    assert (refused.status_code, written.status_code) == (429, 201)
    assert sim.concurrency["reads"] == 3


def test_deprecations_are_announced_on_demand(api: Client, sim: AsanaSimulator) -> None:
    sim.options.changes = ["name=string_ids;info=https://asana.example/string-ids;affected=true"]

    assert api.get("/users/me").headers["Asana-Change"].startswith("name=string_ids")


def test_the_log_keeps_what_was_asked(api: Client, sim: AsanaSimulator, task: str) -> None:
    api.get(f"/tasks/{task}", opt_fields="name")

    (call,) = sim.calls_to("tasks.get")
    assert (call.query["opt_fields"], call.status) == ("name", 200)


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("500", 500), ("502", 502), ("503", 503)])
def test_faults_look_like_the_vendors(sim: AsanaSimulator, task: str, kind: str, status: int) -> None:
    sim.fail("GET /tasks/*", kind)
    url, headers = f"https://asana.example/api/1.0/tasks/{task}", {"Authorization": f"Bearer {sim.pat}"}
    session = Client(sim, sim.pat).session

    failed = session.get(url, headers=headers, timeout=5)

    assert failed.status_code == status
    if kind == "429":
        assert failed.headers["Retry-After"] == "30"
    if kind == "500":
        assert failed.json()["errors"][0]["phrase"]
    if kind == "502":
        assert "html" in failed.headers["Content-Type"]
    assert session.get(url, headers=headers, timeout=5).status_code == 200
