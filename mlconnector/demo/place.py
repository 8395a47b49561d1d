"""Where a demonstration lives: a folder and ports of its own, and the settings that follow from them."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO

# Tells the command that its process has the settings below.
MARK = "DEMO_FOLDER"
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "TZ", "TERM", "PYTHONPATH")
WEB = 8000


def free_port(wanted: int = 0) -> int:
    """`wanted` if nobody listens there, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise OSError("There is no free port on this machine.")


def free_ports(usual: Mapping[str, int]) -> dict[str, int]:
    """Free ports by name, the usual ones where they can be had."""
    return {name: free_port(port) for name, port in usual.items()}


def environment(folder: Path, port: int) -> Mapping[str, str]:
    """A development installation that shares nothing with a real one on this machine."""
    return {
        **{name: value for name, value in os.environ.items() if name in PASSED_ON},
        "DJANGO_SETTINGS_MODULE": "mlconnector.settings",
        "ENVIRONMENT": "development",
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
        "PUBLIC_URL": f"http://localhost:{port}",
        "WEB_ADDRESS": f"127.0.0.1:{port}",
        "WEB_PROCESSES": "1",
        "QUEUE_WORKERS": "2",
        "ALLOW_PRIVATE_ADDRESSES": "true",
        "LANGUAGE_CODE": "de",
        "LOG_LEVEL": "ERROR",
        MARK: str(folder),
    }


def claim(folder: Path) -> IO[str]:
    """The folder, empty, for this process alone as long as the answer is kept. Raises BlockingIOError."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    for path in folder.iterdir():
        if path.name != "lock":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return lock
