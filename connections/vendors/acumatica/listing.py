"""Reading a list page by page while it changes: complete, although Acumatica promises no order. Pure.

There is no next link, no count and no order to rely on: only `$skip` and `$top`. What is held on to:

- A pass has a lower bound for LastModifiedDateTime and no upper one, so a changed record may enter the list
  or move in it, but never leave it.
- Whatever changes during the pass is read again by the next one: the next bound lies before this pass began.
- What does not change keeps its order. Each page therefore repeats the last rows of the one before; if the
  first unchanged row of a page is one of them, nothing between the pages was jumped over. Otherwise rows have
  left (a document was deleted) or the order is another one now, and the pass begins anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from connections.errors import TransientError
from connections.messages import say

# Rows on a page. Source: no limit is documented; 100 answer quickly on every licence.
TOP = 100
# Rows of the page before that a page repeats: so many documents may be deleted between two pages.
REPEATED = 5
# For transactions that commit late and clocks that differ: so far before the newest known moment a pass
# begins.
OVERLAP = timedelta(minutes=5)
# A row stamped so shortly before the pass began may have been changed during it.
SKEW = timedelta(minutes=2)
# A list that keeps losing rows is left for later.
MAX_RESTARTS = 5


class Mark(NamedTuple):
    """What tells one state of a record from another."""

    id: str
    modified_at: datetime | None

    @property
    def stamp(self) -> str:
        return self.modified_at.isoformat() if self.modified_at else ""


@dataclass(frozen=True)
class Pass:
    """How far one reading of a list has come; `token` and `from_token` carry it over to another worker."""

    since: datetime | None
    started_at: datetime
    skip: int = 0
    newest: datetime | None = None
    # Record -> stamp, of the last page that was read.
    last: Mapping[str, str] = field(default_factory=dict)
    restarts: int = 0
    has_ended: bool = False

    @property
    def bound(self) -> datetime | None:
        """Records changed at or after this moment are asked for; None = all."""
        return self.since - OVERLAP if self.since else None

    @property
    def until(self) -> datetime | None:
        """Where the next pass begins, once this one has ended: the newest stamp, but not after its start."""
        if self.newest is None:
            return self.since
        until = min(self.newest, self.started_at)
        return max(until, self.since) if self.since else until

    def after(self, page: Sequence[Mark], now: datetime) -> Pass:
        """The pass after this page. `now` is the server's time, in case it begins anew.

        Raises TransientError when the list keeps losing rows.
        """
        if not self._is_connected(page):
            if self.restarts >= MAX_RESTARTS:
                raise TransientError(
                    say(
                        "The list in Acumatica keeps changing while it is read. It is read again later; "
                        "nothing is lost."
                    ),
                    vendor="acumatica",
                )
            return Pass(self.since, now, newest=self.newest, restarts=self.restarts + 1)
        skip = self.skip + len(page) - REPEATED
        last = {mark.id: mark.stamp for mark in page}
        newest = max(filter(None, (self.newest, *(mark.modified_at for mark in page))), default=None)
        return replace(self, skip=skip, newest=newest, last=last, has_ended=len(page) < TOP)

    def is_repeated(self, mark: Mark) -> bool:
        """Whether the page before has brought exactly this state already."""
        return self.last.get(mark.id) == mark.stamp

    def _is_connected(self, page: Sequence[Mark]) -> bool:
        """Whether nothing was jumped over between the page before and this one."""
        if self.skip == 0:
            return True
        for mark in page:
            if self.is_repeated(mark):
                return True
            if mark.modified_at is None or mark.modified_at < self.started_at - SKEW:
                return False
        return False

    def token(self) -> str:
        return json.dumps(
            {
                "since": _text(self.since),
                "started_at": _text(self.started_at),
                "skip": self.skip,
                "newest": _text(self.newest),
                "last": dict(self.last),
                "restarts": self.restarts,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_token(cls, token: str) -> Pass:
        """Raises ValueError, KeyError or TypeError for anything but a `token`."""
        stored = json.loads(token)
        started_at = _moment(stored["started_at"])
        if started_at is None:
            raise ValueError("no start")
        return cls(
            _moment(stored["since"]),
            started_at,
            int(stored["skip"]),
            _moment(stored["newest"]),
            dict(stored["last"]),
            int(stored["restarts"]),
        )


def _text(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
