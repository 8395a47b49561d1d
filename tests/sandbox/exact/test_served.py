"""The simulator on a real port: control endpoints, pages for people, every endpoint against the reference."""

from __future__ import annotations

import json
import threading

import pytest
import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.exact import ServedExact
from mlconnector.sandbox.exact.catalogue import ALL, WBS
from tests.sandbox.exact import spec
from tests.sandbox.exact.caller import SITE


def do(caller, helper: str, **arguments):
    answer = caller.session.post(f"{SITE}/_sim/do/{helper}", json=arguments, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_another_process_sets_the_scene(caller):
    supplier = do(caller, "add_supplier", name="Muster Stahl GmbH")
    lines = [{"QuantityInPurchaseUnits": "2", "UnitPrice": "19.99"}]
    order = do(caller, "add_purchase_order", supplier=supplier, lines=lines, OrderDate="2026-01-10")
    do(caller, "receive", order=order)
    project = do(caller, "add_project", code="P1", description="Neubau", milestones=[["Rohbau", "5000"]])
    do(caller, "add_cost", project=project, price="12.50")

    state = caller.session.get(f"{SITE}/_sim/state", timeout=5).json()["books"]["499156"]

    (shown,) = state["purchase_orders"]
    assert (shown["SupplierName"], shown["AmountFC"], shown["ReceiptStatus"]) == (
        "Muster Stahl GmbH",
        "39.98",
        30,
    )
    assert state["deliverables"][0]["Completed"] is False
    assert state["costs"][0]["AmountFC"] == "12.50"


def test_mistakes_at_the_control_endpoints_are_told(caller):
    url = f"{SITE}/_sim/do"

    assert caller.session.post(f"{url}/clear", json={}, timeout=5).status_code == 404
    answer = caller.session.post(f"{url}/add_gl_account", json={"code": "1"}, timeout=5)
    assert answer.status_code == 400
    refused = caller.session.post(f"{url}/add_purchase_order", json={"lines": []}, timeout=5)
    assert "Mandatory: PurchaseOrderLines" in refused.json()["error"]


def test_faults_come_in_the_vendors_form(exact, caller):
    exact.fail("purchaseorder/PurchaseOrders.list", "500")
    answer = caller.get("purchaseorder/PurchaseOrders", "OrderNumber")
    assert "A problem has occurred" in answer.json()["error"]["message"]["value"]

    exact.fail("hrm/Costcenters.create", "drop after")
    with pytest.raises(requests.ConnectionError):
        caller.post("hrm/Costcenters", {"Code": "K1", "Description": "Bau"})
    assert exact.rows("hrm/Costcenters")[0]["Code"] == "K1"


def test_a_reset_brings_back_the_beginning(exact):
    exact.add_purchase_order()
    exact.options.calls_per_minute = 1

    exact.reset()

    assert exact.rows("purchaseorder/PurchaseOrders") == []
    assert exact.options.calls_per_minute == 60


# --- pages -------------------------------------------------------------
class Visitor:
    def __init__(self, caller) -> None:
        self.session = caller.session

    def see(self, path: str) -> str:
        answer = self.session.get(SITE + path, timeout=5)
        assert answer.status_code == 200, path
        return answer.text

    def press(self, path: str, **form: str) -> str:
        answer = self.session.post(SITE + path, data=form, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.text


def test_a_person_enters_delivers_changes_and_deletes_an_order(exact, caller):
    visitor = Visitor(caller)
    exact.add_cost_center("K1", "Bau")
    supplier = exact.add_supplier("Muster <b>Stahl</b>")
    visitor.press(
        "/499156/orders", partner=supplier, line="Träger", quantity="4", price="25.00", CostCenter="K1"
    )
    (order,) = exact.rows("purchaseorder/PurchaseOrders")
    here = f"/499156/orders/{order['PurchaseOrderID']}"

    assert "Muster &lt;b&gt;Stahl" in visitor.see("/499156/orders")
    visitor.press(here, do="receive", number="1", quantity="1")
    visitor.press(here, do="price", number="1", price="30.00")
    visitor.press(here, do="add", line="Schrauben", quantity="1", price="5.00")
    visitor.press(here, do="change", Description="Stahlbau", YourRef="A-1")

    row = exact.row(order["PurchaseOrderID"])
    assert (row["ReceiptStatus"], row["AmountFC"], row["Description"]) == (20, 125, "Stahlbau")
    assert "Not saved" in visitor.press(here, do="price", number="1", price="viel")
    assert "Not saved" in visitor.press(here, do="delete")
    visitor.press(here, do="receive", quantity="0")
    visitor.press(here, do="delete_line", number="2")
    visitor.press(here, do="delete")
    assert exact.rows("purchaseorder/PurchaseOrders") == []


def test_a_person_enters_and_processes_an_invoice(exact, caller):
    visitor = Visitor(caller)
    visitor.press("/499156/invoices", line="Beratung", quantity="2", price="80")
    (invoice,) = exact.rows("salesinvoice/SalesInvoices")
    here = f"/499156/invoices/{invoice['InvoiceID']}"

    assert "verarbeitet / processed" in visitor.press(here, do="print")
    assert "Not saved" in visitor.press(here, do="delete")


def test_a_person_sees_projects_with_milestones_and_costs(exact, caller):
    visitor = Visitor(caller)
    project = exact.add_project("P1", "Neubau", milestones=[("Rohbau", "5000")], BudgetedCosts="900")
    exact.change(exact.rows("project/WBSDeliverables")[0]["ID"], Completed=True)
    exact.add_activity(project, "Mauern")
    exact.add_hour_budget(project, 40)
    exact.add_cost(project, "12.50", Notes="asana:1")

    assert "900.00" in visitor.see("/499156/projects")
    shown = visitor.see(f"/499156/projects/{project}")
    for text in ("Rohbau", "erledigt / completed", "Mauern", "40", "12.50", "asana:1"):
        assert text in shown
    assert "499157 Muster Dienste GmbH" in visitor.see("/")
    for path in ("/1/orders", "/1/projects", f"/499156/orders/{project}", "/499156/projects/x"):
        assert caller.session.get(SITE + path, timeout=5).status_code == 404


# --- on a real port -------------------------------------------------------------
def test_served_it_delivers_by_itself_and_names_its_own_address():
    arrived = threading.Event()
    bodies: list[bytes] = []

    @Request.application
    def hub(request: Request) -> Response:
        bodies.append(request.get_data())
        if bodies[-1]:
            arrived.set()
        return Response(status=200)

    server = make_server("127.0.0.1", 0, hub, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    served = ServedExact(region="de")
    try:
        exact = served.simulator
        access, _ = exact.add_oauth_tokens()
        headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
        url = f"{served.server.url}/api/v1/{exact.division}"
        body = {"CallbackURL": f"http://127.0.0.1:{server.server_port}/hook", "Topic": "PurchaseOrders"}
        made = requests.post(f"{url}/webhooks/WebhookSubscriptions", json=body, headers=headers, timeout=5)
        assert made.status_code == 201, made.text
        assert bodies == [b""]

        key = exact.add_purchase_order()

        assert arrived.wait(5)
        told = json.loads(bodies[1])["Content"]
        assert told["Key"] == key
        assert told["ExactOnlineEndpoint"].startswith(f"{url}/purchaseorder/PurchaseOrders(")
    finally:
        served.close()
        server.shutdown()
        server.server_close()


# --- the whole reference -------------------------------------------------------------
def test_every_endpoint_keeps_to_the_reference(exact, caller):
    """All fields of a record of every endpoint, types included."""
    spec.entities()  # skips without the reference
    exact.add_cost_center("K1", "Bau")
    exact.add_cost_unit("T1", "Turm")
    exact.add_purchase_order(lines=[{"QuantityInPurchaseUnits": 1, "CostCenter": "K1", "CostUnit": "T1"}])
    exact.add_sales_invoice(lines=[{"Quantity": 1, "CostCenter": "K1"}])
    project = exact.add_project("P1", "Neubau", milestones=[("Rohbau", "1")])
    exact.add_activity(project, "Mauern")
    exact.add_expense(project, "Steine")
    exact.add_cost(project, "1")
    exact.add("project/TimeTransactions", Project=project, Item=exact.some("hours"), Quantity=1)
    exact.add_hour_budget(project, 1)
    about = {"Project": project, "Description": "x", "StartDate": "2026-01-01", "EndDate": "2026-01-02"}
    exact.add("project/ProjectPlanning", **about, Employee=exact.user, HourType=exact.some("hours"), Status=1)
    exact.add("project/ProjectProgressReports", Project=project, Description="x")
    document = exact.add("documents/Documents", Subject="x", Type=55)
    exact.add("documents/DocumentAttachments", Document=document, FileName="a", Attachment="YQ==")
    caller.subscribe("Accounts")
    exact.delete(exact.add_gl_account("1", "x"))
    exact.options.calls_per_minute = None

    for entity in ALL:
        query = {"$select": ",".join(entity.fields)}
        if entity.needs_filter:
            query["$filter"] = f"{entity.filter_fields[0]} ne null"
        if entity.path.startswith("read/project"):
            query["projectId"] = f"guid'{project}'"
        if entity.path.startswith("read/sync"):
            query["modified"] = "datetime'2026-01-15T00:00:00'"
        answer = caller.call("GET", entity.path, params=query)
        assert answer.status_code == 200, answer.text
        assert answer.json()["d"]["results"], entity.path
        declared = spec.entities()[entity.path]
        plain = {name for name, one in declared.items() if str(one["type"]) in spec.PLAIN}
        hidden = {name for name in plain if declared[name].get("not_in_2025_12_models")}
        assert plain - hidden <= set(entity.fields), plain - hidden - set(entity.fields)
        for method in entity.methods:
            assert method in spec.methods()[entity.path.lower()], (entity.path, method)
    assert set(WBS) < {entity.path for entity in ALL}


def test_the_checker_sees_what_is_wrong(exact, caller):
    spec.entities()
    exact.add_cost_center("K1", "Bau")
    exact.faults.add(
        "hrm/Costcenters.list",
        body={"d": {"results": [{"__metadata": {"uri": "https://x"}, "Code": 7, "Kode": "K1"}]}},
    )
    caller.get("hrm/Costcenters", "Code")

    assert spec.violations(exact.calls) == [
        "GET /api/v1/499156/hrm/Costcenters: Code: 7 is no Edm.String",
        "GET /api/v1/499156/hrm/Costcenters: Kode is not declared",
    ]
    exact.calls.clear()
