"""Dates: inside a fiscal year that is known and open, and written with a year that DATEV takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bookings.entry import Books, Entry
from bookings.validation import labels
from connections.messages import DataFault, say


def shown(day: date) -> str:
    return f"{day:%d.%m.}{day.year:04d}"


def check_dates(entry: Entry, books: Books) -> Iterator[DataFault]:
    yield from _check_document_date(entry.document_date, books)
    for label, day in (
        (labels.DELIVERY_DATE, entry.delivery_date),
        (labels.TAX_PERIOD_DATE, entry.tax_period_date),
        (labels.DUE_DATE, entry.due_date),
    ):
        if day is not None and not 2000 <= day.year <= 2099:
            yield DataFault(
                label,
                shown(day),
                say("DATEV takes years from 2000 to 2099."),
                say("Correct the year."),
            )


def _check_document_date(day: date, books: Books) -> Iterator[DataFault]:
    if not books.fiscal_years:
        yield DataFault(
            labels.DOCUMENT_DATE,
            shown(day),
            say("No fiscal year of this DATEV client is known."),
            say("Use 'Read from DATEV' at the DATEV client, or enter the fiscal years there."),
        )
        return
    year = books.fiscal_year(day)
    if year is None:
        yield DataFault(
            labels.DOCUMENT_DATE,
            shown(day),
            say(
                "The date lies in none of the client's fiscal years (%(years)s).",
                years=", ".join(f"{shown(y.start)} - {shown(y.end)}" for y in books.fiscal_years),
            ),
            say("Correct the date, or read the fiscal years from DATEV again."),
        )
    elif year.closed_until is not None and day <= year.closed_until:
        yield DataFault(
            labels.DOCUMENT_DATE,
            shown(day),
            say("The period up to %(day)s is closed.", day=shown(year.closed_until)),
            say("Book in an open period, or ask the tax adviser to open it again."),
        )


def check_tax_period(entry: Entry, books: Books) -> Iterator[DataFault]:
    """EXTF only: columns 115 and 116 both or none. Source: dtvf/formate/buchungsstapel."""
    if (entry.delivery_date is None) == (entry.tax_period_date is None):
        return
    if entry.tax_period_date is None and entry.delivery_date is not None:
        yield DataFault(
            labels.DELIVERY_DATE,
            shown(entry.delivery_date),
            say("DATEV takes the delivery date only together with the tax period."),
            say("Map the tax period as well (a date in the month of the VAT return), or leave both empty."),
        )
    elif entry.tax_period_date is not None:
        yield DataFault(
            labels.TAX_PERIOD_DATE,
            shown(entry.tax_period_date),
            say("DATEV takes the tax period only together with the delivery date."),
            say("Map the delivery date as well, or leave both empty."),
        )
