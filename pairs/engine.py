"""Runs one record: claims it, calls its flow, and stores what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from connections import audit, clock
from connections.effects import Effects
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.messages import Message, faults_to_json, say
from connections.registry import vendor
from pairs import records
from pairs.base import Flow, Outcome, Result, parked
from pairs.models import Integration, Record, RecordState

log = logging.getLogger(__name__)

# A snapshot taken by our own poll counts as a fresh read for this long.
SNAPSHOT_FRESH = timedelta(minutes=2)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
OUR_FAULT = say("A fault of this program; it is tried again. The log of the server has the details.")


class FlowContext:
    """What a flow needs to read its source: the integration, its settings and its two clients."""

    def __init__(self, integration: Integration, flow: Flow) -> None:
        self.integration = integration
        self.flow = flow

    def setting(self, key: str) -> Any:
        return self.integration.setting(key)

    @cached_property
    def source(self) -> Any:
        """The client of the source system (`Vendor.api`)."""
        return vendor(self.integration.source.vendor).api(self.integration.source)

    @cached_property
    def target(self) -> Any:
        """The client of the target system (`Vendor.api`)."""
        return vendor(self.integration.target.vendor).api(self.integration.target)


class Context(FlowContext):
    """What `handle` gets: one claimed record, its clients, and effects that happen once."""

    def __init__(self, record: Record) -> None:
        super().__init__(record.integration, record.declared)
        self.record = record
        self.now = clock.now()

    @cached_property
    def source(self) -> Any:
        return self._for_this_record(super().source)

    @cached_property
    def target(self) -> Any:
        return self._for_this_record(super().target)

    def _for_this_record(self, api: Any) -> Any:
        api.transport.subject = self.record.subject
        return api

    @property
    def record_url(self) -> str:
        """The page of the record in the admin, for people who read of it elsewhere."""
        return settings.PUBLIC_URL + reverse("admin:pairs_record_change", args=(self.record.pk,))

    def effects(self, owner: str = "") -> Effects:
        """The writes of this record (or of `owner`), guarded by the record's lease."""
        return Effects(owner or self.record.owner, guard=self.hold)

    def hold(self) -> None:
        """Renew this worker's lease. Raises LeaseLost when another worker has taken the record over."""
        records.hold(self.record)

    def effect(
        self,
        name: str,
        do: Callable[[], Any],
        *,
        find: Callable[[], Any | None] | None = None,
        is_repeatable: bool = False,
        content: Any = None,
        search_lag: timedelta = timedelta(0),
    ) -> Any:
        """One write, done once; see `connections.effects.Effects.once`."""
        return self.effects().once(
            name, do, find=find, is_repeatable=is_repeatable, content=content, search_lag=search_lag
        )

    def fresh_snapshot(self) -> Any | None:
        """The object as the poll read it a moment ago; None when it has to be read."""
        record = self.record
        is_fresh = record.snapshot_at is not None and self.now - record.snapshot_at < SNAPSHOT_FRESH
        return record.snapshot if is_fresh else None

    def start_over(self) -> None:
        """A person decided for a new try: from now on the record's effects are new ones."""
        self.hold()
        self.record.revision += 1
        self.record.save(update_fields=("revision",))

    def note(self, action: str, message: Message, **facts: Any) -> None:
        """A line in the record's timeline."""
        audit.record(action, self.record.subject, message, **facts)


def run(record: Record) -> Outcome | None:
    """Handle one claimed record and store its outcome; None when another worker took it over."""
    try:
        outcome = _handled(record)
    except records.LeaseLost:
        log.warning("%s was taken over by another worker", record.subject)
        return None
    return outcome if settle(record, outcome) else None


def _handled(record: Record) -> Outcome:
    """The flow's outcome, or the one that its error stands for (style guide, section 4)."""
    if record.starts > settings.RECORD_MAX_STARTS:
        return parked(
            RecordState.GAVE_UP,
            say("Given up after %(starts)s starts, none of which came to an end.", starts=record.starts),
        )
    try:
        return record.declared.handle(Context(record))
    except records.LeaseLost:
        raise
    except ConnectorError as error:
        return outcome_of(error, record)
    except Exception:
        log.exception("%s failed by a fault of ours", record.subject)
        return parked(
            RecordState.INTERNAL,
            say(
                "This is a fault of the program, nothing is wrong with the record. The technical details "
                "are in the log of the worker under '%(subject)s'; replay the record after an update.",
                subject=record.subject,
            ),
        )


def outcome_of(error: ConnectorError, record: Record) -> Outcome:
    """The outcome that an error stands for."""
    if isinstance(error, TransientError):
        return _again(RecordState.WAITING, error, record)
    if isinstance(error, AccessLostError):
        return _again(RecordState.RECONNECT, error, record)
    if isinstance(error, OutcomeUnknownError):
        # The next run asks the vendor first; what can't be asked is left to a person in the end.
        if record.failures >= settings.RECORD_MAX_STARTS:
            return _park(RecordState.UNSETTLED, error)
        return _again(RecordState.UNKNOWN, error, record)
    if isinstance(error, RejectedError):
        return _park(RecordState.REJECTED if error.vendor else RecordState.REFUSED, error)
    if isinstance(error, ConfigurationError):
        return _park(RecordState.CONFIG, error)
    log.error("%s met an answer that no table lists: %s", record.subject, error.message.pattern)
    return _park(RecordState.INTERNAL, error)


def _again(state: str, error: ConnectorError, record: Record) -> Outcome:
    """Tried again after the vendor's own time, or after a growing one."""
    backoff = min(FIRST_WAIT * 2 ** min(record.failures, 10), LONGEST_WAIT)
    due_at = clock.now() + (error.retry_after or backoff)
    return Outcome(Result.WAITING, error.message, state, due_at=due_at, code=error.code, is_failure=True)


def _park(state: str, error: ConnectorError) -> Outcome:
    return parked(state, error.message, faults=error.faults, code=error.code, help_url=error.help_url)


def settle(record: Record, outcome: Outcome) -> bool:
    """Store the outcome unless another worker has taken the record over; False if so."""
    now = clock.now()
    with transaction.atomic():
        current = (
            Record.objects.select_for_update()
            .filter(pk=record.pk, claimed_by=record.claimed_by, state=RecordState.RUNNING)
            .first()
        )
        if current is None:
            return False
        current.integration = record.integration
        _apply(current, outcome, now, claimed_version=record.seen_version)
        current.save()
        if _is_worth_telling(record, outcome):
            audit.record(
                f"record.{outcome.state}",
                record.subject,
                outcome.message,
                faults=faults_to_json(outcome.faults),
                code=outcome.code,
                revision=current.revision,
            )
    return True


def _apply(current: Record, outcome: Outcome, now: datetime, *, claimed_version: str) -> None:
    current.state = outcome.state
    current.reason = outcome.message.to_json()
    current.faults = faults_to_json(outcome.faults)
    current.code = outcome.code[:30]
    current.help_url = outcome.help_url
    current.due_at = outcome.due_at
    current.claimed_by = ""
    current.lease_until = None
    # An outcome of any kind means that the worker lived; only starts without an end count.
    current.starts = 0
    current.failures = current.failures + 1 if outcome.is_failure else 0
    if outcome.target_url:
        current.target_url = outcome.target_url
    if outcome.version:
        current.handled_version = outcome.version
        if current.seen_version == claimed_version:
            # Nothing was seen meanwhile, so what we read or wrote is what is known: a poll that finds it
            # has no news, and an event that the mark of the object does not show (a comment, a file) is over.
            current.seen_version = outcome.version
    if outcome.digest:
        current.digest = outcome.digest
    if outcome.result == Result.DONE:
        current.done_at = now
    if not outcome.is_failure:
        current.snapshot = current.snapshot_at = None
        current.instruction = None
    is_news = current.declared.is_news
    # An outcome that comes from an error does not name what was read: it was not newer than at the claim.
    read = outcome.version or (claimed_version if outcome.result == Result.PARKED else "")
    if read and current.seen_version and is_news(current.seen_version, read):
        # It changed while it was being handled.
        current.due_at = now
        if current.state not in (RecordState.SENT, RecordState.UNKNOWN):
            current.state = RecordState.WAITING


def _is_worth_telling(before: Record, outcome: Outcome) -> bool:
    """Whether the timeline needs a line: not for each of many runs that end alike."""
    known = (before.reason, before.faults, before.code)
    found = (outcome.message.to_json(), faults_to_json(outcome.faults), outcome.code)
    return bool(before.instruction) or known != found
