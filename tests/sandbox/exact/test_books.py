"""Orders, invoices and master data: what the API enters, changes, deletes and refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.sandbox.exact import Refused
from tests.sandbox.exact.caller import message

ORDERS, ORDER_LINES = "purchaseorder/PurchaseOrders", "purchaseorder/PurchaseOrderLines"
INVOICES, INVOICE_LINES = "salesinvoice/SalesInvoices", "salesinvoice/SalesInvoiceLines"
CENTERS = "hrm/Costcenters"


def order_body(exact, **changes):
    return {
        "Supplier": exact.some("supplier"),
        "YourRef": "A-1",
        "OrderDate": "2026-01-15T00:00:00",
        "PurchaseOrderLines": [
            {"Item": exact.some("item"), "QuantityInPurchaseUnits": 3, "UnitPrice": 10.10, "VATCode": "2"}
        ],
        **changes,
    }


def test_an_order_comes_with_its_lines(exact, caller):
    answer = caller.post(ORDERS, order_body(exact))

    assert answer.status_code == 201
    body = answer.json()["d"]
    key = body["PurchaseOrderID"]
    assert answer.headers["Location"] == f"https://exact.example/api/v1/499156/{ORDERS}(guid'{key}')"
    assert (body["AmountDC"], body["SupplierName"], body["YourRef"]) == (None, None, "A-1")
    (order,) = caller.read(ORDERS, "AmountFC,AmountFCExclVat,VATAmount,OrderStatus,SupplierName")
    assert (order["AmountFCExclVat"], order["VATAmount"], order["AmountFC"]) == (30.3, 6.36, 36.66)
    assert (order["OrderStatus"], order["SupplierName"]) == (10, "Muster Lieferant GmbH")
    (line,) = caller.read(ORDER_LINES, "ItemCode,Quantity,NetPrice", f"PurchaseOrderID eq guid'{key}'")
    assert (line["ItemCode"], line["Quantity"], line["NetPrice"]) == ("DIENST", 3.0, 10.1)


def test_the_whole_record_comes_on_request(exact, caller):
    answer = caller.post(ORDERS, order_body(exact), headers={"Prefer": "return=representation"})

    assert answer.json()["d"]["AmountFC"] == 36.66
    assert answer.headers["Preference-Applied"] == "return=representation"


def test_a_partial_put_changes_only_what_it_names(exact, caller):
    key = caller.post(ORDERS, order_body(exact)).json()["d"]["PurchaseOrderID"]

    answer = caller.put(ORDERS, key, {"Description": "Beton", "YourRef": None})

    assert (answer.status_code, answer.content) == (204, b"")
    order = exact.row(key)
    assert (order["Description"], order["YourRef"], order["AmountFC"]) == ("Beton", None, Decimal("36.66"))
    line = exact.lines(key)[0]
    assert caller.put(ORDER_LINES, line, {"UnitPrice": 20}).status_code == 204
    assert exact.row(key)["AmountFCExclVat"] == 60


def test_lines_alone_and_the_last_line_are_refused(exact, caller):
    key = caller.post(ORDERS, order_body(exact)).json()["d"]["PurchaseOrderID"]
    line = {"PurchaseOrderID": key, "Item": exact.some("item"), "QuantityInPurchaseUnits": 1}

    alone = caller.post(ORDER_LINES, line)

    assert (alone.status_code, message(alone)) == (
        500,
        "Regels kunnen alleen samen met de order worden ingevoerd.",
    )
    assert caller.delete(ORDER_LINES, exact.lines(key)[0]).status_code == 500
    second = exact.add_line(key, QuantityInPurchaseUnits=1, UnitPrice="5.00")
    assert caller.delete(ORDER_LINES, second).status_code == 204


def test_what_is_read_only_or_unknown_or_of_another_type_is_refused(exact, caller):
    key = caller.post(ORDERS, order_body(exact)).json()["d"]["PurchaseOrderID"]

    for body in ({"OrderStatus": 30}, {"Nonsense": 1}, {"Supplier": "Muster"}, {"OrderDate": "gestern"}):
        assert caller.put(ORDERS, key, body).status_code == 400, body
    assert (
        caller.call("POST", ORDERS, data=b"{", headers={"Content-Type": "application/json"}).status_code
        == 400
    )
    exact.options.refuse_read_only_fields = exact.options.refuse_unknown_fields = False
    for body in ({"OrderStatus": 30}, {"Nonsense": 1}):
        assert caller.put(ORDERS, key, body).status_code == 204
    assert exact.row(key)["OrderStatus"] == 10
    exact.calls.clear()  # they did not keep to the reference on purpose


def test_dates_are_taken_in_both_forms(exact, caller):
    key = caller.post(ORDERS, order_body(exact)).json()["d"]["PurchaseOrderID"]

    caller.put(ORDERS, key, {"ReceiptDate": "/Date(1769126400000)/"})

    assert f"{exact.row(key)['ReceiptDate']:%Y-%m-%d}" == "2026-01-23"


@pytest.mark.parametrize(
    ("language", "text"),
    [("nl", "Verplicht: Supplier"), ("de", "Pflichtfeld: Supplier"), ("en", "Mandatory: Supplier")],
)
def test_business_errors_are_500_in_the_users_language(exact, caller, language, text):
    exact.set_language(language)

    answer = caller.post(ORDERS, order_body(exact, Supplier=None))

    assert answer.status_code == 500
    assert answer.json() == {"error": {"code": "", "message": {"lang": "", "value": text}}}
    assert exact.rows(ORDERS) == []


def test_business_errors_are_not_counted(exact, caller):
    for _ in range(11):
        assert caller.post(ORDERS, order_body(exact, Supplier=None)).status_code == 500

    assert exact.limits.errors() == {}


def test_a_refused_line_leaves_no_order_behind(exact, caller):
    body = order_body(exact)
    body["PurchaseOrderLines"].append({"Item": exact.some("item")})

    assert message(caller.post(ORDERS, body)) == "Verplicht: QuantityInPurchaseUnits"
    assert exact.rows(ORDERS) == []
    assert caller.read(ORDER_LINES, "ID") == []


def test_partly_delivered_then_billed(exact):
    lines = [{"QuantityInPurchaseUnits": 4}, {"QuantityInPurchaseUnits": 1}]
    key = exact.add_purchase_order(lines=lines)

    def statuses():
        row = exact.row(key)
        return row["OrderStatus"], row["ReceiptStatus"], row["InvoiceStatus"]

    exact.receive(key, 2, line=1)
    assert statuses() == (20, 20, 10)
    exact.receive(key)
    assert statuses() == (20, 30, 10)
    exact.bill(key)
    assert statuses() == (30, 30, 30)
    with pytest.raises(Refused):
        exact.delete(key)
    exact.cancel_order(key)
    assert statuses() == (40, 40, 40)


def test_an_order_may_be_approved_by_a_person_only(exact, caller):
    key = exact.add_purchase_order(ApprovalStatus=0)

    assert caller.put(ORDERS, key, {"ApprovalStatus": 2}).status_code == 400
    exact.approve_order(key)

    (order,) = caller.read(ORDERS, "ApprovalStatus,ApprovalStatusDescription,Approved,Approver")
    assert (order["ApprovalStatus"], order["ApprovalStatusDescription"]) == (2, "Goedgekeurd")
    assert order["Approver"] == exact.clerk


def test_blocked_partners_and_ended_cost_centers_are_refused(exact, caller):
    exact.block(exact.some("supplier"))
    assert message(caller.post(ORDERS, order_body(exact))) == "Geblokkeerd: Supplier"
    exact.block(exact.some("supplier"), is_blocked=False)
    center = exact.add_cost_center("K1", "Bau")
    body = order_body(exact)
    body["PurchaseOrderLines"][0]["CostCenter"] = "K1"
    assert caller.post(ORDERS, body).status_code == 201

    exact.block(center)

    assert message(caller.post(ORDERS, body)) == "Geblokkeerd: CostCenter"
    body["PurchaseOrderLines"][0]["CostCenter"] = "K9"
    assert message(caller.post(ORDERS, body)) == "Ongeldige referentie: CostCenter"


# --- sales invoices -------------------------------------------------------------
def test_an_invoice_gets_its_number_when_it_is_processed_and_is_final_then(exact, caller):
    key = exact.add_sales_invoice(lines=[{"Quantity": 2, "UnitPrice": "50.00", "VATCode": "2"}])
    where = f"InvoiceID eq guid'{key}'"
    select = "InvoiceNumber,Status,StatusDescription,AmountFC,VATAmountDC,TypeDescription,OrderedByName"
    (invoice,) = caller.read(INVOICES, select, where)
    assert (invoice["InvoiceNumber"], invoice["Status"], invoice["AmountFC"]) == (None, 20, 121.0)
    assert (invoice["TypeDescription"], invoice["OrderedByName"]) == ("Verkoopfactuur", "Muster Kunde GmbH")
    assert caller.put(INVOICES, key, {"YourRef": "B-2"}).status_code == 204

    number = exact.print_invoice(key)

    (invoice,) = caller.read(INVOICES, select, where)
    assert (invoice["InvoiceNumber"], invoice["StatusDescription"]) == (number, "Verwerkt")
    for answer in (
        caller.put(INVOICES, key, {"YourRef": "B-3"}),
        caller.put(INVOICE_LINES, exact.lines(key)[0], {"Quantity": 3}),
        caller.delete(INVOICES, key),
    ):
        assert (answer.status_code, message(answer)) == (500, "Mag niet worden gewijzigd: reeds verwerkt.")


def test_invoice_lines_take_their_account_from_the_item_and_obey_it(exact, caller):
    strict = exact.add_gl_account("8100", "Erlöse Bau", UseCostcenter=1)
    item = exact.add_item("BAU", "Bauleistung", GLRevenue=strict)
    body = {
        "OrderedBy": exact.some("customer"),
        "Journal": "70",
        "SalesInvoiceLines": [{"Item": item, "Quantity": 1, "UnitPrice": 9.99}],
    }
    assert message(caller.post(INVOICES, body)) == "Verplicht: CostCenter"
    exact.add_cost_center("K1", "Bau")
    body["SalesInvoiceLines"][0]["CostCenter"] = "K1"

    key = caller.post(INVOICES, body).json()["d"]["InvoiceID"]

    (line,) = caller.read(INVOICE_LINES, "GLAccount,GLAccountDescription", f"InvoiceID eq guid'{key}'")
    assert (line["GLAccount"], line["GLAccountDescription"]) == (strict, "Erlöse Bau")
    new = {"InvoiceID": key, "Item": item, "GLAccount": strict, "CostCenter": "K1", "UnitPrice": 1}
    assert caller.post(INVOICE_LINES, new).status_code == 201
    assert exact.row(key)["AmountFC"] == Decimal("10.99")
    exact.block(strict)
    assert message(caller.post(INVOICES, body)) == "Geblokkeerd: GLAccount"


# --- master data -------------------------------------------------------------
def test_codes_are_unique_and_cost_center_codes_fixed(exact, caller):
    body = {"Code": "K1", "Description": "Bau"}
    key = caller.post(CENTERS, body).json()["d"]["ID"]

    again = caller.post(CENTERS, body)

    assert (again.status_code, message(again)) == (500, "Gegeven bestaat reeds. Code")
    assert caller.put(CENTERS, key, {"Code": "K2"}).status_code == 500
    assert caller.put(CENTERS, key, {"Description": "Hochbau"}).status_code == 204
    assert caller.post("financial/GLAccounts", {"Code": "4930", "Description": "Büro"}).status_code == 201
    assert caller.post("financial/GLAccounts", {"Code": "4930", "Description": "Büro"}).status_code == 500


def test_what_is_used_cannot_be_deleted(exact, caller):
    exact.add_cost_center("K1", "Bau")
    exact.add_purchase_order(lines=[{"QuantityInPurchaseUnits": 1, "CostCenter": "K1"}])

    center = exact.rows(CENTERS)[0]["ID"]
    assert message(caller.delete(CENTERS, center)) == "Kan niet worden verwijderd: in gebruik."
    assert caller.delete("crm/Accounts", exact.some("supplier")).status_code == 500
    unused = exact.add_cost_center("K2", "Garten")
    assert caller.delete(CENTERS, unused).status_code == 204


def test_account_codes_are_eighteen_wide(exact, caller):
    key = caller.post("crm/Accounts", {"Name": "Muster AG", "Code": "70001"}).json()["d"]["ID"]

    assert exact.row(key)["Code"] == "70001".rjust(18)
    assert caller.post("crm/Accounts", {"Name": "Muster AG", "Code": "70001"}).status_code == 500
    assert caller.post("crm/Accounts", {"Name": "Muster AG", "Code": "A1"}).status_code == 500


def test_documents_carry_attachments(exact, caller):
    document = caller.post("documents/Documents", {"Subject": "Angebot", "Type": 55}).json()["d"]["ID"]
    body = {"Document": document, "FileName": "a.txt", "Attachment": "SGFsbG8="}

    key = caller.post("documents/DocumentAttachments", body).json()["d"]["ID"]

    (one,) = caller.read("documents/DocumentAttachments", "FileName,FileSize", f"ID eq guid'{key}'")
    assert (one["FileName"], one["FileSize"]) == ("a.txt", 5.0)
    assert caller.put("documents/DocumentAttachments", key, {"FileName": "b.txt"}).status_code == 405
    assert caller.post("documents/DocumentAttachments", {**body, "Attachment": "%"}).status_code in (400, 500)
