"""Flows that read the target, and webhooks that end, are registered by hand or say no more than a key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connections import clock, registry
from connections.base import HookState, WebhookProtocol
from connections.models import Health
from pairs import hooks, intake, work
from pairs.models import Webhook, WebhookState

SECRET = "entered-by-a-person"


class Hooks(WebhookProtocol):
    """Lives for thirty days unless renewed; the secret is the connection's."""

    is_manual = True
    kept_headers = ("x-kept",)

    def __init__(self) -> None:
        self.ends_at = clock.now() + timedelta(days=30)
        self.renews = True
        self.calls: list[str] = []

    def secret(self, connection, stored):
        return connection.secrets.get("push_secret", "")

    def is_genuine(self, headers, body, secret):
        return headers.get("X-Secret") == secret

    def identity(self, headers, body):
        return None

    def register(self, connection, resource_ref, target_url):
        self.calls.append("register")
        self.ends_at = clock.now() + timedelta(days=30)
        return "7", ""

    def state(self, connection, vendor_ref):
        return HookState(exists=True, vendor_ref=vendor_ref, expires_at=self.ends_at)

    def renew(self, connection, vendor_ref):
        self.calls.append("renew")
        if self.renews:
            self.ends_at = clock.now() + timedelta(days=30)

    def remove(self, connection, vendor_ref):
        self.calls.append("remove")


@pytest.fixture
def protocol(monkeypatch):
    """The webhooks of the target's vendor; the source's vendor has none."""
    made, known = Hooks(), registry.vendors()
    vendors = {
        **known,
        "asana": replace(known["asana"], webhooks=None),
        "datev": replace(known["datev"], webhooks=made),
    }
    monkeypatch.setattr(registry, "vendors", lambda: vendors)
    return made


@pytest.fixture
def target_side(pair, integration, settings):
    """The fake integration, whose flow reads the target."""
    settings.PUBLIC_URL = "https://hub.example"
    pair.reads = "target"
    integration.target.secrets = {"push_secret": SECRET}
    integration.target.save()
    return integration


@pytest.fixture
def hook(target_side, protocol):
    hooks.plan()
    hook = Webhook.objects.get()
    hooks.heal(hook.pk)
    hook.refresh_from_db()
    return hook


def test_a_flow_that_reads_the_target_needs_only_the_target_to_be_read(target_side):
    intake.ensure_cursors()
    for connection, is_due in ((target_side.source, True), (target_side.target, False)):
        connection.health = Health.SIGN_IN
        connection.save()
        assert intake.due_cursors(clock.now()).exists() is is_due


def test_its_webhook_is_the_targets_and_is_checked_with_the_connections_secret(hook, target_side):
    assert (hook.connection, hook.state) == (target_side.target, WebhookState.ACTIVE)
    assert hooks.is_genuine(hook, {"X-Secret": SECRET}, b"{}")
    assert not hooks.is_genuine(hook, {"X-Secret": "another"}, b"{}")
    hook.connection.secrets = {}
    assert not hooks.is_genuine(hook, {"X-Secret": ""}, b"{}")


def test_equal_bodies_are_news_each_time_where_they_name_no_more_than_a_key(hook):
    first = hooks.store_delivery(hook, {"X-Kept": "1", "X-Other": "2"}, b"{}")
    assert first.headers == {"X-Kept": "1"}
    assert hooks.store_delivery(hook, {}, b"{}") is None, "the first one will be worked off yet"
    intake.work_delivery(first.pk)
    assert hooks.store_delivery(hook, {}, b"{}") is not None


def test_a_webhook_is_renewed_before_it_ends(hook, protocol):
    clock.advance(timedelta(days=15))
    hooks.heal(hook.pk)
    assert protocol.calls == ["register"]
    clock.advance(timedelta(days=6))
    hooks.heal(hook.pk)
    assert protocol.calls == ["register", "renew"]
    assert Webhook.objects.get().state == WebhookState.ACTIVE


def test_one_that_does_not_live_longer_for_it_is_registered_again(hook, protocol):
    protocol.renews = False
    clock.advance(timedelta(days=21))
    hooks.heal(hook.pk)
    assert protocol.calls == ["register", "renew", "remove", "register"]
    assert Webhook.objects.get().state == WebhookState.ACTIVE


def test_silence_says_nothing_where_no_heartbeat_is_promised(hook, protocol):
    protocol.ends_at = clock.now() + timedelta(days=900)
    clock.advance(timedelta(days=400))
    hooks.heal(hook.pk)
    assert protocol.calls == ["register"]


def test_the_webhook_of_a_side_that_is_not_read_any_more_is_removed(hook, pair, protocol):
    pair.reads = "source"
    hooks.plan()
    hooks.heal(hook.pk)
    assert Webhook.objects.get().state == WebhookState.REMOVED


# --- one address for all hooks of a connection ---


@pytest.fixture
def shared(protocol):
    protocol.shares_address = True
    return protocol


def second_hook(integration):
    return Webhook.objects.create(
        integration=integration,
        connection=integration.target,
        flow="another",
        resource_ref="other",
        state=WebhookState.ACTIVE,
    )


def test_hooks_that_share_an_address_all_hear_a_delivery(hook, shared, target_side):
    other = second_hook(target_side)

    assert hooks.address(other) == hooks.address(hook)
    stored = hooks.receive(hook, {}, b'{"a": 1}')
    assert {delivery.webhook_id for delivery in stored} == {hook.pk, other.pk}
    assert hooks.receive(hook, {}, b'{"a": 1}') == [], "both will be worked off yet"


def test_a_shared_address_outlives_the_hook_that_it_is_named_after(hook, shared, target_side):
    other = second_hook(target_side)
    Webhook.objects.filter(pk=hook.pk).update(state=WebhookState.REMOVED)

    found = hooks.at("datev", hook.public_id)
    assert found == other and hooks.address(other).endswith(f"{hook.public_id}/")
    assert [delivery.webhook_id for delivery in hooks.receive(found, {}, b"{}")] == [other.pk]

    shared.shares_address = False
    assert hooks.at("datev", hook.public_id) is None


def test_two_hooks_for_one_object_do_not_remove_each_others(hook, shared, target_side):
    other = second_hook(target_side)
    Webhook.objects.filter(pk=other.pk).update(vendor_ref="8", resource_ref=hook.resource_ref)
    removed = []
    shared.remove = lambda connection, vendor_ref: removed.append(vendor_ref)
    shared.find = lambda connection, resource_ref, target_url: "8"

    target_side.is_on = False
    target_side.save()
    hooks.heal(hook.pk)
    assert removed == ["7"]
    hooks.heal(other.pk)
    assert removed == ["7", "8", "8"], "its own, and what the search still shows of it"


def test_a_hook_that_lies_at_another_address_is_registered_again(hook, protocol, settings):
    protocol.lies_at = lambda connection, vendor_ref, target_url: "hub.example" in target_url
    hooks.heal(hook.pk)
    assert protocol.calls == ["register"]

    settings.PUBLIC_URL = "https://new.example"
    Webhook.objects.update(due_at=clock.now())
    hooks.heal(hook.pk)
    assert protocol.calls == ["register", "remove", "register"]


def test_a_connection_that_wants_no_webhooks_loses_those_it_has(hook, protocol):
    protocol.is_wanted = lambda connection: False
    hooks.plan()
    assert Webhook.objects.get().due_at <= clock.now()
    hooks.heal(hook.pk)
    assert Webhook.objects.get().state == WebhookState.REMOVED
    hooks.plan()
    assert Webhook.objects.get().state == WebhookState.REMOVED


def test_where_nobody_can_reach_us_any_more_it_is_removed_and_the_work_comes_to_rest(hook, settings):
    settings.PUBLIC_URL, settings.ALLOW_PRIVATE_ADDRESSES = "http://hub.example", False
    assert work.webhooks() == 1
    assert Webhook.objects.get().state == WebhookState.REMOVED
    assert work.webhooks() == 0
