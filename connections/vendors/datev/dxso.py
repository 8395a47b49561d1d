"""accounting:dxso-jobs v2: XML data with images to DATEV Unternehmen online, as posting proposals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connections.answers import Answer
from connections.errors import RejectedError
from connections.messages import say
from connections.vendors.datev.calls import DatevCalls
from connections.vendors.datev.errors import ALREADY_FINALISED
from connections.vendors.datev.filenames import file_faults, media_type_to_send, safe_filename
from connections.vendors.datev.wire import (
    JOB_REF,
    listing,
    mapping,
    moment,
    number,
    text,
    texts,
    unreadable,
)

# Source: DATEV accounting:dxso-jobs 2.1.7, DXSoJobCreationInfo (read 2026-11).
IMPORT_TYPES = ("accountsPayableLedgerImport", "accountsReceivableLedgerImport", "cashLedgerImport")
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
JOB_GONE = "job_gone"


@dataclass(frozen=True)
class DxsoJob:
    """An open job. Its account length and folder names (or cash ledger names) must be used in the XML."""

    job_ref: str
    account_length: int | None
    folder_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProtocolLine:
    """What DATEV wrote about a job: `kind` is information, warning or error; `text` is German."""

    at: datetime | None
    kind: str
    text: str
    filename: str = ""
    context: str = ""


class DxsoCalls(DatevCalls):
    """A job from its creation to its protocol."""

    def create_dxso_job(self, client_ref: str, import_type: str, month: str) -> DxsoJob:
        """Open a job for one kind of data and one month ("2026-07").

        A lost answer leaves an open job without effect that can't be found again; opening another is safe.
        Raises ConfigurationError (DCO01301) for a client with the new Belege online.
        """
        if import_type not in IMPORT_TYPES or not MONTH.fullmatch(month):
            raise RejectedError(
                say(
                    "DATEV has no transfer of type '%(type)s' for month '%(month)s'.",
                    type=import_type,
                    month=month,
                )
            )
        answer = self.transport.call(
            "POST",
            self._url("dxso_url", client_ref, "/dxso-jobs"),
            is_write=True,
            json={"import_type": import_type, "accounting_month": month},
        )
        return read_open_job(mapping(answer.json()))

    def upload_dxso_file(
        self, client_ref: str, job: str, filename: str, content: bytes, media_type: str = ""
    ) -> None:
        """Put one file into an open job; the name must be safe already, because the XML names it.

        Whether a second upload of the same name replaces the first is not documented: after
        OutcomeUnknownError delete the job and open another.
        """
        faults = file_faults(filename, len(content), media_type)
        if filename != safe_filename(filename) or faults:
            raise RejectedError(
                say(
                    "The file '%(filename)s' can't be sent to DATEV: %(faults)s",
                    filename=filename,
                    faults="; ".join(map(str, faults))
                    or say("its name has characters that DATEV does not allow."),
                ),
                faults=faults,
            )
        self.transport.call(
            "POST",
            self._job_url(client_ref, job, "/files"),
            is_write=True,
            files={"files": (filename, content, media_type_to_send(filename, media_type))},
        )

    def finalise_dxso_job(self, client_ref: str, job: str) -> None:
        """Start DATEV's processing; a job that was already finalised is fine.

        Raises RejectedError (code "job_gone") if DATEV does not know the job.
        """
        try:
            answer = self.transport.call(
                "PUT",
                self._job_url(client_ref, job),
                is_write=True,
                # A text, no boolean. Source: DATEV accounting:dxso-jobs 2.1.7, `ready` (read 2026-11).
                data=b'{"ready":"true"}',
                headers={"Content-Type": "application/merge-patch+json"},
                ok=(200, 202, 204, 404),
            )
        except RejectedError as error:
            if error.code != ALREADY_FINALISED:
                raise
            return
        if answer.status == 404:
            raise job_gone(job)

    def dxso_status(self, client_ref: str, job: str) -> int:
        """0 open, 1 running, 2 done, 3 failed, 4 partly done, 5 cancelled, 6 not cancelled.

        Source: DATEV accounting:dxso-jobs 2.1.7, DXSoJobStatus (read 2026-11).
        Raises RejectedError (code "job_gone") if DATEV no longer knows the job: deleted, or older than about
        two months.
        """
        said = mapping(self._asked(self._job_url(client_ref, job), job).json())
        status = number(said.get("status"))
        if status is None:
            raise unreadable()
        return status

    def dxso_protocol(self, client_ref: str, job: str) -> list[ProtocolLine]:
        """What DATEV wrote about the job, in its order, each line once; it is kept for about two months."""
        answer = self._asked(self._job_url(client_ref, job, "/protocol-entries"), job)
        return list(dict.fromkeys(read_line(item) for item in listing(answer.json())))

    def delete_dxso_job(self, client_ref: str, job: str) -> None:
        """Drop an open job with all its files; one that is gone already is fine.

        Raises RejectedError with code DCO01007 if it is finalised.
        """
        self.transport.call("DELETE", self._job_url(client_ref, job), is_write=True, ok=(200, 204, 404))

    def _job_url(self, client_ref: str, job: str, path: str = "") -> str:
        if not JOB_REF.fullmatch(job):
            raise RejectedError(say("'%(job)s' is not the id of a DATEV job.", job=job))
        return self._url("dxso_url", client_ref, f"/dxso-jobs/{quote(job, safe='')}{path}")

    def _asked(self, url: str, job: str) -> Answer:
        answer = self._ask(url, ok=(200, 404))
        if answer.status == 404:
            raise job_gone(job)
        return answer


def job_gone(job: str) -> RejectedError:
    return RejectedError(
        say(
            "DATEV no longer knows the transfer %(job)s: it was deleted there, or it is older than two "
            "months. Look in DATEV Unternehmen online.",
            job=job,
        ),
        vendor="datev",
        status=404,
        code=JOB_GONE,
    )


def read_open_job(said: Mapping[str, Any]) -> DxsoJob:
    ref = text(said.get("id"))
    if not JOB_REF.fullmatch(ref):
        raise unreadable()
    names = texts(said.get("ledger_folder_names")) or texts(said.get("cash_ledger_names"))
    return DxsoJob(ref, number(said.get("account_length")), tuple(names))


def read_line(item: Mapping[str, Any]) -> ProtocolLine:
    return ProtocolLine(
        at=moment(item.get("time")),
        kind=text(item.get("type")),
        text=text(item.get("text")),
        filename=text(item.get("filename")),
        context=text(item.get("context")),
    )
