"""What the client makes of single answers, the rare and odd ones too."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import requests

from connections.errors import (
    AccessLostError,
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.models import CallLog, Connection
from connections.vendors.asana.api import AsanaApi
from connections.vendors.asana.tasks import TASK_FIELDS, Task
from tests.connections.vendors.asana.scripted import answering, field_json, page, refusal, task_json

SINCE = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


# --- pages ------------------------------------------------------------------------------------------------


def test_a_page_names_its_fields_its_size_and_the_moment(api: AsanaApi) -> None:
    with answering(page(task_json("1"), offset="next")) as asana:
        found = api.tasks("100", modified_since=SINCE)

    assert asana.queries() == [
        {
            "project": "100",
            "modified_since": "2026-07-01T08:00:00.000Z",
            "limit": "100",
            "opt_fields": TASK_FIELDS,
        }
    ]
    assert ([task.gid for task in found.tasks], found.next_offset) == (["1"], "next")


def test_the_whole_project_is_listed_without_a_moment(api: AsanaApi) -> None:
    with answering(page()) as asana:
        assert api.tasks("100", modified_since=None) == ((), "", False)

    assert "modified_since" not in asana.queries()[0]


def test_an_empty_page_does_not_end_a_list(api: AsanaApi) -> None:
    with answering(
        page({"gid": "1", "name": "A"}, offset="a"), page(offset="b"), page({"gid": "2", "name": "B"})
    ):
        assert [workspace.gid for workspace in api.workspaces()] == ["1", "2"]


@pytest.mark.parametrize("text", ["offset: Your pagination token has expired.", "Bad Request", ""])
def test_an_ended_offset_starts_the_list_again_however_it_is_worded(api: AsanaApi, text: str) -> None:
    with answering(refusal(400, text), page(task_json("1"))) as asana:
        found = api.tasks("100", modified_since=SINCE, offset="ended")

    assert [query.get("offset") for query in asana.queries()] == ["ended", None]
    assert (found.is_restarted, [task.gid for task in found.tasks]) == (True, ["1"])


def test_a_restarted_list_holds_each_object_once(api: AsanaApi) -> None:
    first, second = {"gid": "1", "name": "A"}, {"gid": "2", "name": "B"}
    with answering(page(first, offset="a"), refusal(400, "offset"), page(first, offset="b"), page(second)):
        assert [workspace.gid for workspace in api.workspaces()] == ["1", "2"]


@pytest.mark.parametrize("data", [None, {}, "x"])
def test_a_list_that_is_none_is_asked_for_again_later(api: AsanaApi, data: object) -> None:
    with answering((200, {"data": data, "next_page": None})), pytest.raises(TransientError):
        api.tasks("100", modified_since=SINCE)


def test_a_list_whose_offsets_keep_ending_is_left_for_later(api: AsanaApi) -> None:
    again = (page(offset="x"), refusal(400, "offset"))
    with answering(*again, *again, *again, page(offset="x")), pytest.raises(TransientError):
        api.workspaces()


@pytest.mark.parametrize(
    "text", ["The result is too large. You should use pagination!", "The results were truncated."]
)
def test_a_list_that_asana_can_not_give_completely_is_never_taken_for_complete(
    api: AsanaApi, text: str
) -> None:
    with answering(refusal(400, text)), pytest.raises(ConfigurationError, match="Split the project"):
        api.tasks("100", modified_since=SINCE, offset="later")


def test_a_bad_request_for_the_first_page_is_not_repeated(api: AsanaApi) -> None:
    with answering(refusal(400, "project: Not a recognized ID: x")), pytest.raises(RejectedError) as caught:
        api.tasks("x", modified_since=SINCE)

    assert "Not a recognized ID" in str(caught.value)


@pytest.mark.parametrize("status", [404, 410])
def test_a_project_that_is_gone_stops_the_integration_with_a_remedy(api: AsanaApi, status: int) -> None:
    for call in (
        lambda: api.tasks("100", modified_since=SINCE),
        lambda: api.custom_fields("100"),
        lambda: api.project("100"),
    ):
        with answering(refusal(status, "Unknown object")), pytest.raises(ConfigurationError, match="100"):
            call()


# --- one task ---------------------------------------------------------------------------------------------


def test_a_task_is_read_with_all_our_fields(api: AsanaApi) -> None:
    with answering((200, {"data": task_json("555")})) as asana:
        task = api.task("555")

    assert asana.queries() == [{"opt_fields": TASK_FIELDS}]
    assert (task.approval_status, task.memberships, task.completed_by) == (
        "approved",
        (("100", "101"),),
        "12",
    )


@pytest.mark.parametrize(
    "absent",
    [
        "name",
        "completed",
        "modified_at",
        "memberships",
        "custom_fields",
        "resource_subtype",
        "approval_status",
    ],
)
def test_a_field_that_did_not_come_stops_instead_of_reading_as_empty(absent: str) -> None:
    raw = task_json()
    del raw[absent]

    with pytest.raises(ConfigurationError, match=absent):
        Task.from_json(raw)


def test_an_incomplete_task_does_not_hide_the_others_of_its_page(api: AsanaApi) -> None:
    broken = {"gid": "1", "name": "A", "modified_at": "2026-07-01T08:15:30.123Z"}
    with answering(page(broken, task_json("2"))):
        found = api.tasks("100", modified_since=SINCE)

    assert [task.gid for task in found.tasks] == ["1", "2"]
    with pytest.raises(ConfigurationError, match="custom_fields"):
        Task.from_json(found.tasks[0].raw)


def test_a_plain_task_needs_no_approval_status() -> None:
    raw = task_json(resource_subtype="default_task")
    del raw["approval_status"]

    assert Task.from_json(raw).approval_status == ""


def test_a_rejected_approval_is_completed_but_not_approved() -> None:
    task = Task.from_json(task_json(approval_status="rejected", completed=True))

    assert (task.is_approval, task.completed, task.approval_status) == (True, True, "rejected")


@pytest.mark.parametrize(
    ("rest", "is_separator"),
    [
        ({}, False),
        ({"is_rendered_as_separator": True}, True),
        ({"resource_subtype": "section"}, True),
        ({"resource_subtype": "milestone"}, False),
        ({"resource_subtype": "custom"}, False),
        ({"resource_subtype": "unheard_of"}, False),
    ],
)
def test_separators_and_old_sections_are_told_apart(rest: dict[str, object], is_separator: bool) -> None:
    assert Task.from_json(task_json(**rest)).is_separator is is_separator


def test_mapped_fields_that_the_task_does_not_offer_are_named() -> None:
    task = Task.from_json(
        task_json(
            "555",
            field_json("1", "text", text_value=None),
            field_json("2", "text", text_value="alt", enabled=False),
            field_json("3", "number"),
        )
    )

    assert task.missing(["1", "2", "3", "4"]) == ["2", "3", "4"]


def test_a_snapshot_makes_the_same_task_and_fits_into_a_database(api: AsanaApi) -> None:
    body = json.dumps({"data": task_json("555", field_json("1", "number", number_value="@"))}).encode()
    with answering((200, body.replace(b'"@"', b"1190.50"))):
        task = api.task("555")

    again = Task.from_json(json.loads(json.dumps(task.raw)))

    assert again == task
    assert again.fields["1"].value == Decimal("1190.50")


def test_the_order_in_which_asana_lists_fields_makes_no_difference() -> None:
    one, two = field_json("1", "text", text_value="a"), field_json("2", "text", text_value="b")
    places = [{"project": {"gid": "100"}, "section": None}, {"project": {"gid": "200"}, "section": None}]

    first = Task.from_json(task_json("555", one, two, memberships=places))
    second = Task.from_json(task_json("555", two, one, memberships=places[::-1]))

    assert first.raw == second.raw


def test_a_task_that_is_gone_is_refused_with_its_status(api: AsanaApi) -> None:
    with answering(refusal(404, "task: Unknown object: 5")), pytest.raises(RejectedError) as caught:
        api.task("5")

    assert caught.value.status == 404


def test_no_reference_can_lead_to_another_address(api: AsanaApi) -> None:
    with answering(refusal(404, "")) as asana, pytest.raises(RejectedError):
        api.task("../users/me?x=")

    assert str(asana.requests[0].url).split("?")[0].endswith("/api/1.0/tasks/..%2Fusers%2Fme%3Fx%3D")


# --- writing fields ---------------------------------------------------------------------------------------


def test_fields_are_written_by_gid_and_read_back_from_the_answer(api: AsanaApi) -> None:
    stored = task_json(
        "555",
        field_json("1", "text", text_value="Gebucht"),
        field_json("2", "date", date_value={"date": "2026-07-01", "date_time": None}),
        field_json("3", "enum", enum_value={"gid": "77"}),
        field_json("4", "text", text_value=None),
    )
    with answering((200, {"data": stored})) as asana:
        task = api.set_fields("555", {"1": "Gebucht", "2": date(2026, 7, 1), "3": "77", "4": None})

    assert asana.bodies() == [
        {"data": {"custom_fields": {"1": "Gebucht", "2": {"date": "2026-07-01"}, "3": "77", "4": None}}}
    ]
    assert asana.queries() == [{"opt_fields": TASK_FIELDS}]
    assert task.fields["1"].value == "Gebucht"


def test_an_amount_is_sent_with_exactly_its_digits(api: AsanaApi) -> None:
    stored = json.dumps({"data": task_json("555", field_json("1", "number", number_value="@"))}).encode()
    with answering((200, stored.replace(b'"@"', b"12345678901234567.89"))) as asana:
        api.set_fields("555", {"1": Decimal("12345678901234567.89")})

    assert b'{"1": 12345678901234567.89}' in bytes(asana.requests[0].body or b"")


def test_a_value_that_silently_did_not_arrive_is_named(api: AsanaApi) -> None:
    stored = task_json(
        "555",
        field_json("1", "text", text_value="Gebucht"),
        field_json("3", "enum", enum_value=None, name="DATEV-Status"),
    )
    with answering((200, {"data": stored})), pytest.raises(RejectedError, match="DATEV-Status, 9") as caught:
        api.set_fields("555", {"1": "Gebucht", "3": "77", "9": "x"})

    assert caught.value.code == "not_stored"


def test_a_text_that_is_too_long_is_refused_before_anything_is_sent(api: AsanaApi) -> None:
    with answering(), pytest.raises(RejectedError, match="1024"):
        api.set_fields("555", {"1": "x" * 1025})


def test_a_field_that_is_not_in_the_project_is_a_matter_of_the_mapping(api: AsanaApi) -> None:
    with (
        answering(refusal(400, "Custom field with ID 9 is not on given object")),
        pytest.raises(ConfigurationError, match="mapping"),
    ):
        api.set_fields("555", {"9": "x"})


@pytest.mark.parametrize(
    "answer",
    [
        requests.ReadTimeout("late"),
        (500, {"errors": [{"message": "Server Error", "phrase": "6 sad squid snuggle"}]}),
        (502, b"<html>Bad Gateway</html>"),
        (200, b"<html>not JSON</html>"),
        (200, {"no": "data"}),
    ],
)
def test_a_write_without_a_clear_answer_is_unknown_and_never_repeated(api: AsanaApi, answer: object) -> None:
    with answering(answer), pytest.raises(OutcomeUnknownError):
        api.set_fields("555", {"1": "x"})
    with answering(answer), pytest.raises(OutcomeUnknownError):
        api.comment("555", "x")


@pytest.mark.parametrize(
    "answer",
    [
        requests.ReadTimeout("late"),
        (500, {"errors": [{"message": "Server Error", "phrase": "6 sad squid snuggle"}]}),
        (502, b"<html>Bad Gateway</html>"),
        (424, {"errors": [{"message": "rate limit"}]}),
        (200, b"<html>not JSON</html>"),
        (200, {"no": "data"}),
    ],
)
def test_a_read_without_a_clear_answer_is_tried_again_later(api: AsanaApi, answer: object) -> None:
    with answering(answer), pytest.raises(TransientError):
        api.task("555")


def test_the_phrase_for_asanas_support_is_in_the_technical_log_alone(api: AsanaApi) -> None:
    body = {"errors": [{"message": "Server Error", "phrase": "6 sad squid snuggle"}]}
    with answering((500, body)), pytest.raises(TransientError) as caught:
        api.task("555")

    assert "squid" not in str(caught.value)
    assert "squid" in CallLog.objects.get().error


# --- signing in -------------------------------------------------------------------------------------------


def test_the_token_goes_along_and_is_written_down_nowhere(api: AsanaApi) -> None:
    with answering((200, {"data": task_json()})) as asana:
        api.task("555")

    assert asana.requests[0].headers["Authorization"] == "Bearer 1/1200:planted-pat"
    log = CallLog.objects.get()
    assert "planted-pat" not in f"{log.url} {log.request_headers} {log.error}"


def test_a_token_pasted_with_a_line_break_is_sent_without_it(connection: Connection) -> None:
    connection.secrets = {"pat": " 1/1200:planted-pat\n"}

    with answering((200, {"data": task_json()})) as asana:
        AsanaApi(connection).task("555")

    assert asana.requests[0].headers["Authorization"] == "Bearer 1/1200:planted-pat"


def test_a_refused_token_is_not_tried_again(api: AsanaApi) -> None:
    with answering(refusal(401, "Not Authorized")), pytest.raises(AccessLostError, match="personal access"):
        api.task("555")


def test_without_a_token_nothing_is_called(connection: Connection) -> None:
    connection.secrets = {}

    with answering(), pytest.raises(ConfigurationError, match="Asana Muster GmbH"):
        AsanaApi(connection)


# --- announced changes ------------------------------------------------------------------------------------


def test_an_announced_change_is_noted_once_and_shown_at_the_connection(
    api: AsanaApi, connection: Connection
) -> None:
    from connections.vendors.asana import VENDOR

    header = {
        "Asana-Change": "name=new_roles;info=https://forum.asana.example/1;affected=true, name=plain_teams"
    }
    with answering(*[(200, {"data": task_json()}, header)] * 2):
        api.task("555")
        api.task("555")

    connection.refresh_from_db()
    shown = " ".join(str(note) for note in VENDOR.notes(connection))
    assert connection.learned["asana_changes"].keys() == {"new_roles", "plain_teams"}
    assert "new_roles" in shown and "https://forum.asana.example/1" in shown


def test_a_noted_change_leaves_alone_what_else_was_learned(api: AsanaApi, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(learned={"client_authentication": "post"})
    with answering((200, {"data": task_json()}, {"Asana-Change": "name=new_roles"})):
        api.task("555")

    connection.refresh_from_db()
    assert connection.learned["client_authentication"] == "post"
