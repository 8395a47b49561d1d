"""What is not needed any more is emptied, in bounded slices."""

from __future__ import annotations

from datetime import datetime, timedelta

from bookings.models import Document, DocumentState

KEPT_AFTER_UPLOAD = timedelta(days=1)
SLICE = 500


def forget(now: datetime, limit: int = SLICE) -> int:
    """Empty the contents of documents that are in DATEV; how many."""
    done = Document.objects.filter(
        content__isnull=False,
        state__in=(DocumentState.UPLOADED, DocumentState.DUPLICATE),
        uploaded_at__lte=now - KEPT_AFTER_UPLOAD,
    ).order_by("pk")
    return _emptied(done.values_list("pk", flat=True)[:limit])


def _emptied(ids: object) -> int:
    return Document.objects.filter(pk__in=list(ids)).update(content=None)  # type: ignore[call-overload]
