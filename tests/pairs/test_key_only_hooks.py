"""Deliveries that name no more than a key, through the product's own views: Exact Online with a fake pair."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from connections import clock
from connections.models import EndpointCall
from connections.vendors.exact.api import hook_ref
from pairs import hooks, intake, registry
from pairs.base import Change
from pairs.models import Delivery, Integration, Record, Verdict, Webhook, WebhookState
from tests.pairs import fake

pytestmark = pytest.mark.django_db


def woken(context, headers, body):
    found = hook_ref(body)
    if found is None or not context.source.is_ours(found) or found.line_path:
        return []
    return [Change(found.key, is_deleted=found.is_deleted)]


@pytest.fixture
def hook(exact, exact_connection, datev_connection, monkeypatch, settings):
    """Registered: the vendor has called the address while its answer was still open."""
    settings.PUBLIC_URL = "https://hub.example"
    declared = fake.FakePair().declared
    flow = replace(declared.flows[0], wake=woken, watched=lambda context: ("PurchaseOrders",))
    made = replace(declared, source_vendor="exact", flows=(flow,))
    monkeypatch.setattr(registry, "pairs", lambda: {"fake": made})
    Integration.objects.create(
        name="Exact", pair="fake", source=exact_connection, target=datev_connection, is_on=True
    )
    hooks.plan()
    hook = Webhook.objects.get()
    assert hooks.heal(hook.pk) == WebhookState.ACTIVE
    hook.refresh_from_db()
    return hook


def post(client, hook, body):
    return client.post(urlsplit(hooks.address(hook)).path, body, content_type="application/json").status_code


def test_an_order_that_changes_wakes_its_record_each_time(exact, hook):
    assert hooks.heal(hook.pk) == WebhookState.ACTIVE
    order = exact.add_purchase_order()
    assert [attempt.status for attempt in exact.deliver()] == [200]
    exact.change(order, Description="Eilig")
    exact.deliver()
    for delivery in Delivery.objects.filter(worked_at=None):
        intake.work_delivery(delivery.pk)
    assert Record.objects.get().source_ref == order


def test_forged_unsigned_and_empty_deliveries_do_nothing(client, exact, hook):
    key = exact.add_purchase_order()
    genuine = exact.notification("PurchaseOrders", key)
    assert post(client, hook, exact.notification("PurchaseOrders", key, secret="another")) == 401
    assert post(client, hook, genuine.partition(b',"HashCode"')[0] + b"}") == 401
    assert post(client, hook, genuine.replace(b"Update", b"Delete")) == 401
    assert not Delivery.objects.filter(verdict=Verdict.GENUINE).exists()
    assert post(client, hook, genuine) == 200


def test_the_empty_validation_call_is_answered_while_it_may_come(client, hook):
    """It has been seen a second after the answer to the subscription; later nobody may claim to be it."""
    assert post(client, hook, b"") == 200
    clock.advance(timedelta(minutes=2))
    assert post(client, hook, b"") == 401
    assert not Delivery.objects.filter(verdict=Verdict.GENUINE).exists()


def test_deliveries_of_another_company_or_app_wake_nobody(client, exact, hook):
    key = exact.add_purchase_order()
    post(client, hook, exact.notification("PurchaseOrders", key, Division=499157))
    post(client, hook, exact.notification("PurchaseOrders", key, ClientId=key))
    for delivery in Delivery.objects.all():
        assert intake.work_delivery(delivery.pk) == []


def test_a_subscription_that_vanished_is_registered_again(exact, hook):
    exact.drop_subscription("PurchaseOrders")
    hooks.heal(hook.pk)
    assert [one.topic for one in exact.subscriptions()] == ["PurchaseOrders"]
    assert Webhook.objects.get().vendor_ref == exact.subscriptions()[0].id


def test_an_integration_that_is_switched_off_leaves_no_subscription(exact, hook):
    Integration.objects.update(is_on=False)
    hooks.plan()
    assert hooks.heal(hook.pk) == WebhookState.REMOVED
    assert exact.subscriptions() == [] and not EndpointCall.objects.exists()
