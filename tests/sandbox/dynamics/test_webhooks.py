"""Webhooks of the simulated Dynamics: registration, bodies, secrets, retries, trouble on the way."""

from __future__ import annotations

import json

import pytest
import requests

from tests.sandbox.dynamics.conftest import error

URL = "https://hub.example/hooks/dynamics/6f1c"
SETTINGS = '<settings><setting name="x-mlc-secret" value="pssst &amp; so"/></settings>'


class Receiver:
    def __init__(self) -> None:
        self.status = 202
        self.received: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.status == 0:
            raise requests.ConnectTimeout("too late")
        self.received.append((url, headers, body))
        return self.status, {}, b""

    def messages(self) -> list[tuple[str, str]]:
        bodies = [json.loads(body) for _, _, body in self.received]
        return [(body["MessageName"], body["PrimaryEntityId"]) for body in bodies]


@pytest.fixture
def hub(sim) -> Receiver:
    sim.post = Receiver()
    return sim.post


def register(
    api, message: str = "Update", *, attributes: str = "", url: str = URL, **endpoint
) -> tuple[str, str]:
    """Endpoint and step as a client makes them: (endpoint id, step id)."""
    body = {"name": "ml-connector", "url": url, "contract": 8, "authtype": 5, "messageformat": 2}
    made = api.call("POST", "serviceendpoints", json={**body, "authvalue": SETTINGS, **endpoint})
    hook = made.headers["OData-EntityId"].rpartition("(")[2].strip(")")
    (found,) = api.rows(f"sdkmessages?$select=sdkmessageid,name&$filter=name eq '{message}'")
    (chosen,) = api.rows(
        "sdkmessagefilters?$select=sdkmessagefilterid&$filter=primaryobjecttypecode eq 'invoice' "
        f"and _sdkmessageid_value eq {found['sdkmessageid']}"
    )
    step = {
        "name": f"ml-connector: {message} of invoice",
        "mode": 1,
        "stage": 40,
        "rank": 1,
        "supporteddeployment": 0,
        "asyncautodelete": True,
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({hook})",
        "sdkmessageid@odata.bind": f"/sdkmessages({found['sdkmessageid']})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({chosen['sdkmessagefilterid']})",
        **({"filteringattributes": attributes} if attributes else {}),
    }
    answer = api.call("POST", "sdkmessageprocessingsteps", json=step)
    assert answer.status_code == 204, answer.text
    return hook, answer.headers["OData-EntityId"].rpartition("(")[2].strip(")")


def test_a_change_arrives_with_the_secret_and_what_changed(api, sim, hub, invoice):
    register(api, attributes="statecode,statuscode,totalamount")
    sim.cancel(invoice)
    sim.change(invoice, lastbackofficesubmit="2026-11-02T00:00:00+01:00")

    sim.deliver()

    ((url, headers, body),) = hub.received
    context = json.loads(body)
    target = context["InputParameters"][0]["value"]
    attributes = {one["key"]: one["value"] for one in target["Attributes"]}
    assert url == URL
    assert headers["x-mlc-secret"] == "pssst & so"
    assert headers["x-ms-dynamics-organization"] == "muster.crm4.dynamics.example"
    assert (headers["x-ms-dynamics-entity-name"], headers["x-ms-dynamics-request-name"]) == (
        "invoice",
        "Update",
    )
    assert context["OrganizationId"] == sim.known.organization_id
    assert (context["PrimaryEntityName"], context["PrimaryEntityId"]) == ("invoice", invoice)
    assert attributes["statuscode"]["Value"] == 100003
    assert "name" not in attributes
    assert b"\\/Date(1793606400000)\\/" in body
    assert b"http:\\/\\/schemas.microsoft.com" in body


def test_a_new_invoice_is_told_with_zero_totals_first(api, sim, hub, account):
    register(api, "Create")
    register(api, "Update", attributes="totalamount")
    invoice = sim.add_invoice(account, [{"price": "10"}], status=1)

    sim.deliver()

    created = json.loads(hub.received[0][2])["InputParameters"][0]["value"]["Attributes"]
    assert next(one["value"]["Value"] for one in created if one["key"] == "totalamount") == 0
    assert hub.messages() == [("Create", invoice), ("Update", invoice)]
    assert [json.loads(body)["Depth"] for _, _, body in hub.received] == [1, 2]


def test_a_deletion_carries_a_reference_alone(api, sim, hub, invoice):
    register(api, "Delete")
    sim.delete(invoice)

    sim.deliver()

    target = json.loads(hub.received[0][2])["InputParameters"][0]["value"]
    assert (target["Id"], target["LogicalName"]) == (invoice, "invoice")
    assert "Attributes" not in target


def test_a_large_body_is_trimmed(api, sim, hub, invoice):
    register(api)
    sim.options.webhook_limit_bytes = 500
    sim.cancel(invoice)

    sim.deliver()

    ((_, headers, body),) = hub.received
    context = json.loads(body)
    assert "x-ms-dynamics-msg-size-exceeded" in headers
    assert not {"InputParameters", "PostEntityImages", "PreEntityImages", "ParentContext"} & set(context)
    assert context["PrimaryEntityId"] == invoice


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [(4, "geheim+1", f"{URL}?code=geheim%2B1"), (6, SETTINGS, f"{URL}?x-mlc-secret=pssst%20%26%20so")],
)
def test_the_secret_in_the_address(api, sim, hub, invoice, kind, value, expected):
    register(api, authtype=kind, authvalue=value)
    sim.cancel(invoice)
    sim.deliver()

    assert hub.received[0][0] == expected


def test_the_secret_is_never_shown(api, sim, invoice):
    hook, _ = register(api)

    row = api.read(f"serviceendpoints({hook})")
    assert row["isauthvalueset"] is True
    assert "pssst" not in api.get("serviceendpoints").text
    assert api.get("serviceendpoints?$select=authvalue").status_code == 400
    assert api.get(f"serviceendpoints({hook})/authvalue").status_code == 400


def test_a_malformed_secret_shows_when_sending(api, sim, hub, invoice):
    _, step = register(api, authvalue="pssst")
    sim.cancel(invoice)
    sim.deliver()

    (job,) = api.rows(
        f"asyncoperations?$select=message&$filter=statuscode eq 31 and _owningextensionid_value eq {step}"
    )
    assert "0x80050203" in job["message"]
    assert hub.received == []


@pytest.mark.parametrize(
    ("status", "attempts"), [(503, 2), (502, 2), (504, 2), (500, 1), (401, 1), (302, 1), (0, 1)]
)
def test_one_more_attempt_after_a_gateway_fault_alone(api, sim, hub, invoice, status, attempts):
    register(api)
    hub.status = status
    sim.cancel(invoice)

    made = [*sim.deliver(), *sim.deliver(), *sim.deliver()]

    assert [one.status for one in made] == [status] * attempts
    assert len(api.rows("asyncoperations?$select=message&$filter=statuscode eq 31")) == 1


def test_duplicates_losses_and_a_wrong_order_on_demand(api, sim, hub, account):
    register(api)
    ids = [sim.add_invoice(account, status=1) for _ in range(3)]

    def told(**switches) -> list[str]:
        hub.received.clear()
        sim.hooks.set(switches)
        for row_id in ids:
            sim.change(row_id, name="neu")
        sim.deliver()
        return [row_id for _, row_id in hub.messages()]

    assert told(duplicate=1) == [ids[0], *ids]
    assert told(lose=2) == ids[2:]
    assert told(out_of_order=True) == ids[::-1]
    assert told(hold=True) == []
    sim.hooks.set({"hold": False, "out_of_order": False})
    assert len(sim.deliver()) == 3


def test_steps_are_listed_disabled_and_removed_before_their_endpoint(api, sim, hub, invoice):
    hook, step = register(api, attributes="statuscode")
    (row,) = api.rows(
        f"serviceendpoints({hook})/serviceendpoint_sdkmessageprocessingstep?$select=name,filteringattributes,mode"
    )
    assert (row["filteringattributes"], row["mode"]) == ("statuscode", 1)

    api.call("PATCH", f"sdkmessageprocessingsteps({step})", json={"statecode": 1, "statuscode": 2})
    sim.cancel(invoice)
    assert sim.deliver() == []

    assert error(api.call("DELETE", f"serviceendpoints({hook})")) == (400, "0x80040227")
    assert api.call("DELETE", f"sdkmessageprocessingsteps({step})").status_code == 204
    assert api.call("DELETE", f"serviceendpoints({hook})").status_code == 204


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("ConvertSalesOrderToInvoice", True),
        ("GenerateInvoiceFromOpportunity", True),
        ("GenerateInvoiceFromOrder", False),
        ("InvoiceSetState", False),
    ],
)
def test_messages_that_exist_and_that_do_not(api, name, is_there):
    assert bool(api.rows(f"sdkmessages?$select=name&$filter=name eq '{name}'")) is is_there


def test_only_public_addresses_on_the_usual_ports_are_reached(api, sim, hub, invoice):
    for url in ("http://127.0.0.1:8000/hook", "https://hub.example:8443/hook", "http://hub/hook"):
        register(api, url=url)
    sim.cancel(invoice)

    assert [one.status for one in sim.deliver()] == [0, 0, 0]
    sim.options.allow_local_targets = True
    sim.reactivate(invoice)
    assert [one.status for one in sim.deliver()] == [202, 202, 202]


def test_registration_needs_rights(api, sim):
    sim.set_privilege("prvCreateServiceEndpoint")

    answer = api.call("POST", "serviceendpoints", json={"name": "x", "contract": 8, "authtype": 5})
    assert error(answer) == (403, "0x80040220")


def test_a_copy_posts_to_the_same_address_with_its_own_id(api, sim, hub, invoice):
    register(api)
    copied = sim.copy_organization("https://muster-test.crm4.dynamics.example")

    copied.cancel(invoice)
    copied.deliver()

    ((_, headers, body),) = hub.received
    assert headers["x-ms-dynamics-organization"] == "muster-test.crm4.dynamics.example"
    assert json.loads(body)["OrganizationId"] == copied.known.organization_id != sim.known.organization_id
    assert json.loads(body)["PrimaryEntityId"] == invoice
