"""Webhooks at vendors: registered, heard, healed and removed. Polling is the guarantee, they only hurry."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from connections import audit, clock, queue
from connections.base import HookState, WebhookProtocol
from connections.errors import ConnectorError, OutcomeUnknownError, RejectedError
from connections.messages import Message, say
from connections.registry import vendor
from connections.texts import storable
from pairs.base import Flow
from pairs.engine import FIRST_WAIT, LONGEST_WAIT, OUR_FAULT, FlowContext
from pairs.models import Cursor, Delivery, Integration, Verdict, Webhook, WebhookState

log = logging.getLogger(__name__)

# A handshake is answered only while our own registration call is under way.
REGISTRATION_WINDOW = timedelta(seconds=90)
CHECK_EVERY = timedelta(hours=1)
# The hook's row is not written for each of many deliveries in a minute.
SEEN_GRAIN = timedelta(minutes=1)
KEPT_HEADERS = ("content-type", "user-agent", "x-hook-signature", "x-hub-signature")


def protocol(hook: Webhook) -> WebhookProtocol:
    """The webhooks of the hook's vendor. Raises KeyError for a vendor without any."""
    found = vendor(hook.connection.vendor).webhooks
    if found is None:
        raise KeyError(hook.connection.vendor)
    return found


def address(hook: Webhook) -> str:
    """Our public address for this hook; its last part can't be guessed.

    Where all hooks of a connection share one, it is that of the oldest.
    """
    public_id = hook.public_id
    if protocol(hook).shares_address:
        public_id = _sharing(hook).values_list("public_id", flat=True)[0]
    path = reverse("webhook", kwargs={"vendor_key": hook.connection.vendor, "public_id": public_id})
    return f"{settings.PUBLIC_URL}{path}"


def _sharing(hook: Webhook) -> QuerySet[Webhook]:
    """All hooks of the same connection, the oldest first, where they share their address."""
    return (
        Webhook.objects.filter(connection_id=hook.connection_id).select_related("connection").order_by("pk")
    )


# --- Receiving ---


def at(vendor_key: str, public_id: UUID) -> Webhook | None:
    """A hook whose deliveries come to this address; None for an address that is not in use."""
    hook = (
        Webhook.objects.select_related("connection")
        .filter(public_id=public_id, connection__vendor=vendor_key)
        .first()
    )
    if hook is None or hook.state != WebhookState.REMOVED:
        return hook
    # The one whose address it is may be gone while others still use it.
    others = _sharing(hook) if protocol(hook).shares_address else Webhook.objects.none()
    return others.exclude(state=WebhookState.REMOVED).first()


def receive(hook: Webhook, headers: Mapping[str, str], body: bytes) -> list[Delivery]:
    """Keep a genuine delivery for each hook that it concerns, as far as it is new there."""
    shared = protocol(hook).shares_address
    concerned = _sharing(hook).exclude(state=WebhookState.REMOVED) if shared else [hook]
    stored = [store_delivery(one, headers, body) for one in concerned]
    return [delivery for delivery in stored if delivery is not None]


def answer_handshake(hook: Webhook, headers: Mapping[str, str], body: bytes) -> Mapping[str, str] | None:
    """The headers that answer the vendor's handshake; None when this is not the moment for one.

    Only the first handshake inside the window of our own registration is answered, so that nobody
    who learns the address can plant a secret. One that comes late, where the vendor's may, plants none.
    """
    handshake = protocol(hook).handshake(headers, body)
    if handshake is None:
        return None
    if _is_late_handshake(hook):
        return handshake.answer_headers
    candidate = {"candidate": handshake.secret}
    with transaction.atomic():
        current = Webhook.objects.select_for_update().get(pk=hook.pk)
        is_open = current.registering_until is not None and clock.now() < current.registering_until
        if current.state != WebhookState.REGISTERING or not is_open or current.secrets.get("candidate"):
            return None
        current.secrets = candidate
        current.save(update_fields=("secrets",))
    return handshake.answer_headers


def _is_late_handshake(hook: Webhook) -> bool:
    registered_at = hook.registered_at
    return (
        protocol(hook).has_late_handshake
        and hook.state == WebhookState.ACTIVE
        and registered_at is not None
        and clock.now() - registered_at < REGISTRATION_WINDOW
    )


def is_genuine(hook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the vendor signed exactly these bytes with the secret of this hook."""
    stored = hook.secrets.get("secret") or ""
    if not stored and hook.state == WebhookState.REGISTERING:
        # The first heartbeat may overtake the answer to our registration.
        stored = hook.secrets.get("candidate") or ""
    known = protocol(hook)
    secret = known.secret(hook.connection, stored)
    return bool(secret) and known.is_genuine(headers, body, secret)


def store_delivery(hook: Webhook, headers: Mapping[str, str], body: bytes) -> Delivery | None:
    """Keep a genuine delivery and wake a worker; None for one that was received before."""
    now = clock.now()
    identity = protocol(hook).identity(headers, body)
    digest = hashlib.sha256(body if identity is None else identity).hexdigest()
    with transaction.atomic():
        if hook.last_seen_at is None or now - hook.last_seen_at > SEEN_GRAIN:
            Webhook.objects.filter(pk=hook.pk).update(last_seen_at=now)
        known = Delivery.objects.filter(webhook=hook, sha256=digest, verdict=Verdict.GENUINE)
        # What may be new each time is only not kept twice while the first one has yet to be worked off.
        if (known if identity is not None else known.filter(worked_at=None)).exists():
            return None
        delivery = Delivery.objects.create(
            webhook=hook,
            received_at=now,
            verdict=Verdict.GENUINE,
            headers=_kept(hook, headers),
            body=body,
            sha256=digest,
        )
        queue.wake("pairs.tasks.work_delivery", delivery.pk)
    return delivery


def store_refusal(hook: Webhook, reason: str) -> None:
    """Note a refused request, without its body; at most one row a minute for each hook."""
    now = clock.now()
    recent = Delivery.objects.filter(
        webhook=hook, verdict=Verdict.REFUSED, received_at__gt=now - SEEN_GRAIN, reason=reason
    )
    if not recent.exists():
        Delivery.objects.create(
            webhook=hook, received_at=now, verdict=Verdict.REFUSED, reason=reason, body=b"", worked_at=now
        )


def _kept(hook: Webhook, headers: Mapping[str, str]) -> dict[str, str]:
    names = (*KEPT_HEADERS, *protocol(hook).kept_headers)
    return storable({name: value for name, value in headers.items() if name.lower() in names})


# --- Registering and healing ---


def plan() -> None:
    """A row for every object that ought to be watched; the others are marked for removal."""
    wanted: set[tuple[int, str, str]] = set()
    for integration in Integration.objects.select_related("source", "target").filter(is_on=True):
        for flow in integration.declared.flows:
            if flow.wake is None or not can_be_reached():
                continue
            connection = integration.side(flow.reads)
            known = vendor(connection.vendor).webhooks
            if known is None or not known.is_wanted(connection):
                continue
            for resource_ref in flow.watched(FlowContext(integration, flow)):
                wanted.add((integration.pk, flow.key, resource_ref))
                _plan_one(integration, flow, resource_ref)
    now = clock.now()
    for hook in Webhook.objects.exclude(state__in=(WebhookState.REMOVED, WebhookState.FAILED)):
        if (hook.integration_id, hook.flow, hook.resource_ref) not in wanted:
            Webhook.objects.filter(pk=hook.pk).update(due_at=now)


def can_be_reached() -> bool:
    """Whether vendors can call us: a public https address, or a simulator on this machine."""
    return settings.PUBLIC_URL.startswith("https://") or settings.ALLOW_PRIVATE_ADDRESSES


def _plan_one(integration: Integration, flow: Flow, resource_ref: str) -> None:
    connection = integration.side(flow.reads)
    hook, is_new = Webhook.objects.get_or_create(
        integration=integration,
        flow=flow.key,
        resource_ref=resource_ref,
        defaults={"connection": connection, "due_at": clock.now()},
    )
    if not is_new and hook.state == WebhookState.REMOVED:
        Webhook.objects.filter(pk=hook.pk, state=WebhookState.REMOVED).update(
            state=WebhookState.REGISTERING, due_at=clock.now(), failures=0, connection=connection
        )


def due(now: datetime) -> QuerySet[Webhook]:
    return Webhook.objects.filter(due_at__lte=now).exclude(registering_until__gt=now).order_by("due_at")


def heal(hook_id: int) -> str:
    """Register, check or remove one webhook, as it needs. Returns its state; may run twice."""
    hook = Webhook.objects.select_related("integration__source", "integration__target", "connection").get(
        pk=hook_id
    )
    if not hook.connection.is_usable:
        _later(hook, CHECK_EVERY)
        return hook.state
    try:
        if not _is_wanted(hook):
            _remove(hook)
        elif hook.state == WebhookState.ACTIVE and not _is_lost(hook):
            _later(hook, CHECK_EVERY)
        else:
            _register(hook)
    except ConnectorError as error:
        _fail(hook, error.message, error.retry_after)
    except Exception:
        log.exception("The webhook %s can't be worked on by a fault of ours", hook.pk)
        _fail(hook, OUR_FAULT, None)
    return Webhook.objects.values_list("state", flat=True).get(pk=hook_id)


def _is_wanted(hook: Webhook) -> bool:
    integration = hook.integration
    flow = next((flow for flow in integration.declared.flows if flow.key == hook.flow), None)
    if flow is None or not integration.is_on or hook.connection != integration.side(flow.reads):
        return False
    if not can_be_reached() or not protocol(hook).is_wanted(hook.connection):
        return False
    return hook.resource_ref in flow.watched(FlowContext(integration, flow))


def _is_lost(hook: Webhook) -> bool:
    """Whether the vendor has dropped the webhook, or nothing was heard for too long."""
    now = clock.now()
    heard_at = hook.last_seen_at or hook.registered_at or now
    state = _renewed_state(hook, now)
    if state.exists and not protocol(hook).lies_at(hook.connection, hook.vendor_ref, address(hook)):
        state = replace(state, exists=False)
    Webhook.objects.filter(pk=hook.pk).update(checked_at=now)
    limit = protocol(hook).silence_limit
    is_silent = limit is not None and now - heard_at > limit
    if state.exists and state.is_active and not is_silent:
        return False
    audit.record(
        "webhook.lost",
        f"webhook:{hook.pk}",
        say(
            "The webhook is gone at %(vendor)s or was silent for too long; it is registered again.",
            vendor=vendor(hook.connection.vendor).label,
        ),
    )
    return True


def _renewed_state(hook: Webhook, now: datetime) -> HookState:
    """How it stands, renewed before it ends. One that does not live longer for it counts as gone."""
    known = protocol(hook)
    state = known.state(hook.connection, hook.vendor_ref)
    if not state.exists or state.expires_at is None or state.expires_at - now > known.renew_before:
        return state
    known.renew(hook.connection, hook.vendor_ref)
    renewed = known.state(hook.connection, hook.vendor_ref)
    lives_longer = renewed.expires_at is not None and renewed.expires_at > state.expires_at
    return renewed if lives_longer else replace(renewed, exists=False)


def _register(hook: Webhook) -> None:
    """A new webhook and a new secret; one that an earlier try left behind is removed first.

    The row is committed as "being registered" before the call, because the vendor asks us for the
    handshake while our call is still open.
    """
    if not _open_window(hook):
        return
    try:
        vendor_ref, secret = _create(hook)
    except ConnectorError:
        Webhook.objects.filter(pk=hook.pk).update(registering_until=None)
        raise
    hook.refresh_from_db()
    candidate = hook.secrets.get("candidate") or ""
    if candidate and not hmac.compare_digest(candidate.encode(), secret.encode()):
        protocol(hook).remove(hook.connection, vendor_ref)
        _fail(
            hook,
            say("The handshake came with another secret than the registration; nothing is accepted."),
            None,
        )
        return
    now = clock.now()
    with transaction.atomic():
        Webhook.objects.filter(pk=hook.pk).update(
            state=WebhookState.ACTIVE,
            vendor_ref=vendor_ref,
            registering_until=None,
            registered_at=now,
            last_seen_at=now,
            checked_at=now,
            due_at=now + CHECK_EVERY,
            error=None,
            failures=0,
        )
        hook.secrets = {"secret": secret}
        hook.save(update_fields=("secrets",))
        # What happened while nothing was watched is found by a poll.
        Cursor.objects.filter(integration=hook.integration, flow=hook.flow).update(due_at=now)
        audit.record("webhook.registered", f"webhook:{hook.pk}", say("The webhook is registered."))


def _open_window(hook: Webhook) -> bool:
    now = clock.now()
    return bool(
        Webhook.objects.filter(pk=hook.pk)
        .exclude(registering_until__gt=now)
        .update(
            state=WebhookState.REGISTERING,
            registering_until=now + REGISTRATION_WINDOW,
            secrets={},
            checked_at=now,
        )
    )


def _create(hook: Webhook) -> tuple[str, str]:
    """Whatever stands there under our address has a secret that we can't read again: it goes first."""
    known = protocol(hook)
    target = address(hook)
    if hook.vendor_ref or hook.failures:
        _remove_at_vendor(hook)
    try:
        return known.register(hook.connection, hook.resource_ref, target)
    except (RejectedError, OutcomeUnknownError) as error:
        if isinstance(error, RejectedError) and error.code != "duplicate":
            raise
        _remove_at_vendor(hook)
    Webhook.objects.filter(pk=hook.pk).update(secrets={}, registering_until=clock.now() + REGISTRATION_WINDOW)
    return known.register(hook.connection, hook.resource_ref, target)


def _remove_at_vendor(hook: Webhook) -> None:
    known = protocol(hook)
    if hook.vendor_ref:
        known.remove(hook.connection, hook.vendor_ref)
    left_behind = known.find(hook.connection, hook.resource_ref, address(hook))
    # Two integrations may watch the same object at one address: what the other one has stays.
    others = _sharing(hook).exclude(pk=hook.pk)
    if left_behind and not others.filter(vendor_ref=left_behind).exists():
        known.remove(hook.connection, left_behind)


def _remove(hook: Webhook) -> None:
    if hook.vendor_ref or hook.state != WebhookState.REGISTERING:
        _remove_at_vendor(hook)
    Webhook.objects.filter(pk=hook.pk).update(
        state=WebhookState.REMOVED, vendor_ref="", secrets={}, due_at=None, registering_until=None, error=None
    )
    audit.record("webhook.removed", f"webhook:{hook.pk}", say("The webhook is removed."))


def _later(hook: Webhook, wait: timedelta) -> None:
    Webhook.objects.filter(pk=hook.pk).update(due_at=clock.now() + wait)


def _fail(hook: Webhook, message: Message, retry_after: timedelta | None) -> None:
    backoff = min(FIRST_WAIT * 2 ** min(hook.failures, 10), LONGEST_WAIT)
    Webhook.objects.filter(pk=hook.pk).update(
        state=WebhookState.FAILED,
        error=message.to_json(),
        failures=hook.failures + 1,
        registering_until=None,
        due_at=clock.now() + max(retry_after or timedelta(0), backoff),
    )
