"""What people decide about batches: try again, send corrected, or say what they have seen in DATEV."""

from __future__ import annotations

from typing import Literal

from django.db import transaction

from bookings import debtor_batches, debtor_results, dxso_results
from bookings.entry import Route
from bookings.models import (
    Batch,
    BatchState,
    Booking,
    BookingVerdict,
    Job,
    JobState,
)
from bookings.noted import noted
from bookings.successors import check_not_corrected, correct
from connections import audit, clock
from connections.errors import RejectedError
from connections.messages import Message, say

# Nothing of a batch in these states is in DATEV's books; PARTLY: nothing of its failed bookings.
MAY_BE_CORRECTED = (BatchState.FAILED, BatchState.STOPPED, BatchState.PARTLY)


def try_again(batch: Batch, by: str) -> Batch:
    """Let the worker go on with a stopped batch after its cause was removed; the batch that will be sent.

    That is the same one with the same bytes, or a corrected one if some of its bookings were replaced or
    corrected.
    Raises RejectedError if it is not stopped.
    """
    with transaction.atomic():
        stopped = _held(batch, (BatchState.STOPPED,), say("Only a stopped batch can be tried again."))
        check_not_corrected(stopped)
        is_other = stopped.bookings.exclude(verdict=BookingVerdict.FOLLOWS).exists() or noted(stopped)
        if is_other or debtor_batches.is_outdated(stopped):
            return correct(stopped, by)
        now = clock.now()
        # DATEV has ended its job of this attempt: the next one must not be taken for it.
        attempt = stopped.attempt + (1 if stopped.jobs.exclude(state=JobState.OPEN).exists() else 0)
        Batch.objects.filter(pk=stopped.pk).update(
            state=BatchState.CLOSED,
            attempt=attempt,
            due_at=now,
            starts=0,
            settled_at=None,
            reason=None,
            faults=[],
            code="",
            help_url="",
        )
        Booking.objects.filter(batch=stopped).update(announced_at=None)
        audit.record("batch.try_again", stopped.owner, say("A person lets it be tried again."), actor=by)
    stopped.refresh_from_db()
    return stopped


def resubmit(batch: Batch, by: str) -> Batch:
    """A new batch with the bookings of a refused one that were not replaced, written anew under a new name.

    What people noted as corrections goes into it. Of a partly processed batch only the bookings that DATEV
    refused. Raises RejectedError if the batch was
    not refused or stopped, was sent again already, or has nothing left to send.
    """
    with transaction.atomic():
        refused = _held(
            batch,
            MAY_BE_CORRECTED,
            say("Only a refused or stopped batch can be sent again; settle an unknown one first."),
        )
        return correct(refused, by)


def ask_again(batch: Batch, by: str) -> Batch:
    """Let the worker look once more what became of an unknown batch; it is never sent by this.

    Raises RejectedError if the batch is not unknown.
    """
    with transaction.atomic():
        unknown = _held(batch, (BatchState.UNKNOWN,), say("Only an unknown batch can be asked for again."))
        latest = unknown.jobs.filter(state__in=(JobState.UNKNOWN, JobState.OPEN)).order_by("-pk").first()
        if latest is not None:
            Job.objects.filter(pk=latest.pk).update(state=JobState.PENDING, ended_at=None)
        Batch.objects.filter(pk=unknown.pk).update(
            state=BatchState.SENT,
            # The time limit has run out already: still no answer means unknown again.
            sent_at=unknown.sent_at or unknown.closed_at,
            due_at=clock.now(),
            settled_at=None,
            starts=0,
        )
        Booking.objects.filter(batch=unknown, verdict=BookingVerdict.FOLLOWS).update(announced_at=None)
        audit.record("batch.ask_again", unknown.owner, say("A person lets DATEV be asked again."), actor=by)
    unknown.refresh_from_db()
    return unknown


def settle(batch: Batch, outcome: Literal["arrived", "not_arrived"], by: str) -> Batch:
    """Note what a person has seen in DATEV about an unknown batch; records are told again.

    "arrived": its bookings are in DATEV. "not_arrived": they are not, and the batch may be sent again.
    """
    if outcome not in ("arrived", "not_arrived"):
        raise ValueError(f"{outcome!r} is neither 'arrived' nor 'not_arrived'.")
    arrived = outcome == "arrived"
    message = (
        say("%(person)s has found the batch in DATEV.", person=by)
        if arrived
        else say("%(person)s has looked in DATEV: the batch is not there. It can be sent again.", person=by)
    )
    with transaction.atomic():
        unknown = _held(
            batch,
            (BatchState.UNKNOWN, BatchState.PARTLY),
            say("Only a batch whose outcome is unknown can be settled."),
        )
        if unknown.state == BatchState.PARTLY:
            _settle_rest(unknown, arrived, message)
        else:
            _settle_whole(unknown, arrived, message)
        if arrived and unknown.route == Route.DXSO:
            posted = unknown.bookings.exclude(verdict__in=(BookingVerdict.FAILED, BookingVerdict.RELEASED))
            dxso_results.arrived(unknown, posted.values_list("pk", flat=True))
        audit.record("batch.settled", unknown.owner, message, actor=by, outcome=outcome)
        unknown.refresh_from_db()
        debtor_results.settled(unknown)
    return unknown


def _settle_whole(batch: Batch, arrived: bool, message: Message) -> None:
    Batch.objects.filter(pk=batch.pk).update(
        state=BatchState.POSTED if arrived else BatchState.FAILED,
        settled_at=clock.now(),
        due_at=None,
        reason=message.to_json(),
    )
    Job.objects.filter(batch=batch, state=JobState.UNKNOWN).update(
        state=JobState.SUCCEEDED if arrived else JobState.FAILED
    )
    Booking.objects.filter(batch=batch).exclude(verdict=BookingVerdict.RELEASED).update(
        verdict=BookingVerdict.FOLLOWS, reason=None, announced_at=None
    )


def _settle_rest(batch: Batch, arrived: bool, message: Message) -> None:
    """Of a partly processed batch only the bookings that DATEV's protocol did not name were unknown."""
    unclear = Booking.objects.filter(batch=batch, verdict=BookingVerdict.UNKNOWN)
    verdict = BookingVerdict.POSTED if arrived else BookingVerdict.FAILED
    if not unclear.update(verdict=verdict, reason=message.to_json(), announced_at=None):
        raise RejectedError(say("Nothing of this batch is unknown any more."))


def _held(batch: Batch, states: tuple[BatchState, ...], otherwise: Message) -> Batch:
    """The batch as it is now, held until the transaction ends. Raises RejectedError in another state."""
    held = Batch.objects.select_for_update().defer("content").filter(pk=batch.pk, state__in=states).first()
    if held is None:
        raise RejectedError(otherwise)
    return held
