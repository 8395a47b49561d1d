"""`manage.py demo`: the product between simulated vendors, to be watched or to be checked."""

from __future__ import annotations

import io
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from bookings import selectors
from connections import clock, queue
from connections.errors import ConnectorError
from mlconnector.demo import place
from mlconnector.supervisor import Child, Supervisor

WEB_START_SECONDS = 60.0
HURRY_SECONDS = 2.0


class Command(BaseCommand):
    help = "Show the product between simulated vendors, on a database of its own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once",
            action="store_true",
            help="Run every pair to its end, print what moved, compare, end.",
        )
        parser.add_argument(
            "--folder",
            type=Path,
            default=settings.BASE_DIR / "var" / "demo",
            help="Where the demonstration keeps its database; everything in it is deleted first.",
        )
        parser.add_argument(
            "--plant",
            choices=("lost", "twice"),
            help="With --once: spoil a booking in the simulated DATEV, to see that the comparison notices.",
        )

        parser.add_argument(
            "--act",
            action="append",
            metavar="PAIR",
            help="Play this pair alone, for example exact_asana; may be given more than once.",
        )

    def handle(
        self,
        *args: Any,
        once: bool,
        folder: Path,
        plant: str | None,
        act: list[str] | None = None,
        **options: Any,
    ) -> None:
        folder = folder.absolute()
        if os.environ.get(place.MARK) != str(folder):
            self._start_again(folder, once)
        try:
            lock = place.claim(folder)
        except BlockingIOError as error:
            raise CommandError(f"Another demonstration is running in {folder}. End it first.") from error
        try:
            with lock, translation.override("en"):
                Demonstration(self, folder).run(once=once, plant=plant, pairs=act or ())
        except KeyboardInterrupt:
            self.stdout.write("The demonstration was ended before it was ready.")

    def _start_again(self, folder: Path, once: bool) -> None:
        """Become a process whose settings are those of the demonstration."""
        port = place.free_port(0 if once else place.WEB)
        sys.stdout.flush()
        os.execve(  # noqa: S606 (this very command)
            sys.executable,
            [sys.executable, *sys.argv],
            dict(place.environment(folder, port)),
        )


class Demonstration:
    def __init__(self, command: BaseCommand, folder: Path) -> None:
        self.out = command.stdout
        self.folder = folder
        self.began_at = time.monotonic()
        self.password = secrets.token_urlsafe(9)

    def say(self, line: str = "") -> None:
        self.out.write(line)
        self.out.flush()

    def step(self, line: str) -> None:
        self.say(f"{time.monotonic() - self.began_at:5.1f} s  {line}")

    def run(self, *, once: bool, plant: str | None, pairs: Sequence[str] = ()) -> None:
        from mlconnector.demo.acts import ACTS
        from mlconnector.demo.stage import Stage
        from mlconnector.demo.stands import STANDS

        self._prepare(with_static=not once)
        web = Child("Web server", _web_command())
        web.start()
        stage = None
        try:
            ports = {} if once else {key: place.free_ports(kind.ports) for key, kind in STANDS.items()}
            acts = [act for act in ACTS if not pairs or act.pair in pairs]
            stage = Stage(clock.now().date(), acts=acts, ports=ports)
            names = ", ".join(stand.label for stand in stage.stands.values())
            self.step(f"The simulated vendors are running: {names}")
            self._set_up(stage)
            if once:
                self._once(stage, plant)
            else:
                self._serve(stage, web)
        finally:
            web.ask_to_stop()
            web.wait(time.monotonic() + 10)
            if stage is not None:
                stage.close()

    def _prepare(self, *, with_static: bool) -> None:
        from mlconnector.demo import installation

        self.step(f"Make a new database in {self.folder}")
        if with_static:
            call_command("prepare", stdout=io.StringIO())
        else:
            Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
            call_command("migrate", interactive=False, verbosity=0)
            call_command("createcachetable", verbosity=0)
        installation.make_admin(self.password)

    def _set_up(self, stage: Any) -> None:
        from mlconnector.demo import installation

        self._wait_for_web()
        file = self.folder / "configuration.yaml"
        try:
            installation.connect(stage, file, self.password)
            for connection in installation.signed_in_by_person():
                self.step(f"Signed in at {connection} with the browser (OAuth)")
            for name, checkup in installation.tested().items():
                self.step(f"Test connection, {name}: {checkup.who}")
            installation.configure(stage, file)
            self.step(f"The configuration file {file} is applied")
        except (installation.Refused, ConnectorError, urllib.error.URLError) as error:
            raise CommandError(f"The demonstration could not be set up. {error}") from error

    def _wait_for_web(self) -> None:
        ends_at = time.monotonic() + WEB_START_SECONDS
        while time.monotonic() < ends_at:
            try:
                urllib.request.urlopen(f"{settings.PUBLIC_URL}/healthz", timeout=5).close()  # noqa: S310
                return
            except OSError:
                time.sleep(0.2)
        raise CommandError("The web server did not start.")

    # --- Once ---------------------------------------------------------------------------------------------
    def _once(self, stage: Any, plant: str | None) -> None:
        from mlconnector.demo import once, report
        from mlconnector.demo.acts.asana_datev.act import AsanaToDatev

        self.step("Work off what is there")
        at_rest = once.work_to_rest(stage, self.step)
        # What people do in all pairs comes in rounds, each after everything has come to rest.
        for scenes in zip_longest(*(act.scenes for act in stage.acts)):
            for sentence, play in filter(None, scenes):
                self.step(sentence)
                play()
            at_rest = once.work_to_rest(stage, self.step) and at_rest
        self.step("Everything is at rest" if at_rest else "No rest came in time")
        if plant:
            stage.act(AsanaToDatev).plant(plant)
        for line in report.lines(stage):
            self.say(line)
        wrong = report.deviations(stage)
        if not at_rest:
            wrong.insert(0, "Work did not come to rest in time.")
        for line in wrong:
            self.say(f"NOT AS IT MUST BE: {line}")
        if wrong:
            raise CommandError(f"{len(wrong)} deviations.")
        self.say(f"\nEverything is as it must be, after {time.monotonic() - self.began_at:.0f} seconds.")

    # --- To be watched ------------------------------------------------------------------------------------
    def _serve(self, stage: Any, web: Child) -> None:
        from mlconnector.demo import installation

        manage = str(settings.BASE_DIR / "manage.py")
        workers = Child("Workers", [sys.executable, manage, "qcluster"])
        admin = f"{settings.PUBLIC_URL}/admin/   name: {installation.ADMIN}   password: {self.password}"
        addresses = [("Admin", admin)]
        addresses += [(stand.label, f"{stand.url}/   {stand.hint}") for stand in stage.stands.values()]
        width = max(len(label) for label, _ in addresses)
        lines = (
            "",
            *(f"{label:<{width}}   {address}" for label, address in addresses),
            "",
            "What is approved is being moved now. End it with Ctrl+C.",
        )
        for line in lines:
            self.say(line)
        Supervisor([web, workers], Hurry().look).run()
        self.say("The demonstration has ended.")


class Hurry:
    """Wakes a worker once DATEV's answer may be there: who watches does not wait for the minute's tick."""

    def __init__(self) -> None:
        self.woken_at = 0.0

    def look(self) -> None:
        due_at = selectors.next_due_at()
        is_rested = time.monotonic() - self.woken_at > HURRY_SECONDS
        if is_rested and due_at is not None and due_at <= clock.now():
            self.woken_at = time.monotonic()
            queue.wake("pairs.tasks.work_bookings")


def _web_command() -> list[str]:
    quiet = ["--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", *quiet, "-c", "python:mlconnector.gunicorn", "mlconnector.wsgi"]
