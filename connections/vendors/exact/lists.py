"""The lists that the admin chooses from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from connections import clock
from connections.base import Option
from connections.errors import ConfigurationError
from connections.messages import say
from connections.vendors.exact import masters, projects
from connections.vendors.exact.client import Client
from connections.vendors.exact.masters import Item
from connections.vendors.exact.projects import WbsKind
from connections.vendors.exact.values import Row

if TYPE_CHECKING:
    from connections.models import Connection

# A longer list takes too many calls to be drawn with a form.
MOST_ITEMS = 600


def list_divisions(connection: Connection, parent: str) -> Sequence[Option]:
    """The companies; the one that is open for the user at Exact Online first, as a proposal."""
    user = masters.me(Client(connection))
    found = masters.divisions(Client(connection, user.current_division))
    in_order = sorted(found, key=lambda one: (one.code != user.current_division, one.code))
    return [
        Option(
            str(one.code),
            gettext("%(name)s (open for the user now)") % {"name": one.label}
            if one.code == user.current_division
            else one.label,
        )
        for one in in_order
    ]


def list_projects(connection: Connection, parent: str) -> Sequence[Option]:
    found = projects.projects(Client(connection))
    return [Option(one.id, one.label, kind=one.type.name.lower() if one.type else "") for one in found]


def list_deliverables(connection: Connection, parent: str) -> Sequence[Option]:
    """Those of the project `parent`."""
    found = projects.wbs_items(Client(connection), WbsKind.DELIVERABLE, "Project", [parent])
    return [Option(one.id, one.description) for one in found]


def list_gl_accounts(connection: Connection, parent: str) -> Sequence[Option]:
    return [Option(one.code, one.label) for one in masters.gl_accounts(Client(connection))]


def list_cost_centers(connection: Connection, parent: str) -> Sequence[Option]:
    return _dimensions(connection, masters.COST_CENTERS)


def list_cost_units(connection: Connection, parent: str) -> Sequence[Option]:
    return _dimensions(connection, masters.COST_UNITS)


def list_cost_items(connection: Connection, parent: str) -> Sequence[Option]:
    """Items that a cost entry can name: all but hour types."""
    return [Option(one.id, one.label, kind="item") for one in _items(connection, "IsTime eq 0")]


def list_hour_items(connection: Connection, parent: str) -> Sequence[Option]:
    """Hour types, of which a project has budgets."""
    return [Option(one.id, one.label, kind="hours") for one in _items(connection, "IsTime eq 1")]


def list_item_groups(connection: Connection, parent: str) -> Sequence[Option]:
    """The groups that items are in."""
    groups = {one.group.id: one.group for one in _items(connection, "IsTime eq 0") if one.group}
    in_order = sorted(groups.values(), key=lambda group: group.code)
    return [Option(group.id, f"{group.code} - {group.label}") for group in in_order]


def _dimensions(connection: Connection, path: str) -> Sequence[Option]:
    today = clock.now().date()
    found = masters.dimensions(Client(connection), path)
    return [Option(one.code, one.label) for one in found if one.is_active(today)]


def _items(connection: Connection, where: str) -> Iterable[Item]:
    client = Client(connection)
    found: list[Item] = []
    for raw in client.rest_of(client.page(masters.ITEMS, masters.ITEM_COLUMNS, where)):
        found.append(Item.from_row(Row(raw, client.zone)))
        if len(found) > MOST_ITEMS:
            raise ConfigurationError(
                say(
                    "There are more than %(count)s items, too many for a list. Enter the item's code.",
                    count=MOST_ITEMS,
                ),
                vendor="exact",
            )
    return sorted(found, key=lambda item: item.code)
