"""`manage.py work`: all that is due is polled and worked off in this process, which then ends."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from connections import clock
from pairs import selectors, work
from pairs.models import Cursor

NAP_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Poll and work off everything that is due, in this process, then end (for cron and demonstrations)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--until-idle",
            action="store_true",
            help="Go on until nothing is due and nothing that will be due in time is under way.",
        )
        parser.add_argument(
            "--max-seconds", type=float, default=600.0, help="End after this time at the latest."
        )
        parser.add_argument(
            "--poll-now",
            action="store_true",
            help="Read every source now, whether its next poll is due or not.",
        )

    def handle(
        self, *args: Any, until_idle: bool, max_seconds: float, poll_now: bool, **options: Any
    ) -> None:
        ends_at = time.monotonic() + max_seconds
        if poll_now:
            Cursor.objects.update(due_at=clock.now())
        steps = rounds = 0
        while True:
            made = work.everything()
            steps, rounds = steps + made, rounds + 1
            if made and time.monotonic() < ends_at:
                self._progress(rounds, steps)
                continue
            if not until_idle or time.monotonic() >= ends_at or not self._comes_in_time(ends_at):
                break
            time.sleep(NAP_SECONDS)
        self.stdout.write(f"{steps} steps in {rounds} rounds. {selectors.summary()}")

    def _comes_in_time(self, ends_at: float) -> bool:
        """Whether something under way becomes due before the end; the next poll does not count."""
        due_at = selectors.next_due()
        return due_at is not None and (due_at - clock.now()).total_seconds() < ends_at - time.monotonic()

    def _progress(self, rounds: int, steps: int) -> None:
        if rounds % 10 == 0:
            self.stdout.write(f"{steps} steps so far. {selectors.summary()}")
            self.stdout.flush()
