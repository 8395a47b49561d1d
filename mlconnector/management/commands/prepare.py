"""Everything that a new version, or a new installation, needs once before it runs."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Bring database tables, static files and the schedule up to date. May be run again at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        from pairs.tasks import ensure_schedule

        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        ensure_schedule()
        self.stdout.write("The database, the static files and the schedule are up to date.")
