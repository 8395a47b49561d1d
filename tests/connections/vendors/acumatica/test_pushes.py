"""Push notifications: believed with the secret alone, read into references, never more than a hint."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.errors import ConfigurationError
from connections.models import Connection
from connections.vendors.acumatica import payload
from connections.vendors.acumatica.api import PushedRef
from connections.vendors.acumatica.webhooks import INQUIRIES, SECRET_HEADER, WEBHOOKS
from mlconnector.sandbox.acumatica import AcumaticaSimulator

SECRET = "simulated-push-secret"
URL = "https://hub.example/webhooks/acumatica/1/"
ID = "d11d2e19-7c07-f111-8cb1-0123456789ab"


@pytest.fixture
def unsaved() -> Connection:
    return Connection(name="Acumatica", vendor="acumatica", secrets={"push_secret": SECRET})


def test_only_the_secret_is_believed() -> None:
    for name in (SECRET_HEADER, SECRET_HEADER.lower(), SECRET_HEADER.upper()):
        assert WEBHOOKS.is_genuine({name: SECRET}, b"{}", SECRET)
    assert not WEBHOOKS.is_genuine({SECRET_HEADER: f"{SECRET} "}, b"{}", SECRET)
    assert not WEBHOOKS.is_genuine({"X-Other": SECRET}, b"{}", SECRET)
    assert not WEBHOOKS.is_genuine({SECRET_HEADER: "söcret"}, b"{}", SECRET)


@pytest.mark.parametrize("secret", ["", "short"])
def test_it_is_closed_without_a_good_secret(unsaved: Connection, secret: str) -> None:
    assert not WEBHOOKS.is_genuine({SECRET_HEADER: secret}, b"{}", secret)
    unsaved.secrets = {"push_secret": secret}
    assert not WEBHOOKS.state(unsaved, "Bill").is_active
    with pytest.raises(ConfigurationError, match="No secret for push notifications"):
        WEBHOOKS.register(unsaved, "Bill", URL)
    assert "No secret" in str(WEBHOOKS.instructions(unsaved, "Bill", URL)[0])


@pytest.mark.parametrize("entity", sorted(INQUIRIES))
def test_the_administrator_is_told_exactly_what_to_enter(unsaved: Connection, entity: str) -> None:
    told = "\n".join(str(step) for step in WEBHOOKS.instructions(unsaved, entity, URL))
    for word in ("SM302000", "SM208000", URL, SECRET_HEADER, INQUIRIES[entity][0], "NoteID"):
        assert word in told
    assert SECRET not in told
    assert WEBHOOKS.is_manual and WEBHOOKS.register(unsaved, entity, URL) == (entity, SECRET)


def test_what_the_simulator_sends_is_understood(
    db: None, acumatica: AcumaticaSimulator, posted: list[Any]
) -> None:
    acumatica.add_push(URL, header=SECRET_HEADER, secret=SECRET, query="MLConnectorBills")
    first = acumatica.add_bill(number="000001")
    second = acumatica.add_bill(number="000002")
    acumatica.deliver()
    with acumatica.transaction():
        acumatica.change_bill(first, description="anders")
        acumatica.delete_bill(second)
    acumatica.deliver()

    assert all(WEBHOOKS.is_genuine(headers, body, SECRET) for _, headers, body in posted)
    pushes = [payload.read(body) for _, _, body in posted]
    assert all(push.is_of("muster") and push.query == "MLConnectorBills" for push in pushes)
    refs = [ref for push in pushes for ref in push.refs]
    assert {(ref.id, ref.was_removed) for ref in refs} == {
        (first, False),
        (second, False),
        (second, True),
    }
    assert {ref.number for ref in refs} == {"000001", "000002"}


def pushed(**more: Any) -> bytes:
    row = {"Type": "Bill", "ReferenceNbr": "005933", "Status": "Balanced", "NoteID": ID.upper()}
    body = {
        "Inserted": [row],
        "Deleted": [],
        "Query": "MLConnectorBills",
        "CompanyId": "MUSTER",
        "Id": "1AF4D140-5321-41F2-A2EC-50B67F577C6C",
        "TimeStamp": 636295833829493672,
        "AdditionalInfo": {"userName": "anna"},
    }
    return json.dumps(body | more).encode()


def test_a_notification_is_read() -> None:
    push = payload.read(pushed())
    assert push.refs == (PushedRef(ID, "Bill", "005933", was_removed=False),)
    assert push.at == datetime(2017, 5, 5, 12, 16, 22, 949367, UTC), "ticks are more than a float can hold"
    assert (
        push.is_of("MUSTER")
        and not push.is_of("ZWEITER")
        and not payload.read(pushed(CompanyId="")).is_of("")
    )


def test_a_row_in_both_lists_was_changed_and_one_in_deleted_left_the_inquiry() -> None:
    row = {"Note ID": ID, "Doc. Type": "Bill"}
    assert [ref.was_removed for ref in payload.read(pushed(Inserted=[row], Deleted=[row])).refs] == [False]
    assert [ref.was_removed for ref in payload.read(pushed(Inserted=[], Deleted=[row])).refs] == [True]


def test_a_document_may_be_named_by_type_and_number() -> None:
    row = {"Type": "Normal", "Order Nbr.": "000077", "NoteID": None}
    assert payload.read(pushed(Inserted=[row])).refs == (PushedRef("", "Normal", "000077", False),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"null",
        pushed(Inserted=5),
        pushed(Inserted=[5]),
        pushed(Inserted=[{"Type": "Bill"}]),
    ],
)
def test_what_names_no_document_is_said_to_be_not_understood(body: bytes) -> None:
    with pytest.raises(ValueError):
        payload.read(body)


def test_the_same_notification_is_one_for_tenant_transaction_and_query() -> None:
    again = pushed(TimeStamp=1, AdditionalInfo={"attempt": 2})
    assert WEBHOOKS.identity({}, pushed()) == WEBHOOKS.identity({}, again)
    for name in ("CompanyId", "Id", "Query"):
        assert WEBHOOKS.identity({}, pushed()) != WEBHOOKS.identity({}, pushed(**{name: "another"}))
        assert WEBHOOKS.identity({}, pushed(**{name: ""})) == pushed(**{name: ""})


@given(st.one_of(st.binary(max_size=60), st.text(max_size=30).map(lambda text: json.dumps(text).encode())))
def test_no_body_breaks_it(body: bytes) -> None:
    assert WEBHOOKS.identity({}, body) is not None
    with suppress(ValueError):
        assert isinstance(payload.read(body), payload.Push)
