"""Waking a worker. The queue only wakes: truth is in tables, and a lost wake costs a minute."""

from __future__ import annotations

import time

from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task

# With nobody to empty the queue (work done by `manage.py work` alone) it must not grow for ever.
MOST_WAITING = 5000
LOOK_AGAIN_SECONDS = 5.0

_looked_at = 0.0
_is_full = False


def wake(task: str, *arguments: int | str) -> None:
    """Ask a worker to call `task` ("pairs.tasks.work_delivery") with ids or short texts.

    Call it inside the transaction that saves the rows: with the database as broker both commit or neither.
    """
    # Outside of a transaction django-q2 would close this process's connection to the database each time.
    with transaction.atomic(savepoint=False):
        if not _full():
            async_task(task, *arguments)


def _full() -> bool:
    global _looked_at, _is_full
    if time.monotonic() - _looked_at > LOOK_AGAIN_SECONDS:
        _looked_at = time.monotonic()
        _is_full = get_broker().queue_size() >= MOST_WAITING
    return _is_full
