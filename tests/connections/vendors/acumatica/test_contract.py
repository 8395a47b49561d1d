"""Our requests against the vendor's own OpenAPI file (the simulator's answers are held by its own tests)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connections.models import Connection
from connections.vendors.acumatica import VENDOR
from connections.vendors.acumatica.api import BILL, PURCHASE_ORDER, AcumaticaApi
from tests.contract import Contract, spec_file

PREFIX = "/erp/entity/Default/24.200.001"
FILE = ("acumatica", "default-24.200.001.subset.openapi.json")
ENTITIES = ("Bill", "PurchaseOrder", "Employee", "Vendor")


@pytest.fixture
def worked(api: AcumaticaApi, connection: Connection, acumatica: Any) -> Any:
    """The simulator after every call that the client can make."""
    bill = acumatica.add_bill(custom={"Document.UsrKst": "1"})
    order = acumatica.add_purchase_order()
    held = acumatica.add_bill(status="On Hold")
    acumatica.add_file(BILL, bill)
    acumatica.add_employee("Erika Beispiel", "erika@muster.example")
    VENDOR.check(connection)
    for discover in VENDOR.discover.values():
        discover(connection, "")
    for entity, ref in ((BILL, bill), (PURCHASE_ORDER, order)):
        page = api.changes(entity, with_lines=True)
        api.changes(entity, page.since, custom=["Document.UsrKst"])
        found = api.document(entity, ref, ["Document.UsrKst"])
        api.document_by_key(entity, found.type, found.number)
        api.document_by_key(entity, "Debit Adj.", "1")
        api.state(entity, ref)
        for file in found.files:
            api.download(file)
    api.employees()
    api.creditors()
    api.creditor("WERKZEUG")
    api.run_action(BILL, bill, "ReleaseBill")
    api.run_action(PURCHASE_ORDER, order, "Approve", dialog={"Approval.Reason": "passt"})
    api.run_action(BILL, held, "ReleaseRetainage", parameters={"AmtToRelease": Decimal("1.5")})
    acumatica.options.has_patch = False
    api.set_hold(BILL, held, False)
    return acumatica


def judged(acumatica: Any) -> list[Any]:
    """The calls that the file describes: it omits PATCH, files by id and the state of an operation."""
    places = tuple(f"{PREFIX}/{entity}" for entity in ENTITIES)
    return [
        call
        for call in acumatica.calls
        if call.path.startswith(places)
        and call.method != "PATCH"
        and call.route not in ("status", "file.get")
    ]


def test_nothing_that_we_send_breaks_the_specification(worked: Any) -> None:
    # By an id where the file has "/{ids}" too: the template that fits first is the stricter one.
    contract = Contract(spec_file(*FILE), prefixes=(PREFIX,))
    calls = [call for call in judged(worked) if depth(call) < 3]
    assert {call.method for call in calls} == {"GET", "POST", "PUT"}
    assert [one for one in contract.violations(calls) if ": request: " in one] == []


def test_every_field_that_we_ask_for_exists(worked: Any) -> None:
    """An unknown name is an error at Acumatica, in every list and for every customer."""
    schemas = json.loads(spec_file(*FILE).read_text())["components"]["schemas"]
    unknown = set()
    for call in judged(worked):
        entity = call.path.removeprefix(f"{PREFIX}/").partition("/")[0]
        if entity in ENTITIES and call.method == "GET":
            names = [*call.query.get("$select", "").split(","), *call.query.get("$expand", "").split(",")]
            unknown |= {f"{entity}: {name}" for name in names if name and not _exists(schemas, entity, name)}
    assert unknown == set()


def depth(call: Any) -> int:
    return len(call.path.removeprefix(f"{PREFIX}/").split("/"))


def _exists(schemas: Any, entity: str, name: str) -> bool:
    own, _, rest = name.partition("/")
    if own == "files":
        return True
    declared = schemas[entity]["allOf"][1]["properties"].get(own)
    if declared is None or not rest:
        return declared is not None
    target = declared.get("$ref") or declared["items"]["$ref"]
    return _exists(schemas, target.rpartition("/")[2], rest)
