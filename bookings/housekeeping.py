"""What is not needed any more is emptied, in bounded slices."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookings.models import BatchFile, Document, DocumentState, HandedIn, HandedInState

KEPT_AFTER_ARRIVAL = timedelta(days=1)
# A refused transfer may be sent again with its images; after this time they are read from the source anew.
KEPT_AFTER_REFUSAL = timedelta(days=90)
SLICE = 500


def forget(now: datetime, limit: int = SLICE) -> int:
    """Empty the contents of images that are in DATEV or whose transfers ended long ago, and of files from
    elsewhere that were refused long ago; how many."""
    kept = Document.objects.filter(content__isnull=False)
    emptied = _emptied(
        kept.filter(
            state__in=(DocumentState.UPLOADED, DocumentState.DUPLICATE),
            uploaded_at__lte=now - KEPT_AFTER_ARRIVAL,
        ),
        limit,
    )
    travelled = BatchFile.objects.filter(document=OuterRef("pk"))
    ended = Q(batch__settled_at__lte=now - KEPT_AFTER_REFUSAL)
    abandoned = kept.filter(Exists(travelled.filter(ended)), ~Exists(travelled.exclude(ended)))
    emptied += _emptied(abandoned, limit - emptied)
    return emptied + _refused_files(now, limit - emptied)


def _emptied(documents: QuerySet[Document], limit: int) -> int:
    ids = list(documents.order_by("pk").values_list("pk", flat=True)[:limit])
    return Document.objects.filter(pk__in=ids).update(content=None)


def _refused_files(now: datetime, limit: int) -> int:
    refused = HandedIn.objects.filter(
        state=HandedInState.REFUSED, content__isnull=False, decided_at__lte=now - KEPT_AFTER_REFUSAL
    )
    ids = list(refused.order_by("pk").values_list("pk", flat=True)[:limit])
    return HandedIn.objects.filter(pk__in=ids).update(content=None)
