"""Files of debtors: made of what has changed, sent before the first booking that uses a new debtor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from django.db import transaction
from django.utils import timezone

from bookings import endings
from bookings.batches import names_of
from bookings.claims import Claim
from bookings.debtor_details import DebtorDetails
from bookings.entry import Direction, Route
from bookings.extf import partners
from bookings.models import (
    Batch,
    BatchKind,
    BatchState,
    Booking,
    BookingVerdict,
    DatevClient,
    Debtor,
    DebtorUpdate,
    FiscalYearRow,
)
from bookings.snapshot import books
from bookings.validation import personal_accounts
from bookings.validation.debtors import check_details, check_file
from connections import audit, clock
from connections.errors import RejectedError
from connections.messages import DataFault, Message, say

LABEL = "Debitoren"
MOST_ROWS = 10_000
# The answer to the file of debtors wakes the bookings at once; this look finds an answer whose wake was lost.
LOOK_AGAIN = timedelta(minutes=30)
ON_ITS_WAY = (BatchState.CLOSED, BatchState.SENT, BatchState.UNKNOWN)


def send_due(now: datetime, limit: int = 20) -> list[Batch]:
    """Make a file of the debtors of each client whose details have waited long enough."""
    clients = DatevClient.objects.filter(debtors__due_at__lte=now).order_by("pk").distinct()
    made = [make(client, now) for client in clients[:limit]]
    return [batch for batch in made if batch is not None]


def make(client: DatevClient, now: datetime) -> Batch | None:
    """A closed batch of all debtors of `client` that have news for DATEV; None if another worker made it.

    What is not due yet goes along: one file for many debtors.
    """
    with transaction.atomic():
        news = Debtor.objects.select_for_update().filter(client=client, due_at__isnull=False)
        found = list(news.order_by("pk")[:MOST_ROWS])
        if not found:
            return None
        return batch_of(client, found, now)


def batch_of(
    client: DatevClient, debtors: Sequence[Debtor], now: datetime, corrects: Batch | None = None
) -> Batch:
    """Runs in a transaction that holds the debtors: their details as they are now, in a batch to be sent."""
    batch = Batch.objects.create(
        client=client,
        kind=BatchKind.DEBTORS,
        route=Route.EXTF,
        origin=f"datev_client:{client.pk}",
        direction=Direction.OUTGOING,
        label=LABEL,
        fiscal_year_start=_fiscal_year_start(client, now),
        month=timezone.localdate(now).replace(day=1),
        state=BatchState.CLOSED,
        rows=len(debtors),
        closed_at=now,
        due_at=now,
        corrects=corrects,
        **({"token": corrects.token, "revision": corrects.revision + 1} if corrects else {}),
    )
    Batch.objects.filter(pk=batch.pk).update(**names_of(batch))
    DebtorUpdate.objects.bulk_create(
        DebtorUpdate(batch=batch, debtor=debtor, row=row, data=debtor.details, digest=debtor.digest)
        for row, debtor in enumerate(debtors, start=1)
    )
    Debtor.objects.filter(pk__in=[debtor.pk for debtor in debtors]).update(due_at=None)
    batch.refresh_from_db()
    audit.record(
        "batch.closed",
        batch.owner,
        say("Closed; to be sent as %(file)s.", file=batch.filename),
        rows=batch.rows,
    )
    return batch


def _fiscal_year_start(client: DatevClient, now: datetime) -> date:
    """That of today, else the latest that is known: the header names one, the debtors belong to none."""
    today = timezone.localdate(now)
    years = list(FiscalYearRow.objects.filter(client=client).order_by("start"))
    current = next((year.start for year in years if year.start <= today <= year.end), None)
    return current or (years[-1].start if years else today.replace(month=1, day=1))


# --- bookings wait for their debtors ------------------------------------------------------------------


def hold(claim: Claim) -> Message | None:
    """Put a batch of bookings off until DATEV has its debtors; None = it may go on.

    Makes the file of the missing debtors if none is on its way.
    """
    batch = claim.batch
    if batch.kind != BatchKind.BOOKINGS or batch.is_rendered:
        return None
    missing = unsent(batch)
    if not missing:
        return None
    now = clock.now()
    if any(debtor.due_at is not None for debtor in missing):
        make(batch.client, now)
    awaited = _awaited(missing)
    if awaited is None:
        # What was to bring them is gone: they are sent anew.
        Debtor.objects.filter(pk__in=[debtor.pk for debtor in missing], sent_at=None).update(due_at=now)
        awaited = make(batch.client, now)
    claim.save(waits_for=awaited)
    return endings.put_off(claim, LOOK_AGAIN, _waits(missing, awaited), counts=False)


def unsent(batch: Batch) -> list[Debtor]:
    """Debtors of these bookings that DATEV does not have yet."""
    new = Debtor.objects.filter(client=batch.client, sent_at=None)
    if not new.exists():
        return []
    return list(new.filter(number__in=_personal_accounts(batch)).order_by("number"))


def _personal_accounts(batch: Batch) -> set[str]:
    known = books(batch.client)
    travelling = Booking.objects.filter(batch=batch, verdict=BookingVerdict.FOLLOWS)
    return {
        number
        for booking in travelling.only("data", "corrected").iterator(chunk_size=2000)
        for number in personal_accounts(booking.sent_entry, known)
    }


def latest_updates(debtors: Iterable[Debtor]) -> list[DebtorUpdate]:
    """The newest update of each debtor, with its batch."""
    found = DebtorUpdate.objects.filter(debtor__in=list(debtors)).select_related("debtor", "batch__client")
    newest = {update.debtor_id: update for update in found.defer("batch__content").order_by("pk")}
    return list(newest.values())


def _awaited(debtors: Iterable[Debtor]) -> Batch | None:
    """The batch that must be settled first; one that a person has to look at comes first."""
    open_batches = [
        update.batch for update in latest_updates(debtors) if update.batch.state != BatchState.POSTED
    ]
    stuck = [batch for batch in open_batches if batch.state not in ON_ITS_WAY]
    return next(iter([*stuck, *open_batches]), None)


def _waits(missing: Sequence[Debtor], awaited: Batch | None) -> Message:
    names = ", ".join(str(debtor) for debtor in missing[:3]) + (", ..." if len(missing) > 3 else "")
    if awaited is not None and awaited.state not in ON_ITS_WAY:
        return say(
            "Waits for new debtors (%(names)s), whose file %(file)s was refused or stopped. Correct it and "
            "send it again; the bookings then go on by themselves.",
            names=names,
            file=awaited,
        )
    return say("Waits until DATEV has taken the new debtors (%(names)s).", names=names)


Standing = Literal["accepted", "collecting", "sending", "stuck"]


def standing(debtor: Debtor) -> tuple[Standing, Batch | None]:
    """Whether DATEV has the present details of `debtor`, and the file they are in or were last in."""
    latest = next(iter(latest_updates([debtor])), None)
    batch = latest.batch if latest else None
    if debtor.sent_digest == debtor.digest:
        return "accepted", batch
    if debtor.due_at is not None or batch is None:
        return "collecting", batch
    return ("sending" if batch.state in ON_ITS_WAY else "stuck"), batch


# --- a file that was refused --------------------------------------------------------------------------


def is_outdated(batch: Batch) -> bool:
    """Debtors that were never written are written with what is known of them now."""
    return batch.kind == BatchKind.DEBTORS and not batch.is_rendered


def send_again(batch: Batch, by: str) -> Batch:
    """A new file with the present details of the debtors that no later file has taken over.

    Runs in the transaction of the person's decision. Raises RejectedError if nothing is left of the batch.
    """
    left = {update.debtor_id for update in not_taken_over(batch)}
    if not left:
        raise RejectedError(say("Nothing of this batch is left to be sent: later files have taken it over."))
    held = list(Debtor.objects.select_for_update().filter(pk__in=left).order_by("pk"))
    successor = batch_of(batch.client, held, clock.now(), corrects=batch)
    audit.record(
        "batch.corrected",
        successor.owner,
        say("Sent again as a new file instead of %(file)s.", file=batch),
        actor=by,
        corrects=batch.pk,
        debtors=len(held),
    )
    Batch.objects.filter(waits_for=batch, state=BatchState.CLOSED).update(waits_for=successor)
    return successor


def not_taken_over(batch: Batch) -> list[DebtorUpdate]:
    """What of the batch no later file carries."""
    debtors = [update.debtor for update in travelling_updates(batch)]
    return [update for update in latest_updates(debtors) if update.batch_id == batch.pk]


def differs_now(batch: Batch) -> bool:
    """Whether the header, or the details of one of the debtors, were changed since the file was written."""
    stored = Batch.objects.values_list("content", flat=True).get(pk=batch.pk)
    changed = any(update.data != update.debtor.details for update in not_taken_over(batch))
    return changed or stored is None or bytes(stored) != write(batch)[0]


# --- writing the file ---------------------------------------------------------------------------------


def travelling_updates(batch: Batch) -> list[DebtorUpdate]:
    return list(DebtorUpdate.objects.filter(batch=batch).select_related("debtor").order_by("pk"))


def write(batch: Batch) -> tuple[bytes, list[DataFault]]:
    """The file's bytes, and every rule that it breaks as a whole."""
    if batch.closed_at is None:
        raise RejectedError(say("The batch is not closed yet."))
    known = books(batch.client)
    header = partners.PartnerHeader.of(known, batch.fiscal_year_start, batch.closed_at)
    rows = [_row(update) for update in travelling_updates(batch)]
    content = partners.render(header, rows, encoding=batch.client.encoding)
    return content, check_file(header, rows, known)


def refused(batch: Batch) -> list[tuple[DebtorUpdate, list[DataFault]]]:
    """The debtors that must not travel, with all their faults."""
    known = books(batch.client)
    checked = [(update, check_details(*_row(update), known)) for update in travelling_updates(batch)]
    return [(update, faults) for update, faults in checked if faults]


def number_rows(batch: Batch) -> int:
    updates = travelling_updates(batch)
    for row, update in enumerate(updates, start=1):
        update.row = row
    DebtorUpdate.objects.bulk_update(updates, ("row",), batch_size=500)
    return len(updates)


def _row(update: DebtorUpdate) -> tuple[str, DebtorDetails]:
    return update.debtor.number, DebtorDetails.from_json(update.data)
