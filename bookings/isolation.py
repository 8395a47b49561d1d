"""Culprit isolation: faulty rows are set aside with their reasons, the good ones go on by themselves.

One mechanism for rows that our own checks refuse before a file is written, and for documents that DATEV
names when it refuses a whole transfer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bookings import debtor_batches, dxso_plan, validation
from bookings.batches import names_of
from bookings.claims import Claim
from bookings.entry import Route
from bookings.models import Batch, BatchKind, BatchState, Booking, BookingVerdict, DebtorUpdate
from bookings.snapshot import books
from connections import audit, clock
from connections.messages import DataFault, Message, faults_to_json, say

CULPRITS_LISTED = 200


@dataclass(frozen=True)
class Culprit:
    """A row that must not travel: what people call it, and all that is wrong with it."""

    name: str
    faults: tuple[DataFault, ...]


# By the id of the booking, or of the debtor's update.
Culprits = Mapping[int, Culprit]


def listed(culprits: Culprits) -> list[DataFault]:
    """The faults of all culprits for the page of the batch, each with the name of its row."""
    found = {
        str(fault.to_json()): fault
        for culprit in culprits.values()
        for fault in (named(fault, culprit.name) for fault in culprit.faults)
    }
    return list(found.values())[:CULPRITS_LISTED]


def named(fault: DataFault, name: str) -> DataFault:
    """The fault with the name of the row in which it is."""
    return replace(fault, value=f"{fault.value} ({name})") if name else fault


def refused_by_us(batch: Batch) -> Culprits:
    """Faults by booking (or debtor) of the rows that must not travel in `batch`.

    What was placed together (an invoice, a reversal with what takes its place) stays together: with one of
    its rows all of them are named.
    """
    if batch.kind == BatchKind.DEBTORS:
        return {
            update.pk: Culprit(str(update.debtor), tuple(faults))
            for update, faults in debtor_batches.refused(batch)
        }
    known, route = books(batch.client), Route(batch.route)
    travelling = Booking.objects.filter(batch=batch, verdict=BookingVerdict.FOLLOWS).order_by("pk")
    together: dict[tuple[str, int], list[Booking]] = defaultdict(list)
    for booking in travelling.only("id", "origin", "revision", "data", "corrected").iterator(chunk_size=2000):
        together[booking.origin, booking.revision].append(booking)
    found: dict[int, Culprit] = {}
    for bookings in together.values():
        entries = [booking.sent_entry for booking in bookings]
        if route is Route.DXSO:
            faults = dxso_plan.faults_of(entries, known)
        else:
            faults = [f for entry in entries for f in validation.check_entry(entry, known, route=route)]
        if faults:
            culprit = Culprit(entries[0].document_field_1, tuple(faults))
            found.update({booking.pk: culprit for booking in bookings})
    return found


def set_aside(claim: Claim, culprits: Culprits, reason: Message, state: BatchState) -> Batch:
    """Move the culprits into a batch of their own, which waits for a person in `state`; that batch.

    Runs in a transaction of the worker that holds the batch, which must keep at least one row.
    """
    batch, now = claim.batch, clock.now()
    aside = Batch.objects.create(
        client=batch.client,
        kind=batch.kind,
        route=batch.route,
        origin=batch.origin,
        label=batch.label,
        direction=batch.direction,
        fiscal_year_start=batch.fiscal_year_start,
        month=batch.month,
        state=state,
        close_count=batch.close_count,
        rows=len(culprits),
        closed_at=now,
        settled_at=now,
        set_aside_from=batch,
        reason=reason.to_json(),
        faults=faults_to_json(listed(culprits)),
    )
    Batch.objects.filter(pk=aside.pk).update(**names_of(aside))
    _move(batch, aside, culprits)
    claim.save(rows=batch.rows - len(culprits))
    audit.record(
        "batch.set_aside",
        batch.owner,
        say("%(count)s rows were set aside; the others go on.", count=len(culprits)),
        to=aside.pk,
        reason=reason.to_json(),
    )
    return aside


def _move(batch: Batch, aside: Batch, culprits: Culprits) -> None:
    if batch.kind == BatchKind.DEBTORS:
        DebtorUpdate.objects.filter(pk__in=list(culprits)).update(batch=aside)
        return
    moved = Booking.objects.filter(batch=batch, pk__in=list(culprits))
    for booking in moved:
        Booking.objects.filter(pk=booking.pk).update(
            batch=aside,
            verdict=BookingVerdict.FOLLOWS,
            reason=None,
            faults=faults_to_json(culprits[booking.pk].faults),
            announced_at=None,
        )
