"""django-q2 tasks: each takes an id or nothing, may run twice, late or never, and calls one function."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django_q.models import Schedule

from bookings import folder
from bookings import housekeeping as booking_housekeeping
from connections import clock, queue, services, sessions
from connections import housekeeping as connection_housekeeping
from pairs import hooks, intake, records, work
from pairs.models import Heartbeat

TICK = "pairs.tasks.tick"
HOUSEKEEPING_EVERY = timedelta(hours=1)


def ensure_schedule() -> None:
    """The one schedule of this installation: a tick each minute."""
    Schedule.objects.update_or_create(
        func=TICK, defaults={"name": "tick", "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1}
    )


def tick() -> str:
    """Sweep, and wake workers for all that is due. Makes no call to a vendor itself."""
    now = clock.now()
    Heartbeat.objects.update_or_create(name="queue", defaults={"at": now})
    freed = records.sweep(now) + records.wake_reconnected(now)
    intake.ensure_cursors()
    hooks.plan()
    now = clock.now()
    with transaction.atomic():
        for cursor_id in intake.due_cursors(now).values_list("pk", flat=True)[:200]:
            queue.wake("pairs.tasks.poll", cursor_id)
        for hook_id in hooks.due(now).values_list("pk", flat=True)[:200]:
            queue.wake("pairs.tasks.heal", hook_id)
        waiting = records.due(now)[:1000].count()
        for _ in range(min(settings.Q_CLUSTER["workers"], -(-waiting // 20))):
            queue.wake("pairs.tasks.work_due")
        if services.sessions_left_open(now):
            queue.wake("pairs.tasks.end_sessions")
        queue.wake("pairs.tasks.work_bookings")
        if settings.HAND_IN_DIR:
            queue.wake("pairs.tasks.take_in_files")
        if services.unfinished(now):
            queue.wake("pairs.tasks.finish_refreshes")
    lost = work.deliveries(only_lost=True)
    _keep_house(now)
    return f"{freed} freed, {waiting} due, {lost} lost deliveries"


def _keep_house(now: datetime) -> None:
    last = Heartbeat.objects.filter(name="housekeeping").first()
    if last and now - last.at < HOUSEKEEPING_EVERY:
        return
    Heartbeat.objects.update_or_create(name="housekeeping", defaults={"at": now})
    queue.wake("pairs.tasks.keep_house")


def keep_house() -> str:
    """Delete what is kept for a limited time, in bounded slices; refresh sign-ins that would lapse unused."""
    now = clock.now()
    deleted = intake.forget(now)
    deleted += sum(connection_housekeeping.clean_up(now).values())
    deleted += booking_housekeeping.forget(now)
    return f"{deleted} rows deleted, {services.keep_alive(now)} sign-ins refreshed"


def finish_refreshes() -> str:
    """Ask again for new tokens whose answer was lost, while the vendor allows it."""
    return f"{services.finish_refreshes(clock.now())} sign-ins refreshed"


def poll(cursor_id: int) -> str:
    """Read what is new, and start on it."""
    with sessions.slice_of_work():
        woken = intake.poll(cursor_id)
        handled = work.due_records() if woken else 0
    return f"{woken} woken, {handled} handled"


def work_delivery(delivery_id: int) -> str:
    """Wake what a delivery names, and start on it."""
    woken = intake.work_delivery(delivery_id)
    return f"{len(woken)} woken, {work.these(woken)} handled"


def work_due() -> str:
    """A slice of the due records."""
    return f"{work.due_records()} handled"


def work_bookings() -> str:
    """Batches and jobs that are due, and the records that wait for them."""
    steps = work.bookings()
    handled = work.due_records() if steps else 0
    return f"{steps} steps, {handled} handled"


def take_in_files() -> str:
    """Files that lie in the watched folder and are whole."""
    return f"{folder.take_in()} files"


def heal(hook_id: int) -> str:
    """Register, check or remove one webhook."""
    return hooks.heal(hook_id)


def end_sessions() -> str:
    """End the sessions that killed workers left open at vendors."""
    return f"{services.end_sessions(clock.now())} sessions ended"
