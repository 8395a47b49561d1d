"""Signs of life for proxies and monitors: cheap, and without secrets or business data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connections import clock
from pairs.models import Heartbeat, Record, RecordState

# Worked off by ourselves; a record that waits for a person's sign-in says nothing about the workers.
OURS_TO_WORK = (RecordState.WAITING, RecordState.SENT, RecordState.UNKNOWN)

# Applied migrations stay applied while a process lives, so the tree is read from disk only until then.
_all_applied = False


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process answers at all."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when work can be taken in and is being done, else 503; each check says what it saw."""
    checks = {name: _asked(check) for name, check in CHECKS.items()}
    is_ready = all(check["ok"] for check in checks.values())
    return JsonResponse({"ready": is_ready, "checks": checks}, status=200 if is_ready else 503)


def _asked(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return check()
    except DatabaseError:
        return {"ok": False, "problem": "the database does not answer"}


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return {"ok": True}


def _migrations() -> dict[str, Any]:
    global _all_applied
    unapplied = 0
    if not _all_applied:
        executor = MigrationExecutor(connection)
        unapplied = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        _all_applied = unapplied == 0
    return {"ok": unapplied == 0, "unapplied": unapplied}


def _queue() -> dict[str, Any]:
    beat = Heartbeat.objects.filter(name="queue").first()
    if beat is None:
        return {"ok": False, "problem": "nothing has come through the queue yet"}
    age = _seconds_since(beat.at)
    return {"ok": age <= settings.READY_QUEUE_SECONDS, "age_seconds": age}


def _records() -> dict[str, Any]:
    due_at = (
        Record.objects.filter(
            state__in=OURS_TO_WORK,
            due_at__lte=clock.now(),
            integration__is_on=True,
            integration__is_paused=False,
        )
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    age = _seconds_since(due_at) if due_at else 0
    return {"ok": age <= settings.READY_DUE_SECONDS, "oldest_due_seconds": age}


def _seconds_since(moment: datetime) -> int:
    return max(0, int((clock.now() - moment).total_seconds()))


CHECKS: dict[str, Callable[[], dict[str, Any]]] = {
    "database": _database,
    "migrations": _migrations,
    "queue": _queue,
    "records": _records,
}
