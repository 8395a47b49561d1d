"""What is not kept for ever: the technical call log, counted errors and finished sign-in clicks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from connections.models import CallLog, EndpointCall, OAuthFlow

SLICE = 1000
# One call of `clean_up` ends; what it leaves is for the next.
MOST_SLICES = 20
# Longer than any vendor counts errors together.
ERRORS_KEPT = timedelta(days=1)


def clean_up(now: datetime) -> dict[str, int]:
    """Delete what is too old, in short transactions; returns how many rows of what."""
    old_calls = CallLog.objects.filter(at__lt=now - timedelta(days=settings.CALL_LOG_DAYS))
    old_flows = OAuthFlow.objects.filter(Q(expires_at__lte=now) | Q(used_at__isnull=False))
    old_errors = EndpointCall.objects.filter(at__lt=now - ERRORS_KEPT)
    return {
        "calls": _delete(old_calls.order_by("at")),
        "oauth_flows": _delete(old_flows.order_by("pk")),
        "endpoint_calls": _delete(old_errors.order_by("pk")),
    }


def _delete(rows: QuerySet[Any]) -> int:
    deleted = 0
    for _ in range(MOST_SLICES):
        slice_ = list(rows.values_list("pk", flat=True)[:SLICE])
        if not slice_:
            break
        deleted += rows.model._default_manager.filter(pk__in=slice_).delete()[0]
    return deleted
