"""A worker's hold on one batch: taken by a conditional update, kept by a lease, lost without a trace."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q

from bookings.models import WORKABLE, Batch
from connections import clock
from connections.effects import Effects


class ClaimLostError(Exception):
    """Another worker has this batch now; nothing of it may be written any more."""


def lease() -> timedelta:
    return timedelta(seconds=settings.RECORD_LEASE_SECONDS)


@dataclass
class Claim:
    """One batch, held by this worker alone; `batch.starts` counts this start too."""

    batch: Batch
    token: str

    @classmethod
    def take(cls, batch_id: int) -> Claim | None:
        """Take a batch that is due; None if it is not, or another worker has it."""
        now, token = clock.now(), uuid.uuid4().hex
        won = (
            Batch.objects.filter(pk=batch_id, state__in=WORKABLE, due_at__lte=now)
            .filter(Q(lease_until=None) | Q(lease_until__lte=now))
            .update(claimed_by=token, lease_until=now + lease(), starts=F("starts") + 1)
        )
        if not won:
            return None
        batch = Batch.objects.select_related("client__connection").defer("content").get(pk=batch_id)
        return cls(batch, token)

    def guard(self) -> None:
        """Renew the lease. Raises ClaimLostError if another worker has taken the batch over."""
        self.save(lease_until=clock.now() + lease())

    def save(self, **fields: Any) -> None:
        """Change the batch. Raises ClaimLostError, with nothing changed, if it is not ours any more."""
        if not Batch.objects.filter(pk=self.batch.pk, claimed_by=self.token).update(**fields):
            raise ClaimLostError
        for name, value in fields.items():
            setattr(self.batch, name, value)

    def release(self, **fields: Any) -> None:
        """Change the batch for the last time and let others take it."""
        self.save(claimed_by="", lease_until=None, **fields)

    def effects(self) -> Effects:
        return Effects(self.batch.owner, self.guard)
