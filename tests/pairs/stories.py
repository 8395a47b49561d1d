"""Tools for whole stories: tasks of the queue as workers take them, examples that leave nothing behind."""

from __future__ import annotations

import pydoc
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from connections import clock
from connections.tokens import TokenStore
from tests.pairs.world import SCOPES, World


def run_queue(*, times: int = 1, most: int = 500) -> int:
    """Take what lies in the queue, oldest first, and do each task `times` times. How many tasks."""
    for done in range(most):
        row = OrmQ.objects.order_by("id").first()
        if row is None:
            return done
        task = SignedPackage.loads(row.payload)
        row.delete()
        for _ in range(times):
            pydoc.locate(task["func"])(*task["args"], **task["kwargs"])
    raise AssertionError("the queue does not come to rest")


def sign_in_at_datev(world: World) -> None:
    """A person has signed in again."""
    TokenStore(world.target).store_answer(world.datev.sign_in(SCOPES.split()), clock.now())
    type(world.target).objects.filter(pk=world.target.pk).update(health="ok")


@contextmanager
def rolled_back() -> Iterator[None]:
    """One example of a test with many: its rows are gone afterwards, the audit trail's too."""
    example: Any = transaction.atomic()
    # As the test's own transaction, it is not there for the product.
    example._from_testcase = True
    with example:
        yield
        transaction.set_rollback(True)
    clock.reset()


Moment = tuple[str, int]


class Crashes:
    """Ends the "process" right before or right after the moments that matter, by raising SystemExit there.

    `at` are moments such as ("after POST", 2): the second call by POST was just answered. Each kills once.
    """

    NAMES = (
        "GET",
        "POST",
        "PUT",
        "start",
        "finish",
        "record stored",
        "batch sent",
        "batch settled",
        "page stored",
    )
    MOMENTS = tuple(f"{when} {name}" for name in NAMES for when in ("before", "after"))

    def __init__(self, monkeypatch: Any) -> None:
        from bookings import endings
        from connections.effects import Effects
        from connections.exchange import Exchange
        from pairs import engine, intake

        self.arm(())
        for owner, name, moment in (
            (Exchange, "send", ""),
            (Effects, "_start", "start"),
            (Effects, "_finish", "finish"),
            (engine, "settle", "record stored"),
            (endings, "sent", "batch sent"),
            (endings, "settle", "batch settled"),
            (intake, "_store", "page stored"),
        ):
            monkeypatch.setattr(owner, name, self._wrapped(getattr(owner, name), moment))

    def arm(self, at: Iterable[Moment]) -> None:
        self.at, self.seen, self.killed = set(at), Counter[str](), 0

    def _wrapped(self, original: Any, moment: str) -> Any:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            name = moment or args[1].method
            self._pass(f"before {name}")
            result = original(*args, **kwargs)
            self._pass(f"after {name}")
            return result

        return wrapped

    def _pass(self, moment: str) -> None:
        self.seen[moment] += 1
        if (moment, self.seen[moment]) in self.at:
            self.killed += 1
            raise SystemExit(f"killed {moment}")


# Longer than every lease.
AFTER_A_CRASH = timedelta(seconds=400)


def survive(world: World, step: Any) -> bool:
    """Do `step` as a process that may be killed; afterwards time passes until its leases have ended."""
    try:
        step()
    except SystemExit:
        world.pass_time(AFTER_A_CRASH)
        return False
    return True
