"""What pairs, the dashboard and commands may ask about bookings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from bookings.entry import Entry, Side
from bookings.failures import Failure, FailurePage, FailureState, failure, failure_of_job, failures_since
from bookings.models import (
    SETTLED,
    WORKABLE,
    Batch,
    BatchState,
    Booking,
    BookingVerdict,
    DatevClient,
    Debtor,
    Document,
    DocumentState,
)
from connections.messages import DataFault, Message, faults_from_json, say

__all__ = [
    "BookingOutcome",
    "Failure",
    "FailurePage",
    "FailureState",
    "State",
    "batch_counts",
    "client_of",
    "document_counts",
    "entries",
    "failure",
    "failure_of_job",
    "failures_since",
    "next_due_at",
    "not_announced",
    "other_books",
    "outcome",
    "posted_entries",
    "state_of",
    "unannounced",
    "with_bookings",
]

State = Literal["collecting", "sending", "sent", "posted", "failed", "stopped", "unknown"]

OF_BATCH: Mapping[str, State] = {
    BatchState.OPEN: "collecting",
    BatchState.CLOSED: "sending",
    BatchState.SENT: "sent",
    BatchState.POSTED: "posted",
    BatchState.FAILED: "failed",
    # What the protocol does not name is not known; the others carry a verdict of their own.
    BatchState.PARTLY: "unknown",
    BatchState.UNKNOWN: "unknown",
    BatchState.STOPPED: "stopped",
}
OF_VERDICT: Mapping[str, State] = {
    BookingVerdict.POSTED: "posted",
    BookingVerdict.FAILED: "failed",
    BookingVerdict.UNKNOWN: "unknown",
    BookingVerdict.RELEASED: "failed",
}
# Of several bookings of one origin the one that is furthest from its end speaks for all, then the worst one.
SPEAKS_FIRST: tuple[State, ...] = (
    "collecting",
    "sending",
    "sent",
    "unknown",
    "failed",
    "stopped",
    "posted",
)


@dataclass(frozen=True)
class BookingOutcome:
    """How the bookings of one origin and revision stand, as one."""

    state: State
    message: Message
    batch: Batch | None = None
    job_ref: str = ""
    code: str = ""
    text: str = ""
    help_url: str = ""
    sent_on: date | None = None
    # What is wrong with these very rows, if they were set aside from their batch.
    faults: tuple[DataFault, ...] = ()

    @property
    def batch_id(self) -> int | None:
        return self.batch.pk if self.batch else None


def outcome(origin: str, revision: int) -> BookingOutcome | None:
    """What became of the bookings of `origin` in this revision; None if there are none."""
    bookings = (
        Booking.objects.filter(origin=origin, revision=revision)
        .select_related("batch")
        .defer("batch__content")
        .order_by("position")
    )
    states = [(state_of(booking), booking) for booking in bookings]
    if not states:
        return None
    state, booking = min(states, key=lambda found: SPEAKS_FIRST.index(found[0]))
    return _outcome(state, booking)


def state_of(booking: Booking) -> State:
    if booking.verdict:
        return OF_VERDICT[booking.verdict]
    return OF_BATCH[booking.batch.state] if booking.batch else "stopped"


def _outcome(state: State, booking: Booking) -> BookingOutcome:
    batch = booking.batch
    if batch is None:
        return BookingOutcome(state, say("The booking is in no batch."))
    job = batch.jobs.order_by("-id").first()
    return BookingOutcome(
        state=state,
        message=_message(state, booking, batch),
        batch=batch,
        job_ref=job.vendor_ref if job else "",
        code=batch.code,
        text=job.text if job else "",
        help_url=batch.help_url,
        sent_on=timezone.localdate(batch.sent_at) if batch.sent_at else None,
        faults=tuple(faults_from_json(booking.faults)) if state in ("stopped", "failed") else (),
    )


def _message(state: State, booking: Booking, batch: Batch) -> Message:
    if booking.reason:
        return Message.from_json(booking.reason)
    if state == "collecting":
        return _collecting(batch)
    if batch.reason:
        return Message.from_json(batch.reason)
    return say("The batch is closed and will be sent to DATEV.")


def _collecting(batch: Batch) -> Message:
    if batch.close_at is None:
        return say("Collected with other bookings; the batch is not closed yet.")
    return say(
        "Collected with other bookings (%(rows)s so far); sent on %(at)s at the latest.",
        rows=batch.rows,
        at=f"{timezone.localtime(batch.close_at):%d.%m.%Y %H:%M}",
    )


def entries(origin: str, revision: int) -> list[Entry]:
    """The entries that were placed for `origin` in this revision, by position."""
    bookings = Booking.objects.filter(origin=origin, revision=revision).order_by("position")
    return [booking.entry for booking in bookings]


def posted_entries(origin: str, before_revision: int) -> list[Entry]:
    """What of earlier revisions stands in DATEV's books: posted, and not taken back by a later reversal."""
    if before_revision == 1:
        return []
    bookings = (
        Booking.objects.filter(origin=origin, revision__lt=before_revision)
        .select_related("batch")
        .defer("batch__content")
        .order_by("revision", "position")
    )
    standing: list[Entry] = []
    for entry in (booking.sent_entry for booking in bookings if state_of(booking) == "posted"):
        taken_back = next((old for old in standing if _core(old) == _core(_mirrored(entry))), None)
        if taken_back is not None:
            standing.remove(taken_back)
        else:
            standing.append(entry)
    return standing


def client_of(origin: str, revision: int) -> DatevClient | None:
    """In whose books the bookings of `origin` in this revision are."""
    booking = Booking.objects.filter(origin=origin, revision=revision).select_related("client").first()
    return booking.client if booking else None


def other_books(origin: str, client: DatevClient) -> list[str]:
    """The other clients in whose books bookings of `origin` stand, or may stand."""
    others = Booking.objects.filter(origin=origin).exclude(client=client).select_related("batch", "client")
    return sorted(
        {
            str(booking.client)
            for booking in others.defer("batch__content")
            if state_of(booking) not in ("failed", "stopped")
        }
    )


def with_bookings(origins: Collection[str]) -> set[str]:
    """Those of `origins` that have bookings which are in DATEV, or can still get there."""
    found = Booking.objects.filter(origin__in=origins).exclude(verdict=BookingVerdict.RELEASED)
    return set(found.values_list("origin", flat=True))


def _mirrored(entry: Entry) -> Entry:
    return replace(entry, side=Side.CREDIT if entry.side == Side.DEBIT else Side.DEBIT)


def _core(entry: Entry) -> Entry:
    """What a reversal has in common with what it takes back (its tax key and its mark may differ)."""
    return replace(entry, bu_key="", is_reversal=False, documents=())


def unannounced(limit: int) -> list[Booking]:
    """Bookings whose batch is settled and whose source was not told yet, oldest first."""
    return list(not_announced()[:limit])


def not_announced() -> QuerySet[Booking]:
    return Booking.objects.filter(announced_at=None, batch__state__in=SETTLED).order_by("pk")


def batch_counts() -> dict[str, int]:
    """How many batches are in each state; every state is named."""
    return _counted(Batch.objects.order_by().values_list("state").annotate(Count("pk")), BatchState.values)


def document_counts() -> dict[str, int]:
    """How many documents are in each state; every state is named."""
    return _counted(
        Document.objects.order_by().values_list("state").annotate(Count("pk")), DocumentState.values
    )


def _counted(found: object, names: list[str]) -> dict[str, int]:
    counts: dict[str, int] = dict(found)  # type: ignore[call-overload]
    return {name: counts.get(name, 0) for name in names}


def next_due_at() -> datetime | None:
    """When the next batch closes or is due for the worker; None if nothing is on its way."""
    due = Batch.objects.filter(state__in=WORKABLE, due_at__isnull=False).aggregate(at=Min("due_at"))["at"]
    debtors = Debtor.objects.filter(due_at__isnull=False).aggregate(at=Min("due_at"))["at"]
    closes = Batch.objects.filter(state=BatchState.OPEN).aggregate(at=Min("close_at"))["at"]
    return min((at for at in (due, closes, debtors) if at), default=None)
