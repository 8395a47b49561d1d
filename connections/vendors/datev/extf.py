"""accounting:extf-files v3: booking files to DATEV Rechnungswesen, and what became of them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from connections.errors import RejectedError
from connections.messages import say
from connections.vendors.datev.calls import DatevCalls
from connections.vendors.datev.errors import help_number, web_address
from connections.vendors.datev.wire import (
    JOB_REF,
    day,
    elements,
    job_ref,
    mapping,
    moment,
    number,
    same_job,
    text,
    unreadable,
)

logger = logging.getLogger(__name__)

# Narrower than DATEV's own patterns: what else is allowed there is replaced or is no ASCII in a header.
# Source: DATEV accounting:extf-files 3.0.1, headers Filename and Reference-Id (read 2026-11).
FILENAME = re.compile(r"EXTF_[A-Za-z0-9_-]{0,51}\.csv")
REFERENCE = re.compile(r"[-0-9A-Za-z_. +?;]{1,254}")
# The smaller reading of "50 MB".
MAX_BYTES = 50_000_000

Result = Literal["pending", "succeeded", "failed"]
RESULTS: Mapping[str, Result] = {"pending": "pending", "succeeded": "succeeded", "failed": "failed"}
# Of several jobs with one reference the one that says most about our file.
PREFERENCE = {"succeeded": 2, "pending": 1, "failed": 0}
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Submitted:
    """A file that DATEV has received. `job_ref` is "" if no usable Location came: look it up by reference."""

    job_ref: str
    retry_after: timedelta | None


@dataclass(frozen=True)
class ExtfJob:
    """DATEV's processing of one file. "succeeded" = the header is right and DATEV has it, not: booked.

    `was_found` is False for a job that DATEV does not show (yet); that counts as pending. `code`, `title`,
    `detail`, `help_url` and `elements` (field, reason) say why it failed, as far as DATEV says it.
    """

    ref: str
    result: Result
    reference: str = ""
    filename: str = ""
    code: str = ""
    title: str = ""
    detail: str = ""
    help_url: str = ""
    elements: tuple[tuple[str, str], ...] = ()
    label: str = ""
    data_category: int | None = None
    bookings: int | None = None
    fiscal_year_start: date | None = None
    date_from: date | None = None
    date_to: date | None = None
    received_at: datetime | None = None
    result_as_sent: str = ""
    was_found: bool = True


class ExtfCalls(DatevCalls):
    """Hand over a file, and ask what became of it."""

    def import_extf(self, client_ref: str, *, filename: str, reference: str, content: bytes) -> Submitted:
        """Send an EXTF file. DATEV does not notice a second one: after OutcomeUnknownError ask
        `find_extf_job` before sending again. No refusal of duplicates is documented; should one come
        (RejectedError with status 409), our own file may be there already: look it up as well.
        """
        check_file(filename, reference, content)
        headers = {
            "Content-Type": "application/octet-stream",
            "Filename": filename,
            "Reference-Id": reference,
        }
        url = self._url("extf_url", client_ref, "/extf-files/import")
        answer = self.transport.call("POST", url, is_write=True, data=content, headers=headers)
        return Submitted(job_ref(answer.headers.get("Location", "")), answer.retry_after)

    def extf_job(self, client_ref: str, job: str) -> ExtfJob:
        """One job. A job that is not shown (404, seen shortly after the upload) counts as pending."""
        job = same_job(job)
        if not JOB_REF.fullmatch(job):
            raise RejectedError(say("'%(job)s' is not the id of a DATEV job.", job=job))
        url = self._url("extf_url", client_ref, f"/extf-files/jobs/{quote(job, safe='')}")
        answer = self._ask(url, ok=(200, 404))
        if answer.status == 404:
            logger.warning("DATEV does not show EXTF job %s of client %s (404)", job, client_ref)
            return ExtfJob(ref=job, result="pending", was_found=False)
        return read_job(mapping(answer.json()), job)

    def extf_jobs(self, client_ref: str) -> Iterator[ExtfJob]:
        """All jobs of the client that DATEV still lists; order and retention are not documented."""
        for item in self._pages(self._url("extf_url", client_ref, "/extf-files/jobs"), {}):
            yield read_job(item)

    def find_extf_job(self, client_ref: str, reference: str) -> ExtfJob | None:
        """The job of the file that was sent with `reference`, or None if DATEV lists none.

        Of several the succeeded one, else the pending one, and of those the latest.
        """
        ours = [job for job in self.extf_jobs(client_ref) if job.reference == reference]
        return max(ours, key=lambda job: (PREFERENCE[job.result], job.received_at or LONG_AGO), default=None)


def check_file(filename: str, reference: str, content: bytes) -> None:
    """Raises RejectedError, before any call, for what DATEV would refuse or change."""
    if not FILENAME.fullmatch(filename):
        raise RejectedError(
            say(
                "'%(filename)s' is no name for a DATEV file: EXTF_, at most 51 letters, digits, _ or -, and "
                ".csv.",
                filename=filename,
            )
        )
    if not REFERENCE.fullmatch(reference):
        raise RejectedError(
            say("'%(reference)s' can't be the reference of a DATEV file.", reference=reference)
        )
    if not content:
        raise RejectedError(say("The file %(filename)s is empty and was not sent.", filename=filename))
    if len(content) > MAX_BYTES:
        raise RejectedError(
            say(
                "The file %(filename)s is larger than 50 MB and was not sent. Make smaller batches.",
                filename=filename,
            )
        )


def read_job(said: Mapping[str, Any], job: str = "") -> ExtfJob:
    """A job as DATEV shows it; an unknown result word counts as pending and is logged."""
    ref = same_job(text(said.get("id")) or job)
    if not ref:
        raise unreadable()
    sent = text(said.get("result"))
    result = RESULTS.get(sent.lower())
    if result is None:
        logger.warning("DATEV sent the unknown result %r for EXTF job %s", sent, ref)
    details = said.get("validation_details")
    if isinstance(details, list):
        details = next((item for item in details if isinstance(item, dict)), None)
    details = details if isinstance(details, dict) else {}
    return ExtfJob(
        ref=ref,
        result=result or "pending",
        reference=text(said.get("reference_id")),
        filename=text(said.get("filename")),
        code=help_number(text(details.get("type"))),
        title=text(details.get("title")),
        detail=text(details.get("detail")),
        help_url=web_address(details.get("type")),
        elements=elements(details.get("affected_elements")),
        label=text(said.get("label")),
        data_category=number(said.get("data_category_id")),
        bookings=number(said.get("number_of_accounting_records")),
        fiscal_year_start=day(said.get("fiscal_year_begin")),
        date_from=day(said.get("date_from")),
        date_to=day(said.get("date_to")),
        received_at=moment(said.get("timestamp")),
        result_as_sent=sent,
    )
