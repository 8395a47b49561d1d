"""`manage.py bench`: each figure as a JSON object on a line of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlconnector.bench.figures import MEASUREMENTS, Measurement
from mlconnector.bench.vendors import free_ports

# What must not reach a measurement from the installation at hand.
LEFT_OUT = (
    "REDIS_URL",
    "SECRET_KEY",
    "FIELD_KEYS",
    "DEBUG",
    "BEHIND_PROXY",
    "ALLOWED_HOSTS",
    "DATEV_XSD_DIR",
)


class Command(BaseCommand):
    help = "Measure calls, processor time, intake, large files and latency, on temporary databases."
    # The database of this installation is not touched, nor need it be there.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", default="", help="The figures whose names begin like this.")
        parser.add_argument("--small", action="store_true", help="Show that it works; the values say little.")

    def handle(self, *args: Any, only: str, small: bool, **options: Any) -> None:
        chosen = [m for m in MEASUREMENTS if any(figure.name.startswith(only) for figure in m.figures)]
        if not chosen:
            names = ", ".join(figure.name for m in MEASUREMENTS for figure in m.figures)
            raise CommandError(f"No figure begins with '{only}'. There are: {names}.")
        failed = []
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ml-connector-bench-")))
            databases = Databases(folder, stack)
            for measurement in chosen:
                wanted = {figure.name for figure in measurement.figures if figure.name.startswith(only)}
                told = set()
                for name, line in run(measurement, databases.url(measurement), small=small):
                    told.add(name)
                    if name in wanted:
                        self.stdout.write(line)
                        self.stdout.flush()
                failed += sorted(wanted - told)
        if failed:
            raise CommandError(f"Not measured: {', '.join(failed)}. The lines above say why.")


class Databases:
    """A new, empty one for each measurement; one PostgreSQL server for all that want it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.host = ""

    def url(self, measurement: Measurement) -> str:
        if measurement.database == "sqlite":
            return f"sqlite:///{self.folder / measurement.name}.sqlite3"
        import psycopg

        from mlconnector.bench import postgres

        self.host = self.host or self.stack.enter_context(postgres.server(durable=True))
        with psycopg.connect(host=self.host, user="postgres", dbname="postgres", autocommit=True) as server:
            server.execute(f"CREATE DATABASE {measurement.name}")  # type: ignore[call-overload]
        return postgres.url(self.host, measurement.name)


def run(measurement: Measurement, database_url: str, *, small: bool) -> Iterator[tuple[str, str]]:
    """(name, line) of each figure, measured in a process group of its own that ends in time, or is ended."""
    import json

    [port] = free_ports(1)
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT} | {
        "ENVIRONMENT": "development",
        "ENV_FILE": os.devnull,
        "DATABASE_URL": database_url,
        "PUBLIC_URL": f"http://localhost:{port}",
        "WEB_ADDRESS": f"127.0.0.1:{port}",
        "ALLOW_PRIVATE_ADDRESSES": "true",
        "LOG_LEVEL": "ERROR",
        "LANGUAGE_CODE": "de",
        "DJANGO_SETTINGS_MODULE": "mlconnector.settings",
    }
    process = subprocess.Popen(  # noqa: S603 (ourselves)
        [sys.executable, "-m", "mlconnector.bench", measurement.name, "small" if small else "full"],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = process.communicate(timeout=measurement.most_seconds)
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"{measurement.name} took longer than {measurement.most_seconds} s and was ended.\n")
        os.killpg(process.pid, signal.SIGKILL)
        told, _ = process.communicate()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for line in told.splitlines():
        yield json.loads(line)["name"], line
