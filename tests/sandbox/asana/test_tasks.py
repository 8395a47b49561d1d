"""Tasks: approvals, traces of changes, memberships, subtasks, external data."""

from datetime import timedelta
from typing import Any

import pytest

from mlconnector.sandbox.asana import AsanaSimulator
from tests.sandbox.asana.conftest import Client, message

WATCHED = "approval_status,completed,completed_at,completed_by.gid,modified_at"


def stories(api: Client, task: str) -> list[dict[str, Any]]:
    asked = "type,resource_subtype,text,created_at,created_by.gid"
    return api.read(f"/tasks/{task}/stories", limit=100, opt_fields=asked)


@pytest.mark.parametrize(
    ("sent", "status", "completed"),
    [
        ({"approval_status": "approved"}, "approved", True),
        ({"approval_status": "rejected"}, "rejected", True),
        ({"approval_status": "changes_requested"}, "changes_requested", True),
        ({"completed": True}, "approved", True),
        ({"completed": False}, "pending", False),
    ],
)
def test_approval_and_completion_go_together(
    api: Client, sim: AsanaSimulator, task: str, sent: dict[str, Any], status: str, completed: bool
) -> None:
    sim.clock.advance(timedelta(minutes=1))
    api.put(f"/tasks/{task}", sent)
    shown = api.read(f"/tasks/{task}", opt_fields=WATCHED)

    assert (shown["approval_status"], shown["completed"]) == (status, completed)
    assert shown["completed_at"] == ("2026-03-02T08:01:00.000Z" if completed else None)
    if completed:
        assert shown["completed_by"]["gid"] == sim.connector


def test_a_decided_task_is_opened_again(api: Client, sim: AsanaSimulator, task: str) -> None:
    sim.reject(task)
    api.put(f"/tasks/{task}", {"completed": False})
    shown = api.read(f"/tasks/{task}", opt_fields=WATCHED)

    assert (shown["approval_status"], shown["completed"], shown["completed_at"]) == ("pending", False, None)


def test_a_rejected_task_is_completed_already(api: Client, sim: AsanaSimulator, task: str) -> None:
    sim.reject(task)
    api.put(f"/tasks/{task}", {"completed": True})

    assert api.read(f"/tasks/{task}", opt_fields="approval_status")["approval_status"] == "rejected"


def test_other_tasks_have_no_approval_status(api: Client, sim: AsanaSimulator, project: str) -> None:
    plain = sim.add_task(project, resource_subtype="default_task")

    assert "approval_status" not in api.read(f"/tasks/{plain}", opt_fields="approval_status,name")
    assert api.put(f"/tasks/{plain}", {"approval_status": "approved"}).status_code == 400
    api.put(f"/tasks/{plain}", {"completed": True})
    assert api.read(f"/tasks/{plain}")["completed"] is True


def test_a_task_becomes_an_approval(api: Client, sim: AsanaSimulator, project: str) -> None:
    plain = sim.add_task(project, resource_subtype="default_task")

    changed = api.put(f"/tasks/{plain}", {"resource_subtype": "approval"}).json()["data"]

    assert (changed["resource_subtype"], changed["approval_status"]) == ("approval", "pending")


def test_every_change_moves_modified_at_and_leaves_a_story(
    api: Client, sim: AsanaSimulator, task: str, amount: str
) -> None:
    changes: list[tuple[dict[str, Any], str]] = [
        ({"name": "Neuer Name"}, "name_changed"),
        ({"notes": "Bitte prüfen"}, "notes_changed"),
        ({"due_on": "2026-03-31"}, "due_date_changed"),
        ({"assignee": "joerg@muster.example"}, "assigned"),
        ({"assignee": None}, "unassigned"),
        ({"custom_fields": {amount: 5}}, "number_custom_field_changed"),
        ({"approval_status": "approved"}, "approval_status_changed"),
    ]
    for sent, story in changes:
        sim.clock.advance(timedelta(seconds=1))
        changed = api.put(f"/tasks/{task}", sent).json()["data"]
        last = stories(api, task)[-1]

        assert changed["modified_at"] == last["created_at"]
        assert (last["resource_subtype"], last["type"]) == (story, "system")
    assert len(stories(api, task)) == len(changes)


def test_setting_what_is_there_already_changes_nothing(api: Client, sim: AsanaSimulator, task: str) -> None:
    before = api.read(f"/tasks/{task}", opt_fields="modified_at,name")
    sim.clock.advance(timedelta(seconds=1))
    api.put(f"/tasks/{task}", {"name": before["name"], "approval_status": "pending"})

    assert api.read(f"/tasks/{task}", opt_fields="modified_at,name") == before
    assert stories(api, task) == []


def test_the_story_says_who_approved(api: Client, sim: AsanaSimulator, task: str) -> None:
    sim.approve(task)
    gid = stories(api, task)[-1]["gid"]

    told = api.read(f"/stories/{gid}")

    assert told["created_by"]["gid"] == sim.approver
    assert (told["old_approval_status"], told["new_approval_status"]) == ("pending", "approved")
    assert told["source"] == "web"


def test_a_faulty_change_changes_nothing_at_all(api: Client, task: str, amount: str) -> None:
    answer = api.put(f"/tasks/{task}", {"name": "Neu", "custom_fields": {amount: "viel"}})

    assert answer.status_code == 400
    assert api.read(f"/tasks/{task}")["name"] == "Rechnung 4711"


@pytest.mark.parametrize(
    "sent",
    [
        {"due_on": "31.03.2026"},
        {"due_on": "2026-03-31", "due_at": "2026-03-31T10:00:00Z"},
        {"start_on": "2026-03-01"},
        {"resource_subtype": "custom"},
        {"assignee": 5},
        {"projects": ["1"]},
        {"completed_at": "2026-03-31T10:00:00Z"},
        {"notes": "a", "html_notes": "<body>b</body>"},
    ],
)
def test_malformed_changes_are_refused(api: Client, task: str, sent: dict[str, Any]) -> None:
    assert api.put(f"/tasks/{task}", sent).status_code == 400


# --- creating -------------------------------------------------------------


def test_a_task_is_created_in_its_section(
    api: Client, sim: AsanaSimulator, project: str, amount: str
) -> None:
    section = sim.add_section(project, "Zu prüfen")
    answer = api.post(
        "/tasks",
        {
            "name": "Rechnung 1",
            "resource_subtype": "approval",
            "memberships": [{"project": project, "section": section}],
            "assignee": "joerg@muster.example",
            "custom_fields": {amount: 12.5},
        },
    )
    made = answer.json()["data"]

    assert (answer.status_code, answer.headers["Location"]) == (201, f"/tasks/{made['gid']}")
    assert made["approval_status"] == "pending"
    assert made["memberships"][0]["section"]["gid"] == section
    assert made["custom_fields"][0]["number_value"] == 12.5
    assert [one["gid"] for one in api.read(f"/sections/{section}/tasks")] == [made["gid"]]
    assert made["permalink_url"] == f"https://asana.example/0/{project}/{made['gid']}"


def test_a_new_task_needs_a_place(api: Client) -> None:
    answer = api.post("/tasks", {"name": "x"})

    assert (answer.status_code, message(answer)) == (400, "workspace: Missing input")


def test_a_subtask_is_not_in_its_parents_project(
    api: Client, sim: AsanaSimulator, project: str, task: str, amount: str
) -> None:
    before = api.read(f"/tasks/{task}")["modified_at"]
    sim.clock.advance(timedelta(minutes=1))
    line = api.post(f"/tasks/{task}/subtasks", {"name": "Zeile 1"}).json()["data"]

    assert (line["parent"]["gid"], line["memberships"], line["custom_fields"]) == (task, [], [])
    assert [one["gid"] for one in api.read(f"/tasks/{task}/subtasks")] == [line["gid"]]
    assert [one["gid"] for one in api.read("/tasks", project=project)] == [task]
    refused = api.put(f"/tasks/{line['gid']}", {"custom_fields": {amount: 5}})
    assert message(refused) == f"Custom field with ID {amount} is not on given object"
    assert api.read(f"/tasks/{task}")["modified_at"] == before

    assert api.post(f"/tasks/{line['gid']}/addProject", {"project": project}).json() == {"data": {}}

    assert len(api.read("/tasks", project=project)) == 2
    assert api.put(f"/tasks/{line['gid']}", {"custom_fields": {amount: 5}}).status_code == 200


def test_moving_does_not_modify(api: Client, sim: AsanaSimulator, project: str, task: str) -> None:
    section = sim.add_section(project, "Fertig")
    before = api.read(f"/tasks/{task}")["modified_at"]
    sim.clock.advance(timedelta(minutes=1))

    assert api.post(f"/sections/{section}/addTask", {"task": task}).json() == {"data": {}}

    shown = api.read(f"/tasks/{task}")
    assert shown["memberships"][0]["section"]["gid"] == section
    assert shown["modified_at"] == before


def test_a_task_leaves_a_project(api: Client, project: str, task: str, amount: str) -> None:
    assert api.post(f"/tasks/{task}/removeProject", {"project": project}).status_code == 200

    assert api.read("/tasks", project=project) == []
    (left,) = api.read(f"/tasks/{task}")["custom_fields"]
    assert (left["gid"], left["enabled"], left["number_value"]) == (amount, False, 1190.5)
    assert api.put(f"/tasks/{task}", {"custom_fields": {amount: 7}}).status_code == 400
    assert api.put(f"/tasks/{task}", {"custom_fields": {amount: None}}).status_code == 200
    assert api.read(f"/tasks/{task}")["custom_fields"] == []


def test_a_task_is_in_twenty_projects_at_most(api: Client, sim: AsanaSimulator, task: str) -> None:
    for number in range(19):
        sim.add_to_project(task, sim.add_project(f"Projekt {number}"))

    assert api.post(f"/tasks/{task}/addProject", {"project": sim.add_project()}).status_code == 400


def test_a_parent_is_set_and_taken_away(api: Client, sim: AsanaSimulator, project: str, task: str) -> None:
    other = sim.add_task(project)

    assert api.post(f"/tasks/{other}/setParent", {"parent": task}).json()["data"]["parent"]["gid"] == task
    assert api.post(f"/tasks/{task}/setParent", {"parent": other}).status_code == 400
    assert api.post(f"/tasks/{other}/setParent", {"parent": None}).json()["data"]["parent"] is None
    assert api.post(f"/tasks/{other}/setParent", {}).status_code == 400


def test_a_deleted_task_vanishes(api: Client, project: str, task: str) -> None:
    assert api.delete(f"/tasks/{task}").json() == {"data": {}}

    assert api.get(f"/tasks/{task}").status_code == 404
    assert api.read("/tasks", project=project) == []


# --- comments -------------------------------------------------------------


def test_a_comment_is_a_story_and_modifies_the_task(api: Client, sim: AsanaSimulator, task: str) -> None:
    sim.clock.advance(timedelta(minutes=1))
    answer = api.post(f"/tasks/{task}/stories", {"text": "Gebucht in DATEV"})
    made = answer.json()["data"]

    assert answer.status_code == 201
    assert (made["type"], made["resource_subtype"]) == ("comment", "comment_added")
    assert "html_text" not in made
    assert api.read(f"/tasks/{task}")["modified_at"] == made["created_at"]
    assert sim.comments(task) == ["Gebucht in DATEV"]


def test_only_ones_own_comments_can_be_changed(api: Client, sim: AsanaSimulator, task: str) -> None:
    foreign = sim.add_comment(task, "von Jörg")
    own = api.post(f"/tasks/{task}/stories", {"text": "von mir"}).json()["data"]["gid"]

    assert api.put(f"/stories/{foreign}", {"text": "x"}).status_code == 403
    assert api.put(f"/stories/{own}", {"text": "besser"}).json()["data"]["is_edited"] is True
    assert api.delete(f"/stories/{own}").json() == {"data": {}}
    assert sim.comments(task) == ["von Jörg"]
    assert api.post(f"/tasks/{task}/stories", {"text": "a", "html_text": "<body>b</body>"}).status_code == 400
    assert api.post(f"/tasks/{task}/stories", {}).status_code == 400


# --- external data -------------------------------------------------------------


def test_external_data_belong_to_the_oauth_app(api: Client, sim: AsanaSimulator, task: str) -> None:
    app = Client(sim, sim.add_oauth_tokens()[0])
    sim.add_app("77", "secret", ["https://hub.example/cb"])
    other_app = Client(sim, sim.add_oauth_tokens(client_id="77")[0])
    external = {"gid": "muster:bill:INV-1", "data": '{"v":1}'}

    assert app.put(f"/tasks/{task}", {"external": external}).json()["data"]["external"] == external

    found = "/tasks/external:muster%3Abill%3AINV-1"
    assert app.read(found)["gid"] == task
    assert app.read(f"{found}/stories") == []
    assert app.get(f"{found}2").status_code == 404
    assert app.read(f"/tasks/{task}", opt_fields="external.data")["external"] == {"data": '{"v":1}'}
    for stranger in (other_app, api):
        assert stranger.get(found).status_code == 404
        assert "external" not in stranger.read(f"/tasks/{task}", opt_fields="external")
    assert app.post(f"/tasks/{task}/subtasks", {"name": "x", "external": external}).status_code == 400


def test_external_data_of_a_personal_token(api: Client, sim: AsanaSimulator, task: str) -> None:
    sent = {"external": {"gid": "x"}}
    assert api.put(f"/tasks/{task}", sent).status_code == 403

    sim.options.ignore_external_of_pat = True

    assert api.put(f"/tasks/{task}", sent).status_code == 200
    assert sim.task(task).external == {}
