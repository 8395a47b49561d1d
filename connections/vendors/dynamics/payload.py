"""What a webhook delivery names. Pure: no call is made, and content is always read afresh.

Source: Dataverse "Use webhooks to create external handlers", RemoteExecutionContext (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from connections.answers import decode_json
from connections.vendors.dynamics.refs import Ref
from connections.vendors.dynamics.values import GUID

NO_GUID = "00000000-0000-0000-0000-000000000000"


class HookRef(NamedTuple):
    """A row that something happened to. `message` is "Create", "Update", "Delete" or an action's name.

    `user_id` is who did it: our own write-backs are told by it. "" where the body does not say.
    """

    ref: Ref
    message: str
    user_id: str

    @property
    def is_deleted(self) -> bool:
        return self.message == "Delete"


def hook_refs(body: bytes) -> list[HookRef]:
    """The rows that a delivery names: the one it is about, and one that an action made from it.

    A body above 256 KB comes without its parameters; the row's table and id are there all the same. What is
    not understood is left out: the poll finds it. Raises ValueError for a body that is not a JSON object.
    """
    context = _context(body)
    organization_id = _guid(context.get("OrganizationId"))
    message = _text(context.get("MessageName"))
    user_id = _guid(context.get("InitiatingUserId")) or _guid(context.get("UserId"))
    named = dict.fromkeys(_rows(context))
    if not organization_id:
        return []
    return [HookRef(Ref(organization_id, table, row_id), message, user_id) for table, row_id in named]


def operation_of(body: bytes) -> str:
    """The id of the system job that sent this: equal for a second try. "" where there is none."""
    try:
        found = _guid(_context(body).get("OperationId"))
    except ValueError:
        return ""
    return "" if found == NO_GUID else found


def _rows(context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(table, id) of the primary row, then of rows in the parameters (`Target`, an action's result)."""
    primary = _text(context.get("PrimaryEntityName")), _guid(context.get("PrimaryEntityId"))
    if all(primary) and primary[0] != "none" and primary[1] != NO_GUID:
        yield primary
    for name in ("InputParameters", "OutputParameters"):
        for value in _values(context.get(name)):
            row = _text(value.get("LogicalName")), _guid(value.get("Id"))
            if all(row) and row[1] != NO_GUID:
                yield row


def _values(pairs: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a `[{"key", "value"}]` list."""
    for pair in pairs if isinstance(pairs, list) else ():
        value = pair.get("value") if isinstance(pair, Mapping) else None
        if isinstance(value, Mapping):
            yield value


def _context(body: bytes) -> Mapping[str, Any]:
    content = decode_json(body)
    if not isinstance(content, Mapping):
        raise ValueError("not an object")
    return content


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _guid(value: Any) -> str:
    found = _text(value).strip("{}").lower()
    return found if GUID.fullmatch(found) else ""
