"""The body of a delivery: RemoteExecutionContext as JSON. Source: use web hooks (read 2026-11).

The wrappers of Money and OptionSetValue are inferred from the documented ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from mlconnector.sandbox.dynamics import wire
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.dynamics.tables import CHOICE_KINDS, Lookup, Table

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
# What a body over the limit loses.
TRIMMED = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")


@dataclass(frozen=True)
class Origin:
    """Where and by whom a change was made."""

    organization_id: str
    organization: str
    business_unit: str
    user: str
    at: datetime
    depth: int
    correlation_id: str
    operation_id: str
    step: str


def context(
    origin: Origin, message: str, table: Table, row: Row, attributes: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "BusinessUnitId": origin.business_unit,
        "CorrelationId": origin.correlation_id,
        "Depth": origin.depth,
        "InitiatingUserAzureActiveDirectoryObjectId": "00000000-0000-0000-0000-000000000000",
        "InitiatingUserId": origin.user,
        "InputParameters": [{"key": "Target", "value": _target(message, table, row, attributes)}],
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": message,
        "Mode": 1,
        "OperationCreatedOn": moment(origin.at, offset="-0700"),
        "OperationId": origin.operation_id,
        "OrganizationId": origin.organization_id,
        "OrganizationName": origin.organization,
        "OutputParameters": [],
        "OwningExtension": reference(Lookup("sdkmessageprocessingstep", origin.step), typed=False),
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": row.id,
        "PrimaryEntityName": row.table,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": [],
        "Stage": 40,
        "UserId": origin.user,
    }


def _target(message: str, table: Table, row: Row, attributes: Mapping[str, Any]) -> dict[str, Any]:
    if message not in ("Create", "Update"):
        return reference(row.lookup)
    shown = {name: value for name, value in attributes.items() if value is not None or message == "Update"}
    return {
        "__type": f"Entity:{CONTRACTS}",
        "Attributes": [
            {"key": name, "value": wrapped(table, name, value)}
            for name, value in {**shown, table.key: row.id}.items()
        ],
        "EntityState": None,
        "FormattedValues": [],
        "Id": row.id,
        "KeyAttributes": [],
        "LogicalName": row.table,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def wrapped(table: Table, name: str, value: Any) -> Any:
    """One attribute's value, in the wrapper of its type."""
    kind = table.columns[name].kind
    if value is None:
        return None
    if isinstance(value, Lookup):
        return reference(value)
    if kind in CHOICE_KINDS:
        return {"__type": f"OptionSetValue:{CONTRACTS}", "Value": value}
    if kind in ("money", "money_base"):
        return {"__type": f"Money:{CONTRACTS}", "Value": value}
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return moment(datetime.combine(value, time(), UTC))
    return value["id"] if isinstance(value, dict) else value


def reference(value: Lookup, *, typed: bool = True) -> dict[str, Any]:
    kind = {"__type": f"EntityReference:{CONTRACTS}"} if typed else {}
    return {
        **kind,
        "Id": value.id,
        "KeyAttributes": [],
        "LogicalName": value.table,
        "Name": None,
        "RowVersion": None,
    }


def moment(at: datetime, offset: str = "") -> str:
    """Milliseconds since 1970 in UTC; the offset does not move the moment."""
    return f"/Date({int(at.timestamp() * 1000)}{offset})/"


def encoded(body: Mapping[str, Any]) -> bytes:
    """Slashes are escaped, as in the vendor's samples."""
    return wire.encoded(body).replace("/", "\\/").encode()


def within(body: Mapping[str, Any], limit: int) -> tuple[bytes, bool]:
    """The bytes to send, and whether they had to be trimmed."""
    whole = encoded(body)
    if len(whole) <= limit:
        return whole, False
    trimmed = {name: value for name, value in body.items() if name not in TRIMMED}
    return encoded(trimmed), True
