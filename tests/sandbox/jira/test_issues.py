"""Creating, reading, editing and moving issues."""

from __future__ import annotations

import pytest

from mlconnector.sandbox.jira import JiraSimulator
from tests.sandbox.jira.conftest import Client, created, document, fields_for


def test_an_issue_is_created_and_read_back(api: Client, sim: JiraSimulator, external_id: str) -> None:
    answer = api.post(
        "/issue",
        {
            "fields": fields_for(
                sim, description=document("Müßig"), labels=["datev"], **{external_id: "job4711"}
            ),
            "properties": [{"key": "mlconnector.origin", "value": {"job": "4711"}}],
        },
    )

    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"id", "key", "self"}
    assert body["key"] == "FIN-1"
    read = api.read(
        f"/issue/{body['id']}", fields="status,description,labels,reporter", properties="mlconnector.origin"
    )
    assert set(read["fields"]) == {"status", "description", "labels", "reporter"}
    assert read["fields"]["description"] == document("Müßig")
    assert read["fields"]["status"]["statusCategory"]["key"] == "new"
    assert read["fields"]["reporter"]["accountId"] == sim.consenting
    assert read["properties"] == {"mlconnector.origin": {"job": "4711"}}
    assert api.read("/issue/fin-1")["fields"][external_id] == "job4711"
    assert api.read("/issue/FIN-1")["fields"]["created"] == "2026-03-02T09:00:00.000+0100"


@pytest.mark.parametrize(
    ("changed", "field", "text"),
    [
        ({"project": None}, "project", "Specify a valid project ID or key"),
        ({"project": {"key": "NO"}}, "project", "Specify a valid project ID or key"),
        ({"issuetype": None}, "issuetype", "Specify an issue type"),
        ({"issuetype": {"id": "1"}}, "issuetype", "Specify a valid issue type"),
        ({"summary": None}, "summary", "You must specify a summary of the issue."),
        ({"summary": "a\nb"}, "summary", "newline"),
        ({"summary": "x" * 256}, "summary", "255"),
        ({"description": "Text"}, "description", "Atlassian Document"),
        (
            {"description": {"type": "doc", "version": 1, "content": [{"type": "text"}]}},
            "description",
            "INVALID",
        ),
        ({"description": document("x" * 32_768)}, "description", "CONTENT_LIMIT_EXCEEDED"),
        ({"labels": ["a b"]}, "labels", "spaces"),
        ({"priority": {"id": "99"}}, "priority", "Priority"),
        ({"duedate": "01.02.2026"}, "duedate", "01.02.2026"),
        ({"assignee": {"accountId": "nobody"}}, "assignee", "user"),
        ({"customfield_99999": "x"}, "customfield_99999", "not on the appropriate screen, or unknown"),
        ({"resolution": {"id": "10000"}}, "resolution", "not on the appropriate screen"),
    ],
)
def test_a_refused_field_is_named(
    api: Client, sim: JiraSimulator, project: str, changed: dict, field: str, text: str
) -> None:
    given = {name: value for name, value in (fields_for(sim) | changed).items() if value is not None}
    answer = api.post("/issue", {"fields": given})

    assert answer.status_code == 400
    assert answer.json()["errorMessages"] == []
    assert list(answer.json()["errors"]) == [field]
    assert text in answer.json()["errors"][field]
    assert sim.issues() == []


def test_all_faults_are_told_at_once_and_in_the_callers_language(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    client = sim.add_custom_field("Mandant", projects=[project])
    sim.require_field(project, client)
    fields = fields_for(sim, summary=None, labels=["a b"])

    english = api.post("/issue", {"fields": fields}).json()["errors"]
    sim.set_language("de")
    german = api.post("/issue", {"fields": fields}).json()["errors"]

    assert set(english) == set(german) == {"summary", "labels", client}
    assert english[client] == "Mandant is required."
    assert german[client] == "Mandant ist erforderlich."
    sim.options.required_as_message = True
    body = api.post("/issue", {"fields": fields}).json()
    assert f"Feld '{client}' ist erforderlich" in body["errorMessages"]


def test_a_field_off_the_screen_or_out_of_context_is_refused(
    api: Client, sim: JiraSimulator, external_id: str
) -> None:
    sim.add_project("HR")
    elsewhere = sim.add_custom_field("Anderswo", projects=["FIN"], only_in=["HR"])
    assert api.post("/issue", {"fields": fields_for(sim, **{elsewhere: "x"})}).status_code == 400

    sim.take_from_screen("FIN", external_id)
    answer = api.post("/issue", {"fields": fields_for(sim, **{external_id: "x"})})

    assert external_id in answer.json()["errors"]
    assert external_id in [field["id"] for field in api.read("/field")]


@pytest.mark.parametrize(
    ("kind", "good", "shown", "bad"),
    [
        ("textfield", "abc", "abc", "x" * 256),
        ("readonlyfield", "abc", "abc", 7),
        ("textarea", document("a"), document("a"), "a"),
        ("url", "https://hub.example/jobs/4711", "https://hub.example/jobs/4711", "jobs/4711"),
        ("labels", ["a", "b"], ["a", "b"], ["a b"]),
        ("float", 4711, 4711, "4711"),
        ("datepicker", "2026-03-02", "2026-03-02", "2.3.2026"),
        ("datetime", "2026-03-02T08:00:00.000+0000", "2026-03-02T09:00:00.000+0100", "gestern"),
    ],
)
def test_custom_fields_take_their_kind_of_value(
    api: Client, sim: JiraSimulator, project: str, kind: str, good: object, shown: object, bad: object
) -> None:
    field = sim.add_custom_field("Feld", kind, projects=[project])

    key = created(api, **{field: good})

    assert api.read(f"/issue/{key}", fields=field)["fields"] == {field: shown}
    refused = api.post("/issue", {"fields": fields_for(sim, **{field: bad})})
    assert list(refused.json()["errors"]) == [field]


def test_choices_are_made_by_id_or_name(api: Client, sim: JiraSimulator, project: str) -> None:
    field = sim.add_custom_field("Art", "select", projects=[project], options=["EXTF", "DXSO"])
    meta = api.read(f"/issue/createmeta/FIN/issuetypes/{sim.type_id('FIN')}")["fields"]
    (choice,) = [one for one in meta if one["fieldId"] == field]
    first = choice["allowedValues"][0]

    by_id, by_name = created(api, **{field: {"id": first["id"]}}), created(api, **{field: {"value": "dxso"}})

    assert api.read(f"/issue/{by_id}")["fields"][field]["value"] == "EXTF"
    assert api.read(f"/issue/{by_name}")["fields"][field]["value"] == "DXSO"
    assert api.post("/issue", {"fields": fields_for(sim, **{field: {"value": "?"}})}).status_code == 400


def test_bodies_that_cannot_be_read_are_refused(api: Client, sim: JiraSimulator, project: str) -> None:
    json_type = {"Content-Type": "application/json"}
    broken = api.call("POST", "/issue", data=b"{", headers=json_type)
    untyped = api.call("POST", "/issue", data=b"{}")

    assert broken.status_code == 400
    assert set(broken.json()) == {"errorMessages"}
    assert untyped.status_code == 415
    assert api.post("/issue", []).status_code == 400
    assert api.post("/issue", {"fields": {}}).status_code == 400


def test_many_issues_are_read_at_once_and_absence_means_gone(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    first, second, third = (created(api) for _ in range(3))
    sim.delete_issue(second)
    sim.add_project("HR")
    moved = sim.move_to_project(third, "HR")
    sim.move(first, "Done")

    answer = api.post(
        "/issue/bulkfetch",
        {"issueIdsOrKeys": [third, second, first], "fields": ["status"], "expand": ["changelog"]},
    ).json()

    assert [issue["key"] for issue in answer["issues"]] == [first, moved]
    assert answer["issueErrors"] == []
    assert answer["issues"][0]["changelog"]["histories"][0]["items"][-1]["field"] == "status"
    sim.deny("HR", "BROWSE_PROJECTS")
    assert len(api.post("/issue/bulkfetch", {"issueIdsOrKeys": [first, third]}).json()["issues"]) == 1
    too_many = api.post("/issue/bulkfetch", {"issueIdsOrKeys": [str(n) for n in range(101)]})
    assert too_many.status_code == 400


def test_what_may_not_be_seen_is_not_there(api: Client, sim: JiraSimulator, project: str) -> None:
    key = created(api)
    sim.deny(project, "BROWSE_PROJECTS")

    answer = api.get(f"/issue/{key}")

    assert answer.status_code == 404
    assert answer.json()["errorMessages"] == ["Issue does not exist or you do not have permission to see it."]
    assert api.get("/project/FIN").status_code == 404


def test_edits_are_kept_in_the_changelog(api: Client, sim: JiraSimulator, external_id: str) -> None:
    key = created(api, **{external_id: "alt"})

    assert api.put(f"/issue/{key}", {"fields": {external_id: "neu", "labels": ["x"]}}).status_code == 204
    assert api.put(f"/issue/{key}", {"fields": {external_id: "neu"}}).status_code == 204

    (change,) = api.read(f"/issue/{key}/changelog")["values"]
    assert {item["fieldId"]: (item["fromString"], item["toString"]) for item in change["items"]} == {
        external_id: ("alt", "neu"),
        "labels": (None, "x"),
    }
    assert api.put(f"/issue/{key}", {"fields": {"summary": None}}).status_code == 400
    assert api.delete(f"/issue/{key}").status_code == 204
    assert api.get(f"/issue/{key}").status_code == 404


# --- transitions ------------------------------------------------------------------------------------------
def test_transitions_depend_on_the_status_and_are_told_in_the_changelog(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    key = created(api)
    ways = api.read(f"/issue/{key}/transitions")["transitions"]
    done = next(way for way in ways if way["to"]["id"] == sim.status_id(project, "Done"))

    assert api.post(f"/issue/{key}/transitions", {"transition": {"id": done["id"]}}).status_code == 204

    assert done["to"]["id"] not in [
        way["to"]["id"] for way in api.read(f"/issue/{key}/transitions")["transitions"]
    ]
    shown = api.read(f"/issue/{key}", expand="changelog")
    assert shown["fields"]["resolution"]["id"] == "10000"
    (change,) = shown["changelog"]["histories"]
    assert [item["field"] for item in change["items"]] == ["resolution", "status"]
    assert change["items"][-1]["to"] == done["to"]["id"]
    assert change["author"]["accountId"] == sim.consenting
    again = api.post(f"/issue/{key}/transitions", {"transition": {"id": done["id"]}})
    assert again.status_code == 400
    assert api.post(f"/issue/{key}/transitions", {}).json()["errorMessages"] == [
        "Missing 'transition' identifier"
    ]


def test_a_transition_carries_a_comment_and_the_fields_of_its_screen(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    sim.set_workflow(
        project,
        [("To Do", "In Progress"), ("In Progress", "Done"), ("Done", "To Do")],
        screens={"Done": {"resolution": True}},
    )
    key = created(api)
    (way,) = api.read(f"/issue/{key}/transitions")["transitions"]
    api.post(f"/issue/{key}/transitions", {"transition": {"id": way["id"]}})
    (way,) = api.read(f"/issue/{key}/transitions", expand="transitions.fields")["transitions"]
    assert way["fields"]["resolution"]["required"]

    url, take = f"/issue/{key}/transitions", {"transition": {"id": way["id"]}}
    assert list(api.post(url, take).json()["errors"]) == ["resolution"]
    assert list(api.post(url, {**take, "fields": {"summary": "x"}}).json()["errors"]) == [
        "summary",
        "resolution",
    ]
    good = {
        **take,
        "fields": {"resolution": {"name": "Won't Do"}},
        "update": {"comment": [{"add": {"body": document("fertig")}}]},
    }
    assert api.post(url, good).status_code == 204

    assert api.read(f"/issue/{key}")["fields"]["resolution"]["id"] == "10001"
    assert [comment.body for comment in sim.comments(key)] == [document("fertig")]
    sim.move(key, "To Do")
    assert api.read(f"/issue/{key}")["fields"]["resolution"] is None
    sim.deny(project, "TRANSITION_ISSUES")
    assert api.read(f"/issue/{key}/transitions")["transitions"] == []


def test_an_issue_that_came_back_and_went_again_has_two_arrivals(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    key, other = created(api), created(api)
    done = sim.status_id(project, "Done")
    for status in ("Done", "In Progress", "Done"):
        sim.move(key, status)
    sim.edit(key, labels=["x"])

    log = api.post("/changelog/bulkfetch", {"issueIdsOrKeys": [key, other], "fieldIds": ["status"]}).json()

    (entry,) = log["issueChangeLogs"]
    arrivals = [
        change["id"]
        for change in entry["changeHistories"]
        if any(item["fieldId"] == "status" and item["to"] == done for item in change["items"])
    ]
    assert len(arrivals) == len(set(arrivals)) == 2
    page = api.read(f"/issue/{key}/changelog", startAt=1, maxResults=2)
    assert (len(page["values"]), page["total"], page["isLast"]) == (2, 4, False)
    assert page["values"][0]["author"]["accountId"] == sim.accountant


def test_a_german_site_has_german_names_and_the_same_ids(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    key = created(api)
    english = api.read(f"/issue/{key}")["fields"]["status"]
    sim.set_language("de")
    german = api.read(f"/issue/{key}")["fields"]["status"]
    forced = api.call(
        "GET", f"/issue/{key}", headers={"X-Force-Accept-Language": "true", "Accept-Language": "en"}
    ).json()["fields"]["status"]

    assert (english["name"], german["name"], forced["name"]) == ("To Do", "Zu erledigen", "To Do")
    assert english["id"] == german["id"]
    assert english["statusCategory"]["key"] == german["statusCategory"]["key"] == "new"


def test_properties_of_an_issue(api: Client, project: str) -> None:
    key = created(api)
    url = f"/issue/{key}/properties/mlconnector.state"

    assert api.get(url).status_code == 404
    assert api.put(url, {"a": 1}).status_code == 201
    assert api.put(url, {"a": 2}).status_code == 200
    assert api.read(url)["value"] == {"a": 2}
    assert [one["key"] for one in api.read(f"/issue/{key}/properties")["keys"]] == ["mlconnector.state"]
    assert api.put(url, "x" * 32_768).status_code == 400
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
