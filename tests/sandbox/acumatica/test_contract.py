"""The simulator's answers, and requests made by hand, against the vendor's own OpenAPI file."""

from __future__ import annotations

import json

import pytest

from mlconnector.sandbox.acumatica.contract import BILL, CONTACT, EMPLOYEE, PURCHASE_ORDER, VENDOR, Shape
from tests.contract import spec_file
from tests.sandbox.acumatica.caller import wrap
from tests.sandbox.acumatica.spec import violations


def test_reading_keeps_to_the_contract(sim, caller):
    bill = sim.add_bill(custom={"Document.UsrKst": "4711"})
    sim.add_file("Bill", bill)
    sim.add_purchase_order()
    sim.add_employee("Änne Beispiel", "aenne@muster.example")
    caller.get(
        "Bill", expand="Details,TaxDetails,Applications,files", custom="Document.UsrKst", top=5, skip=0
    )
    caller.get("Bill/Bill/000001", expand="Details", select="Amount,Details/Amount")
    caller.get(f"Bill/{bill}")
    caller.get("Bill", filter="Status eq 'Balanced'")
    caller.get("Bill", filter="Nonsense eq 1")
    caller.get("Bill/Bill/999999")
    caller.get("PurchaseOrder", expand="Details,ShippingInstructions")
    caller.get("Employee", expand="ContactInfo,ContactInfo/Address,EmployeeSettings,FinancialSettings")
    caller.get("Vendor", expand="MainContact")
    for name in ("Bill", "PurchaseOrder", "Employee", "Vendor"):
        caller.get(f"{name}/$adHocSchema")
    caller.logout()
    caller.get("Bill")

    assert violations(sim) == []


def test_writing_and_acting_keep_to_the_contract(sim, caller):
    body = wrap({"Vendor": "WERKZEUG", "Amount": 119.5}) | {"Details": [wrap({"Qty": 1, "UnitCost": 100})]}
    assert caller.put("Bill?$expand=Details", body).status_code == 200
    caller.put("Bill", wrap({"Vendor": "NOSUCH", "Amount": 1}) | {"Details": [wrap({"Project": "X"})]})
    caller.put("Bill", wrap({"Type": "Bill", "ReferenceNbr": "9"}), If_Match="*")
    for action in ("ReleaseFromHold", "ReleaseBill", "ReleaseBill", "ReverseBill", "Nonsense"):
        caller.act(f"Bill/{action}", Type="Bill", ReferenceNbr="000001")
    caller.act("PurchaseOrder/Approve", sim.add_purchase_order())
    caller.http.put(f"{caller.base}/Bill/Bill/000001/files/a.pdf", data=b"")
    caller.http.delete(f"{caller.base}/Bill/{sim.add_bill()}")
    sim.options.decline = 1
    caller.get("Bill")

    assert violations(sim) == []
    assert [done.effect for done in sim.done if not done.refusal] == [
        "unhold",
        "release",
        "reverse",
        "approve",
    ]


@pytest.mark.parametrize("shape", [BILL, PURCHASE_ORDER, EMPLOYEE, VENDOR, CONTACT], ids=lambda one: one.name)
def test_every_field_is_one_of_the_vendors(shape):
    file = spec_file("acumatica", "default-24.200.001.subset.openapi.json")
    schemas = json.loads(file.read_text())["components"]["schemas"]
    kinds = {"s": "String", "n": "Decimal", "d": "DateTime", "t": "DateTime", "b": "Boolean", "g": "Guid"}

    def check(one: Shape) -> None:
        declared = schemas[one.name]["allOf"][1]["properties"]
        for name, kind in one.fields.items():
            wrapper = declared[name]["$ref"].rpartition("/")[2].removesuffix("Value")
            assert wrapper == kinds.get(kind, wrapper if wrapper in ("Int", "Short") else "Int"), name
        for name, inner in {**one.arrays, **one.linked}.items():
            assert name in declared
            if inner.name in schemas:
                check(inner)

    check(shape)


def test_the_checker_sees_what_is_wrong(sim, caller):
    sim.fail("GET /Bill", "429", status=200, body=[{"Ammount": {"value": 1}}])
    sim.add_bill()
    caller.get("Bill", top=1)
    caller.http.get(f"{caller.base}/Bill?$orderby=Date")

    wrong, unknown = violations(sim)

    assert "Ammount is not declared" in wrong
    assert "'$orderby' does not exist" in unknown
