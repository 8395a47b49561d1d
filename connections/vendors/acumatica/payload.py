"""What a push notification says, read into references. Pure; the content is always read again.

Source: Integration Development Guide, "Push notifications" (read 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connections.answers import decode_json
from connections.vendors.acumatica.values import GUID

# Captions of the columns that are understood, in lower case and without blanks: inquiries name them
# differently.
ID_COLUMNS = ("noteid", "documentid", "id")
TYPE_COLUMNS = ("type", "doctype", "ordertype", "documenttype")
NUMBER_COLUMNS = ("referencenbr", "refnbr", "ordernbr", "referencenbr.", "ordernbr.", "number")
# .NET counts 100 ns since the year 1.
TICKS_EPOCH = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class PushedRef:
    """A document that a notification names. `id` is "" when the inquiry has no column NoteID.

    `was_removed`: it left the inquiry, because it was deleted or does not fit its conditions any more.
    """

    id: str
    type: str
    number: str
    was_removed: bool


@dataclass(frozen=True)
class Push:
    """One notification. The same `transaction` may come for several queries, and any of them twice."""

    tenant: str
    query: str
    transaction: str
    at: datetime | None
    refs: tuple[PushedRef, ...]

    def is_of(self, tenant: str) -> bool:
        """Whether it comes from this tenant; a notification that does not say so is not believed."""
        return bool(self.tenant) and self.tenant.casefold() == tenant.casefold()


def read(body: bytes) -> Push:
    """What the notification says. Raises ValueError for anything else, or when a row names no document."""
    given = decode_json(body)
    if not isinstance(given, Mapping):
        raise ValueError("not an object")
    inserted, deleted = _rows(given.get("Inserted")), _rows(given.get("Deleted"))
    refs: dict[tuple[str, str, str], PushedRef] = {}
    # A changed document is in both lists; what is inserted again was not removed.
    for rows, was_removed in ((deleted, True), (inserted, False)):
        for row in rows:
            ref = _ref(row, was_removed)
            refs[(ref.id, ref.type, ref.number)] = ref
    return Push(
        tenant=_text(given.get("CompanyId")),
        query=_text(given.get("Query")),
        transaction=_text(given.get("Id")).lower(),
        at=_moment(given.get("TimeStamp")),
        refs=tuple(refs.values()),
    )


def identity(body: bytes) -> bytes:
    """What two receipts of one notification share; the whole body where it does not say."""
    try:
        given = decode_json(body)
    except ValueError:
        return body
    if not isinstance(given, Mapping):
        return body
    parts = [_text(given.get(name)) for name in ("CompanyId", "Id", "Query")]
    return json.dumps(parts).encode() if all(parts) else body


def _ref(row: Mapping[str, Any], was_removed: bool) -> PushedRef:
    columns = {"".join(name.lower().split()): value for name, value in row.items() if isinstance(name, str)}
    note_id = _first(columns, ID_COLUMNS).lower()
    found = PushedRef(
        id=note_id if GUID.fullmatch(note_id) else "",
        type=_first(columns, TYPE_COLUMNS),
        number=_first(columns, NUMBER_COLUMNS),
        was_removed=was_removed,
    )
    if not found.id and not (found.type and found.number):
        raise ValueError("a row without NoteID, and without type and number")
    return found


def _first(columns: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((_text(columns[name]) for name in names if _text(columns.get(name))), "")


def _rows(value: Any) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise ValueError("rows are not a list of objects")
    return value


def _moment(ticks: Any) -> datetime | None:
    """.NET ticks in UTC; larger than what a floating-point number holds, so they stay whole."""
    if not isinstance(ticks, int) or isinstance(ticks, bool) or ticks < 0:
        return None
    try:
        return TICKS_EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
