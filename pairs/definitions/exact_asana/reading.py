"""Documents read for the records that are due: those of many records with the same two calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from connections import clock
from connections.errors import RejectedError
from pairs.definitions.exact_asana.common import guid_of
from pairs.engine import SNAPSHOT_FRESH, Context
from pairs.models import WORKABLE, Record

# As many as Exact Online tells with one call for headers and one for lines.
AT_ONCE = 20


class Document(Protocol):
    """An order or an invoice of the client."""

    def to_json(self) -> dict[str, Any]: ...


D = TypeVar("D", bound=Document)


def document(
    context: Context,
    read: Callable[[Sequence[str]], Mapping[str, D]],
    restore: Callable[[Mapping[str, Any]], D],
) -> D | None:
    """The record's document as it is now; None when it is gone.

    Sixty calls a minute are few, so the same calls read for the next records that are due as well. What they
    got is kept with them while nothing newer was seen.
    """
    snapshot = context.fresh_snapshot()
    if snapshot is not None:
        return restore(snapshot)
    mine = guid_of(context.record.source_ref)
    others = _others(context)
    try:
        found = read([mine, *(guid_of(record.source_ref) for record in others)])
    except RejectedError:
        # One of them can't be read; it holds nobody up but itself.
        others, found = [], read([mine])
    for record in others:
        other = found.get(guid_of(record.source_ref))
        if other is not None:
            Record.objects.filter(pk=record.pk, state__in=WORKABLE, seen_version=record.seen_version).update(
                snapshot=other.to_json(), snapshot_at=clock.now()
            )
    return found.get(mine)


def _others(context: Context) -> list[Record]:
    now = clock.now()
    record = context.record
    kind = record.source_ref.rpartition(":")[0]
    due = Record.objects.filter(
        integration=context.integration,
        flow=record.flow,
        source_ref__startswith=f"{kind}:",
        state__in=WORKABLE,
        due_at__lte=now,
    ).exclude(snapshot_at__gt=now - SNAPSHOT_FRESH)
    return list(due.order_by("due_at", "pk").only("pk", "source_ref", "seen_version")[: AT_ONCE - 1])
