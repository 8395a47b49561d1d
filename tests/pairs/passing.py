"""Time that passes in stories: from one due moment to the next, not minute by minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bookings.models import Batch, Debtor
from connections import clock
from pairs import work
from pairs.models import Cursor, Record, RecordState

# Longer than the shortest distance between two looks at a job, and than a lease of a token's refresh.
STEP = timedelta(seconds=61)
# Polls come as rarely as this while nothing else is due; they find what they would have found earlier.
LONGEST = timedelta(minutes=10)


def poll_soon() -> None:
    """Every flow is polled in the next round."""
    Cursor.objects.update(due_at=clock.now())


def work_for(
    length: timedelta,
    pass_time: Callable[[timedelta], None],
    *,
    step: timedelta = STEP,
    before: Callable[[], None] | None = None,
) -> None:
    """Let the product run to rest whenever something is due within `length`; `pass_time` moves all clocks.

    Rounds are at least `step` apart, and `before` each of them something may happen. The last one is `step`
    before the end at most, so that whatever is due until then has been done.
    """
    ends_at = clock.now() + length
    while clock.now() < ends_at:
        if before:
            before()
        for _ in range(100):
            if not work.everything():
                break
        now = clock.now()
        wait = min(max(_next_moment(now) - now, step), max(LONGEST, step))
        pass_time(max(min(wait, ends_at - step - now), step))


def _next_moment(now: datetime) -> datetime:
    """When a record, batch or debtor is due next, a failed poll is tried again or a lease ends."""
    moments = [
        *Record.objects.filter(due_at__gt=now).values_list("due_at", flat=True),
        *Record.objects.filter(state=RecordState.RUNNING, lease_until__gt=now).values_list(
            "lease_until", flat=True
        ),
        *Batch.objects.filter(due_at__gt=now).values_list("due_at", flat=True),
        *Batch.objects.filter(lease_until__gt=now).values_list("lease_until", flat=True),
        *Batch.objects.filter(state="open", close_at__gt=now).values_list("close_at", flat=True),
        # The next try of a poll that failed.
        *Cursor.objects.filter(due_at__gt=now, failures__gt=0).values_list("due_at", flat=True),
        *Debtor.objects.filter(due_at__gt=now).values_list("due_at", flat=True),
    ]
    return min(moments, default=now + LONGEST) + timedelta(seconds=1)
