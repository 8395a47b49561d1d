"""The client against the simulated Asana, behind the real transport."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections import clock
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.models import CallLog, Connection, Throttle
from connections.vendors.asana import VENDOR
from connections.vendors.asana.api import AsanaApi

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def connection(connection: Connection, asana: Any) -> Connection:
    connection.secrets = {"pat": asana.pat}
    connection.save()
    return connection


@pytest.fixture
def project(asana: Any) -> str:
    return asana.add_project("Eingangsrechnungen")


@pytest.fixture
def task(asana: Any, project: str) -> str:
    return asana.add_task(project, "Rechnung 4711 / Müller & Söhne")


# --- reading tasks ----------------------------------------------------------------------------------------


def test_custom_fields_of_every_type_arrive_typed(api: AsanaApi, asana: Any, project: str) -> None:
    fields = {
        "text": asana.add_custom_field(project, "Belegnummer", "text"),
        "amount": asana.add_custom_field(
            project, "Betrag", "number", precision=2, format="currency", currency_code="EUR"
        ),
        "zero": asana.add_custom_field(project, "Skonto", "number"),
        "enum": asana.add_custom_field(project, "Konto", "enum", options=["4930 Bürobedarf", "4910 Porto"]),
        "multi": asana.add_custom_field(project, "Merkmale", "multi_enum", options=["a", "b"]),
        "date": asana.add_custom_field(project, "Belegdatum", "date"),
        "people": asana.add_custom_field(project, "Prüfer", "people"),
        "reference": asana.add_custom_field(
            project, "Bestellung", "reference", input_restrictions=["project"]
        ),
        "formula": asana.add_custom_field(project, "Summe", "number", representation="formula"),
        "empty": asana.add_custom_field(project, "Leer", "text"),
    }
    gid = asana.add_task(
        project,
        fields={
            fields["text"]: "RE-2026/0815",
            fields["amount"]: Decimal("1190.10"),
            fields["zero"]: 0,
            fields["enum"]: "4930 Bürobedarf",
            fields["multi"]: ["a", "b"],
            fields["date"]: date(2026, 7, 1),
            fields["people"]: [asana.approver],
            fields["reference"]: [project],
        },
    )

    task = api.task(gid)

    by_name = {name: task.fields[field] for name, field in fields.items()}
    assert {name: field.value for name, field in by_name.items()} == {
        "text": "RE-2026/0815",
        "amount": Decimal("1190.10"),
        "zero": Decimal(0),
        "enum": asana.option(fields["enum"], "4930 Bürobedarf"),
        "multi": [asana.option(fields["multi"], "a"), asana.option(fields["multi"], "b")],
        "date": date(2026, 7, 1),
        "people": [asana.approver],
        "reference": [project],
        "formula": None,
        "empty": None,
    }
    assert all(field.is_readable for field in by_name.values())
    assert (by_name["enum"].text, by_name["multi"].text) == ("4930 Bürobedarf", "a, b")
    assert "€" in by_name["amount"].text
    assert task.missing(fields.values()) == []


def test_a_leftover_of_a_removed_field_counts_as_missing(api: AsanaApi, asana: Any, project: str) -> None:
    field = asana.add_custom_field(project, "Konto")
    gid = asana.add_task(project, fields={field: "4930"})
    asana.remove_field_from_project(project, field)

    task = api.task(gid)

    assert (task.fields[field].value, task.missing([field])) == ("4930", [field])


def test_an_approval_says_how_it_was_decided(api: AsanaApi, asana: Any, task: str) -> None:
    pending = api.task(task)
    asana.reject(task)
    rejected = api.task(task)

    assert (pending.approval_status, pending.completed) == ("pending", False)
    assert (rejected.approval_status, rejected.completed, rejected.completed_by) == (
        "rejected",
        True,
        asana.approver,
    )
    assert rejected.modified_at > pending.modified_at


def test_a_task_knows_its_places_its_parent_and_its_link(
    api: AsanaApi, asana: Any, project: str, task: str
) -> None:
    subtask = asana.add_task("", "Position 1", parent=task)

    assert api.task(task).projects == (project,)
    assert api.task(task).permalink_url.endswith(task)
    assert (api.task(subtask).projects, api.task(subtask).parent) == ((), task)


def test_a_long_project_is_listed_page_by_page(api: AsanaApi, asana: Any, project: str) -> None:
    made = [asana.add_task(project, f"Rechnung {number}") for number in range(205)]
    asana.add_task(project, "Überschrift", resource_subtype="default_task", is_separator=True)

    found, offset, sizes = [], "", []
    while True:
        page = api.tasks(project, modified_since=LONG_AGO, offset=offset)
        sizes.append(len(page.tasks))
        found += [task.gid for task in page.tasks if not task.is_separator]
        offset = page.next_offset
        if not offset:
            break

    assert (sizes, sorted(found)) == ([100, 100, 6], sorted(made))


def test_an_offset_that_has_ended_starts_the_list_again(api: AsanaApi, asana: Any, project: str) -> None:
    for number in range(101):
        asana.add_task(project, f"Rechnung {number}")
    first = api.tasks(project, modified_since=LONG_AGO)
    asana.clock.advance(timedelta(hours=1))

    again = api.tasks(project, modified_since=LONG_AGO, offset=first.next_offset)

    assert again.is_restarted
    assert [task.gid for task in again.tasks] == [task.gid for task in first.tasks]


def test_only_what_changed_since_then_is_listed(api: AsanaApi, asana: Any, project: str, task: str) -> None:
    asana.clock.advance(timedelta(hours=1))
    since = asana.clock.now()
    asana.clock.advance(timedelta(minutes=1))
    new = asana.add_task(project, "neu")

    assert [found.gid for found in api.tasks(project, modified_since=since).tasks] == [new]


def test_a_deleted_task_and_an_unshared_one_are_refused_not_failing(
    api: AsanaApi, asana: Any, project: str, task: str
) -> None:
    hidden = asana.add_task(asana.add_project("geheim", privacy_setting="private"), "geheim")
    asana.delete_task(task)

    for gid in (task, hidden):
        with pytest.raises(RejectedError) as caught:
            api.task(gid)
        assert caught.value.status == 404


def test_a_project_that_is_not_shared_stops_the_integration(api: AsanaApi, asana: Any) -> None:
    hidden = asana.add_project("geheim", privacy_setting="private")

    with pytest.raises(ConfigurationError):
        api.tasks(hidden, modified_since=LONG_AGO)


# --- writing ----------------------------------------------------------------------------------------------


@pytest.fixture
def result_fields(asana: Any, project: str) -> dict[str, str]:
    return {
        "text": asana.add_custom_field(project, "Hinweis", "text"),
        "number": asana.add_custom_field(project, "Betrag", "number", precision=2),
        "enum": asana.add_custom_field(project, "DATEV", "enum", options=["Gebucht", "Fehler"]),
        "multi": asana.add_custom_field(project, "Merkmale", "multi_enum", options=["a", "b"]),
        "date": asana.add_custom_field(project, "Übergeben am", "date"),
        "people": asana.add_custom_field(project, "Prüfer", "people"),
    }


def test_a_result_is_written_into_fields_of_every_kind(
    api: AsanaApi, asana: Any, project: str, result_fields: dict[str, str]
) -> None:
    gid = asana.add_task(project)
    fields = result_fields

    answered = api.set_fields(
        gid,
        {
            fields["text"]: "Gebucht über Beleg „4711“",
            fields["number"]: Decimal("1190.555"),
            fields["enum"]: asana.option(fields["enum"], "Gebucht"),
            fields["multi"]: [asana.option(fields["multi"], "b")],
            fields["date"]: date(2026, 7, 1),
            fields["people"]: ["aenne@muster.example"],
        },
    )

    assert {name: asana.value(gid, field) for name, field in fields.items()} == {
        "text": "Gebucht über Beleg „4711“",
        "number": Decimal("1190.56"),
        "enum": "Gebucht",
        "multi": ["b"],
        "date": date(2026, 7, 1),
        "people": ["Änne Beispiel"],
    }
    assert answered == api.task(gid)


def test_none_clears_a_field_of_any_kind(
    api: AsanaApi, asana: Any, project: str, result_fields: dict[str, str]
) -> None:
    gid = asana.add_task(
        project,
        fields={result_fields["text"]: "alt", result_fields["enum"]: "Fehler", result_fields["multi"]: ["a"]},
    )

    api.set_fields(gid, dict.fromkeys(result_fields.values()))

    assert not any(asana.value(gid, field) for field in result_fields.values())


def test_an_option_that_asana_silently_ignores_is_reported(
    api: AsanaApi, asana: Any, project: str, result_fields: dict[str, str]
) -> None:
    asana.options.ignore_invalid_options = True
    gid = asana.add_task(project)

    with pytest.raises(RejectedError, match="DATEV") as caught:
        api.set_fields(gid, {result_fields["enum"]: "999"})

    assert caught.value.code == "not_stored"


def test_an_option_that_asana_refuses_is_reported(
    api: AsanaApi, asana: Any, project: str, result_fields: dict[str, str]
) -> None:
    with pytest.raises(RejectedError, match="999"):
        api.set_fields(asana.add_task(project), {result_fields["enum"]: "999"})


def test_a_field_of_another_project_is_a_matter_of_the_mapping(api: AsanaApi, asana: Any, task: str) -> None:
    with pytest.raises(ConfigurationError, match="mapping"):
        api.set_fields(task, {asana.add_custom_field(name="fremd"): "x"})


def test_a_locked_field_is_a_matter_of_rights(api: AsanaApi, asana: Any, project: str) -> None:
    locked = asana.add_custom_field(project, "Status", is_locked=True)

    with pytest.raises(ConfigurationError, match="locked"):
        api.set_fields(asana.add_task(project), {locked: "x"})


def test_a_lost_answer_to_a_write_is_unknown_and_was_sent_once(
    api: AsanaApi, asana: Any, project: str, result_fields: dict[str, str]
) -> None:
    gid = asana.add_task(project)
    asana.fail("PUT /tasks/*", "drop after")

    with pytest.raises(OutcomeUnknownError):
        api.set_fields(gid, {result_fields["text"]: "Gebucht"})

    assert asana.value(gid, result_fields["text"]) == "Gebucht"
    assert len(asana.calls_to("tasks.change")) == 1


def test_a_comment_is_written_and_found_again_among_asanas_own_notes(
    api: AsanaApi, asana: Any, task: str
) -> None:
    asana.approve(task)

    gid = api.comment(task, "Gebucht & übergeben <b> [ML-1]").gid

    assert [(story.gid, story.text) for story in api.comments(task)] == [
        (gid, "Gebucht & übergeben <b> [ML-1]")
    ]


def test_a_comment_whose_answer_was_lost_is_there_to_be_found(api: AsanaApi, asana: Any, task: str) -> None:
    asana.fail("POST /tasks/*/stories", "drop after")

    with pytest.raises(OutcomeUnknownError):
        api.comment(task, "[ML-1]")

    assert [story.text for story in api.comments(task)] == ["[ML-1]"]


# --- files ------------------------------------------------------------------------------------------------


def test_a_file_is_fetched_without_the_token_and_with_two_calls(api: AsanaApi, asana: Any, task: str) -> None:
    asana.add_attachment(task, "Rechnung Müller.txt")

    (attachment,) = api.attachments(task)
    file = api.download(attachment)

    assert (file.content[:5], file.media_type) == (b"%PDF-", "application/pdf")
    assert (attachment.name, attachment.size, attachment.is_at_asana) == (
        "Rechnung Müller.txt",
        file.size,
        True,
    )
    assert "Authorization" not in asana.files.calls[0].headers
    assert (len(asana.calls), len(asana.files.calls)) == (1, 1)


def test_an_address_that_has_ended_is_read_again_once(api: AsanaApi, asana: Any, task: str) -> None:
    asana.add_attachment(task)
    (attachment,) = api.attachments(task)
    asana.clock.advance(timedelta(minutes=3))

    file = api.download(attachment)

    assert file.content.startswith(b"%PDF-")
    assert [call.status for call in asana.files.calls] == [403, 200]


def test_an_old_address_is_not_even_tried(api: AsanaApi, asana: Any, task: str) -> None:
    asana.add_attachment(task)
    (attachment,) = api.attachments(task)
    clock.advance(timedelta(minutes=2))

    api.download(attachment)

    assert [call.status for call in asana.files.calls] == [200]
    assert len(asana.calls_to("attachments.get")) == 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_storage_that_keeps_refusing_is_asked_twice_at_most(
    api: AsanaApi, asana: Any, task: str, status: int
) -> None:
    asana.add_attachment(task)
    asana.files.faults.add("files.download", status=status, times=None)
    (attachment,) = api.attachments(task)

    with pytest.raises((RejectedError, TransientError)):
        api.download(attachment)

    assert len(asana.files.calls) == 2


@pytest.mark.parametrize("host", ["dropbox", "gdrive", "onedrive", "box", "vimeo", "external"])
def test_a_link_to_elsewhere_is_explained_and_not_fetched(
    api: AsanaApi, asana: Any, task: str, host: str
) -> None:
    asana.add_attachment(task, "Rechnung.pdf", host=host, url="https://files.example/x")
    (attachment,) = api.attachments(task)

    with pytest.raises(RejectedError, match=host) as caught:
        api.download(attachment)

    assert caught.value.code == "not_at_asana"
    assert asana.files.calls == []


def test_a_file_that_arrives_in_part_is_fetched_again_later(api: AsanaApi, asana: Any, task: str) -> None:
    asana.add_attachment(task, content=b"%PDF-" + b"x" * 100)
    asana.files.faults.add("files.download", body=b"%PDF-xxx")
    (attachment,) = api.attachments(task)

    with pytest.raises(TransientError, match="8 of 105 bytes"):
        api.download(attachment)


def test_a_file_that_is_too_large_is_refused_before_it_is_fetched(
    api: AsanaApi, asana: Any, task: str
) -> None:
    asana.add_attachment(task, content=b"%PDF-" + b"x" * 100)
    (attachment,) = api.attachments(task)

    with pytest.raises(RejectedError, match="limit of 50 bytes"):
        api.download(attachment, max_bytes=50)

    assert asana.files.calls == []


def test_a_file_with_umlauts_in_its_name_is_uploaded(api: AsanaApi, asana: Any, task: str) -> None:
    made = api.upload(task, "Prüfbericht für Änne.pdf", b"%PDF-1.4 x", "application/pdf")

    (found,) = api.attachments(task)
    assert (found.gid, found.name, found.size) == (made.gid, "Prüfbericht für Änne.pdf", 10)
    assert api.download(found).content == b"%PDF-1.4 x"


def test_an_upload_whose_answer_was_lost_is_there_to_be_found(api: AsanaApi, asana: Any, task: str) -> None:
    asana.fail("POST /attachments", "drop after")

    with pytest.raises(OutcomeUnknownError):
        api.upload(task, "Beleg.pdf", b"%PDF-", "application/pdf")

    assert [(file.name, file.size) for file in api.attachments(task)] == [("Beleg.pdf", 5)]


# --- limits and trouble -----------------------------------------------------------------------------------


def test_a_429_pauses_the_whole_connection_for_as_long_as_asana_says(
    api: AsanaApi, asana: Any, task: str, connection: Connection
) -> None:
    asana.fail("GET /tasks/*", "429", headers={"Retry-After": "27"})

    with pytest.raises(TransientError) as caught:
        api.task(task)
    with pytest.raises(TransientError):
        AsanaApi(connection).task(task)

    assert caught.value.retry_after == timedelta(seconds=27)
    assert len(asana.calls) == 1
    paused_until = Throttle.objects.get(connection=connection).paused_until
    assert paused_until is not None and paused_until > clock.now()
    clock.advance(timedelta(seconds=28))
    assert api.task(task).gid == task


@pytest.mark.parametrize("kind", ["500", "502", "503", "504", "drop before", "drop after"])
def test_a_read_in_trouble_is_tried_again_later(api: AsanaApi, asana: Any, task: str, kind: str) -> None:
    asana.fail("GET /tasks/*", kind)

    with pytest.raises(TransientError):
        api.task(task)


def test_the_rate_of_the_plan_is_never_exceeded_even_with_a_burst(connection: Connection) -> None:
    for allowed in (150, 1500):
        connection.settings["calls_per_minute"] = str(allowed)
        rate = VENDOR.rate(connection)
        assert rate.per_minute + rate.burst == allowed
        assert rate.burst <= 15


def test_every_read_names_its_fields(api: AsanaApi, asana: Any, project: str, task: str) -> None:
    asana.add_attachment(task)
    api.me()
    api.workspaces()
    api.projects(asana.workspace)
    api.project(project)
    api.custom_fields(project)
    api.tasks(project, modified_since=None)
    api.task(task)
    api.comments(task)
    api.download(api.attachments(task)[0])

    reads = [call for call in asana.calls if call.method == "GET"]
    assert len(reads) == 9
    assert all(call.query.get("opt_fields") for call in reads)


def test_the_call_log_names_the_record_and_holds_no_token(api: AsanaApi, asana: Any, task: str) -> None:
    api.subject = "record:12"
    asana.add_attachment(task)
    api.download(api.attachments(task)[0])

    assert {log.subject for log in CallLog.objects.all()} == {"record:12"}
    logged = " ".join(f"{log.url} {log.request_headers} {log.error}" for log in CallLog.objects.all())
    assert asana.pat not in logged
    signature = asana.files.calls[0].query["signature"]
    assert signature not in logged


# --- OAuth ------------------------------------------------------------------------------------------------


@pytest.fixture
def oauth_connection(connection: Connection, asana: Any) -> Connection:
    """Signed in with OAuth, without the clicks."""
    from connections.tokens import TokenStore

    connection.settings |= {"sign_in": "oauth", "client_id": asana.client_id}
    connection.secrets = {"client_secret": asana.client_secret}
    connection.save()
    access, refresh = asana.add_oauth_tokens()
    TokenStore(connection).store_answer(
        {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": 3600,
            "token_type": "bearer",
            "data": {"id": "12", "name": "Jörg Müßig-Beispiel"},
        },
        clock.now(),
    )
    return connection


def stored(connection: Connection) -> dict[str, str]:
    from connections.models import TokenSet

    tokens: dict[str, str] = TokenSet.objects.get(connection=connection).tokens
    return tokens


def test_the_sign_in_names_the_person(oauth_connection: Connection) -> None:
    from connections.models import TokenSet

    assert TokenSet.objects.get(connection=oauth_connection).signed_in_as == "Jörg Müßig-Beispiel"


def test_an_expired_bearer_is_refreshed_once_and_the_call_repeated(
    oauth_connection: Connection, asana: Any, task: str
) -> None:
    before = stored(oauth_connection)
    asana.expire(before["access_token"])

    found = AsanaApi(oauth_connection).task(task)

    after = stored(oauth_connection)
    assert found.gid == task
    assert [call.route for call in asana.calls] == ["tasks.get", "oauth.token", "tasks.get"]
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] == before["refresh_token"]


def test_the_token_is_refreshed_five_minutes_before_its_end(
    oauth_connection: Connection, asana: Any, task: str
) -> None:
    clock.advance(timedelta(minutes=56))

    AsanaApi(oauth_connection).task(task)

    assert [call.route for call in asana.calls] == ["oauth.token", "tasks.get"]


def test_a_revoked_sign_in_asks_for_a_person_and_hammers_nobody(
    oauth_connection: Connection, asana: Any, task: str
) -> None:
    tokens = stored(oauth_connection)
    asana.revoke(tokens["refresh_token"])

    for _ in range(3):
        with pytest.raises(AccessLostError):
            AsanaApi(oauth_connection).task(task)

    assert len(asana.calls_to("oauth.token")) == 1
    oauth_connection.refresh_from_db()
    assert oauth_connection.health == "sign_in"


def test_an_app_without_the_scope_is_told_so(oauth_connection: Connection, asana: Any, task: str) -> None:
    from connections.tokens import TokenStore

    asana.add_app(
        asana.client_id,
        asana.client_secret,
        ["https://hub.example/oauth/callback/"],
        scopes=["projects:read"],
    )
    access, refresh = asana.add_oauth_tokens(scopes=["projects:read"])
    TokenStore(oauth_connection).store_answer(
        {"access_token": access, "refresh_token": refresh, "expires_in": 3600}, clock.now()
    )

    with pytest.raises(ConfigurationError, match="scope"):
        AsanaApi(oauth_connection).task(task)


def test_the_profile_says_what_asana_documents(oauth_connection: Connection) -> None:
    assert VENDOR.oauth is not None
    profile = VENDOR.oauth(oauth_connection)

    assert profile is not None
    assert (profile.token_url, profile.scopes, profile.rotates) == (
        "https://asana.example/-/oauth_token",
        (),
        False,
    )
    assert profile.client_authentication == "post"
    assert (profile.revoke_tokens, profile.sends_token_type_hint) == (("refresh_token",), False)
    assert profile.identity({"data": {"name": "Änne Beispiel"}}) == "Änne Beispiel"
    assert [profile.identity(odd) for odd in ({}, {"data": None}, {"data": {"name": 5}})] == ["", "", ""]


def test_a_personal_access_token_needs_no_sign_in(connection: Connection) -> None:
    assert VENDOR.oauth(connection) is None
