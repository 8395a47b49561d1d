"""What people may do with records, one or many at once: replay, decide, close, open again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from bookings import services
from connections import audit, clock, effects, queue
from connections.errors import RejectedError
from connections.messages import Message, say
from pairs.models import PARKED, Integration, Record, RecordState

# Also what waits may be hurried; what runs is left alone.
REPLAYABLE = (
    *PARKED,
    RecordState.WAITING,
    RecordState.UNKNOWN,
    RecordState.RECONNECT,
    RecordState.DORMANT,
    RecordState.DONE,
    RecordState.CLOSED,
)


@dataclass(frozen=True)
class Done:
    """How many records were taken on, and how many were left as they are."""

    taken: int
    left: int


def replay(records: Iterable[Record], *, by: str) -> Done:
    """Run the records again, from the source. What has been done is found and not done a second time."""
    return _each(
        records,
        REPLAYABLE,
        {"decision": "replay", "by": by},
        "record.replayed",
        say("Replayed: the record is read again and goes on where it stood."),
        by,
    )


def decide(record: Record, decision: str, *, by: str) -> None:
    """Store a person's decision for the next run. Raises RejectedError if it is not offered (any more)."""
    declared = next((item for item in record.declared.decisions if item.key == decision), None)
    if declared is None or record.state not in declared.states:
        raise RejectedError(say("This decision is not possible for a record in this state."))
    done = _each(
        [record],
        declared.states,
        {"decision": decision, "by": by},
        f"record.decided.{decision}",
        say("Decided: %(decision)s.", decision=gettext(declared.label)),
        by,
    )
    if not done.taken:
        raise RejectedError(say("The record has changed in the meantime. Look at it again."))


def _each(
    records: Iterable[Record],
    states: Iterable[str],
    instruction: dict[str, Any],
    action: str,
    message: Message,
    by: str,
) -> Done:
    taken = left = 0
    now = clock.now()
    for record in records:
        with transaction.atomic():
            won = Record.objects.filter(pk=record.pk, state__in=list(states)).update(
                state=RecordState.WAITING,
                due_at=now,
                starts=0,
                failures=0,
                instruction=instruction,
                snapshot=None,
                snapshot_at=None,
            )
            if won:
                audit.record(action, record.subject, message, actor=by)
        taken, left = taken + won, left + (not won)
    if taken:
        queue.wake("pairs.tasks.work_due")
    return Done(taken, left)


def close(records: Iterable[Record], *, by: str, why: str) -> Done:
    """A person declares parked records as settled, with the reason; nothing more is done for them.

    What DATEV refused of them can't be sent again from its batch any more: it may be booked by hand now.
    """
    if not why.strip():
        raise RejectedError(say("Write down why the record is closed: it is kept in the audit trail."))
    taken = left = 0
    for record in records:
        with transaction.atomic():
            won = Record.objects.filter(
                pk=record.pk, state__in=[*PARKED, RecordState.DORMANT, RecordState.RECONNECT]
            ).update(
                state=RecordState.CLOSED,
                due_at=None,
                reason=say("Closed by %(by)s: %(why)s", by=by, why=why.strip()).to_json(),
            )
            if won:
                services.release_refused(record.subject)
                audit.record(
                    "record.closed", record.subject, say("Closed: %(why)s", why=why.strip()), actor=by
                )
        taken, left = taken + won, left + (not won)
    return Done(taken, left)


def settle_write(record: Record, *, arrived: bool, by: str) -> None:
    """A person looked at the target: the write whose answer is unknown has arrived, or has not."""
    effects.settle(record.owner, arrived=arrived, by=by)
    replay([record], by=by)


def wake_after_change(integrations: QuerySet[Integration], *, by: str) -> int:
    """The configuration changed: records of which nothing was sent are tried again. How many.

    Those that were not approved only if the rule may be another one: each of them is read anew.
    """
    waited = Q(integration__in=integrations, state__in=(RecordState.CONFIG, RecordState.REFUSED))
    other_rules = [integration.pk for integration in integrations if _has_other_settings(integration)]
    sleeping = Q(integration__in=other_rules, state=RecordState.DORMANT)
    return replay(Record.objects.filter(waited | sleeping), by=by).taken


def _has_other_settings(integration: Integration) -> bool:
    """Whether the latest version of the integration has other settings than the one before."""
    latest = [version.settings for version in integration.history.all()[:2]]
    return len(latest) == 2 and latest[0] != latest[1]
