"""Keeps child processes running: one that ends is started again, with growing distance."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# A child that lived this long is taken to be well: the next pause is the first one again.
STEADY_SECONDS = 60.0
# Everything is safe to be killed (effects are rows); waiting only makes the next start tidier.
GRACE_SECONDS = 25.0
PR_SET_PDEATHSIG = 1


class Child:
    """One program, in a process group of its own."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self.command = tuple(command)
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.start_again_at = 0.0
        self.pause = FIRST_PAUSE_SECONDS

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 (our own commands)
            self.command, start_new_session=True, preexec_fn=_end_with_parent, stdin=subprocess.DEVNULL
        )
        self.started_at = time.monotonic()
        logger.info("%s started (process %s).", self.name, self.process.pid)

    def keep_running(self) -> None:
        """Start again what has ended, once its pause is over."""
        if self.is_running:
            return
        now = time.monotonic()
        if self.process is not None:
            self._clear_away(self.process, now)
        if now >= self.start_again_at:
            self.start()

    def _clear_away(self, process: subprocess.Popen[bytes], now: float) -> None:
        self.kill()
        self.process = None
        lived = now - self.started_at
        self.pause = FIRST_PAUSE_SECONDS if lived >= STEADY_SECONDS else self.pause
        self.start_again_at = now + self.pause
        logger.error(
            "%s ended (code %s); it starts again in %.0f s.", self.name, process.returncode, self.pause
        )
        self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS)

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_running:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Wait until the monotonic moment `until`, then end the whole group by force."""
        if self.process is None:
            return
        try:
            self.process.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop in time and was ended.", self.name)
        self.kill()

    def kill(self) -> None:
        """End the whole group: workers outlive a main process that was killed."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            logger.debug("%s left no process behind.", self.name)
        self.process.wait()

    def restart(self) -> None:
        self.ask_to_stop()
        self.wait(time.monotonic() + GRACE_SECONDS)
        self.start()


class Supervisor:
    """Runs `children` until SIGTERM or SIGINT; `look_after` is called about once a second."""

    def __init__(self, children: Sequence[Child], look_after: Callable[[], None] = lambda: None) -> None:
        self.children = children
        self.look_after = look_after
        self.is_stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            while not self.is_stopping:
                for child in self.children:
                    child.keep_running()
                self.look_after()
                time.sleep(1)
        finally:
            self._end_all()

    def _stop(self, number: int, frame: object) -> None:
        self.is_stopping = True

    def _end_all(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        until = time.monotonic() + GRACE_SECONDS
        for child in self.children:
            child.wait(until)


def _end_with_parent() -> None:
    """On Linux: SIGTERM to this child when its parent is gone, however that ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
