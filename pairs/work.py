"""All that is due, worked off in bounded slices: by the tasks of the queue, or by `manage.py work`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

from bookings import batches, debtor_batches, folder, jobs, selectors, services
from connections import clock, queue, sessions
from connections import services as connection_services
from pairs import engine, hooks, intake, records
from pairs.base import Outcome, Result
from pairs.models import PARKED, Record, RecordState

SLICE_SECONDS = 45.0
# A delivery that no task has worked off after this long has lost its task.
DELIVERY_LOST_AFTER = timedelta(minutes=1)


def one(record_id: int) -> Outcome | None:
    """Claim and handle one record; None when it is not to be had."""
    record = records.claim(record_id, now=clock.now())
    if record is None:
        return None
    outcome = engine.run(record)
    if outcome is not None and outcome.result == Result.SENT and jobs.due(clock.now()).exists():
        # Its batch was closed just now; one that still collects is closed by a later record or by the tick.
        queue.wake("pairs.tasks.work_bookings")
    return outcome


def these(record_ids: Iterable[int], *, seconds: float = SLICE_SECONDS) -> int:
    """Handle these records for at most `seconds`; what is left over is found by the sweep. How many."""
    ends_at = time.monotonic() + seconds
    handled = 0
    with sessions.slice_of_work():
        for record_id in record_ids:
            if time.monotonic() > ends_at:
                break
            handled += one(record_id) is not None
    return handled


def due_records(*, seconds: float = SLICE_SECONDS, most: int = 200) -> int:
    """Handle what is due, oldest first, for at most `seconds`. How many records."""
    ids = list(records.due(clock.now()).values_list("pk", flat=True)[:most])
    return these(ids, seconds=seconds)


def deliveries(*, only_lost: bool = False, most: int = 500) -> int:
    """Work off stored deliveries. How many."""
    before = clock.now() - (DELIVERY_LOST_AFTER if only_lost else timedelta(0))
    ids = list(intake.open_deliveries(before).values_list("pk", flat=True)[:most])
    for delivery_id in ids:
        intake.work_delivery(delivery_id)
    return len(ids)


def polls(*, most: int = 100) -> int:
    """Poll every flow that is due. How many."""
    ids = list(intake.due_cursors(clock.now()).values_list("pk", flat=True)[:most])
    with sessions.slice_of_work():
        for cursor_id in ids:
            intake.poll(cursor_id)
    return len(ids)


def webhooks(*, most: int = 100) -> int:
    """Register, check and remove webhooks that are due. How many."""
    hooks.plan()
    ids = list(hooks.due(clock.now()).values_list("pk", flat=True)[:most])
    for hook_id in ids:
        hooks.heal(hook_id)
    return len(ids)


def announcements(*, most: int = 500) -> int:
    """Wake the records whose bookings have got DATEV's answer. How many bookings were announced."""
    settled = selectors.unannounced(most)
    subjects = {booking.origin for booking in settled}
    ids = [int(subject.removeprefix("record:")) for subject in subjects if subject.startswith("record:")]
    # A wake that comes twice does nothing, so waking first is safe.
    now = clock.now()
    # Asked for first: whose run ends between here and the waking is told again by the next round.
    running = set(Record.objects.filter(pk__in=ids, state=RecordState.RUNNING).values_list("pk", flat=True))
    Record.objects.filter(pk__in=ids, state__in=(RecordState.SENT, RecordState.UNKNOWN)).update(due_at=now)
    # A batch that a person sent again or settled answers after its records were parked.
    Record.objects.filter(pk__in=ids, state__in=PARKED).update(state=RecordState.WAITING, due_at=now)
    told = [booking.pk for booking in settled if int(booking.origin.split(":")[1]) not in running]
    services.mark_announced(told)
    return len(told)


def bookings(*, most: int = 100) -> int:
    """Close batches, hand them over, ask for jobs, tell the records. How many steps."""
    now = clock.now()
    steps = len(batches.close_due(now))
    steps += len(debtor_batches.send_due(now))
    steps += jobs.work_due(now, most)
    return steps + announcements()


def everything() -> int:
    """One round over all that is due, in this process. How many steps were made; 0 = at rest."""
    steps = records.sweep(clock.now()) + records.wake_reconnected(clock.now())
    intake.ensure_cursors()
    steps += webhooks()
    steps += polls()
    steps += folder.take_in()
    steps += deliveries()
    steps += due_records()
    steps += connection_services.end_sessions(clock.now())
    return steps + bookings()
