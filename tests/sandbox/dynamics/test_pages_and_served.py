"""Pages for people, control from other processes, and the served simulator."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
import requests

from mlconnector.sandbox.dynamics import ServedDynamics


def page(api, path: str = "/") -> str:
    answer = api.session.get(f"{api.sim.base_url}{path}")
    assert answer.status_code == 200
    return answer.text


def press(api, path: str, **form: str) -> str:
    return api.session.post(f"{api.sim.base_url}{path}", data=form).text


@pytest.mark.parametrize("path", ["/", "/customers", "/webhooks"])
def test_pages_open_empty_and_full(api, sim, path):
    assert "simuliert" in page(api, path)
    sim.add_invoice(sim.add_account("<script>"), [{"price": "1"}])
    assert "<script>" not in page(api, path)


def test_sums_per_currency_and_status(api, sim, invoice, account):
    sim.add_currency("USD", "1.08")
    sim.add_invoice(account, [{"price": "1234.5"}], currency="USD")
    sim.cancel(sim.add_invoice(account, [{"price": "5"}]))

    text = page(api)

    for shown in ("226,00 EUR", "1.234,50 USD", "5,00 EUR", "Fakturiert / Billed", "Storniert / Canceled"):
        assert shown in text


def test_a_person_finalises_cancels_and_reactivates(api, sim, account):
    invoice = sim.add_invoice(account, [{"text": "Montage", "price": "10"}], status=1)
    states = []
    for what in ("bill", "pay", "bill", "cancel", "reactivate", "nonsense"):
        press(api, f"/invoices/{invoice}/press", what=what)
        states.append(sim.values(invoice)["statuscode"])

    # A paid invoice can't be billed.
    assert states == [4, 100001, 100001, 100003, 1, 1]
    assert "Montage" in page(api, f"/invoices/{invoice}")


def test_a_person_changes_a_line_while_the_invoice_is_active(api, sim, invoice):
    line = sim.lines(invoice)[0]["invoicedetailid"]
    form = {"line": line, "price": "60,50", "tax": "22.99"}

    press(api, f"/invoices/{invoice}/line", **form)
    assert str(sim.values(invoice)["totalamount"]) == "250.99"
    assert "kein Betrag" in press(api, f"/invoices/{invoice}/line", **(form | {"price": "viel"}))
    sim.pay(invoice)
    assert "nicht mehr offen" in press(api, f"/invoices/{invoice}/line", **form)


def test_unknown_things_are_not_there(api, invoice):
    assert api.session.get(f"{api.sim.base_url}/invoices/none").status_code == 404
    assert api.session.post(f"{api.sim.base_url}/invoices/none/press").status_code == 404
    assert (
        api.session.post(f"{api.sim.base_url}/invoices/{invoice}/line", data={"line": "x"}).status_code == 404
    )


def control(api, path: str, **body) -> requests.Response:
    return api.session.post(f"{api.sim.base_url}/_sim/{path}", json=body)


def test_another_process_sets_everything_up(api, sim):
    account = control(api, "do/add_account", name="Beispiel AG").json()["result"]
    lines = [{"text": "Montage", "price": "100.00", "rate": 19}]
    invoice = control(api, "do/add_invoice", customer=account, lines=lines, due_on="2026-12-01").json()[
        "result"
    ]
    control(api, "do/add_note", row_id=invoice, filename="a.pdf", content_base64="JVBERi0=")
    state = api.session.get(f"{sim.base_url}/_sim/state").json()

    (shown,) = state["invoices"]
    assert (shown["totalamount"], shown["duedate"], shown["statuscode"]) == ("119.00", "2026-12-01", 4)
    assert state["annotations"][0]["filesize"] == 5
    assert state["client_secret"] == sim.client_secret
    assert control(api, "do/clear").status_code == 404
    assert control(api, "do/cancel", invoice="none").status_code == 400
    assert control(api, "deliver").json() == []


def test_a_reset_begins_again(api, sim, invoice):
    sim.options.has_pdf_export = False
    organization = sim.known.organization_id

    sim.reset()

    assert list(sim.known.all("invoice")) == []
    assert sim.options.has_pdf_export is True
    assert sim.known.organization_id == organization


def test_served_on_a_port_with_deliveries_leaving_by_themselves():
    received: list[bytes] = []

    def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        received.append(body)
        return 202, {}, b""

    served = ServedDynamics(post=post)
    try:
        sim = served.simulator
        root = f"{served.server.url}/api/data/v9.2"
        form = {
            "grant_type": "client_credentials",
            "client_id": sim.client_id,
            "client_secret": sim.client_secret,
        }
        form["scope"] = f"{served.server.url}/.default"
        token = requests.post(f"{served.server.url}/{sim.tenant_id}/oauth2/v2.0/token", data=form, timeout=5)
        headers = {"Authorization": f"Bearer {token.json()['access_token']}", "Prefer": "odata.maxpagesize=1"}
        account = sim.add_account("Beispiel AG")
        for _ in range(2):
            sim.add_invoice(account)
        first = requests.get(f"{root}/invoices?$select=name", headers=headers, timeout=5).json()
        last = requests.get(first["@odata.nextLink"], headers=headers, timeout=5).json()
        assert len(first["value"] + last["value"]) == 2

        endpoint = sim._add("serviceendpoint", {"name": "x", "url": "http://127.0.0.1:1/", "authtype": 4})
        message = next(row for row in sim.known.all("sdkmessage") if row.values["name"] == "Update")
        step = {"name": "x", "eventhandler": sim.row(endpoint).lookup, "sdkmessageid": message.lookup}
        sim._add("sdkmessageprocessingstep", step)
        sim.change(account, name="Umbenannt")
        deadline = time.monotonic() + 5
        while not received and time.monotonic() < deadline:
            time.sleep(0.02)
        assert json.loads(received[0])["PrimaryEntityId"] == account
    finally:
        served.close()


def test_the_command_says_where_it_is():
    command = [sys.executable, "-m", "mlconnector.sandbox.dynamics", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            first, second = process.stdout.readline(), process.stdout.readline()
        finally:
            process.terminate()

    assert "Simulated Dynamics 365 Sales on http://127.0.0.1:" in first
    assert "client secret" in second
