"""`manage.py config export|check|apply FILE`: a whole installation as a file."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from mlconnector.config import applying, exporting, reading


class Command(BaseCommand):
    help = "Write the configuration into a YAML file, compare a file with what is stored, or make it true."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("export", "check", "apply"))
        parser.add_argument("file", help="Path of the YAML file; - for standard output or input.")

    def handle(self, *args: Any, what: str, file: str, **options: Any) -> None:
        # Commands speak English to technicians, whatever the web says.
        with translation.override("en"):
            if what == "export":
                self._export(file)
            else:
                self._run(file, is_check=what == "check")

    def _export(self, file: str) -> None:
        text = exporting.dump(exporting.document())
        if file == "-":
            self.stdout.write(text)
            return
        Path(file).write_text(text, encoding="utf-8")
        self.stdout.write(
            f"Written to {file}. Secrets are named env:..., set these variables where you apply it."
        )

    def _run(self, file: str, *, is_check: bool) -> None:
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} can't be read: {error}") from error
        document, faults = reading.read(text)
        report = (
            applying.Report(faults=faults)
            if faults
            else applying.run(document, is_check=is_check, by=getpass.getuser())
        )
        if report.faults:
            for fault in report.faults:
                self.stderr.write(f"  {fault}")
            raise CommandError(f"{len(report.faults)} faults; nothing was stored.")
        for change in report.changes:
            self.stdout.write(f"  {change}")
        verb = "would change" if is_check else "changed"
        self.stdout.write(f"{len(report.changes)} things {verb}.")
