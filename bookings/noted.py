"""What has been noted about a refused batch, read in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max

from bookings.models import Batch, Correction, CorrectionKind


@dataclass(frozen=True)
class Noted:
    """What the next revision will carry instead of what was sent.

    `bookings`: booking -> corrected Entry JSON. `rows`: row of a file from elsewhere -> {column: text}, to be
    put into `file`, or into the batch's own bytes if that is None.
    """

    bookings: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    rows: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    file: Correction | None = None

    def __bool__(self) -> bool:
        return bool(self.bookings or self.rows or self.file)


def noted(batch: Batch) -> Noted:
    """A file replaces what was noted before it, a withdrawal everything."""
    file: Correction | None = None
    bookings: dict[int, Mapping[str, Any]] = {}
    rows: dict[int, Mapping[str, str]] = {}
    for one in Correction.objects.filter(batch=batch).defer("content").order_by("pk"):
        if one.kind == CorrectionKind.ROW and one.booking_id is not None:
            bookings[one.booking_id] = one.data
        elif one.kind == CorrectionKind.ROW:
            rows[one.row or 0] = {**rows.get(one.row or 0, {}), **one.data}
        else:
            bookings, rows = {}, {}
            file = one if one.kind == CorrectionKind.FILE else None
    return Noted(bookings, rows, file)


def stand(batch: Batch) -> int:
    """Changes with every correction that is noted: who has looked at an older stand looks again."""
    return Correction.objects.filter(batch=batch).aggregate(last=Max("pk"))["last"] or 0
