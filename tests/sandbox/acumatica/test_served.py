"""The simulator on a real port: control endpoints, pages for people, pushes that leave by themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from mlconnector.sandbox.acumatica import AcumaticaSimulator, ServedAcumatica
from mlconnector.sandbox.mount import WSGIAdapter
from tests.sandbox.acumatica.caller import BASE


@pytest.fixture
def web(sim: AcumaticaSimulator) -> requests.Session:
    session = requests.Session()
    session.mount(BASE, WSGIAdapter(sim))
    return session


def control(web: requests.Session, helper: str, **arguments: Any) -> Any:
    answer = web.post(f"{BASE}/_sim/do/{helper}", json=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_another_process_sets_the_scene_and_asserts(sim, web):
    control(web, "set_approval_map", entity="PurchaseOrder", steps=["chefin", "ml-connector"])
    bill = control(web, "add_bill", amount="119.00", description="Bohrer")
    control(web, "add_purchase_order", amount="500")
    control(web, "add_employee", name="Änne Beispiel", email="aenne@muster.example")
    control(web, "press", entity="Bill", ref=bill, action="ReleaseBill")
    control(web, "add_push", url="https://hub.example/x", entity="PurchaseOrder")
    control(web, "change_purchase_order", ref="000001", status="On Hold")
    (pushed,) = web.post(f"{BASE}/_sim/deliver").json()

    state = web.get(f"{BASE}/_sim/state").json()

    assert (pushed["status"], pushed["body"]["Inserted"][0]["OrderNbr"]) == (200, "000001")
    assert (state["bills"][0]["Status"], state["bills"][0]["Amount"]) == ("Open", "119.00")
    assert state["purchase_orders"][0]["Hold"] is True
    assert state["employees"][0]["EmployeeName"] == "Änne Beispiel"
    assert [(done["effect"], done["ref"]) for done in state["done"]] == [("release", "Bill|000001")]
    assert state["sessions"] == {"opened": 0, "closed": 0, "open": 0, "most_at_once": 0, "refused": 0}
    assert sim.tenants["MUSTER"].approval["PurchaseOrder"].steps == ["chefin", "ml-connector"]
    assert control(web, "bill", ref=bill)["DueDate"] == "2026-03-13"


def test_mistakes_at_the_control_endpoints_are_told(web):
    assert web.post(f"{BASE}/_sim/do/add_bill", json={"amount": "viel"}).status_code == 400
    assert web.post(f"{BASE}/_sim/do/clear", json={}).status_code == 404


def test_a_reset_brings_back_the_beginning(sim, caller):
    sim.add_bill()
    sim.options.decline = 5

    sim.reset()

    assert (sim.options.decline, sim.sessions_opened, sim.tenants["MUSTER"].all("Bill")) == (0, 0, [])
    assert caller.get("Bill").status_code == 401


# --- pages ------------------------------------------------------------------------------------------------
def test_a_person_enters_changes_releases_and_sees_it(sim, web):
    form = {
        "tenant": "MUSTER",
        "vendor": "GERUEST",
        "amount": "50.00",
        "description": "<Gerüst>",
        "status": "",
    }
    listed = web.post(f"{BASE}/erp/enter", data=form)
    assert "&lt;Gerüst&gt;" in listed.text
    bill = sim.bill("000001")

    page = f"{BASE}/erp/document/{bill['id']}"
    web.post(f"{page}/change", data={"Amount": "60.00", "Description": "Gerüst", "DueDate": "2026-05-01"})
    shown = web.post(f"{page}/press", data={"action": "ReleaseBill"})

    assert "Open" in shown.text
    assert sim.bill("000001")["Amount"] == Decimal("60.00")
    assert "ReleaseBill" in web.get(f"{BASE}/erp/history").text
    refused = web.post(f"{page}/press", data={"action": "ReleaseBill"})
    assert (refused.status_code, "button is disabled" in refused.text) == (400, True)


def test_a_person_who_mistypes_an_amount_is_told(sim, web):
    refused = web.post(f"{BASE}/erp/enter", data={"vendor": "GERUEST", "amount": "viel"})

    assert refused.status_code == 400
    assert sim.tenants["MUSTER"].all("Bill") == []


def test_deep_links_orders_employees_and_deletion(sim, web):
    order = sim.add_purchase_order(description="Beton")
    sim.add_employee("Änne Beispiel", "aenne@muster.example")

    link = f"{BASE}/erp/Main?ScreenId=PO301000&OrderType=RO&OrderNbr=000001&CompanyID=MUSTER"
    assert web.get(link).url == f"{BASE}/erp/document/{order}"
    assert web.get(f"{BASE}/erp/Main?ScreenId=XX").status_code == 404
    assert "Beton" in web.get(f"{BASE}/erp/orders").text
    assert "aenne@muster.example" in web.get(f"{BASE}/erp/employees").text
    web.post(f"{BASE}/erp/document/{order}/delete")
    assert web.get(f"{BASE}/erp/document/{order}").status_code == 404


# --- on a port --------------------------------------------------------------------------------------------
@pytest.fixture
def served() -> Iterator[ServedAcumatica]:
    arrived = threading.Event()

    def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        arrived.set()
        return 200, {}, b""

    served = ServedAcumatica(post=post)
    served.arrived = arrived
    yield served
    served.close()


def test_cookies_lengths_and_pushes_over_a_socket(served):
    sim, http = served.simulator, requests.Session()
    sim.add_push("https://hub.example/x")
    sim.add_bill()
    root = sim.addresses(served.server.url)["instance_url"]
    given = {"name": sim.user, "password": sim.password, "tenant": sim.tenant}

    assert http.post(f"{root}/entity/auth/login", json=given, timeout=5).status_code == 204
    bills = http.get(f"{root}/entity/Default/24.200.001/Bill", timeout=5).json()
    assert datetime.fromisoformat(bills[0]["LastModifiedDateTime"]["value"]) <= datetime.now(UTC)
    assert http.post(f"{root}/entity/auth/logout", timeout=5).status_code == 204
    assert sim.sessions_closed == 1
    assert served.arrived.wait(5)
