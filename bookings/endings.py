"""How a batch leaves the worker's hands: handed over, settled, stopped, or put off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

from bookings import debtor_results
from bookings.claims import Claim
from bookings.models import Batch, BatchState, Job, JobState
from connections import audit, clock
from connections.errors import ConnectorError
from connections.messages import DataFault, Message, faults_to_json, say
from connections.models import Effect, EffectState

LONGEST_WAIT = timedelta(hours=1)
FIRST_WAIT = timedelta(seconds=30)
# After these writes DATEV works by itself: as long as one is unclear, the batch may have arrived.
FINAL_WRITES = ("import_extf", "finalise_dxso")


def backoff(starts: int, at_least: timedelta | None = None) -> timedelta:
    """The wait after the n-th start without progress: 30 seconds, doubled each time, an hour at most."""
    doubled = FIRST_WAIT * (1 << min(max(starts, 1) - 1, 10))
    return max(min(doubled, LONGEST_WAIT), at_least or timedelta(0))


def may_have_arrived(batch: Batch) -> bool:
    """Whether the answer to a hand-over of this batch is missing."""
    unclear = Effect.objects.filter(
        owner=batch.owner, state__in=(EffectState.STARTED, EffectState.UNKNOWN)
    ).values_list("name", flat=True)
    return any(name.split(":")[0] in FINAL_WRITES for name in unclear)


def put_off(claim: Claim, wait: timedelta, message: Message, *, counts: bool = True) -> Message:
    """Try again after `wait`; `counts=False` forgets this start, because nothing was wrong with the batch."""
    starts = claim.batch.starts - (0 if counts else 1)
    claim.release(due_at=clock.now() + wait, starts=max(starts, 0), reason=message.to_json())
    return message


def sent(claim: Claim, job_ref: str, look_after: timedelta) -> Message:
    """DATEV has the batch; its job is looked at after `look_after`."""
    batch, now = claim.batch, clock.now()
    message = say("Sent to DATEV as %(file)s; waiting for DATEV's answer.", file=batch.filename)
    with transaction.atomic():
        if job_ref:
            follow(batch, job_ref)
        claim.release(
            state=BatchState.SENT,
            sent_at=now,
            due_at=now + look_after,
            starts=0,
            reason=message.to_json(),
            code="",
            help_url="",
        )
        audit.record("batch.sent", batch.owner, message, job=job_ref, sha256=batch.sha256)
    return message


def follow(batch: Batch, job_ref: str, state: JobState = JobState.PENDING) -> Job:
    """Our row for DATEV's job, made or set to `state`."""
    job, _ = Job.objects.update_or_create(
        batch=batch,
        vendor_ref=job_ref,
        defaults={"state": state},
        create_defaults={"state": state, "submitted_at": clock.now()},
    )
    return job


def settle(
    claim: Claim,
    state: BatchState,
    message: Message,
    *,
    job: Job | None = None,
    job_state: JobState = JobState.FAILED,
    code: str = "",
    text: str = "",
    help_url: str = "",
    elements: Sequence[tuple[str, str]] = (),
    faults: Sequence[DataFault] = (),
) -> Message:
    """The batch is done with, well or badly; its bookings are announced to their sources from now on."""
    with transaction.atomic():
        if job is not None:
            end_job(job, job_state, code=code, text=text, help_url=help_url, elements=elements)
        _leave(claim, state, message, code=code, help_url=help_url, faults=faults_to_json(faults))
    return message


def end_job(
    job: Job,
    state: JobState,
    *,
    code: str = "",
    text: str = "",
    help_url: str = "",
    elements: Sequence[tuple[str, str]] = (),
) -> None:
    Job.objects.filter(pk=job.pk).update(
        state=state,
        ended_at=clock.now(),
        code=code[:30],
        text=text,
        help_url=help_url[:500],
        affected_elements=[{"name": name, "reason": reason} for name, reason in elements],
    )


def stop(claim: Claim, error: ConnectorError) -> Message:
    """A person must act, and nothing of the batch is in DATEV; unless it may have arrived: UNKNOWN."""
    if may_have_arrived(claim.batch):
        return unknown(claim, error.message)
    return settle(
        claim,
        BatchState.STOPPED,
        error.message,
        code=error.code,
        help_url=error.help_url,
        faults=error.faults,
    )


def unknown(claim: Claim, why: Message, job: Job | None = None) -> Message:
    """The batch may be in DATEV and is never sent again by itself."""
    message = say(
        "It is not known whether DATEV has taken %(file)s. Look it up in DATEV and settle it here. (%(why)s)",
        file=claim.batch.filename,
        why=why,
    )
    return settle(claim, BatchState.UNKNOWN, message, job=job, job_state=JobState.UNKNOWN)


def _leave(claim: Claim, state: BatchState, message: Message, **fields: Any) -> None:
    batch = claim.batch
    claim.release(
        state=state,
        settled_at=clock.now(),
        due_at=None,
        starts=0,
        reason=message.to_json(),
        code=fields["code"][:30],
        help_url=fields["help_url"][:500],
        faults=fields["faults"],
    )
    debtor_results.settled(batch)
    audit.record(f"batch.{state.value}", batch.owner, message, file=batch.filename, code=fields["code"])
