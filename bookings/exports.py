"""The tables of a DATEV client as files that can be imported again."""

from __future__ import annotations

import csv
import io
from typing import Literal

import openpyxl

from bookings.imports import TABLES
from bookings.models import DatevClient

# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(client: DatevClient, table: str, form: Literal["csv", "xlsx"]) -> bytes:
    """All rows of one table: CSV as German spreadsheets read it, or XLSX. No value becomes a formula."""
    declared = TABLES[table]
    columns = [column.field for column in declared.columns]
    dataset = declared.resource(client).export()
    rows = [[str(row[name] or "") for name in columns] for row in dataset.dict]
    headings = [column.headings[0].title() for column in declared.columns]
    return _csv(headings, rows) if form == "csv" else _xlsx(headings, rows)


def _csv(headings: list[str], rows: list[list[str]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([f"'{value}" if value.startswith(FORMULA) else value for value in row] for row in rows)
    return written.getvalue().encode("utf-8-sig")


def _xlsx(headings: list[str], rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for number, row in enumerate([headings, *rows], start=1):
        for place, value in enumerate(row, start=1):
            cell = sheet.cell(number, place, value)
            # A text, whatever it begins with.
            cell.data_type = "s"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
