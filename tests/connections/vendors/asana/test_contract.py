"""Our requests against Asana's own specification (the simulator's answers are held by its own tests)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connections.models import Connection
from connections.vendors.asana import VENDOR, definitions, portfolios, roster
from connections.vendors.asana.api import AsanaApi, Draft
from connections.vendors.asana.webhooks import WEBHOOKS
from tests.contract import Contract, Deviation, spec_file

# Where the published file is wrong or silent about the real service.
DEVIATIONS = (
    Deviation("POST /tasks", "custom_fields", "typed as texts; numbers, arrays, objects, null are legal"),
    Deviation(
        "POST /project_templates/{project_template_gid}/instantiateProject",
        "requested_dates[",
        "a day; declared as date-time, described as YYYY-MM-DD",
    ),
    Deviation("POST /tasks", "memberships", "marked read-only, although it is for creating alone"),
    Deviation(
        "PUT /tasks/{task_gid}", "custom_fields", "typed as texts; numbers, arrays, objects, null are legal"
    ),
)


@pytest.fixture
def contract() -> Contract:
    return Contract(spec_file("asana", "asana_oas.yaml"), prefixes=("/api/1.0",), deviations=DEVIATIONS)


@pytest.fixture
def worked(api: AsanaApi, connection: Connection, asana: Any) -> Any:
    """The simulator after every call that the client can make."""
    connection.secrets = {"pat": asana.pat}
    connection.save()
    api = AsanaApi(connection)
    asana.post = lambda url, headers, body: (200, headers, b"")
    project = asana.add_project()
    account = asana.add_custom_field(project, "Konto", "enum", options=["4930"])
    fields = {
        asana.add_custom_field(project, "Hinweis"): "Gebucht",
        asana.add_custom_field(project, "Betrag", "number", precision=2): Decimal("1190.50"),
        asana.add_custom_field(project, "Datum", "date"): date(2026, 7, 1),
        account: asana.option(account, "4930"),
        asana.add_custom_field(project, "Prüfer", "people"): [asana.approver],
        asana.add_custom_field(project, "Leer"): None,
    }
    task = asana.add_task(project, approval_status="approved")
    VENDOR.check(connection)
    for discover in VENDOR.discover.values():
        discover(connection, "")
    api.project(project)
    api.custom_fields(project)
    api.tasks(project, modified_since=asana.clock.now())
    api.set_fields(task, fields)
    api.task(task)
    made = api.create_task(
        Draft("Rechnung", project, asana.add_section(project, "Neu"), is_approval=True, fields=fields)
    )
    api.create_task(Draft("Zeile", parent=made.gid))
    api.change_task(made.gid, name="Rechnung 1", due_on=date(2026, 7, 1), fields=fields)
    api.find_task(project, since=asana.clock.now(), is_it=lambda task: True)
    api.subtasks(made.gid)
    api.remove_from_project(made.gid, project)
    api.add_to_project(made.gid, project)
    api.delete_task(made.gid)
    workspace = api.project(project).workspace
    field = definitions.create(api.client, workspace, "Kostenstelle", "enum", options=["100"])
    definitions.put_into_project(api.client, project, field.gid)
    definitions.change_option(
        api.client, definitions.add_option(api.client, field.gid, "200").gid, name="300", enabled=False
    )
    definitions.read(api.client, field.gid)
    definitions.listed(api.client, workspace)
    api.comment(task, "Gebucht")
    api.comments(task)
    api.upload(task, "Prüfung.pdf", b"%PDF-", "application/pdf")
    api.download(api.attachments(task)[0])
    api.sections(project)
    api.users(workspace)
    play_with_portfolios(api, asana, project)
    gid, _ = WEBHOOKS.register(connection, project, "https://hub.example/hooks/1/")
    WEBHOOKS.find(connection, project, "https://hub.example/hooks/1/")
    WEBHOOKS.state(connection, gid)
    WEBHOOKS.remove(connection, gid)
    return asana


def play_with_portfolios(api: AsanaApi, asana: Any, project: str) -> None:
    portfolio, client = asana.add_portfolio(), api.client
    portfolios.portfolios(client, asana.workspace)
    portfolios.add_item(client, portfolio, project)
    portfolios.items(client, portfolio)
    portfolios.remove_item(client, portfolio, project)
    made = portfolios.create_project(client, asana.workspace, "Neubau", due_on=date(2026, 7, 1))
    portfolios.change_project(client, made.gid, name="Neubau Nord", archived=False)
    update = portfolios.report(client, made.gid, "on_track", "Läuft")
    portfolios.status(client, update.gid)
    portfolios.statuses(client, made.gid, since=asana.clock.now())
    portfolios.state(client, made.gid)
    template = asana.add_template(dates={"1": "Beginn"})
    portfolios.templates(client, asana.workspace)
    job = portfolios.instantiate(client, template, "Neubau Süd", dates={"1": date(2026, 7, 1)})
    portfolios.job(client, job.gid)
    roster.members(client, asana.workspace)
    roster.is_admin(client, asana.workspace)
    user = roster.invite(client, asana.workspace, "neu@muster.example")
    api.client.connection.secrets = {"pat": asana.add_token(user=asana.approver)}
    api.client.connection.save()
    roster.remove(AsanaApi(api.client.connection).client, asana.workspace, user)


def test_nothing_that_we_send_breaks_the_specification(worked: Any, contract: Contract) -> None:
    assert [one for one in contract.violations(worked.calls) if ": request: " in one] == []


def test_every_field_that_we_ask_for_exists(worked: Any, contract: Contract) -> None:
    """An unknown name is ignored by Asana, so a typing error would read as an empty field."""
    unknown = {
        f"{call.route}: {name}"
        for call in worked.calls
        for name in call.query.get("opt_fields", "").split(",")
        if name and name not in _known(contract, call)
    }
    assert unknown == set()


def _known(contract: Contract, call: Any) -> set[str]:
    """The names of the specification; it leaves out every `.gid`, which always comes."""
    template = contract._template(call.path)
    assert template is not None
    parameters = contract.spec["paths"][template][call.method.lower()]["parameters"]
    listed = next(one for one in parameters if one.get("name") == "opt_fields")["schema"]["items"]["enum"]
    return {*listed, *(f"{name}.gid" for name in listed)}
