"""An EXTF file from elsewhere: checked by our own rules, corrected without touching its other lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from bookings import validation
from bookings.entry import Books, Route
from bookings.extf import parser, reader
from bookings.extf.columns import COLUMNS, Column, column
from bookings.extf.header import HEADER_FIELDS
from bookings.extf.text import quoted
from bookings.given.books import as_far_as_known, judged
from bookings.given.reading import GivenRow, LineFault, Reading
from bookings.validation import labels
from bookings.validation.dates import shown
from connections.errors import RejectedError
from connections.messages import DataFault, say
from connections.vendors.datev.extf import MAX_BYTES

MAX_ROWS = 99_999
SERVICE_CASE = 43
FIRST = parser.FIRST_ROW_LINE


def owner(content: bytes) -> tuple[int, int]:
    """Consultant and client number of the header. Raises RejectedError for what is no EXTF file."""
    parsed = parser.parse(content, max_rows=0)
    consultant, client = parsed.header[10], parsed.header[11]
    if not (consultant.isdecimal() and client.isdecimal()):
        raise RejectedError(say("The header names no consultant and client number."))
    return int(consultant), int(client)


def read(content: bytes, books: Books | None) -> Reading:
    """The file with every fault that can be found; `books` of its client, None = not known here.

    Raises RejectedError for what is no EXTF Buchungsstapel at all.
    """
    _check_size(content)
    _check_encoding(content)
    parsed = parser.parse(content)
    header = parsed.header
    faults = [_placed(fault) for fault in parsed.faults]
    faults += _count_faults(parsed.row_count)
    days = _period(header)
    if books is not None:
        faults += [LineFault(1, fault) for fault in _owner_faults(header, days, books)]
        faults += _row_faults(parsed, books, {fault.line for fault in faults})
    return Reading(
        route=Route.EXTF,
        consultant_number=int(header[10]) if header[10].isdecimal() else 0,
        client_number=int(header[11]) if header[11].isdecimal() else 0,
        fiscal_year_start=_day(header[12]),
        month=days[0].replace(day=1) if days else None,
        label=header[16],
        rows=tuple(_row(row) for row in parsed.rows),
        faults=tuple(sorted(faults, key=lambda fault: fault.line)),
    )


def _check_size(content: bytes) -> None:
    if not content:
        raise RejectedError(say("The file is empty."))
    if len(content) > MAX_BYTES:
        raise RejectedError(say("The file is larger than 50 MB. DATEV takes smaller files only."))


def _check_encoding(content: bytes) -> None:
    """UTF-8 without a mark is read by DATEV as Windows-1252, without a word. Source: dtvf/zeichensatz."""
    if content.startswith(tuple(mark for mark, _ in parser.MARKS)) or content.isascii():
        return
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return
    raise RejectedError(
        say(
            "The file is UTF-8 without a byte order mark: DATEV would read its umlauts wrongly. Save it as "
            "'UTF-8 with BOM' or Windows-1252."
        )
    )


def _placed(fault: DataFault) -> LineFault:
    """The parser's faults name their line themselves."""
    return LineFault(int(fault.rule.values.get("line", 1)), fault)


def _count_faults(count: int) -> Iterator[LineFault]:
    if not 1 <= count <= MAX_ROWS:
        yield LineFault(
            0,
            DataFault(labels.ROWS, str(count), say("A file holds 1 to %(limit)s bookings.", limit=MAX_ROWS)),
        )


def _period(header: tuple[str, ...]) -> tuple[date, date] | None:
    try:
        return reader.period(header)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 8 else None
    except ValueError:
        return None


def _owner_faults(header: Sequence[str], days: tuple[date, date] | None, books: Books) -> Iterator[DataFault]:
    for label, told, kept in (
        (labels.CONSULTANT_NUMBER, header[10], books.consultant_number),
        (labels.CLIENT_NUMBER, header[11], books.client_number),
        (labels.ACCOUNT_LENGTH, header[13], books.account_length),
    ):
        if told != str(kept):
            yield DataFault(label, told, say("The DATEV client has %(kept)s.", kept=kept))
    if days is None:
        return  # said with the header
    first, last = days
    if first > last:
        yield DataFault(
            labels.PERIOD, f"{shown(first)} - {shown(last)}", say("The period ends before it begins.")
        )
    if first.year != last.year:
        # Source: import message #REW04404 of DATEV Rechnungswesen.
        yield DataFault(
            labels.PERIOD,
            f"{shown(first)} - {shown(last)}",
            say("DATEV refuses a file whose period lies in two calendar years."),
            say("Make one file per month."),
        )
    start, year = _day(header[12]), books.fiscal_year(first)
    if books.fiscal_years and (year is None or year.start != start or last > year.end):
        yield DataFault(
            labels.FISCAL_YEAR,
            shown(start) if start else header[12],
            say(
                "The period of the file (%(period)s) isn't inside this fiscal year of the client.",
                period=f"{shown(first)} - {shown(last)}",
            ),
            say("Correct the header, or read the fiscal years from DATEV again."),
        )


def _row_faults(parsed: parser.ParsedFile, books: Books, faulty: set[int]) -> Iterator[LineFault]:
    """What the values of each row break together; a row that could not be read is left out."""
    known = as_far_as_known(books)
    for row in parsed.rows:
        if row.line in faulty:
            continue
        try:
            entry = reader.entry_of(row, parsed.header)
        except ValueError:
            yield LineFault(
                row.line,
                DataFault(
                    labels.DOCUMENT_DATE,
                    row.value(10),
                    say("Line %(line)s: no such day in the period of the file.", line=row.line),
                ),
            )
            continue
        has_case = len(row.values) >= SERVICE_CASE and bool(row.value(SERVICE_CASE))
        entry = judged(entry, known, has_service_case=has_case)
        for fault in validation.check_entry(entry, known, route=Route.EXTF):
            yield LineFault(row.line, fault)


def _row(row: parser.ParsedRow) -> GivenRow:
    return GivenRow(
        number=row.line - FIRST + 1,
        line=row.line,
        fields=tuple((str(column.number), column.name, value) for column, value in row.filled()),
    )


# --- corrections -------------------------------------------------------------------------------------------


def columns_of(content: bytes) -> tuple[Column, ...]:
    """The columns that the rows of this file have."""
    parsed = parser.parse(content, max_rows=0)
    return parser.COLUMNS_BY_FORMAT[parsed.category, parsed.header[4]]


def changed(content: bytes, rows: Mapping[int, Mapping[str, str]]) -> bytes:
    """The file with some values of some rows replaced: {row from 1: {column number: value}}; "" empties it.

    Every other byte stays. Raises RejectedError for a row, a column or a sign that the file does not have.
    """
    if not rows:
        return content
    mark = next((mark for mark, _ in parser.MARKS if content.startswith(mark)), b"")
    parsed = parser.parse(content)
    lines = content[len(mark) :].decode(parsed.encoding).split("\r\n")
    for number, values in rows.items():
        if not 1 <= number <= len(parsed.rows):
            raise RejectedError(say("The file has no row %(row)s.", row=number))
        lines[number + FIRST - 2] = _line(parsed.rows[number - 1], values)
    return mark + _encoded("\r\n".join(lines), parsed.encoding)


def _line(row: parser.ParsedRow, values: Mapping[str, str]) -> str:
    columns = COLUMNS[: len(row.values)]
    unknown = set(values) - {str(column.number) for column in columns}
    if unknown:
        raise RejectedError(say("The file has no column %(column)s.", column=", ".join(sorted(unknown))))
    written = (
        (column, values.get(str(column.number), value))
        for column, value in zip(columns, row.values, strict=True)
    )
    return ";".join(quoted(value) if column.is_text else value for column, value in written)


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise RejectedError(
            say(
                "'%(sign)s' does not exist in the encoding of this file (%(encoding)s).",
                sign=text[error.start : error.end],
                encoding=encoding,
            )
        ) from error


def syntax_faults(values: Mapping[str, str]) -> list[DataFault]:
    """What a changed value breaks by itself, before the file is written with it."""
    return [
        DataFault(
            column(int(key)).name,
            value,
            say("Column %(number)s isn't as DATEV demands.", number=key),
        )
        for key, value in values.items()
        if not column(int(key)).accepts(value)
    ]


def difference(before: bytes, after: bytes) -> list[dict[str, str]]:
    """What a person has to see before a corrected file is accepted: [{"row", "field", "before", "after"}].

    Row 0 is the header. Rows are compared by their place; what one file has more is shown whole.
    """
    old, new = parser.parse(before), parser.parse(after)
    found = [
        {"row": "0", "field": names[0].name, "before": names[1], "after": value}
        for names, value in zip(zip(HEADER_FIELDS, old.header, strict=True), new.header, strict=True)
        if names[1] != value
    ]
    for at in range(max(len(old.rows), len(new.rows))):
        one, other = _values(old.rows, at), _values(new.rows, at)
        if one != other:
            found += _row_difference(at + 1, one, other)
    return found


def _values(rows: Sequence[parser.ParsedRow], at: int) -> Sequence[str]:
    return rows[at].values if at < len(rows) else ()


def _row_difference(number: int, old: Sequence[str], new: Sequence[str]) -> Iterable[dict[str, str]]:
    for at, known in enumerate(COLUMNS):
        before = old[at] if at < len(old) else ""
        after = new[at] if at < len(new) else ""
        if before != after:
            yield {"row": str(number), "field": known.name, "before": before, "after": after}
