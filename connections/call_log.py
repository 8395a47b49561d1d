"""The technical call log: one row for each attempt, for technicians; DATEV demands 14 days of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connections import clock
from connections.models import CallLog, Connection
from connections.redaction import redact, redact_headers, redact_url
from connections.texts import storable

LONGEST_BODY = 4096
LONGEST_URL = 2000


@dataclass
class Attempt:
    """One request on its way; `close` writes what became of it."""

    connection: Connection
    method: str
    url: str
    headers: Mapping[str, str]
    subject: str
    secrets: Collection[str] = ()
    is_foreign: bool = False
    at: datetime = field(default_factory=clock.now)
    started: float = field(default_factory=time.monotonic)

    def close(
        self,
        *,
        status: int | None = None,
        answer_headers: Mapping[str, str] | None = None,
        request_id_headers: Iterable[str] = (),
        error: str = "",
    ) -> None:
        answered = answer_headers or {}
        CallLog.objects.create(
            connection_id=self.connection.pk,
            at=self.at,
            method=self.method[:8],
            url=storable(redact_url(self.url, self.secrets, whole_query=self.is_foreign))[:LONGEST_URL],
            request_headers=storable(redact_headers(self.headers, self.secrets)),
            status=status,
            duration_ms=max(int((time.monotonic() - self.started) * 1000), 0),
            request_ids=storable(
                {name: answered[name][:200] for name in request_id_headers if name in answered}
            ),
            subject=self.subject[:100],
            error=storable(redact(error, self.secrets))[:LONGEST_BODY],
        )


def body_text(content: bytes) -> str:
    """The beginning of an error body; more than is kept, so that a secret at the cut is still seen."""
    return content[: 4 * LONGEST_BODY].decode("utf-8", errors="replace")
