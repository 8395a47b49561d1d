"""PUT, PATCH, DELETE, errors inside of the entity, files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mlconnector.sandbox.acumatica.helpers import PDF
from tests.sandbox.acumatica.caller import BASE, unwrap, wrap


def test_a_put_without_a_number_makes_a_new_bill(sim, caller):
    body = wrap({"Vendor": "WERKZEUG", "Description": "Bohrer", "VendorRef": "RE-1"})
    body["Details"] = [wrap({"TransactionDescription": "Bohrer", "Qty": 2, "UnitCost": 59.5})]

    made = [caller.put("Bill", body, PX_CbApiBranch="NORD").json() for _ in range(2)]

    assert [unwrap(row, "ReferenceNbr") for row in made] == ["000001", "000002"]
    assert (unwrap(made[0], "Status"), unwrap(made[0], "Amount")) == ("On Hold", 119)
    assert sim.bill("000001")["BranchID"] == "NORD"
    assert "Details" not in made[0]


def test_a_put_with_keys_changes_what_is_named(sim, caller):
    bill = sim.add_bill(description="alt", vendor_ref="RE-1")

    answer = caller.put("Bill", {"id": bill} | wrap({"Description": "neu", "Status": "Open"}))

    assert (answer.status_code, unwrap(answer.json(), "Description")) == (200, "neu")
    shown = sim.bill(bill)
    assert (shown["VendorRef"], shown["Status"]) == ("RE-1", "Balanced")  # a status is never written


def test_preconditions(sim, caller):
    keys = wrap({"Type": "Bill", "ReferenceNbr": "000009"})

    assert caller.put("Bill", keys, If_Match="*").status_code == 412
    assert caller.patch("Bill", keys).status_code == 404
    assert caller.patch("Bill", keys, If_None_Match="*").status_code == 412
    sim.add_bill(number="000009")
    assert caller.put("Bill", keys, If_None_Match="*").status_code == 412
    assert caller.put("Bill", keys, If_Match="*").status_code == 200


def test_an_older_release_has_no_patch(sim, caller):
    sim.options.has_patch = False

    assert caller.patch("Bill", {"id": sim.add_bill()}).status_code == 405


def test_a_put_may_find_its_record_with_a_filter(sim, caller):
    sim.add_bill(vendor_ref="RE-1")

    caller.put("Bill?$filter=VendorRef eq 'RE-1'", wrap({"Description": "gefunden"}))

    assert sim.bill("000001")["Description"] == "gefunden"
    sim.add_bill(vendor_ref="RE-1")
    refused = caller.put("Bill?$filter=VendorRef eq 'RE-1'", wrap({"Description": "x"}))
    assert refused.status_code == 500


def test_rows_are_appended_changed_and_removed(sim, caller):
    order = sim.add_purchase_order(
        amount="300", tax="0", lines=[{"ExtendedCost": 100}, {"ExtendedCost": 200}]
    )
    first, second = (
        row["id"] for row in caller.get(f"PurchaseOrder/{order}", expand="Details").json()["Details"]
    )
    rows = [
        {"id": first, "delete": True},
        {"id": second} | wrap({"ExtendedCost": 250}),
        wrap({"LineDescription": "dazu", "ExtendedCost": 5}),
    ]

    answer = caller.put("PurchaseOrder?$expand=Details", {"id": order, "Details": rows}).json()

    assert [(unwrap(row, "LineNbr"), unwrap(row, "ExtendedCost")) for row in answer["Details"]] == [
        (2, 250),
        (3, 5),
    ]
    assert sim.purchase_order(order)["OrderTotal"] == Decimal(255)


def test_faults_stand_inside_of_the_entity(sim, caller):
    sim.tenants["MUSTER"].projects.add("X")
    body = wrap({"Vendor": "NOSUCH", "Amount": "viel"}) | {
        "Details": [wrap({"Amount": 1}), wrap({"Project": "TES2323T"})]
    }

    answer = caller.put("Bill", body)

    fault = answer.json()
    assert answer.status_code == 422
    assert fault["error"].startswith("Updating 'AP Invoice' record raised at least one error.")
    assert fault["Vendor"] == {"value": "NOSUCH", "error": "'Vendor' cannot be found in the system."}
    assert "cannot be converted" in fault["Amount"]["error"]
    assert "error" not in fault["Details"][0]
    assert fault["Details"][1]["Project"]["error"] == "Project 'TES2323T  ' cannot be found in the system."
    assert "message" not in fault
    assert sim.tenants["MUSTER"].all("Bill") == []


@pytest.mark.parametrize("body", [[], {"Vendor": "WERKZEUG"}, {"Nonsense": {"value": 1}}])
def test_what_is_not_an_entity_is_refused(caller, body):
    assert caller.put("Bill", body).status_code == 400


def test_a_released_bill_is_not_changed_or_deleted(sim, caller):
    bill = sim.add_bill(status="Open")

    assert caller.patch("Bill", {"id": bill} | wrap({"Description": "x"})).status_code == 422
    assert caller.http.delete(f"{caller.base}/Bill/{bill}").status_code == 500
    sim.change_bill(bill, status="Balanced")
    assert caller.http.delete(f"{caller.base}/Bill/{bill}").status_code == 204
    assert "No entity" in caller.get(f"Bill/{bill}").json()["exceptionMessage"]


def test_a_day_is_the_local_day(sim, caller):
    bill = sim.add_bill()

    caller.patch("Bill", {"id": bill} | wrap({"DueDate": "2026-03-31T22:30:00+00:00"}))

    assert sim.bill(bill)["DueDate"] == date(2026, 4, 1)


def test_hold_is_taken_off_and_put_on(sim, caller):
    bill = sim.add_bill(status="On Hold")

    off = caller.patch("Bill", {"id": bill} | wrap({"Hold": False})).json()
    assert (unwrap(off, "Status"), unwrap(off, "Hold")) == ("Balanced", False)
    on = caller.patch("Bill", {"id": bill} | wrap({"Hold": True})).json()
    assert unwrap(on, "Status") == "On Hold"
    sim.set_approval_map("Bill", sim.user)
    off = caller.patch("Bill", {"id": bill} | wrap({"Hold": False})).json()
    assert unwrap(off, "Status") == "Pending Approval"


def test_linked_and_custom_fields_and_notes_are_written(sim, caller):
    employee = sim.add_employee("Änne Beispiel", "alt@muster.example")
    body = {
        "id": employee,
        "ContactInfo": wrap({"Email": "neu@muster.example"}),
        "Status": {"value": "Inactive"},
        "custom": {"Employee": {"UsrKst": {"type": "CustomStringField", "value": "4711"}}},
        "note": {"value": "Notiz"},
    }

    row = caller.put("Employee?$expand=ContactInfo&$custom=Employee.UsrKst", body).json()

    assert unwrap(row["ContactInfo"], "Email") == "neu@muster.example"
    assert (unwrap(row, "Status"), row["note"]) == ("Inactive", {"value": "Notiz"})
    assert row["custom"]["Employee"]["UsrKst"]["value"] == "4711"


def test_files_are_put_and_read(sim, caller):
    bill = sim.add_bill()
    link = caller.get(f"Bill/{bill}").json()["_links"]["files:put"]

    answer = caller.http.put(
        BASE + link.replace("{filename}", "Beleg%201.pdf"), data=PDF, headers={"PX-CbFileComment": "Scan"}
    )
    by_keys = caller.http.put(f"{caller.base}/Bill/Bill/000001/files/zwei.pdf", data=b"alt")
    again = caller.http.put(f"{caller.base}/Bill/Bill/000001/files/zwei.pdf", data=b"neu")

    assert [one.status_code for one in (answer, by_keys, again)] == [204, 204, 204]
    first, second = caller.get(f"Bill/{bill}", expand="files").json()["files"]
    assert first["filename"] == "Bills and Adjustments (INV 000001)\\Beleg 1.pdf"
    assert first["comment"] == "Scan"
    read = [caller.http.get(BASE + one["href"]).content for one in (first, second)]
    assert read == [PDF, b"neu"]
    wanted = {"Accept": "application/json"}
    assert caller.http.get(BASE + first["href"], headers=wanted).status_code == 406
