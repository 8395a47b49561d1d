"""JQL: what it finds, what it refuses, how late it finds it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlconnector.sandbox.jira import JiraSimulator
from tests.sandbox.jira.conftest import Client, created

SECOND = timedelta(seconds=1)


def message(answer) -> str:
    assert answer.status_code == 400, answer.text
    return answer.json()["errorMessages"][0]


def test_without_fields_a_hit_is_an_id_alone(api: Client, project: str) -> None:
    created(api)

    answer = api.search("project = FIN").json()

    assert answer["issues"] == [{"id": "10015"}]
    assert answer["isLast"] is True
    assert "nextPageToken" not in answer
    assert "total" not in answer


def test_pages_follow_each_other_by_token(api: Client, sim: JiraSimulator, project: str) -> None:
    keys = [created(api) for _ in range(5)]
    question = {"jql": "project = FIN ORDER BY created ASC, key ASC", "maxResults": 2, "fields": ["summary"]}
    found, token = [], None
    for _ in range(3):
        page = api.post("/search/jql", question | ({"nextPageToken": token} if token else {})).json()
        found += [issue["key"] for issue in page["issues"]]
        token = page.get("nextPageToken")

    assert found == keys
    assert page["isLast"] is True
    first = api.post("/search/jql", question).json()["nextPageToken"]
    for wrong in ({"nextPageToken": "x"}, {"nextPageToken": first, "jql": "project = FIN"}):
        assert "token" in message(api.post("/search/jql", question | wrong))
    sim.clock.advance(timedelta(days=7))
    fresh = Client(sim)
    assert "token" in message(fresh.post("/search/jql", question | {"nextPageToken": first}))


def test_fewer_come_back_than_asked_for(api: Client, sim: JiraSimulator, project: str) -> None:
    for _ in range(3):
        created(api)
    sim.options.search_page_cap = 2

    page = api.search("project = FIN", fields=["*all"], maxResults=100).json()

    assert (len(page["issues"]), page["isLast"]) == (2, False)
    assert len(api.search("project = FIN", maxResults=100).json()["issues"]) == 3


def test_the_query_string_form_and_the_count(api: Client, external_id: str) -> None:
    key = created(api, **{external_id: "job1"})

    page = api.read("/search/jql", jql="project = FIN", fields=f"key,{external_id}", expand="names")

    assert page["issues"][0]["key"] == key
    assert page["names"] == {external_id: "DATEV external id"}
    assert api.post("/search/approximate-count", {"jql": "project = FIN"}).json() == {"count": 1}


def test_the_old_search_is_gone(api: Client) -> None:
    for answer in (api.get("/search", jql="project = FIN"), api.post("/search", {"jql": "project = FIN"})):
        assert answer.status_code == 410
        assert "CHANGE-2046" in answer.json()["errorMessages"][0]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"jql": "project = FIN", "startAt": 0}, "Invalid request payload"),
        ({"jql": "project = FIN", "maxResults": 0}, "between 1 and 5,000"),
        ({"jql": "project = FIN", "maxResults": 5001}, "between 1 and 5,000"),
        ({"jql": "order by created"}, "Unbounded"),
        ({}, "Unbounded"),
        ({"jql": "project = FIN AND"}, "Expecting a field"),
        ({"jql": "project FIN"}, "Expecting an operator"),
        ({"jql": "project = FIN)"}, "Expecting end of query"),
        ({"jql": "key in (FIN-1"}, "Expecting ')'"),
        ({"jql": "cf[10999] ~ x"}, "Field 'cf[10999]' does not exist"),
        ({"jql": "project = NO"}, "The value 'NO' does not exist for the field 'project'"),
        ({"jql": "status = Verbucht"}, "'Verbucht'"),
        ({"jql": "key in (FIN-1, FIN-99)"}, "An issue with key 'FIN-99' does not exist"),
        ({"jql": "summary = EXTF"}, "The operator '=' is not supported by the 'summary' field"),
        ({"jql": "created > gestern"}, "Date value 'gestern'"),
        ({"jql": "assignee = membersOf(x)"}, "JQL function 'membersOf'"),
        ({"jql": "project = FIN", "reconcileIssues": ["FIN-1"]}, "Invalid request payload"),
        ({"jql": "project = FIN", "reconcileIssues": list(range(51))}, "Invalid request payload"),
    ],
)
def test_a_wrong_search_is_refused(api: Client, project: str, body: dict, text: str) -> None:
    created(api)

    assert text in message(api.post("/search/jql", body))


@pytest.mark.parametrize(
    ("jql", "hits"),
    [
        ("project = FIN", [1, 2, 3]),
        ("project = fin AND status = 'To Do'", [1, 3]),
        ("status in ('Zu erledigen')", [1, 3]),
        ("status != 'To Do'", [2]),
        ("statusCategory = Done", [2]),
        ("statusCategory = done OR labels = eilig", [1, 2]),
        ("NOT (labels = eilig) AND project = FIN", [2, 3]),
        ("labels is EMPTY AND project = FIN", [2, 3]),
        ("labels not in (eilig)", []),
        ("key in (FIN-1, 10017)", [1, 3]),
        ("key > FIN-1 AND issuekey <= FIN-3", [2, 3]),
        ("priority = Medium AND reporter = currentUser()", [1, 2, 3]),
        ("resolution is not EMPTY", [2]),
        ("created >= -10m", [3]),
        ("created < '2026-03-02 09:10'", [1, 2]),
        ("project = FIN AND statusCategoryChangedDate >= -10m", [2, 3]),
        ("duedate = 2026-04-01", [1]),
        ("text ~ fehlgeschlagen AND type = Task", [1, 2, 3]),
    ],
)
def test_what_jql_finds(api: Client, sim: JiraSimulator, project: str, jql: str, hits: list[int]) -> None:
    created(api, labels=["eilig"], duedate="2026-04-01")
    created(api)
    sim.clock.advance(timedelta(minutes=20))
    sim.move("FIN-2", "Done")
    created(api)

    assert sorted(api.keys(jql)) == [f"FIN-{number}" for number in hits]


def test_a_text_field_is_searched_by_words_not_by_equality(api: Client, external_id: str) -> None:
    cf = f"cf[{external_id.removeprefix('customfield_')}]"
    right = created(api, **{external_id: "mlc-datev-4711"})
    near = created(api, **{external_id: "MLC datev jobs 4711 retry"})

    assert set(api.keys(f'{cf} ~ "mlc-datev-4711"')) == {right, near}
    assert api.keys(f'{cf} ~ "\\"mlc-datev-4711\\""') == [right]
    assert api.keys(f'{cf} ~ "job"') == [near]
    assert api.keys(f'{cf} ~ "4711" AND {cf} !~ "retry"') == [right]
    assert api.keys('"DATEV external id" ~ "retry"') == [near]
    assert f"'=' is not supported by the '{cf}' field" in message(api.search(f'{cf} = "mlc-datev-4711"'))
    assert "Unable to parse" in message(api.search(f'{cf} ~ "a:b"'))
    assert set(api.keys(f'{cf} ~ "mlc\\\\-datev\\\\:4711"')) == {right, near}


@pytest.mark.parametrize(
    ("kind", "value", "other", "term"),
    [
        ("url", "https://hub.example/jobs/4711", "https://hub.example/jobs/47110", '"{}"'),
        ("labels", ["job4711"], ["job47110"], "job4711"),
        ("float", 4711, 47110, "4711"),
    ],
)
def test_other_fields_are_searched_exactly(
    api: Client, sim: JiraSimulator, project: str, kind: str, value: object, other: object, term: str
) -> None:
    field = sim.add_custom_field("Kennung", kind, projects=[project])
    cf = f"cf[{field.removeprefix('customfield_')}]"
    key = created(api, **{field: value})
    created(api, **{field: other})

    assert api.keys(f"{cf} = {term.format(value)}") == [key]
    assert api.keys(f"{cf} in ({term.format(value)})") == [key]
    assert api.search(f"{cf} ~ x").status_code == 400


def test_a_remote_link_is_found_by_its_global_id(api: Client, project: str) -> None:
    key = created(api)
    created(api)
    link = {"globalId": "mlc:job:4711", "object": {"url": "https://hub.example/4711", "title": "Job 4711"}}

    first, again = (api.post(f"/issue/{key}/remotelink", link) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert api.keys('issue in issuesWithRemoteLinksByGlobalId("mlc:job:4711")') == [key]
    assert api.read(f"/issue/{key}/remotelink", globalId="mlc:job:4711")["object"]["title"] == "Job 4711"
    assert api.get(f"/issue/{key}/remotelink", globalId="other").status_code == 404


# --- the lagging index ------------------------------------------------------------------------------------
def test_a_new_issue_is_found_only_after_the_lag(api: Client, sim: JiraSimulator, project: str) -> None:
    sim.set_search_lag(60)
    key = created(api)

    assert api.read(f"/issue/{key}")["key"] == key
    assert api.keys("project = FIN") == []
    sim.clock.advance(59 * SECOND)
    assert api.keys("project = FIN") == []
    sim.clock.advance(SECOND)
    assert api.keys("project = FIN") == [key]


def test_reconciling_makes_the_named_ids_consistent_alone(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    known = created(api)
    sim.set_search_lag(60)
    other = created(api)
    sim.move(known, "Done")
    sim.move(other, "Done")

    assert api.keys("status = Done") == []
    ids = [int(sim.issue(known).id)]
    hits = api.search("status = Done", reconcileIssues=ids, fields=["status"]).json()["issues"]
    assert [issue["key"] for issue in hits] == [known]


def test_a_stale_hit_shows_the_old_status_and_a_deleted_one_lingers(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    key, gone = created(api), created(api)
    sim.set_search_lag(60)
    sim.move(key, "Done")
    sim.delete_issue(gone)

    assert set(api.keys("status = 'To Do'")) == {key, gone}
    sim.clock.advance(60 * SECOND)
    assert api.keys("project = FIN") == [key]


def test_a_found_issue_may_vanish_for_a_moment(api: Client, sim: JiraSimulator, project: str) -> None:
    key = created(api)
    sim.vanish(key, 5)

    assert api.keys("project = FIN") == []
    sim.clock.advance(5 * SECOND)
    assert api.keys("project = FIN") == [key]


def test_issues_that_may_not_be_seen_are_no_hits(api: Client, sim: JiraSimulator, project: str) -> None:
    created(api)
    sim.deny(project, "BROWSE_PROJECTS")

    assert api.keys("labels is EMPTY") == []
    assert api.search("project = FIN").status_code == 400
