"""A corrected file that a person uploads: read, checked, and compared with what would be sent otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bookings.corrections import checks, uploaded_ledger
from bookings.corrections.outlook import next_bookings
from bookings.entry import Entry, Route
from bookings.extf import parser, reader, writer
from bookings.extf.columns import COLUMNS
from bookings.given import extf, formats, next_revision
from bookings.given.reading import LineFault
from bookings.models import Batch, Booking
from bookings.noted import noted, stand
from bookings.shown_values import differences_of
from bookings.snapshot import books
from bookings.validation import labels
from connections.messages import DataFault, say

Difference = dict[str, str]


@dataclass(frozen=True)
class Compared:
    """A file against the stand of the batch's corrections (`basis`).

    `entries`: of a batch of our own (booking, its corrected entry, what differs).
    """

    faults: tuple[DataFault, ...]
    differences: tuple[Difference, ...]
    entries: tuple[tuple[Booking, Entry, list[Difference]], ...]
    basis: int


def compare(batch: Batch, content: bytes) -> Compared:
    """Raises RejectedError for what is no file of the batch's format at all."""
    if batch.is_given:
        return _given(batch, content)
    return (_extf if batch.route == Route.EXTF else _ledger)(batch, content)


def _given(batch: Batch, content: bytes) -> Compared:
    form, known, basis = formats.of(batch), noted(batch), stand(batch)
    before = form.changed(next_revision.base(batch, known.file), known.rows)
    reading = form.read(content, books(batch.client))
    differences = form.difference(before, content)
    return Compared(tuple(named(reading.faults)), tuple(differences), (), basis)


def named(faults: Sequence[LineFault]) -> Iterator[DataFault]:
    """The faults with their lines, for lists that have no column for them."""
    for one in faults:
        if one.line and "line" not in one.fault.rule.values:
            yield replace(
                one.fault,
                rule=say("Line %(line)s: %(rule)s", line=one.line, rule=one.fault.rule),
            )
        else:
            yield one.fault


def _extf(batch: Batch, content: bytes) -> Compared:
    basis, client_books = stand(batch), books(batch.client)
    reading = extf.read(content, client_books)
    parsed = parser.parse(content)
    # Rows and accounts are judged below by the strict rules of our own bookings.
    faults = [
        fault.fault for fault in reading.faults if fault.line < parser.FIRST_ROW_LINE or _is_syntax(fault)
    ]
    pairs, misfit = _paired(batch, parsed)
    faults += misfit
    entries = []
    if not faults:
        for booking, row in pairs:
            entry, broken = _corrected(booking, row, parsed.header)
            faults += broken
            if not broken:
                strict = checks.faults_of(batch, entry)
                faults += named([LineFault(row.line, fault) for fault in strict])
                if changes := differences_of(booking.sent_entry, entry, row=booking.row or 0):
                    entries.append((booking, entry, changes))
    return _compared(faults, entries, basis)


def _is_syntax(fault: LineFault) -> bool:
    """The parser's own faults name their line."""
    return "line" in fault.fault.rule.values


def _paired(
    batch: Batch, parsed: parser.ParsedFile
) -> tuple[list[tuple[Booking, parser.ParsedRow]], list[DataFault]]:
    """Each booking with the row in its place: the refused file has the rows of replaced bookings too."""
    bookings = next_bookings(batch, noted(batch))
    if len(parsed.rows) == len(bookings):
        return list(zip(bookings, parsed.rows, strict=True)), []
    by_row = {booking.row: booking for booking in bookings}
    if len(parsed.rows) == batch.rows and None not in by_row:
        found = [(by_row.get(at), row) for at, row in enumerate(parsed.rows, start=1)]
        return [(booking, row) for booking, row in found if booking is not None], []
    fault = DataFault(
        labels.ROWS,
        str(len(parsed.rows)),
        say("The refused file has %(count)s rows, each of them a booking of a source.", count=batch.rows),
        say("Correct the rows in their places; add or remove bookings at their source, and replay them."),
    )
    return [], [fault]


def _corrected(
    booking: Booking, row: parser.ParsedRow, header: tuple[str, ...]
) -> tuple[Entry, list[DataFault]]:
    """The booking with what was changed in its row; what the file can't say (or was cut in it) stays."""
    entry = booking.sent_entry
    lost = [
        DataFault(
            column.name,
            value,
            say("Line %(line)s: this column can't be filled by bookings from here.", line=row.line),
            say("Leave it empty; enter it in DATEV after the import."),
        )
        for column, value in row.filled()
        if column.number not in reader.CARRIED
    ]
    try:
        now = reader.values_of(row, header)
        sent = reader.values_of(_as_sent(entry), header)
    except ValueError:
        day = DataFault(
            labels.DOCUMENT_DATE,
            row.value(10),
            say("Line %(line)s: no such day in the period of the file.", line=row.line),
        )
        return entry, [*lost, day]
    changed: dict[str, Any] = {name: value for name, value in now.items() if value != sent[name]}
    return replace(entry, **changed), lost


def _as_sent(entry: Entry) -> parser.ParsedRow:
    line = writer.row_writer(is_finalized=False)(entry).removesuffix(writer.LINE_END)
    return parser.read_row(line, COLUMNS, 0)


def _ledger(batch: Batch, content: bytes) -> Compared:
    basis = stand(batch)
    faults, pairs = uploaded_ledger.read(batch, content)
    entries = [
        (booking, entry, changes)
        for booking, entry in pairs
        if (changes := differences_of(booking.sent_entry, entry, row=booking.row or 0))
    ]
    return _compared(faults, entries, basis)


def _compared(
    faults: Sequence[DataFault],
    entries: Sequence[tuple[Booking, Entry, list[Difference]]],
    basis: int,
) -> Compared:
    differences = tuple(change for _booking, _entry, changes in entries for change in changes)
    return Compared(tuple(faults), differences, tuple(entries), basis)
