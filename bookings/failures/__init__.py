"""Refused and partly refused files as a ticket needs them: all that is needed to act, nothing of the books.

A failure is a *chain*: the batch that was refused first and its later revisions. It keeps its `ref` for ever
and changes its `version` with everything that is worth telling.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from bookings import handed_in
from bookings.corrections.chain import revisions
from bookings.failures.chains import REFUSED, of_chain, of_file
from bookings.failures.told import Attempt, Element, Failure, FailurePage, FailureState, Line, Rule
from bookings.models import Batch, Correction, HandedIn, Job
from connections import clock

__all__ = [
    "Attempt",
    "Element",
    "Failure",
    "FailurePage",
    "FailureState",
    "Line",
    "Rule",
    "failure",
    "failure_of_job",
    "failures_since",
]

# A transaction that began earlier may commit later: what ended so recently is read once more.
OVERLAP = timedelta(minutes=10)


def failures_since(
    cursor: str, clients: Collection[int], *, include_refused: bool = False, limit: int = 200
) -> FailurePage:
    """Chains of `clients` (primary keys) in which something ended or was corrected since `cursor` ("" = all).

    Each chain once, as it stands now; one may come again unchanged: compare its `version`. With
    `include_refused` also what our own checks refused, or DATEV before it made a job of it.
    """
    since, after_id = _position(cursor)
    ended = _ended(clients, since, after_id)
    batches = list(ended.order_by("settled_at", "pk")[:limit])
    noted = _corrections(clients, since, limit)
    seen: dict[str, Failure] = {}
    for batch in [*batches, *(correction.batch for correction in noted)]:
        chain = revisions(batch)
        key = f"batch:{chain[0].pk}"
        if key not in seen and (told := of_chain(chain)) and (include_refused or told.kind == "job"):
            seen[key] = told
    files = handed_in.refused_since(clients, since, limit) if include_refused else []
    seen |= {f"file:{file.pk}": of_file(file) for file in files}
    return FailurePage(tuple(seen.values()), _next(cursor, batches, noted, files, limit))


def failure(ref: str) -> Failure | None:
    """The failure as it stands now; None if there is none of this name (any more)."""
    kind, _, number = ref.partition(":")
    if not number.isdecimal():
        return None
    if kind == "file":
        file = HandedIn.objects.filter(pk=int(number)).select_related("client", "batch").first()
        return of_file(file) if file is not None else None
    batch = Batch.objects.filter(pk=int(number)).defer("content").first() if kind == "batch" else None
    return of_chain(revisions(batch)) if batch is not None else None


def failure_of_job(vendor_ref: str) -> Failure | None:
    """The failure that DATEV's job belongs to."""
    job = Job.objects.filter(vendor_ref=vendor_ref).select_related("batch").defer("batch__content").first()
    return of_chain(revisions(job.batch)) if job is not None else None


def _position(cursor: str) -> tuple[datetime | None, int]:
    moment, _, number = cursor.partition("|")
    return (datetime.fromisoformat(moment), int(number or 0)) if moment else (None, 0)


def _ended(clients: Collection[int], since: datetime | None, after_id: int) -> QuerySet[Batch]:
    """Refused batches, and what became of later revisions and attempts."""
    worth = Q(state__in=REFUSED) | Q(revision__gt=1) | Q(attempt__gt=1)
    found = Batch.objects.filter(worth, client__in=clients, settled_at__isnull=False).defer("content")
    if since is None:
        return found
    return found.filter(Q(settled_at__gt=since) | Q(settled_at=since, pk__gt=after_id))


def _corrections(clients: Collection[int], since: datetime | None, limit: int) -> list[Correction]:
    """What was noted about refused batches at or after `since`, oldest first."""
    if since is None:
        # Every refused chain is told then anyway.
        return []
    found = Correction.objects.filter(batch__client__in=clients, at__gte=since)
    return list(
        found.select_related("batch__client").defer("content", "batch__content").order_by("at", "pk")[:limit]
    )


def _next(
    cursor: str,
    batches: Sequence[Batch],
    noted: Sequence[Correction],
    files: Sequence[HandedIn],
    limit: int,
) -> str:
    """A full page is read on from its end; otherwise the next reading begins a little before this one."""
    ends = []
    if len(batches) == limit and batches[-1].settled_at is not None:
        ends.append((batches[-1].settled_at, batches[-1].pk))
    if len(noted) == limit:
        ends.append((noted[-1].at, 0))
    if len(files) == limit:
        ends.append((files[-1].decided_at, 0))
    if ends:
        moment, number = min(ends)
        return f"{moment.isoformat()}|{number}"
    back = clock.now() - OVERLAP
    since, _after = _position(cursor)
    return cursor if since is not None and since > back else f"{back.isoformat()}|0"
