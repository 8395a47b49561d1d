"""One limiter and one pause for each connection, shared by all workers on all machines."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from connections import clock
from connections.errors import TransientError
from connections.messages import say
from connections.models import Connection, Throttle
from connections.registry import vendor

# A worker sleeps no longer than this for its turn; a longer wait goes back to the record's due date.
LONGEST_SLEEP = timedelta(seconds=2)
# Others may take the turn between our look and our claim; each lost race means that somebody was served.
LONGEST_RACE = 50


def acquire(connection: Connection) -> None:
    """Wait for this connection's turn, at most two seconds; the turn is then paid for.

    Raises TransientError with `retry_after` for a longer wait, and RuntimeError inside a transaction:
    nothing may be locked while a vendor is called.
    """
    patience = LONGEST_SLEEP
    for _ in range(LONGEST_RACE):
        throttle = _throttle(connection)
        now = clock.now()
        pause = _left(throttle.paused_until, now)
        if pause > patience:
            raise _later(connection, pause)
        if pause:
            patience -= pause
            time.sleep(pause.total_seconds())
            continue
        wait = _claim(connection, throttle, now, patience)
        if wait is not None:
            time.sleep(wait.total_seconds())
            return
    raise _later(connection, timedelta(seconds=1))


def pause(connection: Connection, until: datetime) -> None:
    """No call before `until`, by any worker. A longer pause that stands already is kept."""
    _throttle(connection)
    Throttle.objects.filter(connection_id=connection.pk).filter(
        Q(paused_until=None) | Q(paused_until__lt=until)
    ).update(paused_until=until)


def paused_until(connection: Connection) -> datetime | None:
    """When the vendor's pause ends; None when there is none now."""
    until = (
        Throttle.objects.filter(connection_id=connection.pk).values_list("paused_until", flat=True).first()
    )
    return until if until and until > clock.now() else None


def _claim(
    connection: Connection, throttle: Throttle, now: datetime, patience: timedelta
) -> timedelta | None:
    """Pay for one call; how long to wait until it may start, or None when another worker was faster.

    Generic cell rate algorithm: each call costs `60 s / per_minute`, `burst` calls may be owed for.
    """
    rate = vendor(connection.vendor).rate(connection)
    cost = timedelta(minutes=1) / rate.per_minute
    paid_until = max(throttle.paid_until or now, now) + cost
    wait = max(paid_until - cost * max(rate.burst, 1) - now, timedelta(0))
    if wait > patience:
        raise _later(connection, wait)
    with transaction.atomic(durable=True):
        won = (
            Throttle.objects.filter(pk=throttle.pk, paid_until=throttle.paid_until)
            .filter(Q(paused_until=None) | Q(paused_until__lte=now))
            .update(paid_until=paid_until)
        )
    return wait if won else None


def _throttle(connection: Connection) -> Throttle:
    throttle = Throttle.objects.filter(connection_id=connection.pk).first()
    return throttle or Throttle.objects.get_or_create(connection_id=connection.pk)[0]


def _left(until: datetime | None, now: datetime) -> timedelta:
    return max(until - now, timedelta(0)) if until else timedelta(0)


def _later(connection: Connection, wait: timedelta) -> TransientError:
    return TransientError(
        say(
            "%(connection)s allows only so many calls; the next one is made when its limit permits.",
            connection=connection.name,
        ),
        vendor=connection.vendor,
        retry_after=wait,
    )
