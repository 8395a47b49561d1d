"""An EXTF Buchungsstapel or file of debtors read back strictly by our own column tables, to show it.

What breaks the file's frame (encoding, line ends, quotes, number of fields) is refused with a sentence; what
a single value breaks is listed in `ParsedFile.faults`, all of it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from bookings.extf.columns import COLUMNS, Column, Kind
from bookings.extf.header import HEADER_FIELDS, HeaderField
from bookings.extf.partner_columns import COLUMNS as PARTNER_COLUMNS
from bookings.extf.partners import PARTNER_HEADER_FIELDS
from connections.errors import RejectedError
from connections.messages import DataFault, Message, say

# Source: DATEV-Format, Zeichensatz (read 2026-11): the byte order mark decides, without one Windows-1252.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
FIELD = re.compile(r'(?:"(?:[^"]|"")*"|[^";]*)(?:;|$)')
QUOTED = re.compile(r'"(?:[^"]|"")*"')
BOOKINGS, PARTNERS = "21", "16"
# By category and version. Format version 12 lacks the last column of version 13.
COLUMNS_BY_FORMAT = {
    (BOOKINGS, "12"): COLUMNS[:-1],
    (BOOKINGS, "13"): COLUMNS,
    (PARTNERS, "5"): PARTNER_COLUMNS,
}
NAMES = {BOOKINGS: "Buchungsstapel 12, 13", PARTNERS: "Debitoren/Kreditoren 5"}
FIELDS_BY_CATEGORY = {BOOKINGS: HEADER_FIELDS, PARTNERS: PARTNER_HEADER_FIELDS}
# A number by DATEV's description, in quotes in DATEV's own sample of debtors.
ALSO_QUOTED = ("Sprache",)
FIRST_ROW_LINE = 3
FULL_DATE_LENGTH = 8


@dataclass(frozen=True)
class ParsedRow:
    """One booking or debtor as text, without quotes; `line` counts from 1 as an editor does."""

    line: int
    values: tuple[str, ...]
    columns: tuple[Column, ...] = COLUMNS

    def value(self, number: int) -> str:
        """The value of DATEV's column `number`."""
        return self.values[number - 1]

    def filled(self) -> list[tuple[Column, str]]:
        """The columns that are not empty."""
        return [(column, value) for column, value in zip(self.columns, self.values, strict=True) if value]


@dataclass(frozen=True)
class ParsedFile:
    encoding: str
    # The 31 values of the first line, without quotes.
    header: tuple[str, ...]
    rows: tuple[ParsedRow, ...]
    # Rows in the file; more than `rows` when only the first were asked for.
    row_count: int
    faults: tuple[DataFault, ...]

    @property
    def category(self) -> str:
        """ "21" for bookings, "16" for debtors and creditors."""
        return self.header[2]

    def header_filled(self) -> list[tuple[HeaderField, str]]:
        return [(field, value) for field, value in zip(HEADER_FIELDS, self.header, strict=True) if value]


def parse(
    content: bytes, *, max_rows: int | None = None, categories: Sequence[str] = (BOOKINGS,)
) -> ParsedFile:
    """The file's header and rows, the first `max_rows` of them if given.

    Raises RejectedError when it isn't a Buchungsstapel of version 12 or 13 in DATEV's form; with `categories`
    other files are read too.
    """
    text, encoding = _decode(content)
    lines = _lines(text)
    header = _split(lines[0], HEADER_FIELDS, 1)
    columns = COLUMNS_BY_FORMAT.get((header[2], header[4]))
    if header[0] not in ("EXTF", "DTVF") or header[2] not in categories or columns is None:
        raise _refused(
            say(
                "The first line isn't the header of a file that is read here: %(formats)s.",
                formats=", ".join(NAMES[category] for category in categories),
            )
        )
    if lines[1] != ";".join(column.name for column in columns):
        raise _refused(say("Line 2 doesn't hold DATEV's column headings."))
    asked_for = lines[FIRST_ROW_LINE - 1 :][:max_rows]
    rows = tuple(
        ParsedRow(number, _split(line, columns, number), columns)
        for number, line in enumerate(asked_for, start=FIRST_ROW_LINE)
    )
    return ParsedFile(
        encoding=encoding,
        header=header,
        rows=rows,
        row_count=len(lines) - FIRST_ROW_LINE + 1,
        faults=(*_header_faults(header), *_row_faults(rows, columns), *_date_faults(header, rows)),
    )


def read_row(line: str, columns: Sequence[Column], number: int) -> ParsedRow:
    """One line without its line end. Raises RejectedError if its fields or quotes are wrong."""
    return ParsedRow(number, _split(line, columns, number), tuple(columns))


def _decode(content: bytes) -> tuple[str, str]:
    mark, encoding = next(((m, e) for m, e in MARKS if content.startswith(m)), (b"", "cp1252"))
    try:
        return content[len(mark) :].decode(encoding), encoding
    except UnicodeDecodeError as error:
        raise _refused(
            say(
                "Byte %(position)s can't be read as %(encoding)s.",
                position=len(mark) + error.start + 1,
                encoding=encoding,
            )
        ) from error


def _lines(text: str) -> list[str]:
    lines = text.split("\r\n")
    if lines.pop():
        raise _refused(say("The last line doesn't end with CR LF."))
    for number, line in enumerate(lines, start=1):
        if "\n" in line or "\r" in line:
            raise _refused(say("Line %(line)s holds a line end that isn't CR LF.", line=number))
    if len(lines) < FIRST_ROW_LINE - 1:
        raise _refused(say("Header and column headings are missing."))
    return lines


def _split(line: str, fields: Sequence[Column | HeaderField], number: int) -> tuple[str, ...]:
    """The values of one line without quotes; text must be quoted, everything else must not."""
    parts = line.split(";")
    if len(parts) != len(fields):
        # A text may hold semicolons: then look at the quotes.
        parts = [match.group().removesuffix(";") for match in FIELD.finditer(f"{line};")][:-1]
        if len(parts) != len(fields) or ";".join(parts) != line:
            raise _refused(
                say(
                    "Line %(line)s has %(count)s fields instead of %(expected)s, or its quotes don't match.",
                    line=number,
                    count=len(parts),
                    expected=len(fields),
                )
            )
    # Most of the fields of a file are empty: they need no closer look.
    return tuple(
        [
            "" if part == '""' or not (part or field.is_text) else _bare(part, field, number)
            for part, field in zip(parts, fields, strict=True)
        ]
    )


def _bare(part: str, field: Column | HeaderField, line: int) -> str:
    if part == '""':
        # Also in columns without quotes: DATEV's own sample file writes empty numbers so now and then.
        return ""
    if not field.is_text and not (field.name in ALSO_QUOTED and QUOTED.fullmatch(part)):
        if '"' in part:
            raise _refused(say("Line %(line)s: %(name)s must not be in quotes.", line=line, name=field.name))
        return part
    if not QUOTED.fullmatch(part):
        raise _refused(say("Line %(line)s: %(name)s must be in quotes.", line=line, name=field.name))
    return part[1:-1].replace('""', '"')


def _header_faults(header: Sequence[str]) -> Iterator[DataFault]:
    for field, value in zip(FIELDS_BY_CATEGORY[header[2]], header, strict=True):
        if not field.accepts(value):
            yield DataFault(
                field.name, value, say("Header field %(number)s isn't as demanded.", number=field.number)
            )


def _row_faults(rows: Sequence[ParsedRow], columns: Sequence[Column]) -> Iterator[DataFault]:
    for row in rows:
        for column, value in zip(columns, row.values, strict=True):
            if (value or column.is_required) and not column.accepts(value):
                yield DataFault(
                    column.name,
                    value,
                    say(
                        "Line %(line)s, column %(number)s isn't as demanded.",
                        line=row.line,
                        number=column.number,
                    ),
                )


def _date_faults(header: Sequence[str], rows: Sequence[ParsedRow]) -> Iterator[DataFault]:
    """Days that don't exist, such as 29 February of most years, or that lie outside the batch's period."""
    first, last = _day(header[14], "%Y%m%d"), _day(header[15], "%Y%m%d")
    for row in rows:
        for column, value in row.filled():
            if column.kind is not Kind.DATE or not column.accepts(value):
                continue
            if column.length == FULL_DATE_LENGTH:
                is_right = _day(value, "%d%m%Y") is not None
            elif first is None or last is None:
                continue  # said with the header
            else:
                days = [_day(f"{value}{year}", "%d%m%Y") for year in {first.year, last.year}]
                is_right = any(day is not None and first <= day <= last for day in days)
            if not is_right:
                yield DataFault(
                    column.name,
                    value,
                    say("Line %(line)s: no such day in the period of the file.", line=row.line),
                )


@lru_cache(maxsize=2000)
def _day(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _refused(reason: Message) -> RejectedError:
    return RejectedError(say("This isn't an EXTF file as DATEV takes it: %(reason)s", reason=reason))
