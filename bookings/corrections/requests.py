"""Requests to send something again, and what became of each: stored once, the same for ever."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bookings.models import Batch, Resubmission
from connections import audit, clock
from connections.errors import RejectedError
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
    """What became of one request.

    `batch`: what is on its way, or the revision that the refusal is about; None for a file from elsewhere
    that is still refused. `is_same_file`: the same bytes under the same name, because DATEV asked for them
    or never had them.
    """

    transition_ref: str
    batch: Batch | None
    message: Message
    refusal: Refusal | None = None
    faults: tuple[DataFault, ...] = ()
    is_same_file: bool = False

    @property
    def is_sent(self) -> bool:
        return self.refusal is None


def note(result: Resubmitted, subject: str, by: str) -> Resubmitted:
    """Store the result with its trail, in the caller's transaction; `subject`: what was to be sent again."""
    Resubmission.objects.create(
        transition_ref=result.transition_ref,
        subject=subject,
        batch=result.batch,
        is_same_file=result.is_same_file,
        refusal=result.refusal or "",
        message=result.message.to_json(),
        faults=faults_to_json(result.faults),
        by=by[:150],
        at=clock.now(),
    )
    audit.record(
        "batch.resubmission",
        subject,
        result.message,
        actor=by,
        request=result.transition_ref,
        refusal=result.refusal or "",
        batch=result.batch.pk if result.batch is not None else None,
    )
    return result


def told(transition_ref: str, *, token: str = "", subject: str = "") -> Resubmitted | None:
    """The stored result of this request; None = it was not made yet.

    Raises RejectedError if it was made about another batch than that of `token`, or another `subject`.
    """
    known = (
        Resubmission.objects.select_related("batch__client__connection")
        .filter(transition_ref=transition_ref)
        .defer("batch__content")
        .first()
    )
    if known is None:
        return None
    is_ours = known.subject == subject if subject else known.batch is not None and known.batch.token == token
    if not is_ours:
        raise RejectedError(
            say("The request %(ref)s was used for something else already.", ref=transition_ref)
        )
    return Resubmitted(
        transition_ref,
        known.batch,
        Message.from_json(known.message),
        Refusal(known.refusal) if known.refusal else None,
        tuple(faults_from_json(known.faults)),
        known.is_same_file,
    )
