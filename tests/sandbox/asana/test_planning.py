"""Portfolios, templates and jobs, status updates, people who come and go."""

from datetime import timedelta

import requests

from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.mount import WSGIAdapter
from tests.sandbox.asana.conftest import Client, message


def test_only_own_portfolios_are_listed(api: Client, sim: AsanaSimulator) -> None:
    mine = sim.add_portfolio("Baustellen")
    other = sim.add_portfolio("Fremde", owner=sim.approver)

    assert [one["gid"] for one in api.read("/portfolios", workspace=sim.workspace, owner="me")] == [mine]
    assert api.get("/portfolios", workspace=sim.workspace, owner=sim.approver).status_code == 403
    assert message(api.get("/portfolios", owner="me")) == "workspace: Missing input"
    assert api.read(f"/portfolios/{other}")["owner"]["gid"] == sim.approver


def test_items_are_added_once_and_removed(api: Client, sim: AsanaSimulator, project: str) -> None:
    gid = api.post("/portfolios", {"name": "Baustellen", "workspace": sim.workspace}).json()["data"]["gid"]

    for _ in range(2):
        assert api.post(f"/portfolios/{gid}/addItem", {"item": project}).json() == {"data": {}}
    assert [one["gid"] for one in api.read(f"/portfolios/{gid}/items")] == [project]

    assert api.post(f"/portfolios/{gid}/removeItem", {"item": project}).json() == {"data": {}}
    assert api.read(f"/portfolios/{gid}/items") == []
    assert api.post(f"/portfolios/{gid}/removeItem", {"item": project}).status_code == 404
    other = sim.add_portfolio("Fremde", owner=sim.approver)
    assert api.post(f"/portfolios/{other}/addItem", {"item": project}).status_code == 403


def test_portfolios_are_a_paid_feature(api: Client, sim: AsanaSimulator) -> None:
    gid = sim.add_portfolio("Baustellen")
    sim.options.is_free_plan = True

    assert api.get("/portfolios", workspace=sim.workspace, owner="me").status_code == 402
    assert api.get(f"/portfolios/{gid}/items").status_code == 402


def test_a_template_becomes_a_project_when_its_job_has_ended(
    api: Client, sim: AsanaSimulator, amount: str
) -> None:
    template = sim.add_template("Bau", sections=("Rohbau",), tasks=("Vermessen",), fields=(amount,))
    assert [one["gid"] for one in api.read("/project_templates", workspace=sim.workspace)] == [template]

    answer = api.post(f"/project_templates/{template}/instantiateProject", {"name": "Neubau"})
    job = answer.json()["data"]
    made = job["new_project"]["gid"]

    assert (answer.status_code, job["status"]) == (201, "not_started")
    assert api.read(f"/projects/{made}/tasks") == []
    sim.clock.advance(timedelta(seconds=1))
    assert api.read(f"/jobs/{job['gid']}")["status"] == "in_progress"
    sim.clock.advance(timedelta(seconds=1))
    assert api.read(f"/jobs/{job['gid']}")["status"] == "succeeded"
    assert [one["name"] for one in api.read(f"/projects/{made}/tasks")] == ["Vermessen"]
    assert len(api.read(f"/projects/{made}/custom_field_settings")) == 1
    assert [one["name"] for one in api.read(f"/projects/{made}/sections")][-1] == "Rohbau"


def test_dates_of_a_template_are_asked_for(api: Client, sim: AsanaSimulator) -> None:
    template = sim.add_template("Bau", dates={"1": "Beginn"})
    path = f"/project_templates/{template}/instantiateProject"

    assert [one["gid"] for one in api.read(f"/project_templates/{template}")["requested_dates"]] == ["1"]
    assert message(api.post(path, {"name": "Neubau"})) == "requested_dates: Missing input"
    dates = [{"gid": "1", "value": "2026-04-01"}]
    made = api.post(path, {"name": "Neubau", "requested_dates": dates}).json()["data"]["new_project"]["gid"]
    assert api.read(f"/projects/{made}")["start_on"] == "2026-04-01"


def test_at_most_five_jobs_run_and_a_failed_one_says_so(api: Client, sim: AsanaSimulator) -> None:
    template = sim.add_template("Bau")
    sim.options.jobs_fail = True
    path = f"/project_templates/{template}/instantiateProject"
    jobs = [api.post(path, {"name": f"Bau {number}"}).json()["data"]["gid"] for number in range(5)]

    refused = api.post(path, {"name": "Bau 6"})

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    sim.finish_jobs()
    assert api.read(f"/jobs/{jobs[0]}")["status"] == "failed"


def test_a_status_update_shows_on_its_project(api: Client, sim: AsanaSimulator, project: str) -> None:
    made = api.post("/status_updates", {"parent": project, "status_type": "complete", "text": "Alles fertig"})
    asked = "completed,completed_at,current_status_update.status_type"
    shown = api.read(f"/projects/{project}", opt_fields=asked)

    assert made.status_code == 201
    assert (shown["completed"], shown["current_status_update"]["status_type"]) == (True, "complete")
    sim.clock.advance(timedelta(hours=1))
    sim.set_status(project, "at_risk", "Doch nicht")
    listed = api.read("/status_updates", parent=project, opt_fields="status_type,text")
    assert [one["status_type"] for one in listed] == ["at_risk", "complete"]
    assert api.read(f"/projects/{project}")["completed"] is False
    assert api.delete(f"/status_updates/{listed[0]['gid']}").json() == {"data": {}}
    assert api.read("/status_updates", parent=project)[0]["gid"] == listed[1]["gid"]
    assert "text" in message(api.post("/status_updates", {"parent": project, "status_type": "on_track"}))


def test_a_portfolio_has_a_status_too(api: Client, sim: AsanaSimulator) -> None:
    portfolio = sim.add_portfolio("Baustellen")
    data = {"parent": portfolio, "status_type": "on_track", "text": "Gut", "title": "März"}

    made = api.post("/status_updates", data).json()["data"]

    assert (made["resource_subtype"], made["title"]) == ("portfolio_status_update", "März")


def test_an_invited_person_is_active_at_once(api: Client, sim: AsanaSimulator) -> None:
    path = f"/workspaces/{sim.workspace}"
    invited = api.post(f"{path}/addUser", {"user": "neu@muster.example"})
    again = api.post(f"{path}/addUser", {"user": "neu@muster.example"})

    assert (invited.status_code, again.json()) == (200, invited.json())
    assert message(api.post(f"{path}/addUser", {"user": "kein Mensch"})).startswith("user: Not an email")
    asked = "user.email,is_active,is_guest"
    api.post(f"{path}/addUser", {"user": "gast@anderswo.example"})
    found = api.read(f"{path}/workspace_memberships", opt_fields=asked)
    shown = {one["user"]["email"]: (one["is_active"], one["is_guest"]) for one in found}
    assert shown["neu@muster.example"] == (True, False)
    assert shown["gast@anderswo.example"] == (True, True)
    sim.options.only_admins_invite = True
    assert api.post(f"{path}/addUser", {"user": "noch@muster.example"}).status_code == 403


def test_only_an_admin_removes_and_takes_over_what_was_owned(api: Client, sim: AsanaSimulator) -> None:
    gone = sim.add_user("Ohne Beispiel", "ohne@muster.example")
    project = sim.add_project("Nachlass")
    sim.known.get("project", project).owner = gone
    path = f"/workspaces/{sim.workspace}/removeUser"

    assert api.post(path, {"user": gone}).status_code == 403
    admin = Client(sim, sim.add_token(user=sim.approver))
    assert admin.post(path, {"user": "ohne@muster.example"}).json() == {"data": {}}

    assert api.read(f"/projects/{project}")["owner"]["gid"] == sim.approver
    asked = {"user": gone, "opt_fields": "is_active"}
    [membership] = api.read(f"/workspaces/{sim.workspace}/workspace_memberships", **asked)
    assert membership["is_active"] is False
    assert admin.post(path, {"user": gone}).status_code == 404


def test_a_milestone_is_completed_and_has_no_approval(api: Client, sim: AsanaSimulator, project: str) -> None:
    data = {"name": "Rohbau fertig", "projects": [project], "resource_subtype": "milestone"}
    made = api.post("/tasks", data).json()["data"]

    assert (made["resource_subtype"], made["completed"], "approval_status" in made) == (
        "milestone",
        False,
        False,
    )
    sim.complete(made["gid"])
    assert api.read(f"/tasks/{made['gid']}")["completed_by"]["gid"] == sim.approver
    start = {"start_on": "2026-03-01", "due_on": "2026-03-05"}
    assert message(api.put(f"/tasks/{made['gid']}", start)) == "start_on: Milestones have no start"


def test_people_report_how_a_project_stands(sim: AsanaSimulator, project: str) -> None:
    web = requests.Session()
    web.mount("https://asana.example", WSGIAdapter(sim))
    pages = "https://asana.example"
    portfolio = sim.add_portfolio("Baustellen", items=[project])

    assert "Baustellen" in web.get(f"{pages}/portfolios", timeout=5).text
    form = {"status": "complete", "text": "Fertig", "portfolio": portfolio}
    answer = web.post(f"{pages}/0/{project}/status", data=form, timeout=5)

    assert "abgeschlossen / complete" in answer.text
    assert sim.statuses(project) == ["complete"]
    assert "joerg@muster.example" in web.get(f"{pages}/people", timeout=5).text
    assert web.get(f"{pages}/0/portfolio/1/list", timeout=5).status_code == 404
    assert web.post(f"{pages}/0/{project}/status", data={"status": "x"}, timeout=5).status_code == 404
