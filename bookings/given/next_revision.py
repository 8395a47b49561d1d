"""The next revision of a batch whose bytes came from elsewhere: what was noted, put into the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bookings.given import formats
from bookings.models import Batch, Correction
from bookings.snapshot import books
from connections.errors import RejectedError
from connections.messages import DataFault, say


@dataclass(frozen=True)
class NextRevision:
    content: bytes
    rows: int
    faults: tuple[DataFault, ...]
    fiscal_year_start: date | None = None
    month: date | None = None
    label: str = ""


def make(batch: Batch, file: Correction | None, rows: Mapping[int, Mapping[str, str]]) -> NextRevision:
    """The bytes that would be sent, and every fault of them. Stores nothing."""
    form = formats.of(batch)
    try:
        content = form.changed(base(batch, file), rows)
        reading = form.read(content, books(batch.client))
    except RejectedError as error:
        return NextRevision(b"", 1, (DataFault("File", batch.filename, error.message), *error.faults))
    faults = [line.fault for line in reading.faults]
    if reading.direction != batch.direction:
        faults.append(
            DataFault(
                "File", reading.direction, say("The corrected file is of another kind than the refused one.")
            )
        )
    return NextRevision(
        content,
        len(reading.rows),
        tuple(faults),
        reading.fiscal_year_start,
        reading.month,
        reading.label[:30],
    )


def base(batch: Batch, file: Correction | None) -> bytes:
    """The file that rows are changed in: a corrected one, else what of the batch goes again."""
    if file is not None:
        stored = Correction.objects.values_list("content", flat=True).get(pk=file.pk)
        return bytes(stored or b"")
    content = bytes(Batch.objects.values_list("content", flat=True).get(pk=batch.pk) or b"")
    return formats.of(batch).remainder(batch, content)
