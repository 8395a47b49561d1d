"""Workers that die at one of their calls: nothing of them runs any more, and nothing is given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connections.exchange import Exchange
from connections.sessions import SessionStore

# (work, number of the call, whether it took effect) -> whether it was killed.
KilledAt = Callable[[Callable[[], Any], int, bool], bool]


class Killed(BaseException):
    """The worker is gone at this point."""


def killed_at(monkeypatch: pytest.MonkeyPatch) -> KilledAt:
    """Runs `work` in a worker that dies at its n-th call, before it is sent or after it took effect.

    False when the work made fewer calls.
    """
    send = Exchange.send

    def run(work: Callable[[], Any], number: int, is_after: bool) -> bool:
        count = 0

        def deadly(self: Exchange, request: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                if is_after:
                    send(self, request)
                raise Killed
            return send(self, request)

        with monkeypatch.context() as patch:
            patch.setattr(Exchange, "send", deadly)
            # A killed process gives nothing back.
            end, release = SessionStore.end, SessionStore._release
            patch.setattr(SessionStore, "end", lambda self, held: None if _is_dead() else end(self, held))
            patch.setattr(
                SessionStore, "_release", lambda self, held: None if _is_dead() else release(self, held)
            )

            def _is_dead() -> bool:
                return count >= number

            try:
                work()
            except Killed:
                return True
        return False

    return run
