""" "Test connection": who we are, which endpoint there is, what may be read and done, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_noop as _

from connections.base import Checkup, Rate
from connections.errors import ConfigurationError, RejectedError
from connections.messages import Message, say
from connections.sessions import slice_of_work
from connections.vendors.acumatica import addresses, documents, login, people
from connections.vendors.acumatica.client import Client, Query
from connections.vendors.acumatica.discovery import Instance, instance, offered_actions
from connections.vendors.acumatica.documents import BILL, PURCHASE_ORDER
from connections.vendors.acumatica.values import Row, listing
from connections.vendors.acumatica.webhooks import WEBHOOKS

if TYPE_CHECKING:
    from connections.models import Connection

# A third of the allowance may come at once.
BURST_PART = 3


class Probe(NamedTuple):
    """A harmless read that shows whether an entity is open to us, and what it is called on the screen."""

    entity: str
    query: Query
    may: str
    screen: str


PROBES = (
    Probe(BILL, documents.state_query(BILL), _("Bills can be read."), _("Bills and Adjustments (AP301000)")),
    Probe(
        PURCHASE_ORDER,
        documents.state_query(PURCHASE_ORDER),
        _("Purchase orders can be read."),
        _("Purchase Orders (PO301000; needs the feature Inventory and Order Management)"),
    ),
    Probe(people.EMPLOYEE, people.EMPLOYEES, _("Employees can be read."), _("Employees (EP203000)")),
    Probe(people.CREDITOR, people.CREDITORS, _("Vendors can be read."), _("Vendors (AP303000)")),
)


def rate(connection: Connection) -> Rate:
    """No minute holds more than the calls that are filled in."""
    allowed = max(int(connection.setting("calls_per_minute")), 2)
    burst = max(allowed // BURST_PART, 1)
    return Rate(per_minute=max(allowed - burst, 1), burst=burst)


def check(connection: Connection) -> Checkup:
    """The endpoint against the instance's own list first: with a wrong one everything else is 404."""
    client = Client(connection)
    client.zone  # noqa: B018 - one that does not exist is said before any call
    with slice_of_work():
        found = instance(client)
        missing = [*_endpoint(connection, found), *_release(connection, found)]
        may = [_described(found), *_limits(connection)]
        if found_endpoint(connection, found):
            _look(client, may, missing)
    return Checkup(
        who=_who(connection),
        may=may,
        missing=missing,
        facts={
            "build": found.build,
            "tenant": login.tenant(connection),
            "branch": str(connection.setting("branch")).strip(),
            "endpoints": [f"{name}/{version}" for name, version in found.endpoints],
        },
    )


def found_endpoint(connection: Connection, found: Instance) -> bool:
    return addresses.endpoint(connection) in found.endpoints


def _who(connection: Connection) -> str:
    """With OAuth Acumatica does not tell the person's name."""
    tenant = login.tenant(connection) or login.client_id(connection).rpartition("@")[2]
    if login.way(connection) == login.OAUTH:
        return f"{login.client_id(connection).partition('@')[0]} @ {tenant}"
    return f"{str(connection.setting('user_name')).strip()} @ {tenant}"


def _described(found: Instance) -> Message:
    listed = ", ".join(f"{name} {version}" for name, version in found.endpoints)
    if not found.build:
        return say("Endpoints on this instance: %(endpoints)s", endpoints=listed)
    return say(
        "Acumatica %(release)s (build %(build)s). Endpoints on this instance: %(endpoints)s",
        release=found.release or "?",
        build=found.build,
        endpoints=listed,
    )


def _endpoint(connection: Connection, found: Instance) -> list[Message]:
    if found_endpoint(connection, found):
        return []
    name, version = addresses.endpoint(connection)
    same_name = [known for known in found.endpoints if known[0] == name]
    offered = ", ".join(f"{known} {number}" for known, number in same_name or found.endpoints)
    return [
        say(
            "There is no endpoint '%(name)s' with the version '%(version)s' on this Acumatica, so every "
            "call would end with 'not found' (404). Enter one of these at the connection: %(offered)s",
            name=name,
            version=version,
            offered=offered,
        )
    ]


def _release(connection: Connection, found: Instance) -> list[Message]:
    expected = " ".join(str(connection.setting("release")).upper().split())
    if not expected or not found.release or expected == found.release:
        return []
    return [
        say(
            "Acumatica runs the release %(found)s now, the connection says %(expected)s. Check the endpoint "
            "version and the way of signing in, then enter the new release.",
            found=found.release,
            expected=expected,
        )
    ]


def _limits(connection: Connection) -> list[Message]:
    """What this connection takes of the licence; the licence's own numbers can't be asked for."""
    takes = (
        say(
            "A session takes one place of the licence's API users while work is done, and is signed out of "
            "after."
        )
        if login.way(connection) == login.SESSION
        else say("The sign-in takes one place of the licence's API users.")
    )
    pace = say(
        "At most %(calls)s calls a minute are made. The licence's own limits stand on License Monitoring "
        "Console (SM604000).",
        calls=max(int(connection.setting("calls_per_minute")), 2),
    )
    push = (
        say("Push notifications are accepted.")
        if WEBHOOKS.has_secret(connection)
        else say(
            "Without a secret for push notifications changes are found by the scheduled reading alone, "
            "which is enough."
        )
    )
    return [takes, pace, push]


def _look(client: Client, may: list[Message], missing: list[Message]) -> None:
    """One row of each entity, then the actions of the documents that may be read."""
    branches: set[str] = set()
    for probe in PROBES:
        params = probe.query.params() | {"$top": "100" if probe.entity == people.EMPLOYEE else "1"}
        try:
            rows = listing(client.call("GET", client.at(f"/{probe.entity}", params)).json())
        except (ConfigurationError, RejectedError) as error:
            missing.append(say("%(screen)s: %(reason)s", screen=Message(probe.screen), reason=error.message))
            continue
        may.append(Message(probe.may))
        if probe.entity == people.EMPLOYEE:
            branches = {people.Employee.from_row(Row(raw, client.zone)).branch for raw in rows} - {""}
        if probe.entity in (BILL, PURCHASE_ORDER):
            _actions(client, probe.entity, may, missing)
    missing += _wrong_branch(client.connection, branches)


def _actions(client: Client, entity: str, may: list[Message], missing: list[Message]) -> None:
    try:
        offered = offered_actions(client.schema(entity))
    except (ConfigurationError, RejectedError) as error:
        missing.append(say("%(screen)s: %(reason)s", screen=entity, reason=error.message))
        return
    if offered:
        may.append(say("Actions of %(entity)s: %(actions)s", entity=entity, actions=", ".join(offered)))
    else:
        may.append(
            say(
                "This Acumatica does not list the actions of %(entity)s; enter their names as the screen "
                "has them.",
                entity=entity,
            )
        )


def _wrong_branch(connection: Connection, branches: set[str]) -> list[Message]:
    """The only sign of a wrong tenant: Acumatica itself may sign in to another one and say nothing."""
    own = str(connection.setting("branch")).strip()
    if not own or not branches or own.casefold() in {branch.casefold() for branch in branches}:
        return []
    return [
        say(
            "No employee belongs to the branch %(branch)s; those that are there belong to %(branches)s. "
            "Compare branch and tenant: this may be another tenant than '%(tenant)s'.",
            branch=own,
            branches=", ".join(sorted(branches)),
            tenant=login.tenant(connection),
        )
    ]
