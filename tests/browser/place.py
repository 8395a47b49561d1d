"""The real thing for a browser: simulated Asana and DATEV on ports, web server and workers as processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from mlconnector.demo import pdf, place
from mlconnector.sandbox.asana.served import ServedAsana
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.datev.state import Client, calendar_year
from mlconnector.sandbox.serve import serve

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
GRACE_SECONDS = 15.0
# Our first look at a job comes after five seconds.
JOB_SECONDS = 1.0
PROJECT = "Eingangsrechnungen Werkzeugbau"
CLIENT_NAME = "Muster Werkzeugbau GmbH"


class Vendors:
    """Both simulators with a project, its fields and two tasks that nobody has approved yet."""

    def __init__(self, today: date) -> None:
        self.served = ServedAsana()
        self.asana = self.served.simulator
        self.datev = DatevSimulator(
            [
                Client(
                    455148,
                    1,
                    CLIENT_NAME,
                    fiscal_years=tuple(calendar_year(year) for year in (today.year - 1, today.year)),
                )
            ],
            job_seconds=JOB_SECONDS,
            sign_in_at_once=False,
        )
        self.datev_server = serve(self.datev)
        self.asana_url, self.datev_url = self.served.server.url, self.datev_server.url
        self.asana.add_project("Urlaubsplanung")
        self.project = self.asana.add_project(PROJECT)
        add = self.asana.add_custom_field
        self.fields = {
            "amount": add(self.project, "Bruttobetrag", "number", precision=2),
            "creditor": add(self.project, "Kreditor"),
            "account": add(self.project, "Aufwandskonto", "number", precision=0),
            "number": add(self.project, "Rechnungsnummer"),
            "date": add(self.project, "Rechnungsdatum", "date"),
            "hint": add(self.project, "DATEV-Hinweis"),
        }
        self.good = self._task("Müller & Söhne: Büromaterial für die Werkstatt", "RE-2041", "119.00", today)
        # Neither an amount nor a creditor that exists.
        self.faulty = self._task("Beispiel Handel: Schrauben", "RE-2042", None, today, creditor="79999")

    def _task(self, name: str, number: str, amount: str | None, on: date, *, creditor: str = "70001") -> str:
        values = {
            "amount": Decimal(amount) if amount else None,
            "creditor": creditor,
            "account": Decimal("4930"),
            "number": number,
            "date": on,
        }
        gid: str = self.asana.add_task(
            self.project,
            name,
            fields={self.fields[key]: value for key, value in values.items() if value is not None},
        )
        self.asana.add_attachment(gid, f"Rechnung {number}.pdf", pdf.page((f"Rechnung {number}", name)))
        return gid

    def task_url(self, gid: str) -> str:
        return f"{self.asana_url}/0/{self.project}/{gid}"

    def close(self) -> None:
        self.served.close()
        self.datev_server.close()


class Installation:
    """A development installation on a database of its own; `start()` it, `close()` it when done."""

    name, password = "finanzen", "Ein-langes-Kennwort-7"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = place.free_port()
        self.url = f"http://localhost:{self.port}"
        self.environment = dict(place.environment(folder, self.port)) | {
            "DJANGO_SUPERUSER_USERNAME": self.name,
            "DJANGO_SUPERUSER_PASSWORD": self.password,
            "DJANGO_SUPERUSER_EMAIL": "finanzen@beispiel.example",
            "QUEUE_WORKERS": "1",
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        for command in (("prepare",), ("createsuperuser", "--noinput")):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=self.environment,
                check=True,
                capture_output=True,
                timeout=START_SECONDS,
            )
        self._run(
            "web",
            [sys.executable, "-m", "gunicorn", "-c", "python:mlconnector.gunicorn", "mlconnector.wsgi"],
        )
        self._run("workers", [sys.executable, "manage.py", "qcluster"])
        self._run("hurry", [sys.executable, "-m", "tests.browser.hurry"])
        self._wait_for_web()

    def _run(self, name: str, command: Sequence[str]) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 (our own commands)
                command,
                cwd=ROOT,
                env=self.environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.running.append(process)

    def _wait_for_web(self) -> None:
        ends_at = time.monotonic() + START_SECONDS
        while time.monotonic() < ends_at:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()  # noqa: S310
                return
            except OSError:
                time.sleep(0.25)
        raise AssertionError(f"The web server did not start:\n{self.logs()}")

    def logs(self) -> str:
        """The last lines of every process."""
        texts = []
        for file in sorted(self.folder.glob("*.log")):
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
            texts.append("\n".join((f"--- {file.stem}", *lines)))
        return "\n".join(texts)

    def close(self) -> None:
        """End the processes that were started here, each with its own group."""
        for process in self.running:
            process.terminate()
        ends_at = time.monotonic() + GRACE_SECONDS
        for process in self.running:
            try:
                process.wait(max(0.1, ends_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
            _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()
