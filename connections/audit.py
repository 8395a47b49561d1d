"""The append-only, hash-chained trail (design, invariant 12)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from connections import clock
from connections.messages import Message
from connections.models import AuditEntry
from connections.texts import storable

# Any constant: serialises writers of the chain on PostgreSQL until their transaction ends.
CHAIN_LOCK = 7_202_611


def record(
    action: str, subject: str, message: Message | None = None, *, actor: str = "", **facts: Any
) -> AuditEntry:
    """Append one step. `subject` is "record:12", "connection:3", ...; `facts` are JSON and hold no secret."""
    details = _plain(facts)
    if message is not None:
        details["message"] = _plain(message.to_json())
    # An entry that can't be written takes back what it is about, so no savepoint is needed.
    with transaction.atomic(savepoint=False):
        if database.vendor == "postgresql":
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
        previous = AuditEntry.objects.order_by("-id").values_list("hash", flat=True).first() or ""
        entry = AuditEntry(
            at=clock.now(),
            actor=_plain(actor)[:150],
            action=action,
            subject=subject,
            details=details,
            previous_hash=previous,
        )
        entry.hash = hash_of(entry)
        entry.save(force_insert=True)
    return entry


def _plain(value: Any) -> Any:
    """`value` as JSON that both databases give back exactly as it was stored, or the hash would not fit.

    PostgreSQL keeps numbers as numeric (1e16 comes back as an integer) and refuses NUL and lone surrogates.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {_plain(str(name)): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return storable(str(value))


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 over the entry's content and the hash before it."""
    at: datetime = entry.at
    content = [
        entry.previous_hash,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.action,
        entry.subject,
        entry.details,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def broken_links() -> Iterator[tuple[int, str]]:
    """(id, what is wrong) of every entry whose hash or place in the chain does not fit; empty = intact."""
    previous = ""
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        if entry.previous_hash != previous:
            yield entry.pk, "an entry before this one was removed, added or exchanged"
        if entry.hash != hash_of(entry):
            yield entry.pk, "this entry was changed"
        previous = entry.hash
