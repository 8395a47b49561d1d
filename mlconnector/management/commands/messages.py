"""The German catalogue, kept in step with the code. Needs the development requirements."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Update mlconnector/locale/de from the sentences in the code, and compile it."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        from mlconnector import translation

        catalog = translation.update()
        open_ones = translation.untranslated(catalog)
        for sentence in open_ones:
            self.stdout.write(f"  not translated: {sentence}")
        self.stdout.write(f"{len(catalog)} messages, {len(open_ones)} without a German translation.")
