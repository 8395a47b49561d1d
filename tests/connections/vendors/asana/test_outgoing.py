"""Tasks and custom fields that we make and change, against the simulated Asana."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections import clock
from connections.errors import OutcomeUnknownError, RejectedError
from connections.models import Connection
from connections.vendors.asana import definitions
from connections.vendors.asana.api import AsanaApi, Draft
from connections.vendors.asana.outgoing import MAX_NOTES_LENGTH


@pytest.fixture
def connection(connection: Connection, asana: Any) -> Connection:
    connection.secrets = {"pat": asana.pat}
    connection.save()
    return connection


@pytest.fixture
def project(asana: Any) -> str:
    return asana.add_project("Freigaben")


@pytest.fixture
def fields(asana: Any, project: str) -> dict[str, str]:
    return {
        "number": asana.add_custom_field(project, "Belegnummer", "text"),
        "amount": asana.add_custom_field(project, "Betrag", "number", precision=2),
        "kind": asana.add_custom_field(project, "Art", "enum", options=["Rechnung", "Bestellung"]),
        "due": asana.add_custom_field(project, "Fällig", "date"),
    }


def draft(project: str, fields: dict[str, str], option: str, **more: Any) -> Draft:
    values = {
        fields["number"]: "000123",
        fields["amount"]: Decimal("1190.50"),
        fields["kind"]: option,
        fields["due"]: date(2026, 12, 15),
    }
    given = {"name": "Rechnung 000123 / Müller & Söhne", "project": project, "is_approval": True}
    return Draft(**{**given, "fields": values, **more})


def test_an_approval_is_made_with_all_its_fields_in_one_call(api: AsanaApi, asana: Any, project, fields):
    section = asana.add_section(project, "Neu")
    option = asana.option(fields["kind"], "Rechnung")
    made = api.create_task(
        draft(project, fields, option, section=section, notes="Zeile 1", due_on=date(2026, 12, 15))
    )
    assert len(asana.calls) == 1
    assert (made.is_approval, made.approval_status, made.completed) == (True, "pending", False)
    assert (made.memberships[0].project, made.memberships[0].section) == (project, section)
    assert (made.notes, made.due_on) == ("Zeile 1", "2026-12-15")
    assert made.fields[fields["amount"]].value == Decimal("1190.50")
    assert made.fields[fields["kind"]].value == option
    assert made.fields[fields["due"]].value == date(2026, 12, 15)


def test_a_lost_answer_is_settled_by_the_list_and_the_oldest_counts(api, asana, project, fields):
    option = asana.option(fields["kind"], "Rechnung")
    since = clock.now() - timedelta(minutes=5)
    asana.fail("tasks.create", "drop after")
    with pytest.raises(OutcomeUnknownError):
        api.create_task(draft(project, fields, option))

    def is_it(task: Any) -> bool:
        return task.fields[fields["number"]].value == "000123"

    found = api.find_task(project, since=since, is_it=is_it)
    assert found is not None and found.name.startswith("Rechnung 000123")
    asana.clock.advance(timedelta(seconds=5))
    api.create_task(draft(project, fields, option))
    assert api.find_task(project, since=since, is_it=is_it).gid == found.gid
    assert api.find_task(project, since=since, is_it=lambda task: False) is None


def test_only_what_is_given_changes(api, asana, project, fields):
    made = api.create_task(draft(project, fields, asana.option(fields["kind"], "Rechnung"), notes="alt"))
    changed = api.change_task(made.gid, due_on=date(2027, 1, 1), fields={fields["amount"]: Decimal("2.00")})
    assert (changed.name, changed.notes, changed.due_on) == (made.name, "alt", "2027-01-01")
    assert changed.fields[fields["amount"]].value == Decimal("2.00")
    assert changed.fields[fields["number"]].value == "000123"
    assert api.change_task(made.gid, due_on=None).due_on == ""
    assert api.change_task(made.gid, completed=True).completed


def test_a_field_that_asana_did_not_store_is_named(api, asana, project, fields):
    made = api.create_task(draft(project, fields, asana.option(fields["kind"], "Rechnung")))
    asana.options.ignore_invalid_options = True
    with pytest.raises(RejectedError, match="Art") as caught:
        api.change_task(made.gid, fields={fields["kind"]: "1209999"})
    assert caught.value.code == "not_stored"


def test_lines_become_subtasks_that_carry_fields_only_inside_the_project(api, asana, project, fields):
    made = api.create_task(draft(project, fields, asana.option(fields["kind"], "Bestellung")))
    inside = api.create_task(
        Draft("Zeile 1", project=project, parent=made.gid, fields={fields["amount"]: Decimal("10.00")})
    )
    api.create_task(Draft("Zeile 2", parent=made.gid, notes="ohne Felder"))
    lines = {task.name: task for task in api.subtasks(made.gid)}
    assert set(lines) == {"Zeile 1", "Zeile 2"}
    assert lines["Zeile 1"].fields[fields["amount"]].value == Decimal("10.00")
    assert lines["Zeile 2"].fields == {}
    assert inside.parent == made.gid
    api.remove_from_project(inside.gid, project)
    api.add_to_project(inside.gid, project)
    assert project in api.task(inside.gid).projects


def test_a_deleted_task_may_be_deleted_again(api, asana, project, fields):
    made = api.create_task(draft(project, fields, asana.option(fields["kind"], "Rechnung")))
    api.delete_task(made.gid)
    api.delete_task(made.gid)
    with pytest.raises(RejectedError):
        api.task(made.gid)


def test_texts_that_are_too_long_are_shortened_but_never_a_field(api, asana, project, fields):
    made = api.create_task(Draft("n" * 2000, project=project, notes="x" * 70_000))
    assert (len(made.name), len(made.notes)) == (1024, MAX_NOTES_LENGTH)
    calls = len(asana.calls)
    with pytest.raises(RejectedError, match="1500"):
        api.create_task(Draft("n", project=project, fields={fields["number"]: "y" * 1500}))
    assert len(asana.calls) == calls


def test_a_field_and_its_options_are_made_found_renamed_and_switched_off(api, asana, project):
    workspace = api.project(project).workspace
    field = definitions.create(api.client, workspace, "Kostenstelle", "enum", options=["100 Verwaltung"])
    definitions.put_into_project(api.client, project, field.gid)
    option = definitions.add_option(api.client, field.gid, "200 Vertrieb")
    definitions.change_option(api.client, option.gid, name="200 Vertrieb Nord")
    definitions.change_option(api.client, field.options[0].gid, enabled=False)

    found = definitions.read(api.client, field.gid)
    assert [(one.name, one.enabled) for one in found.options] == [
        ("100 Verwaltung", False),
        ("200 Vertrieb Nord", True),
    ]
    assert field.gid in {one.gid for one in definitions.listed(api.client, workspace)}
    assert field.gid in {one.gid for one in api.custom_fields(project)}
    number = definitions.create(api.client, workspace, "Betrag", "number", precision=2)
    assert (number.kind, number.precision) == ("number", 2)
    with pytest.raises(RejectedError):
        definitions.create(api.client, workspace, "Betrag", "text")
