"""What an administrator chooses from: projects, issue types, screens, fields, statuses, permissions."""

from __future__ import annotations

from mlconnector.sandbox.jira import JiraSimulator
from mlconnector.sandbox.jira.helpers import CLASSIC
from tests.sandbox.jira.conftest import Client


def administrator(sim: JiraSimulator) -> Client:
    return Client(sim, sim.sign_in(scopes=[*CLASSIC, "manage:jira-configuration"])[0])


def test_projects_are_those_where_issues_may_be_created(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    for number in range(120):
        sim.add_project(f"P{number:03}")
    sim.deny("P000", "CREATE_ISSUES")
    sim.deny("P001", "BROWSE_PROJECTS")

    page = api.read("/project/search", action="create", maxResults=200)

    assert (page["maxResults"], page["total"], page["isLast"]) == (100, 119, False)
    rest = api.read("/project/search", action="create", startAt=100)
    assert rest["isLast"] is True
    keys = [one["key"] for one in page["values"] + rest["values"]]
    assert "P000" not in keys
    assert "P001" not in keys
    assert [one["key"] for one in api.read("/project/search", query="buchh")["values"]] == ["FIN"]
    assert api.read("/project/FIN")["issueTypes"][0]["name"] == "Task"


def test_screens_are_read_in_pages(api: Client, sim: JiraSimulator, project: str, external_id: str) -> None:
    sim.require_field(project, external_id)
    types = api.read("/issue/createmeta/FIN/issuetypes")
    assert [(one["name"], one["subtask"]) for one in types["issueTypes"]] == [
        ("Task", False),
        ("Bug", False),
        ("Sub-task", True),
    ]
    url = f"/issue/createmeta/FIN/issuetypes/{types['issueTypes'][0]['id']}"

    fields = api.read(url)["fields"]
    first = api.read(url, maxResults=4)

    assert first["fields"] == fields[:4]
    assert (first["total"], len(api.read(url, startAt=4, maxResults=4)["fields"])) == (len(fields), 4)
    required = {one["fieldId"] for one in fields if one["required"]}
    assert required == {"project", "issuetype", "summary", "reporter", external_id}
    shown = next(one for one in fields if one["fieldId"] == external_id)
    assert shown["schema"] == {
        "type": "string",
        "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield",
        "customId": int(external_id.removeprefix("customfield_")),
    }
    assert next(one for one in fields if one["fieldId"] == "reporter")["hasDefaultValue"] is True
    too_many = api.get(url, maxResults=201)
    assert too_many.json()["errorMessages"] == ["Parameter 'maxResults' must not exceed the limit '200'"]
    assert api.get("/issue/createmeta/FIN/issuetypes/1").status_code == 400
    sim.deny(project, "CREATE_ISSUES")
    assert list(api.get(url).json()["errors"]) == ["project"]


def test_two_projects_and_a_team_managed_one_differ(api: Client, sim: JiraSimulator, project: str) -> None:
    sim.add_project("TEAM", team_managed=True)
    own = sim.add_status(project, {"en": "Rejected", "de": "Abgelehnt"})

    company, team = (api.read(f"/project/{key}/statuses")[0]["statuses"] for key in ("FIN", "TEAM"))

    assert not {one["id"] for one in company} & {one["id"] for one in team}
    assert own in {one["id"] for one in company}
    assert sum(one["statusCategory"]["key"] == "done" for one in company) == 3
    assert "scope" not in company[0]
    assert {one["scope"]["type"] for one in team} == {"PROJECT"}
    listed = {one["id"]: one for one in api.read("/status")}
    assert {one["id"] for one in company + team} == set(listed)
    found = administrator(sim).read("/statuses/search", searchString="reject")["values"]
    assert [(one["id"], one["statusCategory"]) for one in found] == [(own, "DONE")]
    assert api.read(f"/status/{own}")["name"] == "Rejected"
    assert {one["key"] for one in api.read("/statuscategory")} == {
        "new",
        "indeterminate",
        "done",
        "undefined",
    }


def test_names_of_fields_are_not_unique_but_ids_are(api: Client, sim: JiraSimulator, project: str) -> None:
    twins = [sim.add_custom_field("External ID", projects=[project]) for _ in range(2)]

    found = api.read("/field/search", type="custom", query="external")["values"]

    assert [one["id"] for one in found] == twins
    listed = [one for one in api.read("/field") if one["name"] == "External ID"]
    assert [one["clauseNames"][0] for one in listed] == [
        f"cf[{one.removeprefix('customfield_')}]" for one in twins
    ]
    sim.options.field_search_is_for_admins = True
    api.token = sim.sign_in(account=sim.accountant)[0]
    refused = api.get("/field/search")
    assert (refused.status_code, refused.json()["errorMessages"]) == (
        403,
        ["Only Jira administrators can access fields."],
    )


def test_a_field_is_created_but_stands_on_no_screen(sim: JiraSimulator, project: str) -> None:
    admin = administrator(sim)
    types = "com.atlassian.jira.plugin.system.customfieldtypes"
    body = {"name": "DATEV external id", "type": f"{types}:textfield", "searcherKey": f"{types}:textsearcher"}

    made = admin.post("/field", body)

    assert made.status_code == 201
    id = made.json()["id"]
    assert id not in sim.project(project).screens[sim.type_id(project)]
    context = admin.read(f"/field/{id}/context")["values"][0]
    assert (context["isGlobalContext"], context["isAnyIssueType"]) == (True, True)
    assert admin.get("/field/summary/context").status_code == 404
    wrong = admin.post("/field", {**body, "type": f"{types}:url"})
    assert wrong.status_code == 400
    other = sim.sign_in(account=sim.accountant, scopes=["manage:jira-configuration"])[0]
    assert Client(sim, other).post("/field", body).status_code == 403
    assert Client(sim, other).get(f"/field/{id}/context").status_code == 403
    assert Client(sim).post("/field", body).status_code == 401


def test_permissions_are_asked_for_by_name(api: Client, sim: JiraSimulator, project: str) -> None:
    sim.deny(project, "ADD_COMMENTS")

    answer = api.read("/mypermissions", projectKey="FIN", permissions="ADD_COMMENTS,CREATE_ISSUES,ADMINISTER")

    held = {key: one["havePermission"] for key, one in answer["permissions"].items()}
    assert held == {"ADD_COMMENTS": False, "CREATE_ISSUES": True, "ADMINISTER": True}
    assert api.get("/mypermissions", projectKey="FIN").status_code == 400
    assert api.get("/mypermissions", permissions="FLY").status_code == 400
    assert api.get("/mypermissions", projectKey="NO", permissions="ADD_COMMENTS").status_code == 404


def test_small_lists_and_the_caller(api: Client, sim: JiraSimulator, project: str) -> None:
    me = api.read("/myself")
    assert (me["accountId"], me["timeZone"], me["locale"]) == (sim.consenting, "Europe/Berlin", "en_US")
    assert "emailAddress" not in me
    assert api.read("/user", accountId=sim.accountant)["displayName"].startswith("Jörg")
    assert api.get("/user", accountId="x").status_code == 404
    assert len(api.read("/priority")) == 5
    assert [one["name"] for one in api.read("/priority/search")["values"] if one["isDefault"]] == ["Medium"]
    assert [one["id"] for one in api.read("/resolution")] == ["10000", "10001"]
    assert len(api.read("/issuetype")) == 3
    assert api.read("/serverInfo")["deploymentType"] == "Cloud"
