"""What DATEV's answer to a file of debtors means for each of them, and for the bookings that wait."""

from __future__ import annotations

from bookings.models import Batch, BatchKind, BatchState, Debtor, DebtorUpdate
from connections import audit, clock
from connections.messages import say


def settled(batch: Batch) -> None:
    """Runs in the transaction that settles `batch` (its new state is stored already)."""
    if batch.kind != BatchKind.DEBTORS:
        return
    now = clock.now()
    if batch.state == BatchState.POSTED:
        for update in DebtorUpdate.objects.filter(batch=batch).select_related("debtor"):
            _accepted(update)
    # Whatever the answer was: the batches that waited for it look again.
    Batch.objects.filter(waits_for=batch, state=BatchState.CLOSED).update(due_at=now)


def _accepted(update: DebtorUpdate) -> None:
    debtor = update.debtor
    later = DebtorUpdate.objects.filter(
        debtor=debtor, pk__gt=update.pk, batch__state=BatchState.POSTED
    ).exists()
    if later:
        # A corrected file overtook this one: what DATEV has is unclear, so the present details follow.
        Debtor.objects.filter(pk=debtor.pk).update(due_at=clock.now())
        return
    Debtor.objects.filter(pk=debtor.pk).update(sent_digest=update.digest, sent_at=clock.now())
    # Changed while the file was on its way.
    Debtor.objects.filter(pk=debtor.pk, due_at=None).exclude(digest=update.digest).update(due_at=clock.now())
    audit.record(
        "debtor.sent",
        f"debtor:{debtor.pk}",
        say("DATEV has accepted the file with this debtor."),
        number=debtor.number,
        batch=update.batch_id,
    )
