"""The revisions of one batch, from the one that was refused first to the latest."""

from __future__ import annotations

from django.db.models import QuerySet

from bookings.models import Batch


def first_revision(batch: Batch) -> Batch:
    """The batch that the chain of corrections began with."""
    return _by_token(batch).order_by("revision")[0]


def latest_revision(batch: Batch) -> Batch:
    """The last revision: the one whose outcome counts."""
    return _by_token(batch).order_by("-revision")[0]


def revisions(batch: Batch) -> list[Batch]:
    """All revisions, the first one first, without their bytes."""
    return list(_by_token(batch).order_by("revision"))


def _by_token(batch: Batch) -> QuerySet[Batch]:
    # A correction keeps the token; it is random, so no other batch has it.
    return Batch.objects.filter(token=batch.token).select_related("client__connection").defer("content")
