"""For service managers: has the queue moved lately?"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from connections import clock
from pairs.models import Heartbeat

# Not 1, which any other trouble ends with: restarting workers does not bring a database back.
STANDS_STILL = 3


class Command(BaseCommand):
    help = (
        "End with 0 if a task came through the queue within READY_QUEUE_SECONDS, with 3 if it stands still."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            beat = Heartbeat.objects.filter(name="queue").first()
        except DatabaseError as error:
            raise CommandError("The database does not answer, or `manage.py prepare` has not run.") from error
        if beat is None:
            raise CommandError("Nothing has come through the queue yet.", returncode=STANDS_STILL)
        age = (clock.now() - beat.at).total_seconds()
        if age > settings.READY_QUEUE_SECONDS:
            raise CommandError(
                f"Nothing has come through the queue for {age:.0f} seconds.", returncode=STANDS_STILL
            )
        self.stdout.write(f"The last task came through the queue {age:.0f} seconds ago.")
