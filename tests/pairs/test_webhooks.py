"""Webhooks are genuine or refused, answered at once without a call, and healed when they die."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client

from connections import clock
from connections.models import CallLog
from pairs import hooks, work
from pairs.models import Cursor, Delivery, Record, RecordState, Verdict, Webhook, WebhookState
from tests.pairs.world import World

EVENT = (
    b'{"events" :[{"action":"changed","created_at":"2026-11-01T10:00:00.000Z",'
    b'"resource":{"gid":"99","resource_type":"task"},"parent":null}]}'
)


@pytest.fixture
def world(db, asana, datev, settings):
    settings.PUBLIC_URL = "https://hub.example"
    asana.options.handshake_on_a_thread = False
    asana.post = post
    return World(asana, datev)


def post(url, headers, body):
    """Deliver to the product as Asana does, through Django's test client."""
    answer = Client().post(
        urlsplit(url).path,
        data=body,
        content_type=headers.get("Content-Type", "application/json"),
        headers={name: value for name, value in headers.items() if name != "Content-Type"},
    )
    return answer.status_code, dict(answer.headers), answer.content


@pytest.fixture
def hook(world):
    """The project's webhook, registered through the real handshake."""
    work.webhooks()
    return Webhook.objects.get()


def send(hook, body, *, secret=None, path=None, **headers):
    signature = hmac.new((secret or hook.secrets["secret"]).encode(), body, hashlib.sha256).hexdigest()
    return Client().post(
        path or urlsplit(hooks.address(hook)).path,
        data=body,
        content_type="application/json",
        headers={"X-Hook-Signature": signature} | headers,
    )


def test_the_webhook_is_registered_with_the_handshake_and_hears_its_heartbeat(world, hook):
    assert hook.state == WebhookState.ACTIVE
    assert hook.secrets["secret"] and "candidate" not in hook.secrets
    assert [attempt.status for attempt in world.asana.heartbeat()] == [200]


def test_an_approval_wakes_its_task_without_an_outbound_call(world, hook):
    gid = world.task()
    world.asana.approve(gid)
    calls = CallLog.objects.count()

    statuses = {attempt.status for attempt in world.asana.deliver()}

    assert statuses == {200}
    assert CallLog.objects.count() == calls
    work.deliveries()
    assert Record.objects.get(source_ref=gid).state == RecordState.WAITING


def test_a_redelivered_and_reordered_event_books_once(world, hook):
    gid = world.approved()
    world.asana.deliver()
    bodies = [bytes(delivery.body) for delivery in Delivery.objects.order_by("-id")]
    for body in bodies * 2:
        assert send(hook, body).status_code == 200

    world.work(poll=False)

    assert len(world.datev.bookings()) == 1
    assert world.record(gid).state == RecordState.DONE


def test_a_wrong_signature_is_refused_and_kept_without_its_body(hook):
    answer = send(hook, EVENT, secret="another secret")

    assert answer.status_code == 401
    [delivery] = Delivery.objects.all()
    assert (delivery.verdict, bytes(delivery.body)) == (Verdict.REFUSED, b"")
    assert not Record.objects.exists()


@pytest.mark.parametrize("signature", ["", "0" * 64, "x", "ä", "null", "a" * 100_000])
def test_an_unsigned_or_malformed_signature_is_refused(hook, signature):
    assert send(hook, EVENT, **{"X-Hook-Signature": signature}).status_code == 401


def test_a_dumped_again_body_is_not_the_signed_one(hook):
    signed = hmac.new(hook.secrets["secret"].encode(), EVENT, hashlib.sha256).hexdigest()
    dumped = json.dumps(json.loads(EVENT)).encode()

    assert send(hook, dumped, **{"X-Hook-Signature": signed}).status_code == 401


def test_a_hook_without_a_secret_refuses_everything_even_signed_with_nothing(hook):
    Webhook.objects.filter(pk=hook.pk).update(secrets={})

    assert send(hook, EVENT, secret="\0").status_code == 401
    empty = hmac.new(b"", EVENT, hashlib.sha256).hexdigest()
    assert send(hook, EVENT, **{"X-Hook-Signature": empty}, secret="x").status_code == 401


def test_an_unknown_address_is_not_found(hook):
    assert send(hook, EVENT, path=f"/hooks/asana/{uuid4()}/").status_code == 404
    assert send(hook, EVENT, path=f"/hooks/datev/{hook.public_id}/").status_code == 404


def test_a_huge_body_is_refused(hook, settings):
    settings.WEBHOOK_MAX_BYTES = 1000

    assert send(hook, b"x" * 1001).status_code == 413
    assert not Delivery.objects.filter(verdict=Verdict.GENUINE).exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"not json",
        b"\xff\xfe",
        b'{"events": 7}',
        b'{"events": [7, null, {}, {"resource": 5}, {"resource": {"gid": {}}}]}',
        b'{"events": [{"resource": {"gid": "1; DROP", "resource_type": "task"}}]}',
        b"[" * 5000,
    ],
)
def test_a_signed_body_that_makes_no_sense_is_taken_and_harmless(hook, body):
    assert send(hook, body).status_code == 200
    work.deliveries()

    assert not Record.objects.exists()
    assert not Delivery.objects.filter(worked_at=None).exists()


def test_nobody_can_plant_a_secret_in_a_registered_hook(hook):
    answer = Client().post(
        urlsplit(hooks.address(hook)).path,
        data=b"{}",
        content_type="application/json",
        headers={"X-Hook-Secret": "planted"},
    )

    assert answer.status_code == 401
    assert "X-Hook-Secret" not in answer.headers
    hook.refresh_from_db()
    assert "planted" not in str(hook.secrets)


def test_a_handshake_counts_only_inside_the_window_and_once(hook):
    Webhook.objects.filter(pk=hook.pk).update(
        state=WebhookState.REGISTERING, secrets={}, registering_until=clock.now() - timedelta(seconds=1)
    )
    path = urlsplit(hooks.address(hook)).path

    def shake(secret):
        return Client().post(
            path, data=b"{}", content_type="application/json", headers={"X-Hook-Secret": secret}
        )

    assert shake("late").status_code == 401
    Webhook.objects.filter(pk=hook.pk).update(registering_until=clock.now() + timedelta(seconds=30))
    assert shake("first").headers["X-Hook-Secret"] == "first"
    assert shake("second").status_code == 401


def test_a_registration_whose_answer_was_lost_is_replaced_not_doubled(world):
    world.asana.fail("webhooks.create", "drop after")

    work.webhooks()
    clock.advance(timedelta(minutes=2))
    world.asana.clock.advance(timedelta(minutes=2))
    work.webhooks()

    assert len(world.asana.state()["webhooks"]) == 1
    hook = Webhook.objects.get()
    assert hook.state == WebhookState.ACTIVE
    assert world.asana.heartbeat()[0].status == 200


def test_after_a_day_of_silence_the_webhook_is_registered_anew_and_the_gap_is_booked_once(world, hook):
    world.asana.post = lambda url, headers, body: (503, {}, b"")
    gids = [world.approved() for _ in range(3)]
    for _ in range(25):
        world.asana.pass_time(timedelta(hours=1))
        world.datev.clock.advance(timedelta(hours=1))
        clock.advance(timedelta(hours=1))
    assert world.asana.state()["webhooks"] == []
    world.asana.post = post
    Cursor.objects.update(due_at=clock.now() + timedelta(days=1))
    sign_in_again(world)

    world.work(poll=False)

    assert len(world.asana.state()["webhooks"]) == 1
    assert Webhook.objects.get().state == WebhookState.ACTIVE
    assert len(world.datev.bookings()) == 3
    assert {world.record(gid).state for gid in gids} == {RecordState.DONE}


def sign_in_again(world):
    """The short sign-in at DATEV has ended meanwhile; a person signs in."""
    from connections.tokens import TokenStore
    from tests.pairs.world import SCOPES

    TokenStore(world.target).store_answer(world.datev.sign_in(SCOPES.split()), clock.now())
    type(world.target).objects.filter(pk=world.target.pk).update(health="ok")


def test_an_integration_that_is_switched_off_removes_its_webhook(world, hook):
    type(world.integration).objects.update(is_on=False)

    work.webhooks()

    assert world.asana.state()["webhooks"] == []
    assert Webhook.objects.get().state == WebhookState.REMOVED
    assert send(Webhook.objects.get(), EVENT, secret="x").status_code == 404


def test_without_a_public_address_only_the_poll_works(world, settings):
    settings.PUBLIC_URL = "http://localhost:8000"
    settings.ALLOW_PRIVATE_ADDRESSES = False
    gid = world.approved()

    world.work()

    assert not Webhook.objects.exists()
    assert world.record(gid).state == RecordState.DONE
