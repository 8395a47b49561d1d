"""Workspaces, users, projects, sections, memberships."""

from mlconnector.sandbox.asana import AsanaSimulator
from tests.sandbox.asana.conftest import Client, message


def test_a_project_is_made_with_its_first_section(api: Client, sim: AsanaSimulator) -> None:
    answer = api.post("/projects", {"name": "Eingangsrechnungen", "workspace": sim.workspace})
    made = answer.json()["data"]

    assert (answer.status_code, answer.headers["Location"]) == (201, f"/projects/{made['gid']}")
    assert (made["team"], made["owner"]["gid"]) == (None, sim.connector)
    assert len(api.read(f"/projects/{made['gid']}/sections")) == 1
    assert [one["name"] for one in api.read("/projects", workspace=sim.workspace)] == ["Eingangsrechnungen"]
    assert message(api.post("/projects", {"name": "x"})) == "workspace: Missing input"
    again = api.post(f"/workspaces/{sim.workspace}/projects", {"name": "Zwei"})
    assert again.status_code == 201
    assert len(api.read(f"/workspaces/{sim.workspace}/projects")) == 2


def test_archived_projects_are_told_apart(api: Client, sim: AsanaSimulator, project: str) -> None:
    other = sim.add_project("Alt")
    api.put(f"/projects/{other}", {"archived": True})

    assert [one["gid"] for one in api.read("/projects", workspace=sim.workspace, archived="false")] == [
        project
    ]
    assert api.get("/projects", workspace=sim.workspace, archived="no").status_code == 400


def test_a_changed_task_does_not_modify_its_project(
    api: Client, sim: AsanaSimulator, project: str, task: str
) -> None:
    before = api.read(f"/projects/{project}")["modified_at"]
    sim.approve(task)

    assert api.read(f"/projects/{project}")["modified_at"] == before


def test_a_deleted_project_is_gone(api: Client, project: str) -> None:
    assert api.delete(f"/projects/{project}").json() == {"data": {}}

    assert api.get(f"/projects/{project}").status_code == 404


def test_sections_are_made_renamed_and_deleted_when_empty(
    api: Client, sim: AsanaSimulator, project: str, task: str
) -> None:
    made = api.post(f"/projects/{project}/sections", {"name": "Fertig"}).json()["data"]["gid"]
    assert api.put(f"/sections/{made}", {"name": "Gebucht"}).json()["data"]["name"] == "Gebucht"
    api.post(f"/sections/{made}/addTask", {"task": task})

    assert api.delete(f"/sections/{made}").status_code == 400
    first = sim.known.get("project", project).sections[0]
    assert api.delete(f"/sections/{first}").json() == {"data": {}}
    assert api.read(f"/sections/{made}")["project"]["gid"] == project


def test_users_of_a_workspace(api: Client, sim: AsanaSimulator) -> None:
    elsewhere = sim.add_workspace("Beispiel AG")
    sim.add_user("Fremd Beispiel", "fremd@beispiel.example", workspace=elsewhere)

    names = [user["name"] for user in api.read("/users", workspace=sim.workspace)]

    assert names == ["Jörg Müßig-Beispiel", "ml-connector", "Änne Beispiel"]
    assert len(api.read("/users")) == 4
    assert len(api.read(f"/workspaces/{sim.workspace}/users")) == 3
    assert api.read("/users/aenne@muster.example")["name"] == "Änne Beispiel"
    assert api.get("/users/niemand@muster.example").status_code == 404
    assert len(api.read("/workspaces")) == 2
    assert api.read(f"/workspaces/{sim.workspace}")["is_organization"] is True


def test_who_is_admin(api: Client, sim: AsanaSimulator) -> None:
    asked = "user.email,is_active,is_admin,is_guest"
    found = api.read(f"/workspaces/{sim.workspace}/workspace_memberships", opt_fields=asked)

    assert [one["user"]["email"] for one in found if one["is_admin"]] == ["joerg@muster.example"]


def test_a_private_project_is_shared(api: Client, sim: AsanaSimulator) -> None:
    hidden = sim.add_project("Geheim", privacy_setting="private")
    owner = Client(sim, sim.add_token(user=sim.approver))

    made = owner.post("/memberships", {"parent": hidden, "member": sim.connector, "access_level": "editor"})

    assert made.status_code == 201
    assert api.get(f"/projects/{hidden}").status_code == 200
    assert [one["member"]["gid"] for one in api.read("/memberships", parent=hidden)] == [sim.connector]
