"""Find or do, once: every write to a vendor goes through here (design, section 6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from connections import audit, clock
from connections.errors import ConnectorError, OutcomeUnknownError, TransientError
from connections.messages import say
from connections.models import Effect, EffectState

Guard = Callable[[], None]


def digest(content: Any) -> str:
    """SHA-256 of what is sent: bytes as they are, anything else as canonical JSON."""
    raw = content if isinstance(content, bytes) else json.dumps(content, sort_keys=True, default=str).encode()
    return hashlib.sha256(raw).hexdigest()


class Effects:
    """The writes of one owner ("record:12:1").

    `guard` renews the owner's lease and raises if another worker has taken the owner over. It runs in the
    transaction that marks an effect as started: of two workers only one can send.
    """

    def __init__(self, owner: str, guard: Guard) -> None:
        self.owner = owner
        self.guard = guard

    def once(
        self,
        name: str,
        do: Callable[[], Any],
        *,
        find: Callable[[], Any | None] | None = None,
        is_repeatable: bool = False,
        content: Any = None,
        search_lag: timedelta = timedelta(0),
    ) -> Any:
        """The result (JSON) of the write `name`, done now unless it has been done before.

        After an unclear try `find` is asked first: its answer (not None) is adopted as the result.
        `is_repeatable` says that the vendor itself makes a repeat harmless (a key stored beforehand);
        with neither, an unclear try raises OutcomeUnknownError for a person to settle.
        `search_lag` is how long the vendor's search may not yet show what was written.
        """
        known = Effect.objects.filter(owner=self.owner, name=name).first()
        effect = known or Effect(owner=self.owner, name=name)
        if effect.state == EffectState.DONE:
            return effect.result
        if effect.state in (EffectState.STARTED, EffectState.UNKNOWN):
            found = self._look_up(effect, find, is_repeatable, search_lag)
            if found is not None:
                return self._finish(effect, found, adopted=True)
        self._start(effect, digest(content) if content is not None else "")
        try:
            result = do()
        except OutcomeUnknownError as error:
            self._mark(effect, EffectState.UNKNOWN, error)
            raise
        except ConnectorError as error:
            self._mark(effect, EffectState.PLANNED, error)
            raise
        return self._finish(effect, result, adopted=False)

    def is_done(self, name: str) -> bool:
        return Effect.objects.filter(owner=self.owner, name=name, state=EffectState.DONE).exists()

    def _look_up(
        self,
        effect: Effect,
        find: Callable[[], Any | None] | None,
        is_repeatable: bool,
        search_lag: timedelta,
    ) -> Any | None:
        if find is None:
            if is_repeatable:
                return None
            raise OutcomeUnknownError(
                say(
                    "It is not known whether '%(write)s' arrived, and it can't be looked up. "
                    "Look at the target system and then settle it here.",
                    write=effect.name,
                )
            )
        if effect.started_at and search_lag:
            visible_at = effect.started_at + search_lag
            if clock.now() < visible_at:
                raise TransientError(
                    say("Waiting until the vendor's search shows what was written."),
                    retry_after=visible_at - clock.now(),
                )
        return find()

    def _start(self, effect: Effect, content_digest: str) -> None:
        """Mark as started, really committed before anything is sent (a transaction around it is refused)."""
        try:
            with transaction.atomic(durable=True):
                self.guard()
                won = self._store_start(effect, content_digest)
        except IntegrityError:
            won = False  # Another worker's row of the same name came in between.
        if not won:
            raise TransientError(
                say("Another worker is at '%(write)s' already.", write=effect.name),
                retry_after=timedelta(minutes=1),
            )

    def _store_start(self, effect: Effect, content_digest: str) -> bool:
        """The row as started, made or changed in one step; False if it is not as we have read it."""
        before = {"state": effect.state, "starts": effect.starts}
        effect.state, effect.digest, effect.started_at = EffectState.STARTED, content_digest, clock.now()
        effect.starts += 1
        if effect.pk is None:
            effect.save(force_insert=True)
            return True
        return bool(
            Effect.objects.filter(pk=effect.pk, **before).update(
                state=effect.state,
                digest=effect.digest,
                starts=effect.starts,
                started_at=effect.started_at,
            )
        )

    def _mark(self, effect: Effect, state: EffectState, error: ConnectorError) -> None:
        """What came of this very start; a later one, or one that is done, is left alone."""
        effect.state, effect.error = state, error.message.to_json()
        Effect.objects.filter(pk=effect.pk, state=EffectState.STARTED, starts=effect.starts).update(
            state=state, error=effect.error
        )

    def _finish(self, effect: Effect, result: Any, *, adopted: bool) -> Any:
        """Keep the result and return it as it will be returned ever after: read back from JSON."""
        kept = json.loads(json.dumps(result))
        won = (
            Effect.objects.filter(pk=effect.pk)
            .exclude(state=EffectState.DONE)
            .update(
                state=EffectState.DONE,
                result=kept,
                was_adopted=adopted,
                finished_at=clock.now(),
                error=None,
            )
        )
        return kept if won else Effect.objects.values_list("result", flat=True).get(pk=effect.pk)


def settle(owner: str, *, arrived: bool, by: str) -> int:
    """A person has looked at the vendor: the owner's unclear writes have arrived, or have not. How many."""
    unclear = Effect.objects.filter(owner=owner, state__in=(EffectState.STARTED, EffectState.UNKNOWN))
    settled = 0
    for effect in unclear:
        with transaction.atomic():
            if arrived:
                changed = unclear.filter(pk=effect.pk).update(
                    state=EffectState.DONE, result={}, was_adopted=True, finished_at=clock.now(), error=None
                )
                message = say("A person found that '%(write)s' had arrived.", write=effect.name)
            else:
                changed = unclear.filter(pk=effect.pk).update(state=EffectState.PLANNED)
                message = say("A person found that '%(write)s' had not arrived.", write=effect.name)
            if changed:
                audit.record("write.settled", owner, message, actor=by, write=effect.name)
        settled += changed
    return settled
