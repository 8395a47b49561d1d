"""Compact records, opt_fields, opt-in fields, pages."""

from datetime import timedelta

import pytest

from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.asana.shapes import selection
from tests.sandbox.asana.conftest import Client, field_of, message

OPT_IN = {
    "html_notes",
    "dependencies",
    "dependents",
    "num_subtasks",
    "created_by",
    "is_rendered_as_separator",
    "assigned_by",
}


def test_a_list_shows_compact_records_only(api: Client, project: str, task: str) -> None:
    (shown,) = api.read("/tasks", project=project)

    assert set(shown) == {"gid", "resource_type", "name", "resource_subtype"}


def test_a_single_record_is_full_but_for_what_is_opt_in(api: Client, task: str) -> None:
    shown = api.read(f"/tasks/{task}")

    assert {"completed", "custom_fields", "modified_at", "memberships", "approval_status"} <= set(shown)
    assert not OPT_IN & set(shown)
    assert set(api.read(f"/tasks/{task}", opt_fields=",".join(OPT_IN))) >= OPT_IN


def test_opt_fields_give_exactly_what_was_asked(api: Client, task: str, project: str, amount: str) -> None:
    asked = "name,parent.gid,memberships.section.gid,workspace.gid,custom_fields.number_value"
    shown = api.read(f"/tasks/{task}", opt_fields=asked)

    assert set(shown) == {
        "gid",
        "resource_type",
        "name",
        "parent",
        "memberships",
        "workspace",
        "custom_fields",
    }
    assert shown["parent"] is None
    assert set(shown["workspace"]) == {"gid", "resource_type"}
    assert [set(one) for one in shown["memberships"]] == [{"section"}]
    assert shown["custom_fields"] == [{"gid": amount, "number_value": 1190.5}]


def test_custom_fields_alone_come_with_their_usual_parts(api: Client, task: str, amount: str) -> None:
    field = field_of(api.read(f"/tasks/{task}", opt_fields="custom_fields"), amount)

    assert {"name", "number_value", "display_value", "resource_subtype", "enabled", "precision"} <= set(field)
    assert "description" not in field


def test_parts_of_another_type_are_absent(api: Client, task: str, amount: str) -> None:
    asked = "custom_fields.text_value,custom_fields.enum_value.gid,custom_fields.number_value"
    field = field_of(api.read(f"/tasks/{task}", opt_fields=asked), amount)

    assert set(field) == {"gid", "number_value"}


def test_unknown_names_are_ignored(api: Client, task: str) -> None:
    shown = api.read(f"/tasks/{task}", opt_fields="naem,custom_fields.nubmer_value,name")

    assert set(shown) == {"gid", "resource_type", "name", "custom_fields"}


def test_prefix_and_groups_are_understood() -> None:
    assert selection("this.name,(assignee|followers).name") == {
        "name": {"": {}},
        "assignee": {"name": {"": {}}},
        "followers": {"name": {"": {}}},
    }
    assert selection("") is None


def test_a_write_answers_in_the_shape_that_was_asked(api: Client, task: str) -> None:
    answer = api.put(f"/tasks/{task}", {"name": "Neu"}, opt_fields="name")
    by_options = api.call(
        "PUT", f"/tasks/{task}", json={"data": {"name": "Neu"}, "options": {"fields": ["completed"]}}
    )

    assert set(answer.json()["data"]) == {"gid", "resource_type", "name"}
    assert set(by_options.json()["data"]) == {"gid", "resource_type", "completed"}


@pytest.mark.parametrize("limit", ["0", "101", "-1", "abc", ""])
def test_a_limit_outside_1_to_100_is_refused(api: Client, project: str, limit: str) -> None:
    assert api.get("/tasks", project=project, limit=limit).status_code == 400


def test_pages_lead_through_everything_once(api: Client, sim: AsanaSimulator, project: str) -> None:
    gids = [sim.add_task(project, f"Rechnung {number}") for number in range(7)]
    seen, offset = [], {}
    while True:
        answer = api.get("/tasks", project=project, limit=3, **offset).json()
        seen += [task["gid"] for task in answer["data"]]
        if answer["next_page"] is None:
            break
        assert set(answer["next_page"]) == {"offset", "path", "uri"}
        offset = {"offset": answer["next_page"]["offset"]}

    assert seen == gids


def test_a_task_that_vanishes_between_pages_hides_no_other(
    api: Client, sim: AsanaSimulator, project: str
) -> None:
    gids = [sim.add_task(project) for _ in range(4)]
    first = api.get("/tasks", project=project, limit=2).json()
    sim.delete_task(gids[0])

    second = api.get("/tasks", project=project, limit=2, offset=first["next_page"]["offset"]).json()

    assert [task["gid"] for task in second["data"]] == gids[2:]


def test_an_offset_is_bound_to_its_list_and_expires(api: Client, sim: AsanaSimulator, project: str) -> None:
    for _ in range(2):
        sim.add_task(project)
    offset = api.get("/tasks", project=project, limit=1).json()["next_page"]["offset"]

    assert api.get("/tasks", project=project, limit=1, offset="invented").status_code == 400
    other = api.get("/tasks", project=project, limit=1, offset=offset, completed_since="now")
    assert message(other) == "offset: Your pagination token is invalid."
    assert api.get("/tasks", project=project, limit=1, offset=offset).status_code == 200
    sim.clock.advance(timedelta(seconds=sim.options.offset_seconds))
    late = api.get("/tasks", project=project, limit=1, offset=offset)
    assert (late.status_code, message(late)) == (400, "offset: Your pagination token has expired.")


def test_more_than_a_thousand_records_need_pages(api: Client, sim: AsanaSimulator, project: str) -> None:
    for _ in range(1001):
        sim.add_task(project)

    answer = api.get("/tasks", project=project)

    assert answer.status_code == 400
    assert message(answer).startswith("The result is too large. You should use pagination")
    assert api.get("/tasks", project=project, limit=100).status_code == 200


def test_changed_tasks_are_found_by_modified_since(api: Client, sim: AsanaSimulator, project: str) -> None:
    old = sim.add_task(project)
    sim.clock.advance(timedelta(minutes=5))
    new = sim.add_task(project)
    at = api.read(f"/tasks/{new}", opt_fields="modified_at")["modified_at"]
    assert at == "2026-03-02T08:05:00.000Z"

    def found(since: str) -> list[str]:
        return [task["gid"] for task in api.read("/tasks", project=project, modified_since=since)]

    assert found("2026-03-02T08:04:59.999Z") == [new]
    assert found(at) == []
    sim.options.modified_since_is_exclusive = False
    assert found(at) == [new]
    assert found("2026-03-02T07:00:00+00:00") == [old, new]
    assert api.get("/tasks", project=project, modified_since="yesterday").status_code == 400
    assert api.get("/tasks", project=project, modified_since="2026-03-02T07:00:00").status_code == 400


def test_lists_of_tasks_need_a_place(api: Client, sim: AsanaSimulator, project: str) -> None:
    task = sim.add_task(project, assignee=sim.connector)

    assert api.get("/tasks").status_code == 400
    (mine,) = api.read("/tasks", assignee="me", workspace=sim.workspace)
    assert mine["gid"] == task


def test_open_tasks_only(api: Client, sim: AsanaSimulator, project: str) -> None:
    pending = sim.add_task(project)
    approved = sim.add_task(project, approval_status="approved")

    shown = api.read(f"/projects/{project}/tasks", completed_since="now")

    assert [task["gid"] for task in shown] == [pending]
    later = api.read("/tasks", project=project, completed_since="2026-03-02T07:00:00Z")
    assert [task["gid"] for task in later] == [pending, approved]
