"""The two ways to learn of a change, polling and webhook deliveries: both only wake records."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from connections import audit, clock
from connections.errors import ConnectorError, TransientError
from connections.messages import say
from connections.texts import storable
from pairs import records
from pairs.engine import FIRST_WAIT, LONGEST_WAIT, OUR_FAULT, FlowContext
from pairs.models import Cursor, Delivery, Integration, Verdict

log = logging.getLogger(__name__)

# A longer listing is stored as far as it went; the next poll, due at once, goes on there. Far below the time
# after which the queue ends a task (QUEUE_TIMEOUT_SECONDS), because records are handled in the same task.
POLL_SECONDS = 60.0
# Where in a listing the next poll goes on, beside what the flow itself keeps in its cursor.
MORE = "more"


def ensure_cursors() -> None:
    """One cursor for each flow of each integration that is on."""
    for integration in Integration.objects.filter(is_on=True):
        for flow in integration.declared.flows:
            Cursor.objects.get_or_create(
                integration=integration, flow=flow.key, defaults={"due_at": clock.now()}
            )


def due_cursors(now: datetime) -> QuerySet[Cursor]:
    return (
        Cursor.objects.filter(records.readable_cursor(), due_at__lte=now)
        .exclude(lease_until__gt=now)
        .order_by("due_at")
    )


def poll(cursor_id: int) -> int:
    """Read all that is new since the cursor. How many records were woken.

    Each page's records are stored in one transaction with the cursor that is right after them, so a
    poll that is killed, or that the vendor's limits end, goes on there: a long listing comes to its end.
    """
    cursor = _claim(cursor_id)
    if cursor is None:
        return 0
    flow = cursor.integration.declared.flow(cursor.flow)
    context = FlowContext(cursor.integration, flow)
    woken, more = 0, cursor.value.pop(MORE, "")
    ends_at = time.monotonic() + POLL_SECONDS
    try:
        while True:
            page = flow.poll(context, cursor.value, more)
            more = page.more
            with transaction.atomic():
                cursor.value = dict(page.cursor)
                cursor.lease_until = records.lease_end()
                _store(cursor, {**cursor.value, MORE: more} if more else cursor.value)
                woken += len(records.wake(cursor.integration, cursor.flow, page.changes))
            # It gets on: the distance to the next try is a short one.
            cursor.failures = 0
            if not more or time.monotonic() > ends_at:
                break
    except records.LeaseLost:
        return woken
    except ConnectorError as error:
        if not isinstance(error, TransientError):
            # Whatever is wrong may be the place in the listing: the next poll begins anew.
            Cursor.objects.filter(pk=cursor.pk, claimed_by=cursor.claimed_by).update(value=cursor.value)
        _fail(cursor, error)
        return woken
    except Exception:
        log.exception("%s can't be read by a fault of ours", cursor)
        _fail(cursor, ConnectorError(OUR_FAULT))
        return woken
    now = clock.now()
    cursor.polled_at, cursor.error, cursor.failures = now, None, 0
    cursor.due_at = now if more else now + flow.poll_every
    _release(cursor)
    return woken


def _claim(cursor_id: int) -> Cursor | None:
    """The cursor, if it is due: of several tasks that were queued for it one reads the source."""
    token, now = uuid.uuid4().hex, clock.now()
    won = (
        Cursor.objects.filter(pk=cursor_id, due_at__lte=now)
        .exclude(lease_until__gt=now)
        .update(claimed_by=token, lease_until=records.lease_end())
    )
    return (
        Cursor.objects.select_related("integration__source", "integration__target").get(pk=cursor_id)
        if won
        else None
    )


def _store(cursor: Cursor, value: Mapping[str, Any]) -> None:
    """Write `value` and the lease if this worker still holds the cursor. Raises LeaseLost otherwise."""
    held = Cursor.objects.filter(pk=cursor.pk, claimed_by=cursor.claimed_by).update(
        value=value, lease_until=cursor.lease_until
    )
    if not held:
        raise records.LeaseLost(str(cursor))


def _release(cursor: Cursor) -> None:
    Cursor.objects.filter(pk=cursor.pk, claimed_by=cursor.claimed_by).update(
        claimed_by="",
        lease_until=None,
        polled_at=cursor.polled_at,
        error=cursor.error,
        failures=cursor.failures,
        due_at=cursor.due_at,
    )


def _fail(cursor: Cursor, error: ConnectorError) -> None:
    """Kept on the cursor and shown on the dashboard; tried again later and later."""
    backoff = min(FIRST_WAIT * 2 ** min(cursor.failures, 10), LONGEST_WAIT)
    cursor.failures += 1
    cursor.error = error.message.to_json()
    cursor.due_at = clock.now() + max(error.retry_after or timedelta(0), backoff)
    _release(cursor)


def work_delivery(delivery_id: int) -> list[int]:
    """The ids of the records that a genuine delivery names, now due. May run twice."""
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("webhook__integration__source", "webhook__integration__target")
            .filter(pk=delivery_id, worked_at=None, verdict=Verdict.GENUINE)
            .first()
        )
        if delivery is None:
            return []
        woken = _wake_from(delivery)
        delivery.woken = len(woken)
        delivery.worked_at = clock.now()
        delivery.save(update_fields=("woken", "worked_at", "error"))
    return woken


def _wake_from(delivery: Delivery) -> list[int]:
    integration = delivery.webhook.integration
    flow = integration.declared.flow(delivery.webhook.flow)
    if not integration.is_on or flow.wake is None:
        delivery.error = "integration is off"
        return []
    try:
        changes = flow.wake(FlowContext(integration, flow), delivery.headers, bytes(delivery.body))
    except ValueError as error:
        # Signed, but not understood: the next poll finds what it meant.
        delivery.error = storable(f"not understood: {error}")[:500]
        audit.record(
            "delivery.not_understood",
            f"delivery:{delivery.pk}",
            say("A signed delivery was not understood; the next poll finds what it was about."),
        )
        Cursor.objects.filter(integration=integration, flow=flow.key).update(due_at=clock.now())
        return []
    return records.wake(integration, flow.key, changes)


def open_deliveries(before: datetime) -> QuerySet[Delivery]:
    """Genuine deliveries received before `before` that no worker has worked off."""
    return Delivery.objects.filter(worked_at=None, verdict=Verdict.GENUINE, received_at__lte=before).order_by(
        "id"
    )


def forget(now: datetime, *, most: int = 1000) -> int:
    """Delete deliveries older than DELIVERY_DAYS that were worked off or refused. How many."""
    old = Delivery.objects.filter(received_at__lt=now - timedelta(days=settings.DELIVERY_DAYS)).exclude(
        worked_at=None, verdict=Verdict.GENUINE
    )
    return Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:most])).delete()[0]
