"""Tables as people have them: CSV of any German or English program, or XLSX; read as rows of text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from connections.errors import RejectedError
from connections.messages import DataFault, say

MAX_BYTES = 20_000_000
MAX_ROWS = 100_000
# The marks of UTF-16, as Excel writes "Unicode text".
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = ";,\t"


@dataclass(frozen=True)
class Row:
    """One row: its number as the spreadsheet shows it, and its values by our field names."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """A field and the headings under which it is found, in lower case."""

    field: str
    headings: tuple[str, ...]
    is_required: bool = False


def read(filename: str, content: bytes, columns: Sequence[Column]) -> list[Row]:
    """The rows of the file that are not empty. Raises RejectedError if it can't be read as a table."""
    if len(content) > MAX_BYTES:
        raise RejectedError(say("The file is larger than 20 MB. Import it in parts."))
    is_workbook = content[:2] == b"PK"
    lines = _workbook(content) if is_workbook else _csv(content)
    numbered = enumerate(lines, start=1)
    for _, heading in numbered:
        if any(heading):
            fields = _fields(heading, columns)
            return list(_rows(numbered, fields))
    raise RejectedError(say("The file '%(name)s' is empty.", name=filename))


def _rows(lines: Iterable[tuple[int, list[str]]], fields: Mapping[int, str]) -> Iterator[Row]:
    for number, line in lines:
        if not any(line):
            continue
        if number > MAX_ROWS:
            raise RejectedError(
                say("The file has more than %(limit)s rows. Import it in parts.", limit=MAX_ROWS)
            )
        yield Row(number, {field: line[at] for at, field in fields.items() if at < len(line)})


def _fields(heading: Sequence[str], columns: Sequence[Column]) -> dict[int, str]:
    """Place -> field. Raises RejectedError naming every heading that is missing or there twice."""
    known = {name: column.field for column in columns for name in (column.field, *column.headings)}
    fields: dict[int, str] = {}
    faults: list[DataFault] = []
    for at, name in enumerate(heading):
        field = known.get(" ".join(name.lower().split()))
        if field is None:
            continue
        if field in fields.values():
            faults.append(DataFault(name, "", say("This column is there twice."), say("Remove one of them.")))
        fields[at] = field
    faults += [
        DataFault(
            column.headings[0].title(),
            "",
            say("This column is missing; it is also found as: %(names)s.", names=", ".join(column.headings)),
            say("Add the column, or correct its heading in the first row."),
        )
        for column in columns
        if column.is_required and column.field not in fields.values()
    ]
    if faults:
        raise RejectedError(say("The first row of the file must hold the headings."), faults=faults)
    return fields


def _csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            yield [value.strip() for value in line]
    except csv.Error as error:
        raise RejectedError(
            say("The file can't be read as CSV: a quote is not closed, or text follows it.")
        ) from error


def _decoded(content: bytes) -> str:
    encodings = ("utf-16",) if content.startswith(UTF16_MARKS) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise RejectedError(
        say("The file is neither CSV (UTF-8 or Windows-1252) nor XLSX. Save it as one of these.")
    )


def _workbook(content: bytes) -> Iterator[list[str]]:
    """The rows of the first sheet."""
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError) as error:
        raise RejectedError(say("The file can't be opened as XLSX. Save it anew, or as CSV.")) from error
    try:
        for line in book.worksheets[0].iter_rows(values_only=True):
            yield [_text(value) for value in line]
    finally:
        book.close()


def _text(value: Any) -> str:
    """A cell as a person reads it: 4400.0 is 4400."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
