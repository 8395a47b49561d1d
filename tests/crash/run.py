"""`python -m tests.crash.run`: kills a real worker at every point of a record's way, and counts what is left.

For each point a fresh copy of the database and of the simulated vendors is made, a worker process is killed
with SIGKILL at the point, a second one works on, and a person signs in where the product asks for it. Then
the vendors must hold exactly what the scene says: one booking, document, task, issue or comment per intent.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

from tests.crash.scenes import NAMES

WORKER_SECONDS = 90


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--scene", choices=NAMES, default="asana_datev_extf")
    parser.add_argument("--every", type=int, default=1, help="Run only each n-th point.")
    parser.add_argument("--only", default="", help="Run one point, for example 17:after.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ml-connector-crash-") as folder, _server(arguments) as host:
        return Run(arguments, Path(folder), host).all()


def _server(arguments: argparse.Namespace) -> Any:
    if arguments.database == "sqlite":
        return nullcontext("")
    from tests.postgres import server

    return server()


class Run:
    """All points of one scene on one database."""

    def __init__(self, arguments: argparse.Namespace, folder: Path, host: str) -> None:
        self.arguments, self.folder, self.host = arguments, folder, host
        self._set_up_django()
        from tests.crash import scenes

        scene = scenes.scene(arguments.scene)
        self.scene = scene(dict(zip(scene.vendors, _free_ports(len(scene.vendors)), strict=True)))

    def _set_up_django(self) -> None:
        os.environ |= {
            "ENV_FILE": os.devnull,
            "ENVIRONMENT": "development",
            "DJANGO_SETTINGS_MODULE": "mlconnector.settings",
            "ALLOW_PRIVATE_ADDRESSES": "1",
            "LOG_LEVEL": "ERROR",
            "DATABASE_URL": self._url("base"),
        }
        import django

        if self.host:
            self._on_server("CREATE DATABASE base")
        django.setup()
        from django.core.management import call_command
        from django.db import connections as databases

        if not self.host:
            # A killed process loses nothing that it has written; only a power cut would.
            options = databases["default"].settings_dict["OPTIONS"]
            options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)

    def _url(self, name: str) -> str:
        if self.host:
            from tests.postgres import url

            return url(self.host, name)
        return f"sqlite:///{self.folder / name}.sqlite3"

    def _on_server(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(
            host=self.host, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def all(self) -> int:
        """Run the points; 0 if every one of them ended as it must."""
        from django.db import connections as databases

        from tests.mounting import mounted

        with ExitStack() as stack:
            for stand in self.scene.stands.values():
                stack.enter_context(mounted(stand.simulator, *stand.addresses))
            self.scene.prepare()
            self.scene.ready()
        databases.close_all()
        started = time.monotonic()
        whole = self.case("whole", -1, "before")
        title = f"{self.arguments.database} {self.arguments.scene}"
        calls = sum("/" in name for name in whole["seen"])
        print(f"{title}: {len(whole['seen'])} points ({calls} vendor calls), killed between any two")
        if not calls:
            whole["faults"].append("no vendor call was seen")
        if whole["faults"]:
            print(f"  without any kill: {whole['faults']}")
            return 1
        failed = signed_in = run = 0
        for number, when in self._chosen(len(whole["seen"])):
            result = self.case(f"case_{number}_{when}", number, when)
            run += 1
            signed_in += result["signed_in"]
            if result["faults"]:
                failed += 1
                print(f"  {number}:{when} {whole['seen'][number]}: {result['faults']}", flush=True)
        print(
            f"{title}: {run} kills, {failed} failed, "
            f"{signed_in} needed a new sign-in, {time.monotonic() - started:.0f} s"
        )
        return 1 if failed else 0

    def _chosen(self, points: int) -> Iterator[tuple[int, str]]:
        if self.arguments.only:
            number, _, when = self.arguments.only.partition(":")
            yield int(number), when or "before"
            return
        # Between the end of one event and the beginning of the next nothing outlives the process, so that
        # "after" one is "before" the next; only the last one has an "after" of its own.
        every = [*((number, "before") for number in range(points)), (points - 1, "after")]
        yield from every[:: self.arguments.every]

    def case(self, name: str, kill_at: int, when: str) -> dict[str, Any]:
        """One point in a process of its own: the simulators' memory is a copy, and so is the database."""
        self._copy_database(name)
        result = _in_child(lambda: self._case(name, kill_at, when), self.folder / "case.json")
        self._drop_database(name)
        return result

    def _copy_database(self, name: str) -> None:
        if self.host:
            self._on_server(f"CREATE DATABASE {name} TEMPLATE base")
            return
        for suffix in ("", "-wal", "-shm"):
            source = self.folder / f"base.sqlite3{suffix}"
            if source.exists():
                shutil.copy(source, self.folder / f"{name}.sqlite3{suffix}")

    def _drop_database(self, name: str) -> None:
        if self.host:
            self._on_server(f"DROP DATABASE {name} WITH (FORCE)")
            return
        for path in self.folder.glob(f"{name}.sqlite3*"):
            path.unlink()

    def _case(self, name: str, kill_at: int, when: str) -> dict[str, Any]:
        from mlconnector.sandbox.serve import serve
        from tests.crash.points import Points

        _use_database(self._url(name))
        # Forked before the servers have threads; each waits until it is told to begin.
        points = (Points(kill_at, when), None, None)
        workers = [
            Worker(one, self.scene.work, self.folder / f"worker_{number}.json")
            for number, one in enumerate(points)
        ]
        with ExitStack() as stack:
            for stand in self.scene.stands.values():
                stack.enter_context(serve(stand.simulator, port=stand.port))
            killed = workers[0].run()
            faults = [] if bool(killed["killed"]) == (kill_at >= 0) else ["the worker was not killed"]
            signed_in = False
            if kill_at >= 0:
                faults += workers[1].run()["faults"]
                signed_in = self.scene.sign_in()
                if signed_in:
                    faults += workers[2].run()["faults"]
            faults += killed["faults"] + self.scene.faults()
            for worker in workers:
                worker.close()
        return {"seen": killed["seen"], "faults": faults, "signed_in": signed_in}


class Worker:
    """A forked process that works when told to, and reports into a file; it may be killed on its way."""

    def __init__(self, points: Any, work: Callable[[], None], report: Path) -> None:
        self.report = report
        self.begin_read, self.begin_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._be(points, work)

    def _be(self, points: Any, work: Callable[[], None]) -> None:
        if os.read(self.begin_read, 1) != b"x":
            os._exit(0)
        signal.alarm(WORKER_SECONDS)
        report: dict[str, Any] = {"seen": [], "faults": [], "killed": False}
        try:
            if points is not None:
                points.install()
            work()
        except BaseException as error:  # A report is all that the parent can see.
            report["faults"] = [f"the worker failed: {error!r}"]
        if points is not None:
            report["seen"] = points.seen
        self.report.write_text(json.dumps(report))
        os._exit(0)

    def run(self) -> dict[str, Any]:
        """Let it work; its report, or that it was killed."""
        os.write(self.begin_write, b"x")
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        if os.WIFSIGNALED(status):
            is_killed = os.WTERMSIG(status) == signal.SIGKILL
            return {"seen": [], "faults": [] if is_killed else ["a worker hung"], "killed": is_killed}
        report: dict[str, Any] = json.loads(self.report.read_text())
        return report

    def close(self) -> None:
        if self.pid:
            os.write(self.begin_write, b"-")
            os.waitpid(self.pid, 0)


def _in_child(do: Callable[[], dict[str, Any]], report: Path) -> dict[str, Any]:
    """Run `do` in a forked process; what it returns."""
    report.unlink(missing_ok=True)
    pid = os.fork()
    if pid == 0:
        try:
            result = do()
        except BaseException as error:
            result = {"seen": [], "faults": [f"the case failed: {error!r}"], "signed_in": False}
        report.write_text(json.dumps(result))
        os._exit(0)
    os.waitpid(pid, 0)
    if not report.exists():
        return {"seen": [], "faults": ["the case died"], "signed_in": False}
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def _use_database(url: str) -> None:
    """Point Django at another database before anything has connected in this process."""
    import environ
    from django.db import connections as databases

    settings = databases.settings["default"]
    settings["NAME"] = environ.Env.db_url_config(url)["NAME"]
    databases["default"].settings_dict["NAME"] = settings["NAME"]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


if __name__ == "__main__":
    sys.exit(main())
