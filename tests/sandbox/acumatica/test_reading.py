"""Lists, single records, $filter with its traps, times with an offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mlconnector.sandbox.acumatica.values import loaded, stored
from tests.sandbox.acumatica.caller import Caller, unwrap


def numbers(response) -> list[str]:
    assert response.status_code == 200, response.text
    return [row["ReferenceNbr"]["value"] for row in response.json()]


def test_a_bill_is_wrapped_and_empties_have_no_value(sim, caller):
    bill = sim.add_bill(amount="1190.00", tax="190.00", vendor_ref="RE-4711", due="2026-04-10")

    answer = caller.get("Bill/Bill/000001")
    record = loaded(answer.content)

    assert (record["id"], record["rowNumber"]) == (bill, 1)
    assert record["Amount"] == {"value": Decimal("1190.0000")}
    assert '"value": 1190.0000' in answer.text
    assert record["CashAccount"] == {}
    assert record["LastModifiedDateTime"] == {"value": "2026-02-11T14:15:14.04+01:00"}
    # The offset is that of the value's own day.
    assert record["DueDate"] == {"value": "2026-04-10T00:00:00+02:00"}
    assert record["custom"] == {}
    assert record["_links"]["self"] == f"/erp/entity/Default/24.200.001/Bill/{bill}"
    assert "Details" not in record
    assert "files" not in record


@pytest.mark.parametrize("path", ["Bill/Bill/000001", "Bill/Bill%7C000001", "Bill/bill/000001"])
def test_a_record_is_found_by_its_keys(sim, caller, path):
    bill = sim.add_bill()

    assert caller.get(path).json()["id"] == bill
    assert caller.get(f"Bill/{bill.upper()}").json()["id"] == bill


def test_a_dot_at_the_end_of_a_segment_does_not_pass(sim, caller):
    bill = sim.add_bill(type="Debit Adj.")

    assert caller.get("Bill/Debit Adj./000001").status_code == 404
    assert caller.get(f"Bill/{bill}").status_code == 200


@pytest.mark.parametrize("path", ["Bill/Bill/999999", "Bill/d11d2e19-7c07-f111-8cb1-0123456789ab"])
def test_a_missing_record_is_a_500(caller, path):
    answer = caller.get(path)

    assert answer.status_code == 500
    assert answer.json()["exceptionType"].endswith("NoEntitySatisfiesTheConditionException")


def test_details_and_files_come_when_asked_for(sim, caller):
    bill = sim.add_bill(amount="119", tax="19", lines=[{"Amount": "60"}, {"Amount": "40"}])
    sim.add_file("Bill", bill, "invoice.pdf", b"%PDF")

    record = caller.get(f"Bill/{bill}", expand="Details,files", select="Amount,Details/Amount").json()

    assert [unwrap(row, "Amount") for row in record["Details"]] == [60, 40]
    assert "Qty" not in record["Details"][0]
    assert "Vendor" not in record
    assert record["files"][0]["filename"] == "Bills and Adjustments (INV 000001)\\invoice.pdf"


def test_ids_of_rows_are_new_in_each_session(sim, caller):
    sim.add_bill()
    other = Caller(sim)
    other.login()

    first, again, second = (
        one.get("Bill/Bill/000001", expand="Details").json()["Details"][0]["id"]
        for one in (caller, caller, other)
    )

    assert first == again != second


def test_linked_entities_come_when_asked_for(sim, caller):
    sim.add_employee("Änne Beispiel", "aenne@muster.example", department="EINKAUF")

    (row,) = caller.get(
        "Employee",
        expand="ContactInfo,EmployeeSettings",
        select="EmployeeID,Status,ContactInfo/Email,EmployeeSettings/DepartmentID",
    ).json()

    assert unwrap(row, "EmployeeID") == "EP00000001"
    assert unwrap(row["ContactInfo"], "Email") == "aenne@muster.example"
    assert "LastName" not in row["ContactInfo"]
    assert unwrap(row["EmployeeSettings"], "DepartmentID") == "EINKAUF"
    assert len(caller.get("Employee", filter="ContactInfo/Email eq 'AENNE@muster.example'").json()) == 1


def test_custom_fields_come_when_asked_for(sim, caller):
    sim.add_bill(custom={"Document.UsrKst": "4711", "Document.UsrOther": "x"})

    (row,) = caller.get("Bill", custom="Document.UsrKst").json()

    assert row["custom"] == {"Document": {"UsrKst": {"type": "CustomStringField", "value": "4711"}}}
    assert numbers(caller.get("Bill", filter="cf.String(f='Document.UsrKst') eq '4711'")) == ["000001"]
    assert "UsrKst" in caller.get("Bill/$adHocSchema").json()["custom"]["Document"]


def test_custom_fields_of_lines_stand_with_the_lines(sim, caller):
    sim.add_bill(lines=[{"Amount": 119, "Transactions.UsrKst": "4711"}])

    (row,) = caller.get("Bill", expand="Details", custom="Details/Transactions.UsrKst").json()

    assert row["custom"] == {}
    assert row["Details"][0]["custom"]["Transactions"]["UsrKst"]["value"] == "4711"


def test_keys_may_come_padded(sim, caller):
    sim.options.pad_keys = 12
    sim.add_bill()

    assert unwrap(caller.get("Bill").json()[0], "ReferenceNbr") == "000001      "
    assert caller.get("Bill", filter="ReferenceNbr eq '000001      '").json() != []


@pytest.mark.parametrize("name", ["select", "expand"])
def test_an_unknown_name_is_an_error(caller, name):
    assert caller.get("Bill", **{name: "Nonsense"}).status_code == 500


def test_older_endpoints_lack_fields(sim):
    sim.add_bill()
    old = Caller(sim, "22.200.001")
    old.login()

    assert "IsTaxValid" not in old.get("Bill").json()[0]
    assert old.act("Bill/ReleaseRetainage", Type="Bill", ReferenceNbr="000001").status_code == 404


def test_some_lists_cannot_be_optimised(sim, caller):
    sim.add_bill()
    sim.options.not_optimised = ["Bill.Details"]

    refused = caller.get("Bill", expand="Details")

    assert refused.status_code == 500
    assert refused.json()["exceptionMessage"].startswith("Optimization cannot be performed.")
    assert caller.get("Bill").status_code == 200
    assert caller.get("Bill/Bill/000001", expand="Details").status_code == 200


# --- paging -----------------------------------------------------------------------------------------------
def test_pages_end_with_a_short_one(sim, caller):
    for _ in range(5):
        sim.add_bill()

    pages = [numbers(caller.get("Bill", top=2, skip=skip)) for skip in (0, 2, 4, 6)]

    assert pages == [["000001", "000002"], ["000003", "000004"], ["000005"], []]
    assert caller.get("Bill", top="x").status_code == 400


def test_the_order_moves_while_documents_change(sim, caller):
    for _ in range(3):
        sim.add_bill()
        sim.clock.advance(timedelta(seconds=1))
    sim.options.order = "modified"
    first = numbers(caller.get("Bill", top=1))
    sim.change_bill("000001", description="neu")

    assert [*first, *numbers(caller.get("Bill", top=2, skip=1))] == ["000003", "000003", "000002"]
    sim.options.order = "shifting"
    orders = set()
    for number in range(3):
        sim.change_bill("000001", description=str(number))
        orders.add(tuple(numbers(caller.get("Bill"))))
    assert len(orders) == 3


# --- $filter ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Status eq 'Balanced'", ["000001", "000002"]),
        ("Status eq 'balanced ' and Amount gt 100", ["000001"]),
        ("Amount ge 50M and Amount le 119.00", ["000001", "000002"]),
        ("Status ne 'Balanced' or ReferenceNbr eq '000002'", ["000002", "000003"]),
        ("not (Status eq 'Balanced')", ["000003"]),
        ("(Amount lt 60 or Amount gt 500) and Hold eq false", ["000002"]),
        ("Hold eq true", ["000003"]),
        ("substringof('brien', Description)", ["000002"]),
        ("startswith(Description, 'O''Br')", ["000002"]),
        ("Description eq 'O''Brien'", ["000002"]),
        ("CashAccount eq null", ["000001", "000002", "000003"]),
        ("CashAccount gt 'x'", []),
        ("Date gt date'2026-02-10'", ["000001", "000003"]),
        ("Date lt datetimeoffset'2026-02-10T23:00:00Z'", ["000002"]),
        ("Details/Amount gt 0", []),
    ],
)
def test_conditions(sim, caller, condition, found):
    sim.add_bill(amount="119.00")
    sim.add_bill(amount="50.00", description="O'Brien", date="2026-02-10")
    sim.add_bill(amount="999.00", status="On Hold")

    assert numbers(caller.get("Bill", filter=condition)) == found


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("Hold eq 'true'", "incompatible types"),
        ("Amount gt '100'", "incompatible types"),
        ("LastModifiedDateTime gt '2026-02-11'", "incompatible types"),
        ("LastModifiedDateTime gt 2026-02-11T00:00:00Z", "Syntax error"),
        ("LastModifiedDateTime gt datetimeoffset'2026-02-11T00:00:00'", "Unrecognized"),
        ("Amount above 100", "Syntax error"),
        ("Nothing eq 'x'", "Could not find a property"),
        ("Status eq 'Balanced' and", "Syntax error"),
    ],
)
def test_wrong_conditions_are_refused(caller, condition, text):
    answer = caller.get("Bill", filter=condition)

    assert answer.status_code == 500
    assert text in answer.json()["exceptionMessage"]


def test_a_plus_that_is_not_encoded_becomes_a_blank(sim, caller):
    sim.add_bill()
    condition = "LastModifiedDateTime%20ge%20datetimeoffset'2026-02-11T14:15:14.040{}01:00'"

    right = caller.http.get(f"{caller.base}/Bill?$filter={condition.format('%2B')}")
    wrong = caller.http.get(f"{caller.base}/Bill?$filter={condition.format('+')}")

    assert len(right.json()) == 1
    assert "Unrecognized" in wrong.json()["exceptionMessage"]


# --- LastModifiedDateTime ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("microseconds", "milliseconds"), [(0, 0), (2_000, 3), (40_000, 40), (45_000, 47), (999_000, 1000)]
)
def test_moments_are_kept_in_steps(microseconds, milliseconds):
    at = datetime(2026, 2, 11, 13, 15, 14, tzinfo=UTC)

    assert stored(at + timedelta(microseconds=microseconds)) == at + timedelta(milliseconds=milliseconds)


def test_equal_stamps_are_seen_with_ge_and_lost_with_gt(sim, caller):
    first = sim.add_bill()
    sim.add_bill()
    stamp = caller.get(f"Bill/{first}").json()["LastModifiedDateTime"]["value"]

    assert numbers(caller.get("Bill", filter=f"LastModifiedDateTime gt datetimeoffset'{stamp}'")) == []
    assert len(caller.get("Bill", filter=f"LastModifiedDateTime ge datetimeoffset'{stamp}'").json()) == 2


def test_the_hour_that_comes_twice_has_two_offsets(sim, caller):
    stamps = []
    for at in (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)):
        sim.clock.set(at)
        sim.change_bill(sim.add_bill(), description="x")
        caller.login()
        stamps.append(caller.get("Bill").json()[-1]["LastModifiedDateTime"]["value"])

    assert stamps == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]
    later = caller.get("Bill", filter=f"LastModifiedDateTime gt datetimeoffset'{stamps[0]}'")
    assert numbers(later) == ["000002"]


def test_what_does_not_move_the_stamp(sim, caller):
    bill = sim.add_bill()
    employee = sim.add_employee("Änne Beispiel", "alt@muster.example")
    before = [
        caller.get(path).json()["LastModifiedDateTime"] for path in (f"Bill/{bill}", f"Employee/{employee}")
    ]
    sim.clock.advance(timedelta(minutes=1))

    sim.add_file("Bill", bill)
    sim.change_employee(employee, email="neu@muster.example")

    after = [
        caller.get(path).json()["LastModifiedDateTime"] for path in (f"Bill/{bill}", f"Employee/{employee}")
    ]
    assert after == before
    sim.deactivate_employee(employee)
    row = caller.get(f"Employee/{employee}", expand="ContactInfo").json()
    assert (unwrap(row, "Status"), unwrap(row["ContactInfo"], "Email")) == ("Inactive", "neu@muster.example")
    assert row["LastModifiedDateTime"] != before[1]


# --- rights -----------------------------------------------------------------------------------------------
def test_rights_and_features(sim, caller):
    sim.tenants["MUSTER"].users[sim.user].may_not.add("Employee")
    sim.tenants["MUSTER"].features.discard("Inventory")

    assert [caller.get(name).status_code for name in ("Employee", "PurchaseOrder", "Nothing", "Vendor")] == [
        403,
        403,
        404,
        200,
    ]


def test_orders_and_vendors_have_their_own_names(sim, caller):
    order = sim.add_purchase_order(amount="500.00", tax="0", due="2026-03-01", status="Open")

    row = caller.get("PurchaseOrder/Normal/000001", expand="Details").json()

    assert (row["id"], unwrap(row, "OrderTotal"), unwrap(row, "VendorID")) == (order, 500, "WERKZEUG")
    assert unwrap(row["Details"][0], "LineNbr") == 1
    assert "Amount" not in row
    vendor = caller.get("Vendor/WERKZEUG").json()
    assert (unwrap(vendor, "VendorName"), unwrap(vendor, "VendorClass")) == (
        "Muster Werkzeughandel GmbH",
        "STANDARD",
    )
    assert [unwrap(one, "ClassID") for one in caller.get("VendorClass").json()] == ["STANDARD"]
