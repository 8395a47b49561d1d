"""Whole stories against the vendors' own specifications: our requests and the simulators' answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections import clock, services
from connections.models import TokenSet
from pairs import actions, work
from tests.connections.vendors.acumatica import test_contract as acumatica_client
from tests.connections.vendors.asana import test_contract as asana_client
from tests.connections.vendors.datev import test_contract as datev_client
from tests.connections.vendors.jira import test_contract as jira_client
from tests.contract import Contract, spec_file
from tests.pairs.acumatica_world import AcumaticaWorld
from tests.pairs.jira_world import DONE, JiraWorld
from tests.pairs.world import World
from tests.sandbox.asana import spec as asana_simulator
from tests.sandbox.datev import spec as datev_simulator
from tests.sandbox.jira import spec as jira_simulator


@pytest.fixture(params=["extf", "dxso"])
def told(request: pytest.FixtureRequest, db: None, asana: Any, datev: Any, settings: Any) -> World:
    """A world after bookings, a refusal, a correction, comments, webhooks, lost answers and waiting."""
    spec_file("asana", "asana_oas.yaml")
    settings.PUBLIC_URL = "https://hub.example"
    asana.options.handshake_on_a_thread = False
    world = World(asana, datev, route=request.param, result_comment=True)
    for connection in (world.source, world.target):
        services.test_connection(connection, "anna")
    work.webhooks()
    gid = world.approved()
    asana.deliver()
    world.approved(amount=None)
    world.approved(kind="Gutschrift")
    for simulator, route in (
        (asana, "tasks.change"),
        (asana, "stories.create"),
        (asana, "tasks.list"),
        (datev, "extf.import"),
        (datev, "documents.put"),
    ):
        simulator.faults.add(route, drop="after")
    datev.faults.add("extf.job", status=429, headers={"Retry-After": "5"})
    world.work(minutes=12)
    TokenSet.objects.update(access_expires_at=clock.now() - timedelta(seconds=1))
    asana.set_field(gid, world.fields["amount"], Decimal("238.00"))
    world.work(minutes=4)
    actions.decide(world.record(gid), "correct", by="anna")
    world.work(minutes=8)
    type(world.integration).objects.update(is_on=False)
    work.webhooks()
    assert len(datev.bookings()) >= 3
    return world


def test_what_passes_between_us_and_asana_breaks_no_rule(told: World) -> None:
    deviations = (*asana_simulator.DEVIATIONS, *asana_client.DEVIATIONS)
    contract = Contract(spec_file("asana", "asana_oas.yaml"), prefixes=("/api/1.0",), deviations=deviations)
    calls = [call for call in told.asana.calls if call.path.startswith("/api/1.0/")]

    assert {"tasks.list", "tasks.change", "stories.create", "webhooks.create"} <= {one.route for one in calls}
    found = [one for one in contract.violations(calls) if ": request: " in one]
    assert [*found, *asana_simulator.violations(told.asana)] == []


@pytest.mark.parametrize("api", sorted(datev_simulator.FILES))
def test_what_passes_between_us_and_datev_breaks_no_rule(told: World, api: str) -> None:
    contract = datev_simulator.contract(api)
    contract.deviations = (*contract.deviations, *datev_client.DEVIATIONS)
    calls = [call for call in told.datev.calls if call.path.startswith(f"/{api}/")]

    assert calls or api in ("extf", "dxso")
    assert contract.violations(calls) == []


def test_what_passes_between_us_and_jira_breaks_no_rule(
    db: None, jira: Any, datev: Any, settings: Any
) -> None:
    """After an issue, a lost answer, a move without and one with a correction, a webhook and waiting."""
    path = spec_file("jira", "swagger-v3.v3.json")
    settings.PUBLIC_URL = "https://hub.example"
    world = JiraWorld(jira, datev, moves_back=True)
    services.test_connection(world.target, "anna")
    batch = world.refused()
    for route in ("issues.create", "comments.create"):
        jira.faults.add(route, drop="after")
    world.work(5)
    work.webhooks()
    world.move(world.issue, DONE)
    jira.deliver()
    world.work(30)
    world.correct(batch, posting_text="Papier")
    world.move(world.issue, DONE)
    world.work(20)
    type(world.integration).objects.update(is_on=False)
    work.webhooks()
    assert world.jobs == 2 and len(world.issues) == 1
    deviations = (*jira_simulator.DEVIATIONS, *jira_client.DEVIATIONS)
    contract = Contract(path, prefixes=(f"/ex/jira/{jira.site}",), deviations=deviations)
    calls = [call for call in jira.calls if "/rest/api/3/" in call.path]

    assert {"webhooks.register", "issues.create"} <= {call.route for call in calls}
    found = [one for one in contract.violations(calls) if ": request: " in one]
    assert [*found, *jira_simulator.violations(jira)] == []


def test_what_passes_between_acumatica_asana_and_us_breaks_no_rule(
    db: None, acumatica: Any, asana: Any, settings: Any
) -> None:
    """After lines, files, a release, an approval, a rejection, one that is asked for again, and an end."""
    path = spec_file("asana", "asana_oas.yaml")
    settings.PUBLIC_URL = "https://hub.example"
    asana.options.handshake_on_a_thread = False
    world = AcumaticaWorld(
        acumatica, asana, lines_as="in_project", with_files=True, assignee="aenne@muster.example"
    )
    world.set(finished_section=asana.add_section(world.project, "Erledigt"))
    work.webhooks()
    bills = [world.bill() for _ in range(4)]
    order = world.order()
    acumatica.add_file("Bill", bills[0])
    asana.faults.add("tasks.create", drop="after")
    world.work(minutes=6)
    for ref, verdict in zip(
        (*bills[:3], order), ("approved", "approved", "rejected", "approved"), strict=True
    ):
        world.decide(ref, verdict)
    acumatica.change_bill(bills[1], amount="7.00")
    acumatica.press("Bill", bills[3], "ReleaseBill")
    world.work(minutes=6)
    type(world.integration).objects.update(is_on=False)
    work.webhooks()
    assert len(world.releases()) == 2 and len(world.tasks()) == 5

    deviations = (*asana_simulator.DEVIATIONS, *asana_client.DEVIATIONS)
    contract = Contract(path, prefixes=("/api/1.0",), deviations=deviations)
    calls = [call for call in asana.calls if call.path.startswith("/api/1.0/")]
    assert {"tasks.create", "tasks.change", "stories.create", "attachments.upload"} <= {
        one.route for one in calls
    }
    found = [one for one in contract.violations(calls) if ": request: " in one]
    assert [*found, *asana_simulator.violations(asana)] == []

    contract = Contract(spec_file(*acumatica_client.FILE), prefixes=(acumatica_client.PREFIX,))
    asked = [call for call in acumatica_client.judged(acumatica) if acumatica_client.depth(call) < 3]
    assert {call.method for call in asked} == {"GET", "POST"}
    assert [one for one in contract.violations(asked) if ": request: " in one] == []
