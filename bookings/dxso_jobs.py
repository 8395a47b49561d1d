"""The way of a DXSO batch: open a job, upload its files, finalise it, look until it ends, keep the protocol.

Until a job is finalised it has no effect in DATEV: whatever is unclear before that is thrown away with the
whole job and begun anew. After that nothing is ever begun anew.
Source: DATEV accounting:dxso-jobs 2.1.7 (read 2026-11).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

from bookings import dxso_plan, dxso_results, endings
from bookings.claims import Claim
from bookings.entry import Direction
from bookings.extf_jobs import gave_up, next_look
from bookings.models import Batch, BatchFile, BatchState, Job, JobState
from connections import audit, clock
from connections.effects import Effects
from connections.errors import ConfigurationError, ConnectorError, OutcomeUnknownError, RejectedError
from connections.messages import Message, say
from connections.models import Effect, EffectState
from connections.vendors.datev.errors import NO_DXSO_FOR_CLIENT, UNKNOWN_DXSO_JOB

logger = logging.getLogger(__name__)

IMPORT_TYPES = {
    Direction.INCOMING: "accountsPayableLedgerImport",
    Direction.OUTGOING: "accountsReceivableLedgerImport",
}
OPEN, RUNNING = 0, 1
FIRST_LOOK = timedelta(seconds=10)
# One start of the worker stays a matter of a minute or two; the next one goes on.
UPLOADS_PER_START = 40
MAX_ATTEMPTS = 5


def advance(claim: Claim, datev: Any) -> Message:
    """One step of the batch; returns the sentence that describes it."""
    return _submit(claim, datev) if claim.batch.state == BatchState.CLOSED else _look(claim, datev)


def _submit(claim: Claim, datev: Any) -> Message:
    try:
        job = _opened(claim, datev)
        if not _upload(claim, datev, job):
            return _go_on(claim)
    except OutcomeUnknownError as error:
        return _abandon(claim, datev, error)
    except RejectedError as error:
        if error.code == UNKNOWN_DXSO_JOB:
            return _abandon(claim, datev, error)
        raise
    except ConfigurationError as error:
        raise _with_way_out(error) from error
    _finalise(claim, datev, job)
    return endings.sent(claim, job.vendor_ref, FIRST_LOOK)


def _opened(claim: Claim, datev: Any) -> Job:
    """The open DATEV job of this attempt, with the files for it stored."""
    batch = claim.batch
    # A lost answer leaves an open job without effect that can't be found again; another one is safe.
    opened = claim.effects().once(
        f"create_dxso:{batch.attempt}", lambda: _create(batch, datev), is_repeatable=True
    )
    job = batch.jobs.filter(vendor_ref=opened["job_ref"]).first()
    if job is None:
        job = endings.follow(batch, opened["job_ref"], JobState.OPEN)
    if not batch.files.filter(attempt=batch.attempt).exists():
        files = dxso_plan.files(batch, opened["account_length"], opened["folder_names"])
        with transaction.atomic():
            claim.guard()
            BatchFile.objects.bulk_create(files, batch_size=200)
    return job


def _create(batch: Batch, datev: Any) -> dict[str, Any]:
    answer = datev.create_dxso_job(
        batch.client.ref, IMPORT_TYPES[Direction(batch.direction)], f"{batch.month:%Y-%m}"
    )
    return {
        "job_ref": answer.job_ref,
        "account_length": answer.account_length,
        "folder_names": list(answer.folder_names),
    }


def _upload(claim: Claim, datev: Any, job: Job) -> bool:
    """Upload what is not uploaded yet, a slice of it; whether all is there.

    Raises OutcomeUnknownError if it is not clear whether a file arrived, now or in an earlier start.
    """
    batch, effects = claim.batch, claim.effects()
    done = _uploaded(batch)
    waiting = [file for file in _files(batch) if _upload_name(file) not in done]
    for file in waiting[:UPLOADS_PER_START]:
        _upload_one(effects, datev, batch, job, file)
    return len(waiting) <= UPLOADS_PER_START


def _files(batch: Batch) -> Sequence[BatchFile]:
    return list(batch.files.filter(attempt=batch.attempt).defer("content").order_by("position"))


def _uploaded(batch: Batch) -> set[str]:
    return set(
        Effect.objects.filter(
            owner=batch.owner, name__startswith=f"upload_dxso:{batch.attempt}:", state=EffectState.DONE
        ).values_list("name", flat=True)
    )


def _upload_name(file: BatchFile) -> str:
    return f"upload_dxso:{file.attempt}:{file.position}"


def _upload_one(effects: Effects, datev: Any, batch: Batch, job: Job, file: BatchFile) -> None:
    content = _content(file)

    def send() -> dict[str, str]:
        datev.upload_dxso_file(batch.client.ref, job.vendor_ref, file.filename, content, file.media_type)
        return {"filename": file.filename}

    effects.once(_upload_name(file), send, content=content)


def _content(file: BatchFile) -> bytes:
    stored = file.content if file.document is None else file.document.content
    content = bytes(stored or b"")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise RejectedError(
            say(
                "The stored file '%(name)s' does not fit its checksum any more and was not sent. "
                "Replay the record, so that the attachment is read again.",
                name=file.filename,
            )
        )
    return content


def _finalise(claim: Claim, datev: Any, job: Job) -> None:
    client_ref = claim.batch.client.ref

    def find() -> dict[str, int] | None:
        status = datev.dxso_status(client_ref, job.vendor_ref)
        return {"status": status} if status != OPEN else None

    def finalise() -> dict[str, int]:
        datev.finalise_dxso_job(client_ref, job.vendor_ref)
        return {"status": RUNNING}

    claim.effects().once(f"finalise_dxso:{claim.batch.attempt}", finalise, find=find)


def _go_on(claim: Claim) -> Message:
    message = say("Some files are uploaded; the others follow.")
    claim.release(due_at=clock.now(), starts=0, reason=message.to_json())
    return message


def _abandon(claim: Claim, datev: Any, error: ConnectorError) -> Message:
    """Leave the open DATEV job, which has no effect, and begin with a new one."""
    batch = claim.batch
    if endings.may_have_arrived(batch):
        return endings.unknown(claim, error.message)
    left = list(batch.jobs.filter(state=JobState.OPEN))
    if batch.attempt >= MAX_ATTEMPTS:
        message = say(
            "The transfer was begun %(count)s times and broke off each time. Nothing was taken by DATEV; "
            "try again later.",
            count=batch.attempt,
        )
        result = endings.stop(claim, RejectedError(message))
    else:
        result = say("The transfer broke off before it was complete; a new one is begun.")
        with transaction.atomic():
            batch.jobs.filter(state=JobState.OPEN).update(state=JobState.CANCELLED, ended_at=clock.now())
            wait = endings.backoff(batch.attempt, error.retry_after)
            claim.release(
                attempt=batch.attempt + 1,
                due_at=clock.now() + wait,
                starts=0,
                reason=result.to_json(),
            )
            audit.record("batch.abandoned", batch.owner, result, jobs=[job.vendor_ref for job in left])
    _tidy_up(batch, datev, left)
    return result


def _tidy_up(batch: Batch, datev: Any, left: Sequence[Job]) -> None:
    """Delete abandoned jobs in DATEV; one that stays is harmless, because it was never finalised."""
    for job in left:
        try:
            datev.delete_dxso_job(batch.client.ref, job.vendor_ref)
        except ConnectorError as error:
            logger.warning("DXSO job %s stays open in DATEV, without effect: %s", job.vendor_ref, error)


def _with_way_out(error: ConfigurationError) -> ConfigurationError:
    if error.code != NO_DXSO_FOR_CLIENT:
        return error
    return ConfigurationError(
        say(
            "This client works with the new Belege online, which takes no DXSO transfers (%(code)s). Set the "
            "integration to the route 'booking batch (EXTF) and document', then replay the records of this "
            "batch.",
            code=error.code,
        ),
        vendor=error.vendor,
        status=error.status,
        code=error.code,
        help_url=error.help_url,
        request_id=error.request_id,
    )


def _look(claim: Claim, datev: Any) -> Message:
    batch = claim.batch
    job = batch.jobs.filter(state=JobState.PENDING).order_by("-id").first()
    if job is None:
        return endings.unknown(claim, say("The DATEV job of this batch is not known here."))
    status = _status(datev, batch, job)
    if status is not None and status not in (OPEN, RUNNING):
        lines = _protocol(datev, batch, job)
        return dxso_results.settle(claim, job, status, lines)
    if gave_up(batch):
        return endings.unknown(claim, say("DATEV has not finished within the time limit."), job)
    message = say("Sent; DATEV is still working on it.")
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(looks=job.looks + 1, looked_at=clock.now())
        claim.release(due_at=clock.now() + next_look(job.looks + 1), starts=0, reason=message.to_json())
    return message


def _status(datev: Any, batch: Batch, job: Job) -> int | None:
    """DATEV's status; None for a job that it does not show."""
    try:
        return int(datev.dxso_status(batch.client.ref, job.vendor_ref))
    except ConnectorError as error:
        if error.status != 404:
            raise
        return None


def _protocol(datev: Any, batch: Batch, job: Job) -> Sequence[Any]:
    try:
        return list(datev.dxso_protocol(batch.client.ref, job.vendor_ref))
    except ConnectorError as error:
        if error.status != 404:
            raise
        return ()
