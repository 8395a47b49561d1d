"""A budget of error answers for each endpoint of a connection, shared by all workers on all machines.

Some vendors block an app that gets too many refusals on one endpoint within an hour, and longer if it goes
on. A call reserves its place in the budget before it is made, so that not even many workers together reach
the vendor's number. What is used up comes back by itself as the errors grow old.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from connections import audit, clock
from connections.errors import TransientError
from connections.messages import Message, say
from connections.models import Connection, EndpointCall

# A call whose worker died leaves its reservation; it counts no longer than any call can take.
LONGEST_CALL = timedelta(minutes=3)
# How long to wait for other calls that are under way, of which each might still become an error.
SHORT_WAIT = timedelta(seconds=5)


@dataclass(frozen=True)
class Budget:
    """`statuses` count as errors. After `most` of them within `window` no call is made to that endpoint;
    errors and calls under way together stay below `vendor_blocks_at`."""

    statuses: Collection[int]
    most: int
    vendor_blocks_at: int
    window: timedelta


@dataclass(frozen=True)
class Closed:
    """An endpoint that is left alone until `until`."""

    endpoint: str
    errors: int
    until: datetime


class Breaker:
    """The budget of one connection. Every method reads and writes the shared table."""

    def __init__(self, connection: Connection, budget: Budget) -> None:
        self.connection = connection
        self.budget = budget

    def enter(self, endpoint: str) -> EndpointCall:
        """Reserve a call, for `leave`. Raises TransientError when no call may be made now."""
        now = clock.now()
        with transaction.atomic(durable=True):
            call = EndpointCall.objects.create(connection=self.connection, endpoint=endpoint, at=now)
        # Counted after the reservation is committed: of two workers at least one sees the other.
        refusal = self._refusal(endpoint, now)
        if refusal is not None:
            self._forget(call)
            raise refusal
        return call

    def leave(self, call: EndpointCall, status: int | None) -> None:
        """What came of the call; None: no answer."""
        if status not in self.budget.statuses:
            self._forget(call)
            return
        EndpointCall.objects.filter(pk=call.pk).update(status=status, at=clock.now())
        found = closed_now(self.connection, self.budget)
        closed = next((one for one in found if one.endpoint == call.endpoint), None)
        if closed is not None:
            audit.record(
                "connection.endpoint_closed",
                f"connection:{self.connection.pk}",
                sentence(closed),
                endpoint=closed.endpoint,
                until=closed.until.isoformat(),
            )

    def _refusal(self, endpoint: str, now: datetime) -> TransientError | None:
        calls = list(
            EndpointCall.objects.filter(
                connection=self.connection, endpoint=endpoint, at__gt=now - self.budget.window
            )
            .order_by("at")
            .values_list("status", "at")
        )
        errors = [at for status, at in calls if status is not None]
        if len(errors) >= self.budget.most:
            until = errors[-self.budget.most] + self.budget.window
            return TransientError(
                sentence(Closed(endpoint, len(errors), until)),
                vendor=self.connection.vendor,
                code="endpoint_closed",
                retry_after=until - now,
            )
        under_way = sum(status is None and at > now - LONGEST_CALL for status, at in calls)
        if len(errors) + under_way < self.budget.vendor_blocks_at:
            return None
        return TransientError(
            say(
                "Other calls of the same kind are under way at %(connection)s.",
                connection=self.connection.name,
            ),
            vendor=self.connection.vendor,
            retry_after=SHORT_WAIT,
        )

    def _forget(self, call: EndpointCall) -> None:
        EndpointCall.objects.filter(pk=call.pk).delete()


def closed_now(connection: Connection, budget: Budget) -> Sequence[Closed]:
    """The endpoints to which no call is made at present."""
    errors: dict[str, list[datetime]] = {}
    rows = EndpointCall.objects.filter(
        connection=connection, status__isnull=False, at__gt=clock.now() - budget.window
    )
    for endpoint, at in rows.order_by("at").values_list("endpoint", "at"):
        errors.setdefault(endpoint, []).append(at)
    return [
        Closed(endpoint, len(found), found[-budget.most] + budget.window)
        for endpoint, found in errors.items()
        if len(found) >= budget.most
    ]


def sentence(closed: Closed) -> Message:
    """What a person reads of it."""
    return say(
        "%(count)s calls to '%(endpoint)s' were refused within an hour. So that the vendor does not block "
        "this app, no call is made there until %(until)s UTC; then it goes on by itself. The technical call "
        "log shows the reasons.",
        count=closed.errors,
        endpoint=closed.endpoint,
        until=f"{closed.until:%Y-%m-%d %H:%M}",
    )
