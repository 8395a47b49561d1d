"""Sending a refused batch again when somebody asks for it, exactly once for each request."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from bookings import decisions
from bookings.corrections import refused_file
from bookings.corrections.chain import latest_revision
from bookings.corrections.outlook import Outlook, outlook
from bookings.corrections.requests import Refusal, Resubmitted, note, told
from bookings.extf_jobs import TRY_AGAIN
from bookings.models import Batch, BatchState, BookingVerdict, HandedIn, Job, JobState
from connections import queue
from connections.errors import RejectedError, TransientError
from connections.messages import DataFault, Message, say


def resubmit(subject: Batch | Job | HandedIn | str, transition_ref: str, by: str) -> Resubmitted:
    """Send the corrected revision of a refused batch; the same request again gives the same result.

    `subject` is any revision of the batch, any of its jobs, a refused file from elsewhere, or the `ref` of a
    failure ("batch:12", "file:7"): the latest revision counts. `transition_ref` is unique over everything
    that asks ("integration:3:MUSTER-12:10245"), `by` is shown as who decided. A worker hands it over
    afterwards; ask `bookings.selectors.failure` how it goes on.
    Raises RejectedError if the request was used for something else, or there is nothing of this name.
    """
    found = _found(subject)
    if isinstance(found, Batch):
        return _resubmit_batch(found, transition_ref, by)
    if found.batch is None or refused_file.was_asked(found, transition_ref):
        return refused_file.resubmit(found, transition_ref, by)
    return _resubmit_batch(found.batch, transition_ref, by)


def _found(subject: Batch | Job | HandedIn | str) -> Batch | HandedIn:
    if isinstance(subject, Job):
        return subject.batch
    if not isinstance(subject, str):
        return subject
    kind, _, number = subject.partition(":")
    if number.isdecimal():
        if kind == "batch" and (batch := Batch.objects.filter(pk=number).defer("content").first()):
            return batch
        if kind == "file" and (file := HandedIn.objects.filter(pk=number).defer("content").first()):
            return file
    raise RejectedError(say("There is no refused file of this name: %(ref)s", ref=subject))


def _resubmit_batch(batch: Batch, transition_ref: str, by: str) -> Resubmitted:
    known = told(transition_ref, token=batch.token)
    if known is not None:
        return known
    latest = latest_revision(batch)
    # Reads and checks much, so before the transaction; it is looked at again inside that nothing has moved.
    plan = _plan(latest)
    try:
        with transaction.atomic():
            held = Batch.objects.select_for_update().defer("content").get(pk=latest.pk)
            known = told(transition_ref, token=batch.token)
            if known is not None:
                return known
            if held.state != latest.state or held.corrections.exists():
                raise TransientError(say("The batch is just being worked on; tried again in a moment."))
            return _carry_out(plan, held, transition_ref, by)
    except IntegrityError as error:
        known = told(transition_ref, token=batch.token)
        if known is None:
            raise TransientError(say("Another worker changed the batch at the same moment.")) from error
        return known


@dataclass(frozen=True)
class _Plan:
    message: Message
    refusal: Refusal | None = None
    faults: tuple[DataFault, ...] = ()
    is_same_file: bool = False


def _plan(batch: Batch) -> _Plan:
    if batch.state in NOT_FOR_A_NEW_TRY:
        refusal, message = NOT_FOR_A_NEW_TRY[BatchState(batch.state)]
        return _Plan(message, refusal)
    if batch.bookings.filter(verdict=BookingVerdict.UNKNOWN).exists():
        # Only one revision follows: what is still unclear would be left behind.
        refusal, message = NOT_FOR_A_NEW_TRY[BatchState.UNKNOWN]
        return _Plan(message, refusal)
    seen = outlook(batch)
    if not seen.rows:
        return _Plan(
            say("Nothing of it is left to be sent: its bookings were replaced by replayed records."),
            Refusal.REPLACED,
        )
    if seen.is_corrected:
        return _corrected(seen)
    if _may_go_unchanged(batch):
        return _Plan(say("The same file is sent once more, as DATEV asks."), is_same_file=True)
    return _Plan(
        say(
            "Nothing was sent: %(file)s has not been corrected. Correct its rows, upload a corrected "
            "file, or replay its records; then ask again.",
            file=batch.filename or str(batch),
        ),
        Refusal.NO_CORRECTION,
    )


def _corrected(seen: Outlook) -> _Plan:
    if seen.faults:
        return _Plan(
            say("Nothing was sent: our checks refuse the corrected file. Correct what is listed."),
            Refusal.FAULTY,
            seen.faults,
        )
    return _Plan(say("The corrected file is on its way to DATEV."))


def _may_go_unchanged(batch: Batch) -> bool:
    """DATEV had an error of its own (1008837), or the hand-over was given up before DATEV had taken anything.

    Source: accounting:extf-files 3.0.1, error 1008837 "Job failed. Try again" (read 2026-11);
    every other code needs a corrected file.
    """
    if batch.code == TRY_AGAIN:
        return True
    never_taken = not batch.jobs.exclude(state__in=(JobState.OPEN, JobState.CANCELLED)).exists()
    return batch.state == BatchState.STOPPED and never_taken


NOT_FOR_A_NEW_TRY: dict[BatchState, tuple[Refusal, Message]] = {
    BatchState.OPEN: (Refusal.UNDER_WAY, say("The batch is still collecting; it was not sent yet.")),
    BatchState.CLOSED: (Refusal.UNDER_WAY, say("It is on its way to DATEV already.")),
    BatchState.SENT: (Refusal.UNDER_WAY, say("It was sent already; DATEV has not answered yet.")),
    BatchState.POSTED: (Refusal.ACCEPTED, say("DATEV has accepted it already.")),
    BatchState.UNKNOWN: (
        Refusal.UNKNOWN,
        say(
            "It is not known whether DATEV has taken it. Look it up in DATEV and settle the batch first; "
            "then ask again."
        ),
    ),
}


def _carry_out(plan: _Plan, held: Batch, transition_ref: str, by: str) -> Resubmitted:
    """In one transaction: the decision, the next revision and the trail of both."""
    batch = held
    if plan.refusal is None:
        batch = decisions.try_again(held, by) if plan.is_same_file else decisions.resubmit(held, by)
        queue.wake("bookings.jobs.work", batch.pk)
    result = Resubmitted(transition_ref, batch, plan.message, plan.refusal, plan.faults, plan.is_same_file)
    return note(result, held.owner, by)
