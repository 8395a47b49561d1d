"""What a ticket is told of one failure; everything but the `raw` fields may leave the books."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from django.utils.translation import gettext

from bookings.models import BatchState
from connections.messages import DataFault, Message

# Where a sentence has its values.
PLACES = re.compile(r"%\(\w+\)s")


class FailureState(StrEnum):
    """How the latest revision stands."""

    REFUSED = "refused"
    PARTLY = "partly"
    # Our own checks, or a refusal before DATEV took the file: there is no job.
    STOPPED = "stopped"
    UNDER_WAY = "under_way"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"


STATES = {
    BatchState.OPEN: FailureState.UNDER_WAY,
    BatchState.CLOSED: FailureState.UNDER_WAY,
    BatchState.SENT: FailureState.UNDER_WAY,
    BatchState.POSTED: FailureState.ACCEPTED,
    BatchState.FAILED: FailureState.REFUSED,
    BatchState.PARTLY: FailureState.PARTLY,
    BatchState.STOPPED: FailureState.STOPPED,
    BatchState.UNKNOWN: FailureState.UNKNOWN,
}


@dataclass(frozen=True)
class Line:
    """One line of DATEV's protocol. `raw` and `raw_filename` stay here; `text` and `filename` may travel."""

    kind: str
    text: Message
    filename: str
    # Rows of the batch that the line is about, as far as its file names tell.
    rows: tuple[int, ...]
    is_withheld: bool
    raw: str
    raw_filename: str


@dataclass(frozen=True)
class Element:
    name: str
    reason: Message
    raw_name: str
    raw_reason: str


@dataclass(frozen=True)
class Rule:
    """A fault of our own checks without its value; `str()` is in the active language."""

    field: str
    pattern: str
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.line}: " if self.line else ""
        return f"{place}{gettext(self.field)}: {PLACES.sub('...', gettext(self.pattern))}"

    @classmethod
    def of(cls, fault: DataFault, line: int = 0) -> Rule:
        named = str(fault.rule.values.get("line", line))
        return cls(fault.field, fault.rule.pattern, int(named) if named.isdecimal() else line)


@dataclass(frozen=True)
class Attempt:
    """One revision of the chain: what was sent under which name, and what became of it."""

    revision: int
    batch_id: int
    filename: str
    reference: str
    state: FailureState
    job_refs: tuple[str, ...]
    code: str


@dataclass(frozen=True)
class Failure:
    """A failure as a ticket tells it. Everything but the `raw` fields may leave the books.

    `ref` ("batch:12" or "file:7") never changes. `job_ref` is the first job that DATEV refused ("" = DATEV
    never took the file), `latest_job_ref` that of the latest attempt. `rows` are row numbers
    of the refused revision; `refused` counts affected elements or bookings. `page` is our admin page.
    """

    ref: str
    version: str
    kind: Literal["job", "batch", "file"]
    state: FailureState
    route: str
    client_id: int | None
    client_ref: str
    client_label: str
    job_ref: str
    latest_job_ref: str
    code: str
    text: Message
    detail: Message
    help_url: str
    filename: str
    reference: str
    revision: int
    refused: int
    rows: tuple[int, ...]
    elements: tuple[Element, ...]
    protocol: tuple[Line, ...]
    attempts: tuple[Attempt, ...]
    # What our own checks found, without the values.
    faults: tuple[Rule, ...]
    may_go_unchanged: bool
    failed_at: datetime | None
    page: str
    # For `bookings.corrections.resubmit`; None for a file that never became a batch.
    batch_id: int | None = None

    @property
    def is_over(self) -> bool:
        return self.state == FailureState.ACCEPTED


@dataclass(frozen=True)
class FailurePage:
    """`cursor` is given to the next reading as it is."""

    failures: tuple[Failure, ...]
    cursor: str
