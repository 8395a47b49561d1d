"""Webhooks: the empty validation, signatures in the body, keys without content, retries and losses."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from mlconnector.sandbox.exact import ExactSimulator, signed
from tests.sandbox.exact.caller import TARGET, Caller, Hub, message

SUBSCRIPTIONS = "webhooks/WebhookSubscriptions"


@pytest.fixture
def orders(caller: Caller) -> str:
    """A subscription to purchase orders."""
    answer = caller.subscribe("PurchaseOrders")
    assert answer.status_code == 201, answer.text
    return answer.json()["d"]["ID"]


def sent(exact: ExactSimulator) -> list[tuple[str, str, str]]:
    """(topic, action, endpoint) of what leaves now."""
    return [
        (one["Topic"], one["Action"], one["ExactOnlineEndpoint"].partition("/499156/")[2].partition("(")[0])
        for one in (attempt.content() for attempt in exact.deliver())
    ]


def test_a_subscription_is_validated_by_an_empty_post(exact, caller, hub):
    answer = caller.subscribe("PurchaseOrders")

    assert answer.status_code == 201
    assert hub.validations == [TARGET]
    (one,) = caller.read(SUBSCRIPTIONS, "ID,Topic,CallbackURL,Division,ClientID,UserID,IsInstant")
    assert (one["Topic"], one["CallbackURL"], one["Division"]) == ("PurchaseOrders", TARGET, 499156)
    assert (one["ClientID"], one["UserID"], one["IsInstant"]) == (exact.client_id, exact.user, False)
    assert f"(guid'{one['ID']}')" in answer.headers["Location"]


def test_without_an_answer_to_the_validation_there_is_no_subscription(exact, caller, hub):
    hub.status = 503
    refused = caller.subscribe("PurchaseOrders")

    assert refused.status_code == 500
    assert "Post to callback URL endpoint returns 503 Service Unavailable" in message(refused)
    hub.status = 0
    assert "503" in message(caller.subscribe("PurchaseOrders"))
    assert exact.subscriptions() == []


@pytest.mark.parametrize("topic", ["Projects", "WBSDeliverables", "InvoiceTerms", "Costcenters", "Costunits"])
def test_topics_that_do_not_exist_are_refused(caller, hub, topic):
    refused = caller.subscribe(topic)

    assert (refused.status_code, message(refused)) == (500, "Ongeldig: Topic")
    assert hub.validations == []


def test_a_topic_is_held_once_in_a_division(exact, caller, orders):
    assert message(caller.subscribe("PurchaseOrders")).startswith("Gegeven bestaat reeds.")
    caller.division = 499157
    assert caller.subscribe("PurchaseOrders").status_code == 201
    assert len(caller.read(SUBSCRIPTIONS, "ID")) == 1


def test_the_callback_must_be_https_on_the_domain_of_the_redirect(exact, caller):
    for url in ("http://hub.example/hooks", "https://other.example/hooks", "http://localhost:8000/hooks"):
        assert message(caller.subscribe("Accounts", CallbackURL=url)) == "Ongeldig: CallbackURL"
    exact.options.allow_local_targets = True
    assert caller.subscribe("Accounts", CallbackURL="http://localhost:8000/hooks").status_code == 201


def test_instant_is_for_goods_deliveries(caller):
    assert caller.subscribe("Accounts", IsInstant=True).status_code == 500
    assert caller.subscribe("GoodsDeliveries", IsInstant=True).status_code == 201


def test_subscriptions_are_deleted_and_not_changed(exact, caller, orders):
    refused = caller.put(SUBSCRIPTIONS, orders, {"CallbackURL": TARGET})
    assert refused.status_code == 500

    assert caller.delete(SUBSCRIPTIONS, orders).status_code == 204

    exact.add_purchase_order()
    assert exact.deliver() == []


def test_the_published_vector_of_a_signature():
    """Secret and HashCode as in the vendor notes."""
    key = "c00ee12c-2b39-4e84-b332-54a3c722e5dd"
    content = {
        "Topic": "PurchaseOrders",
        "ClientId": "11111111-2222-3333-4444-555555555555",
        "Division": 499156,
        "Action": "Update",
        "Key": key,
        "ExactOnlineEndpoint": (
            f"https://start.exactonline.nl/api/v1/499156/purchaseorder/PurchaseOrders(guid'{key}')"
        ),
        "EventCreatedOn": "2026-01-15T10:20:30.123Z",
        "EventAction": "Update",
    }

    body = signed(content, "webhook-secret-for-tests")

    assert body.endswith(b'"F530CCF5E30C882815ECC9E941B28093BE5ACB74D415A79ABDA2A7DDE01FAEE1"}')


def test_a_notification_carries_a_key_and_is_signed_over_its_raw_content(exact, hub, orders):
    key = exact.add_purchase_order(YourRef="geheim")
    exact.deliver()

    (body,) = hub.received
    content, _, code = body.partition(b',"HashCode":"')
    raw = content.removeprefix(b'{"Content":')
    expected = hmac.new(exact.webhook_secret.encode(), raw, hashlib.sha256).hexdigest().upper()
    assert code == expected.encode() + b'"}'
    told = json.loads(raw)
    assert (told["Key"], told["Action"], told["Division"]) == (key, "Create", 499156)
    assert told["EventCreatedOn"] == "2026-01-15T09:20:30.000Z"
    assert b"geheim" not in body


def test_lines_come_under_the_topic_of_their_document(exact, orders):
    key = exact.add_purchase_order()
    assert sent(exact) == [("PurchaseOrders", "Create", "purchaseorder/PurchaseOrders")]

    exact.change(exact.lines(key)[0], UnitPrice="7.00")
    assert sent(exact) == [
        ("PurchaseOrders", "Update", "purchaseorder/PurchaseOrderLines"),
        ("PurchaseOrders", "Update", "purchaseorder/PurchaseOrders"),
    ]
    line = exact.add_line(key, QuantityInPurchaseUnits=1, UnitPrice="0")
    assert sent(exact) == [("PurchaseOrders", "Create", "purchaseorder/PurchaseOrderLines")]
    exact.delete(line)
    exact.delete(key)
    assert [action for _, action, _ in sent(exact)] == ["Delete", "Delete"]


def test_only_marked_fields_send_events(exact, caller, orders):
    key = exact.add_purchase_order()
    exact.deliver()

    caller.put("purchaseorder/PurchaseOrders", key, {"IncotermCode": "EXW"})
    assert sent(exact) == []
    caller.put("purchaseorder/PurchaseOrders", key, {"YourRef": "B"})
    caller.put("purchaseorder/PurchaseOrders", key, {"YourRef": "B"})
    assert sent(exact) == [("PurchaseOrders", "Update", "purchaseorder/PurchaseOrders")]


def test_other_topics_and_divisions_stay_silent(exact, orders):
    exact.add_supplier("Muster Zwei GmbH")
    exact.add_purchase_order(division=499157)

    assert exact.deliver() == []


def test_what_is_not_answered_with_200_comes_again_until_it_is_given_up(exact, hub, orders):
    exact.add_purchase_order()
    hub.status = 500
    exact.deliver()
    exact.pass_time(timedelta(seconds=59))
    assert len(exact.deliveries.attempts) == 1

    exact.pass_time(timedelta(seconds=1))
    hub.status = 200
    exact.pass_time(timedelta(minutes=2))

    assert [one.status for one in exact.deliveries.attempts] == [500, 500, 200]
    exact.add_purchase_order()
    hub.status = 0
    exact.pass_time(timedelta(days=1))
    assert [one.status for one in exact.deliveries.attempts[3:]] == [0] * 5
    assert exact.known.waiting == []


def test_notifications_get_lost_doubled_late_and_out_of_order(exact, hub, orders):
    exact.hooks.lose = 1
    exact.add_purchase_order()
    assert exact.deliver() == []

    exact.hooks.duplicate = 1
    exact.add_purchase_order()
    first, second = exact.deliver()
    assert first.body == second.body

    exact.options.webhook_delay_seconds = 120
    keys = [exact.add_purchase_order(), exact.add_purchase_order()]
    assert exact.deliver() == []
    exact.hooks.out_of_order = True
    late = exact.pass_time(timedelta(minutes=2))
    assert [one.content()["Key"] for one in late] == keys[::-1]


def test_a_forged_notification_can_be_made(exact):
    genuine = exact.notification("PurchaseOrders", "k", path="purchaseorder/PurchaseOrders")
    forged = exact.notification("PurchaseOrders", "k", path="purchaseorder/PurchaseOrders", secret="wrong")

    assert genuine.partition(b',"HashCode"')[0] == forged.partition(b',"HashCode"')[0]
    assert genuine != forged
    assert (
        json.loads(exact.notification("Accounts", "k", Division="499156"))["Content"]["Division"] == "499156"
    )


def test_subscriptions_end_with_consent(exact, caller, orders):
    exact.drop_subscription("PurchaseOrders")
    assert caller.read(SUBSCRIPTIONS, "ID") == []
    assert caller.subscribe("PurchaseOrders").status_code == 201

    exact.revoke()

    assert exact.subscriptions() == []


def test_the_hub_of_these_tests_tells_validations_from_notifications(hub: Hub):
    assert hub("https://hub.example/", {}, b"")[0] == 200
    assert hub.contents() == []
