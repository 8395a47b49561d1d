"""How each vendor and each pair is put on the stage. A new one adds one entry; the tests stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bookings.models import Batch
from connections.models import Connection
from mlconnector.sandbox.acumatica import AcumaticaSimulator
from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.datev.state import Client
from mlconnector.sandbox.dynamics import DynamicsSimulator
from mlconnector.sandbox.exact import ExactSimulator
from mlconnector.sandbox.jira import API_URL, AUTH_URL, JiraSimulator
from pairs.models import RecordState
from tests import factories
from tests.pairs.dynamics_world import DynamicsWorld
from tests.pairs.jira_world import JiraWorld
from tests.pairs.world import World

CLIENT = "455148-1"


@dataclass(frozen=True)
class VendorStage:
    """A simulator, a connection to it, and what the tests must know of the vendor's own words."""

    simulator: Callable[[], Any]
    # Where it is mounted.
    prefixes: tuple[str, ...]
    connection: Callable[[Any], Connection]
    # Fills the simulator with more things than fit on a page; returns how many there are.
    fill: Callable[[Any], int]
    # The list (`Vendor.discover`) that shows them.
    listing: str
    # What is chosen above a list, by the list's name; made in the simulator.
    parents: Callable[[Any], Mapping[str, str]]
    # (route, what a fault switch overrides) of answers that name a further address, here a foreign one.
    links: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=())
    # Ends of addresses that are called by POST and change nothing: reads in one call, sign-ins.
    reads: tuple[str, ...] = ()


def _many_projects(asana: Any) -> int:
    for number in range(230):
        asana.add_project(f"Projekt {number}")
    return 230


def _many_clients(datev: Any) -> int:
    datev.clients += [Client(455148, number, f"Muster {number} GmbH") for number in range(10, 240)]
    return len(datev.clients)


def _many_currencies(dynamics: Any) -> int:
    for number in range(229):
        dynamics.add_currency(f"X{number:03d}", "1.5")
    return 230


def _many_jira_projects(jira: Any) -> int:
    for number in range(229):
        jira.add_project(f"P{number}", f"Projekt {number}")
    return 230


def _exact() -> Any:
    return ExactSimulator(calls_per_minute=None, calls_per_day=None, errors_per_hour=None)


def _many_exact_projects(exact: Any) -> int:
    for number in range(230):
        exact.add_project(f"P{number:03d}", f"Projekt {number}")
    return 230


def _jira() -> Any:
    """With a project in which the person who signs in may work."""
    jira = JiraSimulator()
    jira.add_project("FIN", "Finanzbuchhaltung")
    return jira


def _jira_parents(jira: Any) -> Mapping[str, str]:
    project = jira.project("FIN").id
    screen = f"{project}/{jira.type_id('FIN')}"
    lists = ("create_fields", "required_fields", "external_fields")
    return {"issue_types": project, "statuses": project, **dict.fromkeys(lists, screen)}


def _many_vendor_classes(acumatica: Any) -> int:
    for number in range(229):
        acumatica.add_vendor_class(f"K{number:03d}", f"Klasse {number}")
    return 230


def _asana_parents(asana: Any) -> Mapping[str, str]:
    project = asana.add_project()
    asana.add_custom_field(project, "Konto", "enum", options=["4930"])
    return {"fields": project, "writable_fields": project, "sections": project}


EVIL = "https://evil.example"

VENDORS: dict[str, VendorStage] = {
    "acumatica": VendorStage(
        AcumaticaSimulator,
        (factories.ACUMATICA,),
        factories.acumatica_connection,
        fill=_many_vendor_classes,
        listing="vendor_classes",
        parents=lambda acumatica: {},
    ),
    "asana": VendorStage(
        AsanaSimulator,
        (factories.ASANA, factories.ASANA_FILES),
        factories.asana_connection,
        fill=_many_projects,
        listing="projects",
        parents=_asana_parents,
    ),
    "datev": VendorStage(
        DatevSimulator,
        (factories.DATEV,),
        factories.datev_connection,
        fill=_many_clients,
        listing="clients",
        parents=lambda datev: {"document_types": CLIENT},
        links=(("clients.list", {"headers": {"Link": f'<{EVIL}/clients?skip=100>; rel="next"'}}),),
    ),
    "dynamics": VendorStage(
        lambda: DynamicsSimulator(largest_page=100),
        (factories.DYNAMICS, factories.DYNAMICS_API, factories.ENTRA),
        factories.dynamics_connection,
        fill=_many_currencies,
        listing="currencies",
        parents=lambda dynamics: {},
        links=(
            (
                "GET /transactioncurrencies",
                {"body": {"value": [], "@odata.nextLink": f"{EVIL}/api/data/v9.2/transactioncurrencies"}},
            ),
        ),
        reads=("/$batch", "/oauth2/v2.0/token"),
    ),
    "exact": VendorStage(
        _exact,
        (factories.EXACT,),
        factories.exact_connection,
        fill=_many_exact_projects,
        listing="projects",
        parents=lambda exact: {
            "deliverables": exact.add_project("P1", "Umbau", milestones=[("Rohbau", 100)])
        },
        links=(
            (
                "project/Projects.list",
                {"body": {"d": {"results": [], "__next": f"{EVIL}/api/v1/1/project/Projects"}}},
            ),
        ),
    ),
    "jira": VendorStage(
        _jira,
        (AUTH_URL, API_URL),
        factories.jira_connection,
        fill=_many_jira_projects,
        listing="projects",
        parents=_jira_parents,
        reads=("/issue/bulkfetch", "/changelog/bulkfetch", "/search/jql", "/oauth/token"),
    ),
}


@dataclass(frozen=True)
class PairStage:
    """A world in which one source object becomes one thing at the target.

    `make(asana=..., datev=..., ...)` takes the simulators by their vendors' keys.
    """

    make: Callable[..., Any]
    # A new source object that is ready to be handled; its reference.
    ready: Callable[[Any], str]
    # The same object, changed in what matters, and deleted.
    changed: Callable[[Any, str], Any]
    # None: what this pair reads is never deleted.
    deleted: Callable[[Any, str], Any] | None
    # How many things stand at the target.
    arrived: Callable[[Any], int]
    # A change makes a person decide once it has arrived.
    is_final: bool = True
    # The state of its record once it has arrived.
    arrives_as: str = RecordState.DONE


PAIRS: dict[str, PairStage] = {
    "datev_jira": PairStage(
        make=lambda datev, jira: JiraWorld(jira, datev),
        ready=lambda world: f"batch:{world.refused().pk}",
        changed=lambda world, ref: world.correct(
            Batch.objects.get(pk=ref.partition(":")[2]), posting_text="neu"
        ),
        deleted=None,
        arrived=lambda world: len(world.issues),
        is_final=False,
        arrives_as=RecordState.SENT,
    ),
    "asana_datev": PairStage(
        make=lambda asana, datev: World(asana, datev, result_comment=True),
        ready=lambda world: world.approved(),
        changed=lambda world, ref: world.asana.set_field(ref, world.fields["amount"], "238.00"),
        deleted=lambda world, ref: world.asana.delete_task(ref),
        arrived=lambda world: len(world.datev.bookings()),
    ),
    "dynamics_datev": PairStage(
        make=DynamicsWorld,
        ready=lambda world: world.billed(),
        changed=lambda world, ref: world.dynamics.add_line(
            world.id_of(ref), text="Mehr", price="10.00", rate=7
        ),
        deleted=lambda world, ref: world.dynamics.delete(world.id_of(ref)),
        arrived=lambda world: len(world.datev.bookings()),
    ),
}
