"""Portfolios, projects from templates, how projects stand, and the people of a workspace."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from connections.errors import ConfigurationError, RejectedError, TransientError
from connections.models import Connection
from connections.vendors.asana import VENDOR, portfolios, roster
from connections.vendors.asana.api import AsanaApi


@pytest.fixture
def connection(connection: Connection, asana: Any) -> Connection:
    connection.secrets = {"pat": asana.pat}
    connection.save()
    return connection


def test_a_project_is_put_into_a_portfolio_and_taken_out(api: AsanaApi, asana: Any) -> None:
    portfolio = asana.add_portfolio("Baustellen")
    asana.add_portfolio("Fremde", owner=asana.approver)
    inner = asana.add_portfolio("Unterportfolio")
    asana.add_to_portfolio(portfolio, inner)
    assert [one.name for one in portfolios.portfolios(api.client, asana.workspace)][0] == "Baustellen"

    made = portfolios.create_project(
        api.client, asana.workspace, "Neubau", notes="Bestellung 1", due_on=date(2026, 12, 1)
    )
    portfolios.add_item(api.client, portfolio, made.gid)

    assert [(one.gid, one.name) for one in portfolios.items(api.client, portfolio)] == [(made.gid, "Neubau")]
    portfolios.change_project(api.client, made.gid, name="Neubau Nord", archived=True)
    assert portfolios.state(api.client, made.gid).name == "Neubau Nord"
    portfolios.remove_item(api.client, portfolio, made.gid)
    assert portfolios.items(api.client, portfolio) == []


def test_a_free_plan_has_no_portfolios(api: AsanaApi, asana: Any) -> None:
    asana.options.is_free_plan = True
    with pytest.raises(ConfigurationError, match="paid"):
        portfolios.portfolios(api.client, asana.workspace)


def test_a_project_from_a_template_is_whole_when_its_job_has_ended(api: AsanaApi, asana: Any) -> None:
    gid = asana.add_template("Bauvorhaben", tasks=("Vermessen",), dates={"1": "Beginn", "2": "Ende"})
    [template] = portfolios.templates(api.client, asana.workspace)
    assert (template.gid, template.dates) == (gid, ("1", "2"))
    with pytest.raises(RejectedError, match="requested_dates"):
        portfolios.instantiate(api.client, gid, "Neubau")

    job = portfolios.instantiate(
        api.client, gid, "Neubau", dates={"1": date(2026, 4, 1), "2": date(2026, 9, 1)}
    )
    assert (job.status, bool(job.project)) == ("not_started", True)
    assert api.tasks(job.project, modified_since=None).tasks == ()
    asana.clock.advance(timedelta(seconds=5))

    assert portfolios.job(api.client, job.gid).status == "succeeded"
    assert [task.name for task in api.tasks(job.project, modified_since=None).tasks] == ["Vermessen"]


def test_too_many_templates_at_once_wait(api: AsanaApi, asana: Any) -> None:
    template = asana.add_template("Bauvorhaben")
    for number in range(5):
        portfolios.instantiate(api.client, template, f"Bau {number}")
    with pytest.raises(TransientError) as caught:
        portfolios.instantiate(api.client, template, "Bau 6")
    assert caught.value.retry_after == timedelta(seconds=5)


def test_how_a_project_stands_is_read_and_said(api: AsanaApi, asana: Any) -> None:
    project = asana.add_project("Neubau")
    assert portfolios.state(api.client, project).status_update == ""
    first = portfolios.report(api.client, project, "on_track", "Läuft", title="März")
    asana.clock.advance(timedelta(hours=1))
    asana.set_status(project, "complete", "Fertig", by=asana.approver)

    state = portfolios.state(api.client, project)
    last = portfolios.status(api.client, state.status_update)

    assert (state.is_completed, last.status_type, last.created_by) == (True, "complete", asana.approver)
    known = portfolios.statuses(api.client, project)
    assert [(one.status_type, one.text) for one in known] == [("on_track", "Läuft"), ("complete", "Fertig")]
    assert known[0] == first
    since = asana.clock.now() - timedelta(minutes=5)
    assert portfolios.statuses(api.client, project, since=since) == [last]


# --- people -----------------------------------------------------------------------------------------------


def test_members_are_known_by_address_and_the_invited_are_active(api: AsanaApi, asana: Any) -> None:
    gone = asana.add_user("Ohne Beispiel", "ohne@muster.example")
    asana.remove_user(gone)
    invited = roster.invite(api.client, asana.workspace, "neu@muster.example")
    assert roster.invite(api.client, asana.workspace, "neu@muster.example") == invited

    found = {one.gid: one for one in roster.members(api.client, asana.workspace)}

    assert (found[invited].email, found[invited].is_active) == ("neu@muster.example", True)
    assert found[asana.approver].is_admin and not found[asana.connector].is_admin
    assert not found[gone].is_active


def test_only_an_administrator_removes_people(api: AsanaApi, connection: Connection, asana: Any) -> None:
    person = asana.add_user("Ohne Beispiel", "ohne@muster.example")
    assert not roster.is_admin(api.client, asana.workspace)
    with pytest.raises(ConfigurationError, match="Only an admin"):
        roster.remove(api.client, asana.workspace, person)

    connection.secrets = {"pat": asana.add_token(user=asana.approver)}
    connection.save()
    admin = AsanaApi(connection)
    assert roster.is_admin(admin.client, asana.workspace)
    roster.remove(admin.client, asana.workspace, person)

    active = {one.email for one in roster.members(admin.client, asana.workspace) if one.is_active}
    assert "ohne@muster.example" not in active


# --- lists for the admin ------------------------------------------------------------------------------------


def test_places_people_and_templates_are_offered_whatever_stands_above(
    connection: Connection, asana: Any
) -> None:
    project = asana.add_project("Freigaben")
    section = asana.add_section(project, "Erledigt")
    portfolio = asana.add_portfolio("Baustellen")
    template = asana.add_template("Bauvorhaben")
    discover = VENDOR.discover

    assert section in [one.ref for one in discover["sections"](connection, project)]
    assert discover["sections"](connection, "") == []
    # A project chosen above is not a workspace.
    for parent in ("", project, asana.workspace):
        assert [one.ref for one in discover["portfolios"](connection, parent)] == [portfolio]
        assert [one.ref for one in discover["templates"](connection, parent)] == [template]
        assert [one.ref for one in discover["projects"](connection, parent)] == [project]
        people = {one.label for one in discover["users"](connection, parent)}
        assert "Änne Beispiel (aenne@muster.example)" in people


def test_what_only_some_integrations_use_is_not_missed(connection: Connection, asana: Any) -> None:
    for route in ("portfolios.list", "templates.list"):
        asana.faults.add(route, status=402, body={"errors": [{"message": "Upgrade"}]})

    found = VENDOR.check(connection)

    assert found.missing == []
    assert "Portfolios" not in " ".join(str(one) for one in found.may)
