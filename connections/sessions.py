"""Sessions at vendors that allow only a few: one at a time for each connection, always signed out again.

A worker takes the turn (a committed lease) at its first call of a slice of work, opens the session, works in
it and signs out at the end of the slice. What a killed worker left behind is ended by the next one, or by the
clock: the keys of a session are stored, encrypted, before it is used.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from connections import audit, clock, health, limits
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    TransientError,
)
from connections.messages import say
from connections.models import Connection, VendorSession
from connections.registry import label
from connections.sign_in import check_may_sign_in

log = logging.getLogger(__name__)

Keys = Mapping[str, str]

# How long a worker waits for its turn before it goes back to the record's due date.
STEP_SECONDS = 0.25
STEPS = 8
BUSY_WAIT = timedelta(seconds=10)
# A lease is renewed no more often than this.
GRAIN = timedelta(seconds=20)
# No vendor keeps a session open that nobody has used for so long; it is not signed out of any more.
FORGET_AFTER = timedelta(hours=2)


class Ways(Protocol):
    """What a vendor does to sessions. A call made here must not come back to the store."""

    @property
    def unused_for(self) -> timedelta:
        """After so long the vendor ends a session that nobody uses."""

    def sign_in(self) -> Keys:
        """Open a session. Raises OutcomeUnknownError when the answer was lost."""

    def sign_out(self, keys: Keys) -> None:
        """End it; one that has ended already is fine."""

    def has_ended(self, operation: str, keys: Keys) -> bool:
        """Whether a long operation of that session is over, however it ended."""


@dataclass
class Held:
    """This worker's turn."""

    store: SessionStore
    token: str
    until: datetime
    keys: Keys = field(default_factory=dict)
    operation: str = ""


# Connection -> this worker's turn in it; None: it was somebody else's, so it is not waited for again.
_slice: ContextVar[dict[int, Held | None] | None] = ContextVar("slice_of_work", default=None)


@contextmanager
def slice_of_work() -> Iterator[None]:
    """Inside, a session stays open for all calls; where the outermost slice ends it is signed out of."""
    if _slice.get() is not None:
        yield
        return
    held: dict[int, Held | None] = {}
    token = _slice.set(held)
    try:
        yield
    finally:
        try:
            for one in filter(None, list(held.values())):
                one.store.end(one)
        finally:
            _slice.reset(token)


class SessionStore:
    """The turn and the session of one connection. Every method reads or writes the committed row.

    With `signs_in=False` there is no session (OAuth), only the turn: while one worker's operation runs,
    nobody else may call.
    """

    def __init__(self, connection: Connection, ways: Ways, *, signs_in: bool) -> None:
        self.connection = connection
        self.ways = ways
        self.signs_in = signs_in

    # --- for calls ---------------------------------------------------------------------------------------

    def ready(self) -> None:
        """Before each call: it is this worker's turn, or nobody's. Raises TransientError otherwise."""
        held = self._held()
        if held is not None:
            self._renew_lease(held)
            self._check_operation(held)
        elif self.signs_in:
            self._take()
        else:
            self._check_free()

    def current(self) -> Keys:
        """The keys of the session that this slice works in, opened if need be."""
        held = self._held() or self._take()
        return held.keys or self._open(held)

    def renew(self, rejected: Keys) -> Keys:
        """The keys of a session other than the `rejected` one, which the vendor has ended."""
        held = self._held() or self._take()
        if held.keys == rejected:
            self._forget(held)
        return held.keys or self._open(held)

    def learn(self, keys: Keys) -> None:
        """The vendor has given new keys to the open session."""
        held = self._held()
        if held is not None and held.keys and keys and {**held.keys, **keys} != held.keys:
            held.keys = {**held.keys, **keys}
            self._write(held, keys=held.keys)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Inside, nobody else calls over this connection. Raises TransientError while it is not our turn."""
        self.ready()
        before = self._held()
        held = before or self._take()
        try:
            yield
        finally:
            if before is None and not self.signs_in:
                self.end(held)

    def operation_began(self, operation: str, give_up_after: timedelta) -> None:
        """A long operation runs now in the session of this slice; committed before it is asked about."""
        held = self._mine()
        held.operation = operation
        self._write(held, operation=operation, operation_until=clock.now() + give_up_after)

    def operation_ended(self) -> None:
        held = self._mine()
        held.operation = ""
        self._write(held, operation="", operation_until=None)

    @property
    def held_keys(self) -> Keys:
        """The keys of this slice's session; empty where there is none."""
        return self._mine().keys

    # --- the end -----------------------------------------------------------------------------------------

    def end(self, held: Held) -> None:
        """Sign out and give the turn back. What can't be signed out of now is left to the next one.

        While an operation runs the session stays open: signing out could end it.
        """
        current = _slice.get()
        if current is not None:
            current.pop(self.connection.pk, None)
        if held.keys and not held.operation:
            self._sign_out(held)
        self._release(held)

    def end_left_behind(self) -> None:
        """End what an earlier worker left open. Raises TransientError while it is somebody's turn."""
        with slice_of_work():
            self._take()

    # --- whose turn it is --------------------------------------------------------------------------------

    def _held(self) -> Held | None:
        return (_slice.get() or {}).get(self.connection.pk)

    def _mine(self) -> Held:
        held = self._held()
        if held is None:
            raise RuntimeError("not inside a turn")
        return held

    def _take(self) -> Held:
        """This worker's turn, with everything settled that an earlier one left behind."""
        current = _slice.get()
        if current is None:
            raise RuntimeError("a session is used outside of a slice of work")
        for step in range(1 if self.connection.pk in current else STEPS):
            if step:
                time.sleep(STEP_SECONDS)
            held = self._claim()
            if held is not None:
                break
        else:
            current[self.connection.pk] = None
            raise self._busy()
        current[self.connection.pk] = held
        try:
            self._settle(held)
        except BaseException:
            current.pop(self.connection.pk, None)
            self._release(held)
            raise
        return held

    def _claim(self) -> Held | None:
        """Take the lease, committed; of all workers that ask one wins."""
        now, token = clock.now(), secrets.token_hex(16)
        until = now + _lease()
        VendorSession.objects.get_or_create(connection_id=self.connection.pk)
        with transaction.atomic(durable=True):
            won = (
                VendorSession.objects.filter(connection_id=self.connection.pk)
                .filter(Q(held_until=None) | Q(held_until__lte=now))
                .update(held_by=token, held_until=until)
            )
        return Held(self, token, until) if won else None

    def _settle(self, held: Held) -> None:
        """An operation that still runs is waited for, a session left open is ended, a lost one is noted."""
        row = VendorSession.objects.get(connection_id=self.connection.pk)
        if row.operation:
            held.keys, held.operation = row.keys, row.operation
            self._check_operation(held, row)
        if row.keys:
            held.keys = row.keys
            if not self._sign_out(held) and not _is_long_gone(row):
                raise TransientError(
                    say(
                        "A session at %(vendor)s that was left open could not be signed out of. It is tried "
                        "again before a new one is opened.",
                        vendor=label(self.connection.vendor),
                    ),
                    vendor=self.connection.vendor,
                    retry_after=timedelta(minutes=1),
                )
            self._forget(held)
        if row.opening_at:
            self._note_lost(held)

    def _check_operation(self, held: Held, row: VendorSession | None = None) -> None:
        """Raises TransientError while the operation of this turn runs."""
        if not held.operation:
            return
        row = row or VendorSession.objects.get(connection_id=self.connection.pk)
        is_given_up = row.operation_until is None or clock.now() >= row.operation_until
        if not is_given_up and not self.ways.has_ended(held.operation, held.keys):
            raise TransientError(
                say(
                    "%(vendor)s is still working on an earlier action. Until it has ended nothing else is "
                    "done there.",
                    vendor=label(self.connection.vendor),
                ),
                vendor=self.connection.vendor,
                retry_after=BUSY_WAIT,
            )
        held.operation = ""
        self._write(held, operation="", operation_until=None)

    def _check_free(self) -> None:
        """Nobody else's action is under way. One that a killed worker began is waited for."""
        row = VendorSession.objects.filter(connection_id=self.connection.pk).first()
        if row is None:
            return
        if row.held_until is not None and row.held_until > clock.now():
            raise self._busy()
        if row.operation:
            self.end(self._take())

    def _renew_lease(self, held: Held) -> None:
        now = clock.now()
        if held.until - now < _lease() - GRAIN:
            held.until = now + _lease()
            self._write(held, held_until=held.until)

    def _write(self, held: Held, **values: Any) -> None:
        """Write if it is still our turn. Raises TransientError when another worker has taken over."""
        with transaction.atomic(durable=True):
            is_ours = VendorSession.objects.filter(
                connection_id=self.connection.pk, held_by=held.token
            ).update(**values)
        if not is_ours:
            (_slice.get() or {}).pop(self.connection.pk, None)
            raise self._busy()

    def _release(self, held: Held) -> None:
        VendorSession.objects.filter(connection_id=self.connection.pk, held_by=held.token).update(
            held_by="", held_until=None
        )

    # --- opening and closing -----------------------------------------------------------------------------

    def _open(self, held: Held) -> Keys:
        """Sign in; the keys are committed before the session is used."""
        check_may_sign_in(
            self.connection,
            say("The sign-in of %(connection)s is refused.", connection=self.connection.name),
        )
        self._write(held, opening_at=clock.now(), held_until=clock.now() + _lease())
        try:
            keys = self.ways.sign_in()
        except OutcomeUnknownError as error:
            self._note_lost(held)
            raise TransientError(
                error.message, vendor=error.vendor, retry_after=self.ways.unused_for
            ) from error
        except (AccessLostError, ConfigurationError) as error:
            # Asked again only when a person has changed something: repeated refusals lock the user.
            self._write(held, opening_at=None)
            health.sign_in_needed(self.connection, error.message)
            raise
        except ConnectorError:
            self._write(held, opening_at=None)
            raise
        try:
            self._write(held, keys=keys, opened_at=clock.now(), opening_at=None)
        except TransientError:
            # Another worker has the turn by now: this session must not stay open.
            self.ways.sign_out(keys)
            raise
        held.keys = keys
        return keys

    def _sign_out(self, held: Held) -> bool:
        """Whether the session has ended. Otherwise its keys stay stored."""
        try:
            self.ways.sign_out(held.keys)
        except ConnectorError as error:
            log.warning("A session of connection %s is left open: %s", self.connection.pk, error)
            return False
        VendorSession.objects.filter(connection_id=self.connection.pk, held_by=held.token).update(
            keys={}, opened_at=None
        )
        held.keys = {}
        return True

    def _forget(self, held: Held) -> None:
        held.keys, held.operation = {}, ""
        self._write(held, keys={}, opened_at=None, operation="", operation_until=None)

    def _note_lost(self, held: Held) -> None:
        """Maybe a session is open whose keys nobody has: nobody signs in before the vendor has ended it."""
        row = VendorSession.objects.get(connection_id=self.connection.pk)
        limits.pause(self.connection, (row.opening_at or clock.now()) + self.ways.unused_for)
        self._write(held, opening_at=None, lost=row.lost + 1)
        audit.record(
            "connection.session_lost",
            f"connection:{self.connection.pk}",
            say(
                "The answer to a sign-in at %(vendor)s was lost. If a session was opened, it occupies one "
                "of the licence's places until %(vendor)s ends it by itself; nobody signs in before that.",
                vendor=label(self.connection.vendor),
            ),
        )

    def _busy(self) -> TransientError:
        return TransientError(
            say(
                "Another worker is working over %(connection)s; only one may do so at a time. It is tried "
                "again in a moment.",
                connection=self.connection.name,
            ),
            vendor=self.connection.vendor,
            code="busy",
            retry_after=BUSY_WAIT,
        )


def wait(seconds: float) -> None:
    """Wait for an operation that this worker has just started; seconds at most."""
    time.sleep(seconds)


def _lease() -> timedelta:
    """Outlasts a call that is refused, signs in again and is repeated."""
    return timedelta(seconds=settings.RECORD_LEASE_SECONDS)


def _is_long_gone(row: VendorSession) -> bool:
    return row.opened_at is None or clock.now() - row.opened_at > FORGET_AFTER
