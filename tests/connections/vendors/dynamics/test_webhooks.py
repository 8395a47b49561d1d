"""Webhooks: registered for what the organisation has, genuine by a secret alone, read without a call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connections.errors import ConfigurationError, OutcomeUnknownError, RejectedError
from connections.models import CallLog, Connection
from connections.vendors.dynamics.api import DynamicsApi
from connections.vendors.dynamics.payload import hook_refs, operation_of
from connections.vendors.dynamics.webhooks import MESSAGES, SECRET_HEADER, WEBHOOKS
from mlconnector.sandbox.dynamics import DynamicsSimulator

TARGET = "https://connector.example/hooks/dynamics/6f1c"


class Receiver:
    """Where deliveries arrive: kept, and answered as told."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 200

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        assert url == TARGET
        self.received.append((headers, body))
        return self.status, {}, b""

    def named(self) -> list[tuple[str, str, str]]:
        return [
            (found.message, found.ref.table, found.ref.id)
            for _, body in self.received
            for found in hook_refs(body)
        ]


@pytest.fixture
def receiver(dynamics: DynamicsSimulator) -> Iterator[Receiver]:
    made = Receiver()
    dynamics.post = made
    yield made


def steps(dynamics: DynamicsSimulator) -> list[str]:
    return sorted(row.values["name"] for row in dynamics.known.all("sdkmessageprocessingstep"))


def test_the_messages_that_the_organisation_really_has_are_registered(
    connection: Connection, dynamics: DynamicsSimulator
) -> None:
    endpoint, secret = WEBHOOKS.register(connection, "invoice", TARGET)

    there = ["ConvertSalesOrderToInvoice", "Create", "Delete", "Update"]
    assert steps(dynamics) == [f"ml-connector: invoice: {message}" for message in there]
    assert "GenerateInvoiceFromOrder" in MESSAGES["invoice"]
    assert len(secret) > 30
    assert WEBHOOKS.find(connection, "invoice", TARGET) == endpoint
    state = WEBHOOKS.state(connection, endpoint)
    assert state.exists and state.is_active and state.expires_at is None
    logged = json.dumps(list(CallLog.objects.values()), default=str)
    assert secret not in logged


def test_a_change_of_state_arrives_and_names_the_invoice(
    connection: Connection, api: DynamicsApi, dynamics: DynamicsSimulator, account: str, receiver: Receiver
) -> None:
    _, secret = WEBHOOKS.register(connection, "invoice", TARGET)
    invoice = dynamics.add_invoice(account, [{"price": "10.00"}], status=1)
    dynamics.bill(invoice)
    dynamics.delete(invoice)
    dynamics.deliver()

    messages = receiver.named()
    assert ("Create", "invoice", invoice) in messages and ("Update", "invoice", invoice) in messages
    assert messages[-1] == ("Delete", "invoice", invoice)
    for headers, body in receiver.received:
        assert WEBHOOKS.is_genuine(headers, body, secret)
        assert not WEBHOOKS.is_genuine(headers, body, secret + "x")
        assert not WEBHOOKS.is_genuine({}, body, secret)
    first = hook_refs(receiver.received[0][1])[0]
    assert first.ref.organization_id == api.facts.organization_id and not first.is_deleted
    assert hook_refs(receiver.received[-1][1])[0].is_deleted


def test_a_body_above_the_limit_names_the_same(
    connection: Connection, dynamics: DynamicsSimulator, invoice: str, receiver: Receiver
) -> None:
    WEBHOOKS.register(connection, "invoice", TARGET)
    dynamics.pay(invoice)
    dynamics.deliver()
    dynamics.options.webhook_limit_bytes = 500
    dynamics.cancel(invoice)
    dynamics.deliver()

    whole, trimmed = (json.loads(body) for _, body in receiver.received)
    assert "InputParameters" in whole and "InputParameters" not in trimmed
    assert receiver.named() == [("Update", "invoice", invoice)] * 2


def test_what_we_write_back_calls_nobody(
    connection: Connection, api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str, receiver: Receiver
) -> None:
    WEBHOOKS.register(connection, "invoice", TARGET)
    dynamics.add_column("invoice", "new_datevstatus")
    api.write_back(invoice, {"new_datevstatus": "gebucht"})
    dynamics.deliver()
    assert receiver.received == []


def test_a_second_try_of_the_same_delivery_is_known(
    connection: Connection, dynamics: DynamicsSimulator, invoice: str, receiver: Receiver
) -> None:
    WEBHOOKS.register(connection, "invoice", TARGET)
    receiver.status = 503
    dynamics.pay(invoice)
    dynamics.deliver()
    dynamics.deliver()
    receiver.status = 200
    dynamics.cancel(invoice)
    dynamics.deliver()

    identities = [WEBHOOKS.identity(headers, body) for headers, body in receiver.received]
    assert len(identities) == 3 and identities[0] == identities[1] != identities[2]


def test_a_webhook_that_is_there_is_not_made_twice_and_its_removal_may_be_repeated(
    connection: Connection, dynamics: DynamicsSimulator
) -> None:
    endpoint, _ = WEBHOOKS.register(connection, "invoice", TARGET)
    with pytest.raises(RejectedError) as raised:
        WEBHOOKS.register(connection, "invoice", TARGET)
    assert raised.value.code == "duplicate"

    WEBHOOKS.remove(connection, endpoint)
    WEBHOOKS.remove(connection, endpoint)

    assert steps(dynamics) == []
    assert WEBHOOKS.find(connection, "invoice", TARGET) is None
    assert WEBHOOKS.state(connection, endpoint).exists is False


def test_a_registration_that_broke_off_is_found_and_cleared_away(
    connection: Connection, dynamics: DynamicsSimulator
) -> None:
    dynamics.faults.add("POST /sdkmessageprocessingsteps", drop="after", skip=1)
    with pytest.raises(OutcomeUnknownError):
        WEBHOOKS.register(connection, "invoice", TARGET)
    assert len(steps(dynamics)) == 2

    left = WEBHOOKS.find(connection, "invoice", TARGET)
    assert left is not None
    WEBHOOKS.remove(connection, left)
    WEBHOOKS.register(connection, "invoice", TARGET)
    assert len(steps(dynamics)) == 4


def test_a_step_that_somebody_switched_off_shows(connection: Connection, dynamics: DynamicsSimulator) -> None:
    endpoint, _ = WEBHOOKS.register(connection, "account", TARGET)
    assert steps(dynamics) == ["ml-connector: account: Delete", "ml-connector: account: Update"]
    step = next(row for row in dynamics.known.all("sdkmessageprocessingstep"))
    dynamics.change(step.id, statecode=1, statuscode=2)
    assert WEBHOOKS.state(connection, endpoint).is_active is False


def test_without_the_rights_the_person_learns_what_to_do(
    connection: Connection, dynamics: DynamicsSimulator
) -> None:
    dynamics.set_privilege("prvCreateServiceEndpoint")
    with pytest.raises(ConfigurationError, match="System Customizer"):
        WEBHOOKS.register(connection, "invoice", TARGET)
    assert steps(dynamics) == []


def test_another_port_is_refused_without_a_call(connection: Connection, dynamics: DynamicsSimulator) -> None:
    before = len(dynamics.calls)
    with pytest.raises(ConfigurationError, match="443"):
        WEBHOOKS.register(connection, "invoice", "https://connector.example:8443/hooks")
    assert len(dynamics.calls) == before


# --- bodies ---

ORGANIZATION, INVOICE = "4ef5b371-0000-4000-8000-000000000001", "6d81597f-0000-4000-8000-000000000002"


def body(**context: Any) -> bytes:
    return json.dumps({"OrganizationId": ORGANIZATION, "MessageName": "Update"} | context).encode()


def test_an_action_names_the_invoice_that_it_made() -> None:
    made = {"__type": "Entity:http://x", "LogicalName": "invoice", "Id": INVOICE.upper(), "Attributes": []}
    found = hook_refs(
        body(
            MessageName="ConvertSalesOrderToInvoice",
            PrimaryEntityName="none",
            PrimaryEntityId="00000000-0000-0000-0000-000000000000",
            OutputParameters=[{"key": "Entity", "value": made}],
        )
    )
    assert [(one.ref.table, one.ref.id) for one in found] == [("invoice", INVOICE)]


def test_a_row_that_is_named_twice_counts_once() -> None:
    target = [{"key": "Target", "value": {"LogicalName": "invoice", "Id": INVOICE}}]
    found = hook_refs(body(PrimaryEntityName="invoice", PrimaryEntityId=INVOICE, InputParameters=target))
    assert len(found) == 1


@pytest.mark.parametrize(
    "context",
    [
        {"OrganizationId": None, "PrimaryEntityName": "invoice", "PrimaryEntityId": INVOICE},
        {"PrimaryEntityName": "invoice", "PrimaryEntityId": "1"},
        {"PrimaryEntityName": 5, "PrimaryEntityId": INVOICE},
        {"InputParameters": {"Target": 1}, "OutputParameters": [1, {"key": "x"}]},
    ],
)
def test_what_is_not_understood_is_left_to_the_poll(context: dict[str, Any]) -> None:
    assert hook_refs(body(**context)) == []


@examples(max_examples=50)
@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text(), lambda x: st.lists(x)).map(lambda value: json.dumps(value).encode())
)
def test_any_body_is_read_or_refused_with_a_value_error(content: bytes) -> None:
    assert operation_of(content) == ""
    try:
        assert hook_refs(content) == []
    except ValueError:
        return


@given(st.text(max_size=60), st.text(max_size=60))
def test_only_the_very_secret_is_genuine(secret: str, given_secret: str) -> None:
    is_same = bool(secret) and secret == given_secret
    assert WEBHOOKS.is_genuine({SECRET_HEADER.lower(): given_secret}, b"{}", secret) is is_same
