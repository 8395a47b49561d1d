""" "Test connection": who we are, which companies are open to us, what may be read, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_noop as _

from connections import clock, limits
from connections.base import Checkup
from connections.breaker import closed_now, sentence
from connections.errors import ConfigurationError, RejectedError
from connections.messages import Message, say
from connections.vendors.exact import changes, columns, masters, odata, webhooks
from connections.vendors.exact.client import Client, is_not_offered
from connections.vendors.exact.feeds import FEEDS
from connections.vendors.exact.masters import Division, Me
from connections.vendors.exact.watch import ERRORS, Quota

if TYPE_CHECKING:
    from connections.models import Connection


class Probe(NamedTuple):
    """One row of an endpoint, for the right (scope) that the App Center calls `scope`."""

    path: str
    key: str
    scope: str
    may: str
    # The message when it may not be read by this package, and nothing is missed; "" = it is missed.
    otherwise: str = ""


# One endpoint for each scope. Source: resource table of the Exact Online REST API (2025-07).
PROBES: Sequence[Probe] = (
    Probe(columns.ORDERS, "PurchaseOrderID", "Purchase orders", _("Purchase orders can be read.")),
    Probe(columns.INVOICES, "InvoiceID", "Sales invoices", _("Sales invoices can be read.")),
    Probe(masters.ACCOUNTS, "ID", "Crm accounts", _("Suppliers and customers can be read.")),
    Probe(masters.GL_ACCOUNTS, "ID", "Financial generalledgers", _("GL accounts can be read.")),
    Probe(masters.COST_CENTERS, "ID", "Financial costcenters", _("Cost centers and units can be read.")),
    Probe(masters.ITEMS, "ID", "Logistics items", _("Items can be read.")),
    Probe(
        columns.PROJECTS,
        "ID",
        "Projects projects",
        _("Projects can be read."),
        _("Projects can't be read (scope 'Projects projects', or the package): no completions flow back."),
    ),
    Probe(webhooks.PATH, "ID", "Organization administration", _("Webhooks can be listed.")),
)
# A package may lack it; then orders are read by the time of their change.
ORDER_FEED = FEEDS["purchase_orders"]


def check(connection: Connection) -> Checkup:
    """Who we are and what is open to us; a dozen calls."""
    client = Client(connection)
    user = masters.me(client)
    open_divisions = masters.divisions(Client(connection, user.current_division))
    may: list[Message] = []
    missing = _clock_faults(client, user)
    chosen = _chosen(connection, user, open_divisions, missing)
    if chosen is not None:
        may.append(say("Company: %(name)s (%(currency)s)", name=chosen.label, currency=chosen.currency))
        for probe in PROBES:
            _probe(client, probe, may, missing)
        may.append(_order_feed(client))
        if not connection.secrets.get("webhook_secret"):
            may.append(
                say(
                    "No webhook secret is entered, so changes are found by the scheduled reading alone, some "
                    "minutes later."
                )
            )
    may += _limits_left(client)
    return Checkup(
        who=user.name,
        may=may,
        missing=missing,
        facts={
            "user": user.id,
            "division": chosen.code if chosen else None,
            "divisions": [{"code": one.code, "name": one.name} for one in open_divisions],
        },
    )


def notes(connection: Connection) -> Sequence[Message]:
    """Which calls rest at present, and until when."""
    if connection.pk is None:
        return ()
    resting = [sentence(closed) for closed in closed_now(connection, ERRORS)]
    until = limits.paused_until(connection)
    if until is not None:
        resting.append(
            say(
                "Exact Online allows no call before %(until)s UTC; then it goes on by itself.",
                until=f"{until:%Y-%m-%d %H:%M}",
            )
        )
    return resting


def _chosen(
    connection: Connection, user: Me, open_divisions: Sequence[Division], missing: list[Message]
) -> Division | None:
    """The company of the connection, if it is open to us; otherwise what is missing."""
    text = str(connection.setting("division") or "").strip()
    found = next((one for one in open_divisions if str(one.code) == text), None)
    if found is not None:
        return found
    names = ", ".join(one.label for one in open_divisions) or "-"
    proposed = next((one for one in open_divisions if one.code == user.current_division), None)
    if text:
        missing.append(
            say(
                "The company (division) %(division)s is not open to this user and app any more. Open are: "
                "%(names)s.",
                division=text,
                names=names,
            )
        )
    elif proposed is not None:
        missing.append(
            say(
                "Choose the company (division) at the connection. Proposed, because it is open for the user: "
                "%(proposed)s. There are: %(names)s.",
                proposed=proposed.label,
                names=names,
            )
        )
    else:
        missing.append(
            say("Choose the company (division) at the connection. There are: %(names)s.", names=names)
        )
    return None


def _clock_faults(client: Client, user: Me) -> list[Message]:
    """The site writes local time without saying which: its offset must be the one that we reckon with."""
    ours = clock.now().astimezone(client.zone).utcoffset()
    if user.utc_offset is None or ours == user.utc_offset:
        return []
    return [
        say(
            "The clock of the Exact Online site is %(theirs)s hours from UTC, that of the time zone %(zone)s "
            "%(ours)s hours. Correct the time zone of the connection.",
            theirs=user.utc_offset.total_seconds() / 3600,
            zone=client.zone.key,
            ours=ours.total_seconds() / 3600 if ours is not None else "?",
        )
    ]


def _probe(client: Client, probe: Probe, may: list[Message], missing: list[Message]) -> None:
    # Some endpoints demand a filter; by the key it costs nothing.
    nobody = f"{probe.key} eq {odata.guid('00000000-0000-0000-0000-000000000001')}"
    try:
        client.page(probe.path, (probe.key,), nobody, top=1)
    except (ConfigurationError, RejectedError) as error:
        if probe.otherwise and is_not_offered(error):
            may.append(Message(probe.otherwise))
        else:
            missing.append(say("%(scope)s: %(reason)s", scope=probe.scope, reason=error.message))
    else:
        may.append(Message(probe.may))


def _order_feed(client: Client) -> Message:
    try:
        client.page(ORDER_FEED.sync, ("Timestamp",), f"Timestamp gt {odata.int64(2**62)}", top=1)
    except (ConfigurationError, RejectedError) as error:
        if not is_not_offered(error):
            raise
        changes.remember_without(client.connection, ORDER_FEED.key, is_missing=True)
        return say(
            "Your package lacks the feed of purchase orders, so they are read by the time of their change."
        )
    changes.remember_without(client.connection, ORDER_FEED.key, is_missing=False)
    return say("Changes of purchase orders come as a feed.")


def _limits_left(client: Client) -> list[Message]:
    if client.watch.last is None:
        return []
    minute, day = client.watch.last.minute, client.watch.last.day
    return [
        say(
            "Calls left: %(left)s of %(limit)s this minute, %(left_today)s of %(limit_today)s until "
            "%(reset)s UTC.",
            left=_number(minute.remaining),
            limit=_number(minute.limit),
            left_today=_number(day.remaining),
            limit_today=_number(day.limit),
            reset=_time(day),
        )
    ]


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _time(quota: Quota) -> str:
    resets_at: datetime | None = quota.resets_at
    return "?" if resets_at is None else f"{resets_at:%Y-%m-%d %H:%M}"
