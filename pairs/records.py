"""Waking, claiming and freeing records: every change of hands is one conditional update."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from connections import audit, clock
from connections.messages import Message, say
from connections.models import Effect, EffectState, Health
from pairs import registry
from pairs.base import Change
from pairs.models import WORKABLE, Integration, Record, RecordState

# States that a change at the source wakes; a running record is looked at again when its run has ended.
WAKEABLE = tuple(
    state for state in RecordState.values if state not in (RecordState.RUNNING, RecordState.CLOSED)
)


class LeaseLost(Exception):
    """Another worker has taken this record over; whatever this one still does must not be stored."""


def lease_end() -> datetime:
    return clock.now() + timedelta(seconds=settings.RECORD_LEASE_SECONDS)


def wake(integration: Integration, flow_key: str, changes: Sequence[Change]) -> list[int]:
    """The ids of the records that `changes` made or woke. Runs in the caller's transaction."""
    flow = integration.declared.flow(flow_key)
    known = {
        record.source_ref: record
        for record in Record.objects.filter(
            integration=integration, flow=flow_key, source_ref__in=[change.ref for change in changes]
        ).order_by()
    }
    woken = []
    for change in changes:
        record = known.get(change.ref)
        if record is None:
            record = _enter(integration, flow_key, change)
            known[change.ref] = record
            woken.append(record.pk)
        elif change.is_deleted or not change.version or flow.is_news(change.version, record.seen_version):
            _see(record, change)
            woken.append(record.pk)
    return woken


def _enter(integration: Integration, flow_key: str, change: Change) -> Record:
    record, is_new = Record.objects.get_or_create(
        integration=integration,
        flow=flow_key,
        source_ref=change.ref,
        defaults={
            "label": change.label[:300],
            "source_url": change.url,
            "seen_version": change.version,
            "is_deleted_at_source": change.is_deleted,
            "snapshot": change.snapshot,
            "snapshot_at": clock.now() if change.snapshot is not None else None,
            "due_at": clock.now(),
        },
    )
    if is_new:
        audit.record("record.entered", record.subject, version=change.version, source_ref=change.ref)
    else:
        _see(record, change)
    return record


def _see(record: Record, change: Change) -> None:
    """Note the newer version; whoever is not running becomes due now."""
    now = clock.now()
    seen = {
        "seen_version": change.version,
        "is_deleted_at_source": change.is_deleted,
        "snapshot": change.snapshot,
        "snapshot_at": now if change.snapshot is not None else None,
    }
    if change.label:
        seen["label"] = change.label[:300]
    if change.url:
        seen["source_url"] = change.url
    Record.objects.filter(pk=record.pk).update(**seen)
    # A record that waits for an answer goes on waiting for it, and looks at the change meanwhile.
    Record.objects.filter(pk=record.pk, state__in=WAKEABLE).exclude(
        state__in=(RecordState.SENT, RecordState.UNKNOWN)
    ).update(state=RecordState.WAITING, due_at=now, failures=0)
    Record.objects.filter(pk=record.pk, state__in=(RecordState.SENT, RecordState.UNKNOWN)).update(due_at=now)


def note(
    integration: Integration,
    flow_key: str,
    ref: str,
    version: str,
    reason: Message,
    *,
    label: str = "",
    url: str = "",
) -> None:
    """Our own write has left an object like this, so seeing it is no news. Makes its record, dormant.

    A record that is about to be looked at still is. Versions begin with their moment, then "|": one that was
    seen since then is not put back.
    """
    record, is_new = Record.objects.get_or_create(
        integration=integration,
        flow=flow_key,
        source_ref=ref,
        defaults={
            "label": label[:300],
            "source_url": url,
            "seen_version": version,
            "handled_version": version,
            "state": RecordState.DORMANT,
            "reason": reason.to_json(),
        },
    )
    if is_new:
        audit.record("record.entered", record.subject, version=version, source_ref=ref)
        return

    def later(seen: str) -> str:
        return seen if seen.partition("|")[0] > version.partition("|")[0] else version

    retouch(integration, flow_key, ref, later, is_read=True)


def retouch(
    integration: Integration, flow_key: str, ref: str, change: Callable[[str], str], *, is_read: bool = False
) -> None:
    """Replace the version seen by what `change` makes of it, however many are at it; wakes nothing.

    With `is_read` a snapshot, older than what was just read, is dropped.
    """
    dropped = {"snapshot": None, "snapshot_at": None} if is_read else {}
    rows = Record.objects.filter(integration=integration, flow=flow_key, source_ref=ref).order_by()
    while (seen := rows.values_list("seen_version", flat=True).first()) is not None:
        if rows.filter(seen_version=seen).update(seen_version=change(seen), **dropped):
            return


def due(now: datetime) -> QuerySet[Record]:
    """Records that a worker may take now: their integration is on and both sign-ins are usable."""
    return Record.objects.filter(
        workable_integration(),
        state__in=WORKABLE,
        due_at__lte=now,
    ).order_by("due_at")


def workable_integration(prefix: str = "integration__") -> Q:
    """The integration is on, is not paused, and may use both of its connections."""
    return readable_integration(prefix) & Q(**{f"{prefix}is_paused": False}) & _usable(f"{prefix}target__")


def readable_integration(prefix: str = "integration__") -> Q:
    """The integration is on and may read its source; paused or without its target it only notices."""
    return Q(**{f"{prefix}is_on": True}) & _usable(f"{prefix}source__")


def readable_cursor() -> Q:
    """The cursor's integration is on and may read the side that its flow reads."""
    reads_target = Q()
    for pair in registry.pairs().values():
        for flow in pair.flows:
            if flow.reads == "target":
                reads_target |= Q(integration__pair=pair.key, flow=flow.key)
    if not reads_target:
        return readable_integration()
    return (~reads_target & readable_integration()) | (
        reads_target & Q(integration__is_on=True) & _usable("integration__target__")
    )


def _usable(connection: str) -> Q:
    return Q(**{f"{connection}is_on": True}) & ~Q(**{f"{connection}health": Health.SIGN_IN})


def claim(pk: int, *, now: datetime) -> Record | None:
    """Take one due record for this worker; None when it is no longer to be had.

    The start is counted before the work, so that a record that kills its worker is given up one day.
    """
    token = uuid.uuid4().hex
    won = (
        Record.objects.filter(pk=pk, state__in=WORKABLE, due_at__lte=now)
        .filter(pk__in=due(now).filter(pk=pk).values("pk"))
        .update(state=RecordState.RUNNING, claimed_by=token, lease_until=lease_end(), starts=F("starts") + 1)
    )
    if not won:
        return None
    return Record.objects.select_related("integration__source", "integration__target").get(pk=pk)


def hold(record: Record) -> None:
    """Renew this worker's lease. Raises LeaseLost when another worker has the record."""
    held = Record.objects.filter(
        pk=record.pk, claimed_by=record.claimed_by, state=RecordState.RUNNING
    ).update(lease_until=lease_end())
    if not held:
        raise LeaseLost(record.subject)


def sweep(now: datetime, *, most: int = 500) -> int:
    """Free the records whose worker has died, and give up those that killed too many. How many."""
    return sum(_free(record, now) for record in stale(now)[:most])


def stale(now: datetime) -> QuerySet[Record]:
    """Records whose worker has not renewed its lease in time."""
    return Record.objects.filter(state=RecordState.RUNNING, lease_until__lt=now).order_by("lease_until")


def _free(record: Record, now: datetime) -> bool:
    unclear = Effect.objects.filter(
        owner__startswith=f"{record.subject}:", state__in=(EffectState.STARTED, EffectState.UNKNOWN)
    ).exists()
    message: Message
    if record.starts >= settings.RECORD_MAX_STARTS:
        state, due_at = RecordState.GAVE_UP, None
        message = say(
            "Given up after %(starts)s starts, none of which came to an end. "
            "Look into the log of the worker, then replay the record.",
            starts=record.starts,
        )
    else:
        state, due_at = (RecordState.UNKNOWN if unclear else RecordState.WAITING), now
        message = say("The worker ended in the middle; the record is taken up again where it stood.")
    with transaction.atomic():
        freed = Record.objects.filter(
            pk=record.pk, state=RecordState.RUNNING, claimed_by=record.claimed_by, lease_until__lt=now
        ).update(state=state, due_at=due_at, claimed_by="", lease_until=None, reason=message.to_json())
        if freed:
            audit.record("record.freed", record.subject, message, state=str(state), starts=record.starts)
    return bool(freed)


def wake_reconnected(now: datetime) -> int:
    """Make the records due that waited for a sign-in which has happened since. How many."""
    since = F("changed_at")
    signed_in = Q()
    for role in ("source", "target"):
        signed_in |= Q(**{f"integration__{role}__token_set__signed_in_at__gt": since})
        signed_in |= Q(
            **{f"integration__{role}__checked_at__gt": since, f"integration__{role}__health": Health.OK}
        )
    ids = list(
        Record.objects.filter(workable_integration(), signed_in, state=RecordState.RECONNECT, due_at__gt=now)
        .order_by("due_at")
        .values_list("pk", flat=True)[:1000]
    )
    return Record.objects.filter(pk__in=ids, state=RecordState.RECONNECT).update(due_at=now)
