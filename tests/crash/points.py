"""Every moment at which a worker can die: right before and right after each commit and each vendor call.

Nothing of this is in the product: the hooks are put around Django's commits and the sending of requests.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from requests.adapters import HTTPAdapter

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# Calls of the crash run itself, which move the simulators' clocks.
CONTROL = " /_sim/"
TABLE = re.compile(r'"([a-z_]+)"')


@dataclass
class Points:
    """Counts the events of a worker; at event `kill_at` the process is killed, before or after it."""

    kill_at: int = -1
    when: str = "before"
    seen: list[str] = field(default_factory=list)
    # What the open transaction has written, for the name of its commit.
    _tables: list[str] = field(default_factory=list)

    def install(self) -> None:
        """Put the hooks around this process's commits and requests."""
        self._around(HTTPAdapter, "send", lambda adapter, request, *_, **__: _call(request))
        self._around(BaseDatabaseWrapper, "_commit", lambda wrapper: self._commit_name())
        execute = CursorWrapper.execute
        points = self

        def executed(cursor: CursorWrapper, sql: Any, params: Any = None) -> Any:
            written = WRITES.match(str(sql))
            if not written:
                return execute(cursor, sql, params)
            table = TABLE.search(str(sql))
            name = f"{written[1].upper()} {table[1] if table else '?'}"
            if cursor.db.in_atomic_block:
                points._tables.append(name)
                return execute(cursor, sql, params)
            return points._event(name, lambda: execute(cursor, sql, params))

        CursorWrapper.execute = executed  # type: ignore[method-assign]

    def _around(self, owner: type, name: str, label: Callable[..., str]) -> None:
        original = getattr(owner, name)
        points = self

        def wrapped(this: Any, *args: Any, **kwargs: Any) -> Any:
            name = label(this, *args, **kwargs)
            if CONTROL in name:
                return original(this, *args, **kwargs)
            return points._event(name, lambda: original(this, *args, **kwargs))

        setattr(owner, name, wrapped)

    def _commit_name(self) -> str:
        written = list(dict.fromkeys(self._tables))
        self._tables.clear()
        return f"commit of {', '.join(written) or 'nothing'}"

    def _event(self, name: str, do: Callable[[], Any]) -> Any:
        number = len(self.seen)
        self.seen.append(name)
        if number == self.kill_at and self.when == "before":
            _die()
        result = do()
        if number == self.kill_at:
            _die()
        return result


def _call(request: requests.PreparedRequest) -> str:
    path = re.sub(r"[0-9a-f-]{8,}|\d{3,}(-\d+)?", "*", urlsplit(str(request.url)).path)
    return f"{request.method} {path}"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
