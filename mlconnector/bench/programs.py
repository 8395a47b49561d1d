"""The product's own programs, started as an installation starts them, on the bench's database."""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from mlconnector.supervisor import Child

START_SECONDS = 30.0
STOP_SECONDS = 5.0


@contextmanager
def running(*children: Child) -> Iterator[None]:
    """The programs run for the length of the block; each is ended by its own id."""
    try:
        for child in children:
            child.start()
        yield
    finally:
        for child in children:
            child.ask_to_stop()
        until = time.monotonic() + STOP_SECONDS
        for child in children:
            child.wait(until)


def web() -> Child:
    """gunicorn, with as many processes and threads as an installation has by default."""
    command = (sys.executable, "-m", "gunicorn", "-c", "python:mlconnector.gunicorn", "--log-level", "error")
    return Child("Web server", (*command, "mlconnector.wsgi"))


def workers() -> Child:
    return Child("Workers", (sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"))


def address() -> tuple[str, int]:
    host, _, port = os.environ["WEB_ADDRESS"].rpartition(":")
    return host, int(port)


def wait_for_web() -> None:
    """Raises TimeoutError when the web server does not answer in time."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        client = http.client.HTTPConnection(*address(), timeout=5)
        try:
            client.request("GET", "/healthz")
            if client.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            client.close()
    raise TimeoutError("The web server did not start.")
