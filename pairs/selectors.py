"""What the dashboard, the health page and the commands ask about records."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Min, QuerySet

from bookings import selectors as booking_selectors
from pairs import records
from pairs.models import PARKED, WORKABLE, Record, RecordState


def counts() -> dict[str, int]:
    """How many records are in each state; the states add up to all records that ever entered."""
    found = dict(Record.objects.order_by().values_list("state").annotate(Count("pk")))
    return {state: found.get(state, 0) for state in RecordState.values}


def counts_by_integration() -> dict[int, dict[str, int]]:
    """The same for each integration, by its id; states without a record are left out."""
    found: dict[int, dict[str, int]] = {}
    rows = Record.objects.order_by().values_list("integration_id", "state").annotate(Count("pk"))
    for integration_id, state, count in rows:
        found.setdefault(integration_id, {})[state] = count
    return found


def parked() -> dict[str, int]:
    """How many records wait for a person, by state; only states that have any."""
    return {state: count for state, count in counts().items() if state in PARKED and count}


def oldest_due(now: datetime) -> datetime | None:
    """Since when the oldest due record waits for a worker; None if nothing is due."""
    oldest: datetime | None = records.due(now).aggregate(oldest=Min("due_at"))["oldest"]
    return oldest


def next_due() -> datetime | None:
    """When the next record or batch becomes due; None if nothing is under way."""
    running = Record.objects.filter(state=RecordState.RUNNING, lease_until__isnull=False)
    moments = [
        under_way().aggregate(next=Min("due_at"))["next"],
        running.aggregate(next=Min("lease_until"))["next"],
        booking_selectors.next_due_at(),
    ]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else None


def under_way() -> QuerySet[Record]:
    """Records that will become due by themselves."""
    # "Not empty" lets the database use the index of what is under way instead of reading everything.
    return Record.objects.filter(records.workable_integration(), state__in=WORKABLE, due_at__isnull=False)


def summary() -> str:
    """One line for logs and commands: the states that have records."""
    shown = [f"{count} {state}" for state, count in counts().items() if count]
    return ", ".join(shown) or "no records"
