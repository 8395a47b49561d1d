"""A world of two simulated vendors in which the product runs on a moving clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connections import clock
from pairs import work
from pairs.models import Cursor, Integration, Record

STEP = timedelta(minutes=2)


class Clockwork:
    """`work()` lets the product run; waiting times pass on the clocks of product and vendors alike."""

    # Made by the subclass.
    integration: Integration
    simulators: tuple[Any, ...]

    def work(self, minutes: float = 30) -> None:
        """Work off everything, step by step, for so long; the sources are read in the beginning."""
        Cursor.objects.update(due_at=clock.now())
        ends_at = clock.now() + timedelta(minutes=minutes)
        while clock.now() < ends_at:
            while work.everything():
                pass
            self.pass_time(STEP)

    def pass_time(self, by: timedelta) -> None:
        clock.advance(by)
        for simulator in self.simulators:
            simulator.clock.advance(by)

    def record(self, ref: str) -> Record:
        return Record.objects.get(integration=self.integration, source_ref=ref)
