"""`manage.py verify_audit`: is the audit trail whole? Exit code 1 when it is not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections import audit
from connections.models import AuditEntry


class Command(BaseCommand):
    help = "Checks that no audit entry was changed, removed, added or exchanged. Exit code 1 if one was."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for entry_id, what in audit.broken_links():
            broken += 1
            self.stdout.write(f"entry {entry_id}: {what}")
        if broken:
            raise CommandError(
                f"The audit trail is broken at {broken} places. Compare it with your backups.", returncode=1
            )
        last = AuditEntry.objects.order_by("-id").first()
        self.stdout.write(f"{AuditEntry.objects.count()} audit entries, none changed or missing.")
        if last:
            # Kept elsewhere, this line shows later whether the newest entries were cut off.
            self.stdout.write(f"Newest: entry {last.pk}, {last.hash}")
