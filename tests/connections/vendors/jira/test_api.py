"""Issues at the simulated Jira: made once, found, read, commented, moved; in English and in German."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.models import CallLog, Connection, Throttle
from connections.vendors.jira import adf
from connections.vendors.jira.api import JiraApi
from connections.vendors.jira.values import DONE, TO_DO
from tests.connections.vendors.jira.conftest import EXTERNAL_ID, Place


@pytest.fixture(autouse=True)
def in_that_language(jira: Any, language: str) -> None:
    jira.set_language(language)


# --- one issue --------------------------------------------------------------------------------------------


def test_an_issue_is_made_read_commented_and_moved(api: JiraApi, jira: Any, place: Place) -> None:
    made = api.create(place.issue(priority="2", labels=("datev",)), external_field=place.external)

    assert api.comment(made.id, adf.document([adf.paragraph("Noch in Arbeit")]), mark="4711:2")
    api.attach(made.id, "Protokoll_Prüfung.csv", b"Zeile;Fehler", "text/csv")
    assert api.issue(made.id).status.category == TO_DO
    api.move(made.id, place.done)

    issue = api.issue(made.id, ("status", "summary", "labels", "priority", place.external, "project"))
    assert (issue.key, issue.project, issue.summary) == (
        made.key,
        place.project,
        "EXTF-Auftrag 4711 ist fehlgeschlagen",
    )
    assert (issue.status.id, issue.status.category) == (place.done, DONE)
    assert issue.fields["labels"] == ["datev"] and issue.fields["priority"]["id"] == "2"
    assert issue.fields[place.external] == EXTERNAL_ID
    assert [(one.text, one.mark) for one in api.comments(made.id)] == [("Noch in Arbeit", "4711:2")]
    assert api.comment_with(made.id, "4711:2") and api.comment_with(made.id, "4711:3") is None
    assert [(one.filename, one.size) for one in api.attachments(made.id)] == [("Protokoll_Prüfung.csv", 12)]
    assert api.issue_url(made.key) == f"{jira.place().url}/browse/{made.key}"


def test_a_move_is_seen_in_the_changelog_by_id_whoever_made_it(api: JiraApi, jira: Any, place: Place) -> None:
    made = api.create(place.issue())
    for status in (place.done, place.open, place.done):
        jira.move(made.key, status)
    jira.edit(made.key, summary="Anders")

    changes = api.changes(made.id)
    moves = [change for change in changes if change.status is not None]

    assert [(one.status.old, one.status.new) for one in moves if one.status] == [
        (place.open, place.done),
        (place.done, place.open),
        (place.open, place.done),
    ]
    assert len({change.id for change in changes}) == len(changes) == 4
    assert {change.author for change in moves} == {jira.accountant}
    assert api.changes(made.id, start=3)[0].status is None
    assert [one.id for one in api.changes_of([made.id])[made.id]] == [one.id for one in moves]


def test_a_way_is_chosen_by_where_it_leads_and_its_absence_has_a_remedy(
    api: JiraApi, jira: Any, place: Place
) -> None:
    jira.set_workflow("FIN", [("To Do", "In Progress"), ("In Progress", "Done")])
    made = api.create(place.issue())

    with pytest.raises(ConfigurationError) as caught:
        api.move(made.id, place.done)
    assert caught.value.code == "no_transition"
    api.move(made.id, jira.status_id("FIN", "In Progress"))
    api.move(made.id, place.done)
    assert api.issue(made.id).status.id == place.done


# --- many issues ------------------------------------------------------------------------------------------


def test_many_issues_are_read_in_pages_with_what_is_gone_told_apart(
    api: JiraApi, jira: Any, place: Place
) -> None:
    keys = [jira.add_issue("FIN", f"Vorgang {number}") for number in range(120)]
    ids = [jira.issue(key).id for key in keys]
    jira.move(keys[0], place.done)
    jira.add_project("NEU")
    jira.move_to_project(keys[1], "NEU")
    jira.delete_issue(keys[2])

    found = api.issues(ids, with_changes=True)

    assert found.missing(ids) == [ids[2]] and not found.unclear
    assert len(found.issues) == 119
    assert found.issues[ids[0]].status.id == place.done
    assert [change.status.new for change in found.issues[ids[0]].changes if change.status] == [place.done]
    assert found.issues[ids[1]].key.startswith("NEU-")
    assert len(jira.calls_to("issues.bulk")) == 2


def test_a_search_goes_through_all_pages(api: JiraApi, jira: Any, place: Place) -> None:
    jira.options.search_page_cap = 40
    for number in range(95):
        jira.add_issue("FIN", f"Vorgang {number}")

    hits = list(api.search(f"project = {place.project} ORDER BY created ASC"))

    assert len(hits) == len({hit.id for hit in hits}) == 95
    assert hits[0].status.category == TO_DO
    assert len(jira.calls_to("search.post")) == 3


# --- found again ------------------------------------------------------------------------------------------


def test_an_issue_is_found_by_exactly_its_id(api: JiraApi, jira: Any, place: Place) -> None:
    made = api.create(place.issue(), external_field=place.external)
    api.create(place.issue(f"{EXTERNAL_ID} retry".replace(" ", "-")), external_field=place.external)

    assert [one.id for one in api.find(place.external, EXTERNAL_ID)] == [made.id]
    assert api.find(place.external, EXTERNAL_ID.upper()) == [], "the search knows no capitals, we do"
    assert api.find(place.external, "mlcdatev29098x1extf47") == []


@pytest.mark.parametrize("external_id", ["mlc:datev:29098-1:extf:4711", 'a"b\\c', "a*b?(c)~[d]{e}^f!g|h&i"])
def test_signs_with_a_meaning_in_searches_are_taken_as_they_are(
    api: JiraApi, place: Place, external_id: str
) -> None:
    made = api.create(place.issue(external_id), external_field=place.external)

    assert [one.id for one in api.find(place.external, external_id)] == [made.id]


def test_a_labels_field_can_carry_the_id_too(api: JiraApi, jira: Any, place: Place) -> None:
    field = jira.add_custom_field("Kennungen", "labels", projects=["FIN"])
    made = api.create(place.issue(), external_field=field)

    assert api.issue(made.id, ("status", field)).fields[field] == [EXTERNAL_ID]
    assert [one.id for one in api.find(field, EXTERNAL_ID)] == [made.id]


def test_two_issues_with_one_id_are_both_named_the_oldest_first(api: JiraApi, place: Place) -> None:
    made = [api.create(place.issue(), external_field=place.external).id for _ in range(2)]

    assert [one.id for one in api.find(place.external, EXTERNAL_ID)] == made


def test_a_new_issue_is_missing_from_the_search_for_a_while_but_not_when_its_id_is_known(
    api: JiraApi, jira: Any, place: Place
) -> None:
    jira.set_search_lag(60)
    made = api.create(place.issue(), external_field=place.external)

    assert api.find(place.external, EXTERNAL_ID) == []
    assert [one.id for one in api.find(place.external, EXTERNAL_ID, reconcile=[made.id])] == [made.id]
    assert api.issue(made.id).id == made.id
    jira.clock.advance(timedelta(seconds=61))
    assert [one.id for one in api.find(place.external, EXTERNAL_ID)] == [made.id]


@pytest.mark.parametrize("kind", ["textarea", "float", ""])
def test_a_field_that_can_not_carry_the_id_is_refused_before_anything_is_made(
    api: JiraApi, jira: Any, place: Place, kind: str
) -> None:
    field = jira.add_custom_field("Feld", kind, projects=["FIN"]) if kind else "customfield_99999"

    with pytest.raises(ConfigurationError):
        api.create(place.issue(), external_field=field)
    assert jira.issues("FIN") == []


# --- what goes wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "arrives"), [("502", 0), ("502 but done", 1), ("drop after", 1), ("500", 0)]
)
def test_a_create_without_a_clear_answer_is_unknown_and_not_repeated(
    api: JiraApi, jira: Any, place: Place, fault: str, arrives: int
) -> None:
    jira.fail("issues.create", fault)

    with pytest.raises(OutcomeUnknownError):
        api.create(place.issue(), external_field=place.external)

    assert len(jira.calls_to("issues.create")) == 1
    assert len(jira.issues("FIN")) == arrives
    assert len(api.find(place.external, EXTERNAL_ID)) == arrives


@pytest.mark.parametrize("body", ["<html>", "null", "[]", "{}", '{"key": "FIN-1"}'])
def test_a_create_answered_unreadably_is_unknown(api: JiraApi, jira: Any, place: Place, body: str) -> None:
    jira.faults.add("issues.create", status=201, body=body, processed=True)

    with pytest.raises(OutcomeUnknownError):
        api.create(place.issue(), external_field=place.external)


def test_all_faulty_fields_are_named(api: JiraApi, jira: Any, place: Place) -> None:
    required = jira.add_custom_field("Kostenstelle")
    other = jira.add_custom_field("Mandant")
    jira.require_field("FIN", required)
    jira.take_from_screen("FIN", place.external)

    with pytest.raises(ConfigurationError) as caught:
        api.create(place.issue(fields={other: "x"}), external_field=place.external)

    assert {fault.field for fault in caught.value.faults} == {
        other,  # on no screen, so Jira does not tell its name there
        place.external,
        f"Kostenstelle ({required})",
    }
    assert all(str(fault.rule) for fault in caught.value.faults)
    assert caught.value.request_id


def test_a_missing_field_is_named_in_the_other_form_too(api: JiraApi, jira: Any, place: Place) -> None:
    jira.options.required_as_message = True
    field = jira.add_custom_field("Kostenstelle")
    jira.require_field("FIN", field)

    with pytest.raises(RejectedError) as caught:
        api.create(place.issue())

    assert field in str(caught.value) and len(caught.value.faults) == 1


def test_a_text_that_jira_refuses_is_a_matter_of_the_record(api: JiraApi, place: Place) -> None:
    nonsense = {"type": "doc", "version": 1, "content": [{"type": "text", "text": "x"}]}

    with pytest.raises(RejectedError) as caught:
        api.create(place.issue(description=nonsense))

    assert ["(description)" in fault.field for fault in caught.value.faults] == [True]


def test_an_issue_that_is_gone_and_a_site_that_is_gone_are_told_apart(
    api: JiraApi, jira: Any, place: Place, connection: Connection
) -> None:
    with pytest.raises(RejectedError) as gone:
        api.issue("99999")
    assert gone.value.status == 404

    connection.settings["site"] = "0a1b2c3d-0000-0000-0000-000000000000"
    with pytest.raises(ConfigurationError, match="site"):
        JiraApi(connection).issue("99999")
    jira.faults.add("issues.get", status=404, body="<html>Site unavailable</html>")
    connection.settings["site"] = jira.site
    with pytest.raises(ConfigurationError, match="site"):
        JiraApi(connection).issue("99999")


def test_a_project_that_is_gone_stops_the_integration_with_a_remedy(api: JiraApi, place: Place) -> None:
    for call in (
        lambda: api.project("99999"),
        lambda: api.issue_types("99999"),
        lambda: api.create_fields("99999", place.issue_type),
        lambda: api.statuses("99999"),
    ):
        with pytest.raises(ConfigurationError, match="99999"):
            call()


def test_two_people_at_one_issue_are_no_fault(api: JiraApi, jira: Any, place: Place) -> None:
    made = api.create(place.issue())
    jira.fail("transitions.take", "409")

    with pytest.raises(TransientError):
        api.move(made.id, place.done)


def test_a_bulk_read_that_could_not_say_is_not_a_deletion(api: JiraApi, jira: Any) -> None:
    first, second = (jira.issue(jira.add_issue("FIN")).id for _ in range(2))
    body = {"issues": [], "issueErrors": [{"id": first, "errorMessage": "Later"}]}
    jira.faults.add("issues.bulk", status=200, body=body)

    found = api.issues([first, second])

    assert found.unclear == {first} and found.missing([first, second]) == [second]


def test_an_issue_without_its_status_is_read_again(api: JiraApi, jira: Any, place: Place) -> None:
    made = api.create(place.issue())
    jira.faults.add("issues.get", status=200, body={"id": made.id, "key": made.key, "fields": {}})

    with pytest.raises(TransientError, match=made.key):
        api.issue(made.id)


# --- limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "seconds", "is_for_all"),
    [
        ("429 global", 1800, True),
        ("429 tenant", 1800, True),
        ("429 burst", 1, True),
        ("429 cost", 30, True),
        ("429 issue", 2, False),
        ("429 bare", 30, True),
        ("429 gateway", 3600, True),
        ("429 date", 3600, True),
    ],
)
def test_every_form_of_slow_down_names_its_wait_and_stops_what_it_is_about(
    api: JiraApi, jira: Any, place: Place, fault: str, seconds: int, is_for_all: bool
) -> None:
    made = api.create(place.issue())
    jira.fail("comments.create", fault)

    with pytest.raises(TransientError) as caught:
        api.comment(made.id, adf.document([adf.paragraph("x")]))

    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == seconds
    assert Throttle.objects.filter(paused_until__isnull=False).exists() is is_for_all
    assert len(jira.calls_to("comments.create")) == 1


def test_a_missing_scope_is_not_taken_for_an_old_token(
    api: JiraApi, jira: Any, place: Place, connection: Connection
) -> None:
    access, _refresh = jira.sign_in(scopes=("read:jira-work", "offline_access"))
    held = connection.token_set
    held.tokens = {**held.tokens, "access_token": access}
    held.save()

    with pytest.raises(AccessLostError, match="scope"):
        api.create(place.issue())
    assert not jira.calls_to("oauth.token")


def test_nothing_of_a_token_or_a_secret_is_written_down(api: JiraApi, jira: Any, place: Place) -> None:
    jira.expire()
    jira.fail("issues.create", "502")
    with pytest.raises(ConnectorError):
        api.create(place.issue())

    written = str(list(CallLog.objects.values()))
    held = api.connection.token_set
    held.refresh_from_db()
    for secret in (*held.tokens.values(), jira.client_secret):
        if " " not in secret:
            assert secret not in written
