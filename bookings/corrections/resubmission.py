"""Sending a refused batch again when somebody asks for it, exactly once for each request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import IntegrityError, transaction

from bookings import decisions
from bookings.corrections.chain import latest_revision
from bookings.corrections.outlook import Outlook, outlook
from bookings.extf_jobs import TRY_AGAIN
from bookings.models import Batch, BatchState, Job, JobState, Resubmission
from connections import audit, clock, queue
from connections.errors import RejectedError, TransientError
from connections.messages import DataFault, Message, faults_from_json, faults_to_json, say


class Refusal(StrEnum):
    """Why nothing was sent again."""

    # Nothing differs from what DATEV refused: a person has to correct it first.
    NO_CORRECTION = "no_correction"
    # It was corrected, but our own checks refuse it; the faults are listed.
    FAULTY = "faulty"
    # Every booking of it was replaced by replayed records, which travel in batches of their own.
    REPLACED = "replaced"
    # A new revision or a new attempt is on its way already.
    UNDER_WAY = "under_way"
    # DATEV has accepted it already.
    ACCEPTED = "accepted"
    # It may be in DATEV: a person has to look there and settle the batch.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Resubmitted:
    """What became of one request. `batch`: what is on its way, or the revision that the refusal is about.

    `is_same_file`: the same bytes under the same name, because DATEV asked for them or never had them.
    """

    transition_ref: str
    batch: Batch
    message: Message
    refusal: Refusal | None = None
    faults: tuple[DataFault, ...] = ()
    is_same_file: bool = False

    @property
    def is_sent(self) -> bool:
        return self.refusal is None


def resubmit(subject: Batch | Job, transition_ref: str, by: str) -> Resubmitted:
    """Send the corrected revision of a refused batch; the same request again gives the same result.

    `subject` is any revision of the batch or any of its jobs: the latest revision counts. `transition_ref` is
    unique over everything that asks ("integration:3:MUSTER-12:10245"), `by` is shown as who decided. A worker
    hands it over afterwards; ask `bookings.selectors.failure` how it goes on.
    Raises RejectedError if the request was used for another batch.
    """
    batch = subject.batch if isinstance(subject, Job) else subject
    told = _told(transition_ref, batch)
    if told is not None:
        return told
    latest = latest_revision(batch)
    # Reads and checks much, so before the transaction; it is looked at again inside that nothing has moved.
    plan = _plan(latest)
    try:
        with transaction.atomic():
            held = Batch.objects.select_for_update().defer("content").get(pk=latest.pk)
            told = _told(transition_ref, batch)
            if told is not None:
                return told
            if held.state != latest.state or held.corrections.exists():
                raise TransientError(say("The batch is just being worked on; tried again in a moment."))
            return _carry_out(plan, held, transition_ref, by)
    except IntegrityError as error:
        told = _told(transition_ref, batch)
        if told is None:
            raise TransientError(say("Another worker changed the batch at the same moment.")) from error
        return told


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
    Resubmission.objects.create(
        transition_ref=transition_ref,
        subject=held.owner,
        batch=batch,
        is_same_file=plan.is_same_file,
        refusal=plan.refusal or "",
        message=plan.message.to_json(),
        faults=faults_to_json(plan.faults),
        by=by[:150],
        at=clock.now(),
    )
    audit.record(
        "batch.resubmission",
        held.owner,
        plan.message,
        actor=by,
        request=transition_ref,
        refusal=plan.refusal or "",
        batch=batch.pk,
    )
    return Resubmitted(transition_ref, batch, plan.message, plan.refusal, plan.faults, plan.is_same_file)


def _told(transition_ref: str, batch: Batch) -> Resubmitted | None:
    """The stored result of this request; None = it was not made yet."""
    known = (
        Resubmission.objects.select_related("batch__client__connection")
        .filter(transition_ref=transition_ref)
        .defer("batch__content")
        .first()
    )
    if known is None:
        return None
    if known.batch.token != batch.token:
        raise RejectedError(
            say("The request %(ref)s was used for another batch already.", ref=transition_ref)
        )
    return Resubmitted(
        transition_ref,
        known.batch,
        Message.from_json(known.message),
        Refusal(known.refusal) if known.refusal else None,
        tuple(faults_from_json(known.faults)),
        known.is_same_file,
    )
