"""The way of an EXTF batch: hand the bytes over once, then look until DATEV has an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from bookings import endings
from bookings.claims import Claim
from bookings.models import Batch, BatchKind, BatchState, BookingVerdict, Job, JobState
from connections import audit, clock
from connections.errors import OutcomeUnknownError, RejectedError
from connections.messages import Message, say

# Source: DATEV accounting:extf-files 3.0.1: 202 carries Retry-After: 5 (read 2026-11).
FIRST_LOOK = timedelta(seconds=5)
# Source: DATEV's interface requirements: at most one look a minute, growing distance (read 2026-11).
NEXT_LOOK = timedelta(minutes=1)
LONGEST_LOOK = timedelta(minutes=30)
# Source: 1008837 "Try again: internal error"; the only one after which the same bytes may be sent again.
TRY_AGAIN = "1008837"
MAX_ATTEMPTS = 3
WAIT_BEFORE_NEXT_ATTEMPT = timedelta(minutes=5)


def advance(claim: Claim, datev: Any) -> Message:
    """One step of the batch; returns the sentence that describes it."""
    return _submit(claim, datev) if claim.batch.state == BatchState.CLOSED else _look(claim, datev)


def next_look(looks: int) -> timedelta:
    """The distance to the next look after `looks` of them."""
    return min(NEXT_LOOK * 1.5 ** min(max(looks, 1) - 1, 20), LONGEST_LOOK)


def gave_up(batch: Batch) -> bool:
    """Whether DATEV has had its time (JOB_GIVE_UP_HOURS) since the batch was sent."""
    limit = timedelta(hours=settings.JOB_GIVE_UP_HOURS)
    return batch.sent_at is not None and clock.now() >= batch.sent_at + limit


def _submit(claim: Claim, datev: Any) -> Message:
    batch = claim.batch
    content = _stored_bytes(batch)
    _check_bookings(batch)
    # Jobs of earlier attempts carry the same reference: what is found must be none of them.
    known = set(batch.jobs.values_list("vendor_ref", flat=True))

    def find() -> dict[str, Any] | None:
        job_ref = _find_job(datev, batch, known)
        return {"job_ref": job_ref} if job_ref else None

    def send() -> dict[str, Any]:
        try:
            answer = datev.import_extf(
                batch.client.ref, filename=batch.filename, reference=batch.reference, content=content
            )
        except RejectedError as error:
            return _adopt_refused(error, find)
        wait = answer.retry_after
        return {"job_ref": answer.job_ref, "look_after": None if wait is None else wait.total_seconds()}

    result = claim.effects().once(
        _effect_name(batch),
        send,
        find=find,
        content=content,
        search_lag=timedelta(seconds=settings.EXTF_SEARCH_LAG_SECONDS),
    )
    look_after = timedelta(seconds=result.get("look_after") or 0)
    return endings.sent(claim, result["job_ref"], max(look_after, FIRST_LOOK))


def _adopt_refused(error: RejectedError, find: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
    """A refusal as a duplicate says that DATEV has the file: looked up, or waited for if not shown yet."""
    if error.status != 409:
        raise error
    found = find()
    if found is None:
        raise OutcomeUnknownError(
            say("DATEV says that it has this file already, but does not show a job for it yet."),
            vendor=error.vendor,
            status=error.status,
        )
    return found


def _effect_name(batch: Batch) -> str:
    return "import_extf" if batch.attempt == 1 else f"import_extf:{batch.attempt}"


def _stored_bytes(batch: Batch) -> bytes:
    content = bytes(Batch.objects.values_list("content", flat=True).get(pk=batch.pk) or b"")
    if hashlib.sha256(content).hexdigest() != batch.sha256:
        raise RejectedError(
            say(
                "The stored file %(file)s does not fit its checksum any more and was not sent. "
                "Restore the database from a backup or send a corrected batch.",
                file=batch.filename,
            )
        )
    return content


def _check_bookings(batch: Batch) -> None:
    """The bytes were written for these bookings and no others, or something would be booked twice."""
    if batch.is_given:
        return
    if batch.kind == BatchKind.DEBTORS:
        there = batch.debtor_updates.count()
    else:
        there = batch.bookings.filter(verdict=BookingVerdict.FOLLOWS).count()
    if there != batch.rows:
        raise RejectedError(
            say(
                "The bookings of %(file)s have changed since it was written; it was not sent.",
                file=batch.filename,
            )
        )


def _find_job(datev: Any, batch: Batch, known: Collection[str]) -> str:
    """DATEV's job of this batch that we do not know yet; "" if there is none."""
    return next(
        (
            job.ref
            for job in datev.extf_jobs(batch.client.ref)
            if job.reference == batch.reference and job.ref not in known
        ),
        "",
    )


def _look(claim: Claim, datev: Any) -> Message:
    batch = claim.batch
    job = batch.jobs.filter(state=JobState.PENDING).order_by("-id").first()
    if job is None:
        job = _adopt(claim, datev)
    if job is not None:
        # A job that DATEV does not show (yet) counts as pending.
        answer = datev.extf_job(batch.client.ref, job.vendor_ref)
        if answer.result == "succeeded":
            return _accepted(claim, job)
        if answer.result == "failed":
            return _refused(claim, job, answer)
    if gave_up(batch):
        return endings.unknown(claim, say("DATEV has not finished within the time limit."), job)
    return _look_again(claim, job)


def _adopt(claim: Claim, datev: Any) -> Job | None:
    """The job that DATEV did not name when it took the file (no Location), found by our reference."""
    batch = claim.batch
    known = set(batch.jobs.values_list("vendor_ref", flat=True))
    job_ref = _find_job(datev, batch, known)
    if not job_ref:
        return None
    claim.guard()
    return endings.follow(batch, job_ref)


def _look_again(claim: Claim, job: Job | None) -> Message:
    looks = job.looks + 1 if job else 1
    message = say("Sent; DATEV is still working on it.")
    with transaction.atomic():
        if job:
            Job.objects.filter(pk=job.pk).update(looks=looks, looked_at=clock.now())
        claim.release(due_at=clock.now() + next_look(looks), starts=0, reason=message.to_json())
    return message


def _accepted(claim: Claim, job: Job) -> Message:
    message = say(
        "DATEV has accepted the file %(file)s; the tax adviser can import it.", file=claim.batch.filename
    )
    return endings.settle(claim, BatchState.POSTED, message, job=job, job_state=JobState.SUCCEEDED)


def _refused(claim: Claim, job: Job, answer: Any) -> Message:
    if answer.code == TRY_AGAIN and claim.batch.attempt < MAX_ATTEMPTS:
        return _send_again(claim, job, answer)
    said = ": ".join(part for part in (answer.title, answer.detail) if part)
    message = say(
        "DATEV refused the file %(file)s: %(text)s (code %(code)s). Correct it and send it again.",
        file=claim.batch.filename,
        text=said,
        code=answer.code,
    )
    if answer.code == TRY_AGAIN:
        message = say(
            "DATEV failed %(count)s times with an error of its own. Nothing was taken; try again later.",
            count=claim.batch.attempt,
        )
    return endings.settle(
        claim,
        BatchState.STOPPED if answer.code == TRY_AGAIN else BatchState.FAILED,
        message,
        job=job,
        code=answer.code,
        text=said,
        help_url=answer.help_url,
        elements=answer.elements,
    )


def _send_again(claim: Claim, job: Job, answer: Any) -> Message:
    """DATEV asks for the same file once more: a new attempt, with an effect of its own."""
    message = say("DATEV had an error of its own and asks for the same file again.")
    with transaction.atomic():
        endings.end_job(job, JobState.FAILED, code=answer.code, text=answer.title, help_url=answer.help_url)
        claim.release(
            state=BatchState.CLOSED,
            attempt=claim.batch.attempt + 1,
            due_at=clock.now() + WAIT_BEFORE_NEXT_ATTEMPT,
            starts=0,
            reason=message.to_json(),
        )
        audit.record("batch.again", claim.batch.owner, message, job=job.vendor_ref, code=answer.code)
    return message
