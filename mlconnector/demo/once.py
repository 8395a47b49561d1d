"""The demonstration that ends by itself: worked off in this process, printed, compared."""

from __future__ import annotations

import time
from collections.abc import Callable

from connections import clock
from mlconnector.demo.stage import Stage
from pairs import selectors, work
from pairs.models import Cursor

Say = Callable[[str], None]

REST_SECONDS = 0.2
TOLD_EVERY_SECONDS = 3.0
# At rest means: nothing to be done in so many looks in a row.
LOOKS = 3
# Nothing here takes that long; past it, something hangs, and the comparison says what.
LONGEST_SECONDS = 150.0


def work_to_rest(stage: Stage, say: Say) -> bool:
    """Work off all that is due and wait for what will be, webhooks included. False: no rest came in time."""
    ends_at = time.monotonic() + LONGEST_SECONDS
    told_at = time.monotonic()
    quiet, has_asked = 0, False
    while time.monotonic() < ends_at:
        made = work.everything()
        if time.monotonic() - told_at > TOLD_EVERY_SECONDS:
            told_at = time.monotonic()
            say(f"  {selectors.summary()}")
        if made:
            quiet = 0
            continue
        quiet = quiet + 1 if selectors.next_due() is None and not stage.has_undelivered else 0
        if quiet > LOOKS and has_asked:
            return True
        if quiet > LOOKS:
            # What no webhook tells of is found by the next poll, which is not waited for.
            Cursor.objects.update(due_at=clock.now())
            quiet, has_asked = 0, True
        time.sleep(REST_SECONDS)
    return False
