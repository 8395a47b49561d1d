"""Rows of an EXTF Buchungsstapel as bookings, and what DATEV Rechnungswesen would say to them later.

The online job never looks at rows, so findings do not change its result; tests and people read them.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from mlconnector.sandbox.datev.columns import COLUMN_COUNT, PLAIN, SHOWN
from mlconnector.sandbox.datev.extf_file import ExtfFile, Field

LINK = re.compile(r'(BEDI|DDMS) "[0-9A-Fa-f-]{36}"(,"[0-9A-Fa-f-]{36}")*')
LINK_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# Column -> pattern of the unquoted value, for the columns that every booking has or that money hangs on.
PATTERNS = {
    1: r"(?!0+,00$)\d{1,10},\d{2}",
    2: r"[SH]",
    3: r"([A-Z]{3})?",
    4: r"(\d{1,5},\d{2,6})?",
    5: r"(\d{1,10},\d{2})?",
    6: r"([A-Z]{3})?",
    7: r"[1-9]\d{0,8}",
    8: r"[1-9]\d{0,8}",
    9: r"(\d{1,4})?",
    10: r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])",
    11: r"[A-Za-z0-9$&%*+\-/]{0,36}",
    12: r"[A-Za-z0-9$&%*+\-/]{0,12}",
    14: r"[^\x00-\x1f]{0,60}",
    37: r"[\w ]{0,36}",
    38: r"[\w ]{0,36}",
    40: r".{0,15}",
    114: r"[01]?",
    115: r"(\d{8})?",
    116: r"(\d{8})?",
    118: r"[01]?",
}
COMPILED = {number: re.compile(pattern) for number, pattern in PATTERNS.items()}


def bookings(file: ExtfFile) -> Iterator[dict[str, Any]]:
    """Each row as plain JSON values; amounts as text with a point ("119.00"), dates as ISO text."""
    for number, row in enumerate(file.values(), start=1):
        value = {column: row[column - 1] if column <= len(row) else "" for column in SHOWN}
        on = document_date(value[10], file)
        yield {
            "row": number,
            "amount": value[1].replace(",", "."),
            "side": value[2],
            "currency": value[3] or file.value(22),
            "rate": value[4].replace(",", "."),
            "base_amount": value[5].replace(",", "."),
            "base_currency": value[6],
            "account": value[7],
            "contra_account": value[8],
            "bu_key": value[9],
            "date": on.isoformat() if on else "",
            "document_field_1": value[11],
            "document_field_2": value[12],
            "text": value[14],
            "document_guids": [guid.lower() for guid in LINK_GUID.findall(value[20])],
            "cost_center_1": value[37],
            "cost_center_2": value[38],
            "vat_id": value[40],
            "is_finalized": value[114] == "1" or (value[114] == "" and file.value(21) != "0"),
            "is_reversal": value[118] == "1",
        }


def document_date(text: str, file: ExtfFile) -> date | None:
    """Belegdatum DDMM with the year that puts it into the batch period; None when no year does."""
    period = file.period()
    if not COMPILED[10].fullmatch(text) or not period:
        return None
    for year in {period[0].year, period[1].year}:
        try:
            on = date(year, int(text[2:]), int(text[:2]))
        except ValueError:
            continue
        if period[0] <= on <= period[1]:
            return on
    return None


def findings(file: ExtfFile, account_length: int | None, known_guids: set[str]) -> Iterator[str]:
    """What the tax office would stumble over when it imports the batch, one sentence each."""
    if not file.is_transactions:
        return
    if account_length is None:
        yield "Header: no fiscal year of the client begins on field 13."
    elif file.value(14) != str(account_length):
        yield f"Header: account length {file.value(14)}, the client has {account_length}."
    period = file.period()
    if period and period[0].year != period[1].year:
        yield "Header: the period spans two calendar years."
    if not file.text.endswith("\r\n"):
        yield "The last line does not end with CR LF."
    expected = COLUMN_COUNT.get(int(file.value(5)), 0)
    for number, row in enumerate(file.rows(), start=1):
        for finding in _row_findings(row, file, expected, known_guids):
            yield f"Row {number}: {finding}"


def _row_findings(row: list[Field], file: ExtfFile, expected: int, known_guids: set[str]) -> Iterator[str]:
    if len(row) != expected:
        yield f"{len(row)} columns instead of {expected}."
        return
    for column, (value, is_quoted) in enumerate(row, start=1):
        if is_quoted == (column in PLAIN):
            yield f"Column {column} is {'quoted' if is_quoted else 'not quoted'}."
        if column in COMPILED and not COMPILED[column].fullmatch(value):
            yield f"Column {column} ({SHOWN.get(column, '')}) holds {value!r}."
    if document_date(row[9][0], file) is None:
        yield f"Belegdatum {row[9][0]!r} is not within the batch period."
    yield from _account_findings(row, int(file.value(14)))
    link = row[19][0]
    if link and not LINK.fullmatch(link):
        yield f"Beleglink {link!r} cannot be read."
    for guid in LINK_GUID.findall(link):
        if guid.lower() not in known_guids:
            yield f"Beleglink points to {guid}, which is not in Belege online."


def _account_findings(row: list[Field], length: int) -> Iterator[str]:
    for column in (7, 8):
        account = row[column - 1][0]
        if len(account) > length + 1:
            yield f"Account {account} is longer than {length + 1} digits."
    if row[6][0] == row[7][0]:
        yield "Konto and Gegenkonto are the same."
