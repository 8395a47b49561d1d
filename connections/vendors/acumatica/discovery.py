"""The lists that the admin chooses from: endpoints, branches, types, statuses, actions, custom fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from connections.base import Option
from connections.sessions import slice_of_work
from connections.vendors.acumatica import addresses
from connections.vendors.acumatica.client import MODIFIED, Client, Query
from connections.vendors.acumatica.documents import BILL, ENTITIES, PURCHASE_ORDER
from connections.vendors.acumatica.people import EMPLOYEE
from connections.vendors.acumatica.values import CUSTOM_KINDS, Row, listing, unreadable

if TYPE_CHECKING:
    from connections.models import Connection

# Actions of the contract, and those that screens usually have. Source: Default/24.200.001, "Approval"
# (2026-11).
USUAL_ACTIONS: Mapping[str, Sequence[str]] = {
    BILL: ("ReleaseBill", "Approve", "Reject"),
    PURCHASE_ORDER: ("Approve", "Reject"),
}
# Documents that are looked through for types, statuses and branches of the customer's own.
LOOKED_AT = 100


class Instance(NamedTuple):
    """What GET /entity tells: the build ("" on older ones) and the endpoints as (name, version)."""

    build: str
    endpoints: tuple[tuple[str, str], ...]

    @property
    def release(self) -> str:
        """ "2025 R2" for the build 25.201.0213; "" for anything else."""
        found = re.match(r"(\d\d)\.([12])\d\d\.", self.build)
        return f"20{found[1]} R{found[2]}" if found else ""


def instance(client: Client) -> Instance:
    """The instance and its endpoints, newest version last. Raises TransientError for anything else."""
    body = client.call("GET", f"{addresses.instance(client.connection)}/entity").json()
    # Older builds send the rows alone.
    rows = body.get("endpoints") if isinstance(body, Mapping) else body
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise unreadable()
    pairs = {(row.get("name"), row.get("version")) for row in rows}
    found = [(name, version) for name, version in pairs if isinstance(name, str) and isinstance(version, str)]
    if len(found) != len(pairs):
        raise unreadable()
    version = body.get("version") if isinstance(body, Mapping) else None
    build = version.get("acumaticaBuildVersion") if isinstance(version, Mapping) else ""
    return Instance(
        build if isinstance(build, str) else "",
        tuple(sorted(found, key=lambda pair: (pair[0], _numbers(pair[1])))),
    )


def list_endpoints(connection: Connection, parent: str) -> list[Option]:
    found = instance(Client(connection)).endpoints
    return [Option(f"{name}/{version}", f"{name} {version}", "endpoint") for name, version in found]


def list_vendor_classes(connection: Connection, parent: str) -> list[Option]:
    rows = Client(connection).everything("VendorClass", Query(("ClassID", "Description", MODIFIED)))
    options = [
        Option(row.text("ClassID"), _label(row.text("ClassID"), row.text("Description")), "vendor_class")
        for row in rows
    ]
    return sorted(options, key=lambda option: option.ref)


def list_branches(connection: Connection, parent: str) -> list[Option]:
    """Branches that people or documents belong to: the contract has no list of them.

    The connection's own branch is among them.
    """
    client = Client(connection)
    with slice_of_work():
        people = client.everything(
            EMPLOYEE, Query(("EmployeeID", MODIFIED, "EmployeeSettings/BranchID"), ("EmployeeSettings",))
        )
        found = [(row.linked("EmployeeSettings") or row).text("BranchID") for row in people]
        found += [row.text("BranchID") for row in _some(client, BILL, ("BranchID",))]
    own = str(connection.setting("branch")).strip()
    return [Option(ref, ref, "branch") for ref in sorted({*found, own} - {""})]


def list_bill_types(connection: Connection, parent: str) -> list[Option]:
    return _labels(connection, BILL, "Type", ENTITIES[BILL].types)


def list_bill_statuses(connection: Connection, parent: str) -> list[Option]:
    return _labels(connection, BILL, "Status", ENTITIES[BILL].statuses)


def list_order_types(connection: Connection, parent: str) -> list[Option]:
    return _labels(connection, PURCHASE_ORDER, "Type", ENTITIES[PURCHASE_ORDER].types)


def list_order_statuses(connection: Connection, parent: str) -> list[Option]:
    return _labels(connection, PURCHASE_ORDER, "Status", ENTITIES[PURCHASE_ORDER].statuses)


def list_bill_actions(connection: Connection, parent: str) -> list[Option]:
    return _actions(connection, BILL)


def list_order_actions(connection: Connection, parent: str) -> list[Option]:
    return _actions(connection, PURCHASE_ORDER)


def list_bill_fields(connection: Connection, parent: str) -> list[Option]:
    """Custom fields of the header, as `Document.custom` names them."""
    return _custom_fields(connection, BILL)


def list_order_fields(connection: Connection, parent: str) -> list[Option]:
    return _custom_fields(connection, PURCHASE_ORDER)


def offered_actions(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the screen's actions where the release tells them, else nothing.

    The exact form is not documented: names are taken from lists of texts or objects, and from keys.
    """
    return tuple(sorted(set(_names(schema.get("_workflowActions")))))


def _names(given: Any) -> Iterator[str]:
    if isinstance(given, Mapping):
        yield from (name for name in given if isinstance(name, str))
    for item in given if isinstance(given, list) else ():
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            named = (item.get(key) for key in ("name", "actionName", "Name", "action"))
            yield from (name for name in named if isinstance(name, str) and name)


def _actions(connection: Connection, entity: str) -> list[Option]:
    """Those that the screen offers, and the usual ones: an older release tells nothing."""
    offered = offered_actions(Client(connection).schema(entity))
    return [Option(name, name, "action") for name in dict.fromkeys((*USUAL_ACTIONS[entity], *offered))]


def _custom_fields(connection: Connection, entity: str) -> list[Option]:
    views = Client(connection).schema(entity).get("custom")
    options = []
    for view, fields in views.items() if isinstance(views, Mapping) else ():
        for name, field in fields.items() if isinstance(fields, Mapping) else ():
            kind = CUSTOM_KINDS.get(str(field.get("type")), "text") if isinstance(field, Mapping) else "text"
            options.append(Option(f"{view}.{name}", f"{name} ({view})", kind))
    return sorted(options, key=lambda option: option.label)


def _labels(connection: Connection, entity: str, field: str, documented: Iterable[str]) -> list[Option]:
    """What the documentation lists, then what the last documents show beyond it."""
    seen = sorted({row.text(field) for row in _some(Client(connection), entity, (field,))} - {""})
    return [Option(label, label, field.lower()) for label in dict.fromkeys((*documented, *seen))]


def _some(client: Client, entity: str, fields: Sequence[str]) -> list[Row]:
    params = Query(fields).params() | {"$top": str(LOOKED_AT)}
    rows = listing(client.call("GET", client.at(f"/{entity}", params)).json())
    return [Row(raw, client.zone) for raw in rows]


def _label(ref: str, name: str) -> str:
    return f"{ref} - {name}" if name else ref


def _numbers(version: str) -> tuple[int, ...]:
    """A version to be compared: by number for each part, never as text."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))
