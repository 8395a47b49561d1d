"""Subscriptions, signatures inside the body, and bodies that name a key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connections.errors import ConfigurationError, OutcomeUnknownError, RejectedError
from connections.models import Connection
from connections.vendors.exact.api import ExactApi, hook_ref
from connections.vendors.exact.payload import is_genuine
from connections.vendors.exact.webhooks import WEBHOOKS
from mlconnector.sandbox.exact import ExactSimulator
from tests.connections.vendors.exact.conftest import Hub

pytestmark = pytest.mark.django_db
TARGET = "https://hub.example/hooks/exact/abc"
ORDER = "c00ee12c-2b39-4e84-b332-54a3c722e5dd"
# Source: "Webhooks" of the Exact Online REST API, test vector (read 2026-11).
CONTENT = (
    '{"Topic":"PurchaseOrders","ClientId":"11111111-2222-3333-4444-555555555555","Division":499156,'
    f'"Action":"Update","Key":"{ORDER}","ExactOnlineEndpoint":"https://start.exactonline.nl/api/v1/499156/'
    f'purchaseorder/PurchaseOrders(guid\'{ORDER}\')","EventCreatedOn":"2026-01-15T10:20:30.123Z",'
    '"EventAction":"Update"}'
)
HASH = "F530CCF5E30C882815ECC9E941B28093BE5ACB74D415A79ABDA2A7DDE01FAEE1"
SECRET = "webhook-secret-for-tests"
BODY = f'{{"Content":{CONTENT},"HashCode":"{HASH}"}}'.encode()


# --- subscriptions ---


def test_a_topic_is_subscribed_found_and_removed(
    connection: Connection, exact: ExactSimulator, hub: Hub
) -> None:
    ref, _ = WEBHOOKS.register(connection, "PurchaseOrders", TARGET)
    assert hub.received == [(TARGET, b"")], "the vendor calls before it answers"
    assert WEBHOOKS.find(connection, "PurchaseOrders", TARGET) == ref
    assert WEBHOOKS.find(connection, "SalesInvoices", TARGET) is None
    assert WEBHOOKS.state(connection, ref).exists
    assert WEBHOOKS.lies_at(connection, ref, TARGET) and not WEBHOOKS.lies_at(connection, ref, f"{TARGET}2")
    for _ in range(2):
        WEBHOOKS.remove(connection, ref)
    assert exact.subscriptions() == [] and not WEBHOOKS.state(connection, ref).exists
    assert not [call for call in exact.calls if call.status in (400, 401, 403, 404)]


def test_a_target_that_does_not_answer_is_told_in_the_vendors_words(
    connection: Connection, exact: ExactSimulator, hub: Hub
) -> None:
    hub.status = 503
    with pytest.raises(RejectedError, match="503"):
        WEBHOOKS.register(connection, "PurchaseOrders", TARGET)
    assert exact.subscriptions() == []


def test_a_registration_whose_answer_was_lost_is_found_and_not_doubled(
    connection: Connection, exact: ExactSimulator
) -> None:
    exact.faults.add("webhooks/WebhookSubscriptions.create", drop="after", times=1)
    with pytest.raises(OutcomeUnknownError):
        WEBHOOKS.register(connection, "PurchaseOrders", TARGET)
    left = WEBHOOKS.find(connection, "PurchaseOrders", TARGET)
    assert left is not None
    with pytest.raises(RejectedError) as again:
        WEBHOOKS.register(connection, "PurchaseOrders", TARGET)
    assert again.value.code == "duplicate"


def test_a_topic_that_reports_elsewhere_is_left_alone_and_said(
    connection: Connection, exact: ExactSimulator
) -> None:
    WEBHOOKS.register(connection, "PurchaseOrders", TARGET)
    with pytest.raises(ConfigurationError, match="hooks/exact/abc"):
        WEBHOOKS.register(connection, "PurchaseOrders", f"{TARGET}2")
    assert len(exact.subscriptions()) == 1


def test_without_the_apps_secret_nothing_is_registered_or_believed(
    connection: Connection, exact: ExactSimulator
) -> None:
    connection.secrets = {"client_secret": exact.client_secret}
    asked = len(exact.calls)
    with pytest.raises(ConfigurationError, match="webhook secret"):
        WEBHOOKS.register(connection, "PurchaseOrders", TARGET)
    assert len(exact.calls) == asked and WEBHOOKS.secret(connection, "validated") == ""


# --- signatures ---


def test_the_vendors_test_vector() -> None:
    assert is_genuine(BODY, SECRET)
    assert WEBHOOKS.is_genuine({}, BODY, SECRET)


@pytest.mark.parametrize(
    ("body", "secret"),
    [
        (BODY, "another"),
        (BODY, ""),
        (BODY.replace(b"Update", b"Delete"), SECRET),
        (BODY.replace(HASH.encode(), HASH.lower().encode()), SECRET),
        (BODY.replace(HASH.encode(), b""), SECRET),
        (BODY.replace(b',"HashCode":"', b', "HashCode":"'), SECRET),
        (b'{"Content":,"HashCode":"' + HASH.encode() + b'"}', SECRET),
        (b'{"HashCode":"' + HASH.encode() + b'"}', SECRET),
        (json.dumps(json.loads(BODY)).encode(), SECRET),
        (b"", SECRET),
    ],
)
def test_what_is_not_exactly_the_signed_body_is_refused(body: bytes, secret: str) -> None:
    assert not is_genuine(body, secret)


@examples(max_examples=50)
@given(st.binary(max_size=300), st.text(max_size=20))
def test_no_made_up_body_is_genuine_and_none_breaks_the_check(body: bytes, secret: str) -> None:
    assert not is_genuine(body, secret)
    assert not is_genuine(b'{"Content":' + body + b',"HashCode":"' + body + b'"}', secret)


# --- bodies ---


def delivery(**content: Any) -> bytes:
    known = {"Topic": "PurchaseOrders", "Division": 499156, "Action": "Update", "Key": ORDER}
    return json.dumps({"Content": known | content, "HashCode": ""}).encode()


def endpoint(path: str) -> str:
    return f"https://start.exactonline.nl/api/v1/499156/{path}(guid'{ORDER}')"


@pytest.mark.parametrize(
    ("content", "feed", "line_path"),
    [
        ({}, "purchase_orders", ""),
        ({"Topic": "SalesInvoices"}, "sales_invoices", ""),
        (
            {"ExactOnlineEndpoint": endpoint("purchaseorder/PurchaseOrderLines")},
            "purchase_orders",
            "purchaseorder/PurchaseOrderLines",
        ),
        (
            {"Topic": "SalesInvoices", "ExactOnlineEndpoint": endpoint("salesinvoice/SalesInvoiceLines")},
            "sales_invoices",
            "salesinvoice/SalesInvoiceLines",
        ),
        ({"Topic": "GLAccounts", "Division": "499156"}, "gl_accounts", ""),
        ({"Topic": "CostTransactions", "Key": ORDER.upper()}, "costs", ""),
        ({"Division": None, "ExactOnlineEndpoint": endpoint("crm/Accounts")}, "accounts", ""),
    ],
)
def test_a_delivery_names_an_object(content: dict[str, Any], feed: str, line_path: str) -> None:
    found = hook_ref(delivery(**content))
    assert found is not None
    assert (found.feed, found.key, found.division, found.line_path) == (feed, ORDER, 499156, line_path)


def test_a_deleted_line_is_no_deleted_document() -> None:
    header = hook_ref(delivery(Action="Delete"))
    line = hook_ref(
        delivery(Action="Delete", ExactOnlineEndpoint=endpoint("purchaseorder/PurchaseOrderLines"))
    )
    assert header is not None and header.is_deleted
    assert line is not None and not line.is_deleted


@pytest.mark.parametrize("content", [{"Key": "1"}, {"Key": None}, {"Division": "x"}, {"Division": None}])
def test_what_is_not_understood_is_a_value_error(content: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no key"):
        hook_ref(delivery(**content))


def test_topics_of_no_interest_are_none() -> None:
    assert hook_ref(delivery(Topic="StockPositions")) is None
    assert hook_ref(delivery(Topic=7)) is None


@examples(max_examples=50)
@given(
    st.binary(max_size=100)
    | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_any_body_is_read_or_refused_with_a_value_error(body: bytes) -> None:
    try:
        assert hook_ref(body) is None
    except ValueError:
        return


def test_a_line_leads_to_its_document_and_a_deleted_line_nowhere(
    api: ExactApi, exact: ExactSimulator
) -> None:
    order, invoice = exact.add_purchase_order(), exact.add_sales_invoice()
    line, gone = exact.lines(order)[0], exact.add_line(order, QuantityInPurchaseUnits=1)
    exact.delete(gone)
    assert api.documents_of("purchaseorder/PurchaseOrderLines", [line, gone]) == {line: order}
    (of_invoice,) = exact.lines(invoice)
    assert api.documents_of("salesinvoice/SalesInvoiceLines", [of_invoice]) == {of_invoice: invoice}


def test_only_deliveries_of_this_app_and_company_are_ours(api: ExactApi, exact: ExactSimulator) -> None:
    ours = hook_ref(exact.notification("PurchaseOrders", ORDER))
    assert ours is not None and api.is_ours(ours)
    assert api.is_ours(ours._replace(client_id=""))
    assert not api.is_ours(ours._replace(division=499157)) and not api.is_ours(ours._replace(client_id=ORDER))
