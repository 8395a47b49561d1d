"""What a whole batch must keep, its limits, its header and its names."""

from __future__ import annotations

import csv
import io
import re
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice, repeat

import pytest

from bookings.entry import FiscalYear
from bookings.extf import names
from bookings.extf.header import HEADER_FIELDS, Header, clean_label
from bookings.extf.writer import MAX_BYTES, MAX_ROWS, render, row_writer, write
from bookings.validation import check_batch, check_header, labels
from tests.bookings.formats.samples import BOOKS, FIRST_GUID, YEAR_2025, header, purchase

FULL = purchase(
    posting_text="Büromaterial für die Verwaltung",
    cost_center_1="100",
    documents=(FIRST_GUID,),
    due_date=date(2025, 2, 14),
)


def broken(entries, head, **options):
    return [(fault.field, fault.value) for fault in check_batch(entries, head, BOOKS, **options)]


def test_a_correct_batch_has_no_fault():
    assert broken([purchase()], header(), size_bytes=MAX_BYTES) == []


def test_a_batch_needs_a_booking():
    assert broken([], header()) == [(labels.ROWS, "0")]


def test_99999_bookings_fit_into_a_file_and_one_more_does_not():
    assert broken([FULL] * MAX_ROWS, header()) == []
    assert broken([FULL] * (MAX_ROWS + 1), header()) == [(labels.ROWS, "100000")]


def test_99999_bookings_stay_under_50_megabytes():
    assert sum(map(len, write(header(), repeat(FULL, MAX_ROWS)))) < MAX_BYTES


def test_a_larger_file_is_refused():
    assert broken([purchase()], header(), size_bytes=MAX_BYTES + 1) == [(labels.FILE_SIZE, "52428801")]


def test_a_booking_of_another_month_is_named_with_its_row():
    other = purchase(document_date=date(2025, 2, 1), document_field_1="RE-2")
    [fault] = check_batch([purchase(), other], header(), BOOKS)
    assert (fault.field, fault.value) == (labels.DOCUMENT_DATE, "01.02.2025")
    assert fault.rule.values == {"row": "2", "document": "RE-2"}


def test_a_batch_covers_one_month_of_one_fiscal_year():
    assert broken([purchase()], replace(header(), date_to=date(2025, 2, 28))) == [
        (labels.PERIOD, "01.01.2025 - 28.02.2025")
    ]
    assert broken([purchase()], replace(header(), fiscal_year_start=date(2024, 1, 1))) == [
        (labels.FISCAL_YEAR, "01.01.2024")
    ]
    assert broken([], replace(header(), date_from=date(2025, 1, 31), date_to=date(2025, 1, 1))) == [
        (labels.ROWS, "0"),
        (labels.PERIOD, "31.01.2025 - 01.01.2025"),
    ]


def test_a_fiscal_year_that_begins_within_a_month_cuts_the_period():
    year = FiscalYear(date(2025, 4, 15), date(2026, 4, 14))
    head = Header.for_month(BOOKS, year, date(2025, 4, 20), created_at=datetime(2025, 5, 1, tzinfo=UTC))
    assert (head.date_from, head.date_to) == (date(2025, 4, 15), date(2025, 4, 30))
    head = Header.for_month(BOOKS, year, date(2026, 4, 1), created_at=datetime(2026, 5, 1, tzinfo=UTC))
    assert (head.date_from, head.date_to) == (date(2026, 4, 1), date(2026, 4, 14))


def test_a_batch_of_another_client_or_account_length_is_refused():
    head = replace(header(), consultant_number=29099, client_number=1, account_length=5)
    assert broken([purchase()], head) == [
        (labels.CONSULTANT_NUMBER, "29099"),
        (labels.CLIENT_NUMBER, "1"),
        (labels.ACCOUNT_LENGTH, "5"),
    ]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"exported_by": "ml-connector"}, 9),
        ({"consultant_number": 1000}, 11),
        ({"client_number": 100_000}, 12),
        ({"account_length": 9}, 14),
        ({"label": "Zu lang für die Bezeichnung 123"}, 17),
        ({"label": "Rechnungen, Januar"}, 17),
        ({"dictation_code": "wd"}, 18),
        ({"currency": "euro"}, 22),
        ({"chart": "3"}, 27),
        ({"application": "x" * 17}, 31),
    ],
)
def test_each_field_of_the_header_is_checked(change, number):
    [fault] = check_header(replace(header(), **change))
    assert fault.rule.values["number"] == str(number)


def test_the_header_has_31_fields_and_german_time():
    assert len(HEADER_FIELDS) == len(header().values()) == 31
    summer = header(created_at=datetime(2025, 6, 30, 22, 0, 0, 123_999, tzinfo=UTC))
    assert summer.values()[5] == "20250701000000123"


def test_a_label_keeps_only_what_datev_allows():
    assert clean_label("Rechnungen, Jänner 2025 (Köln)") == "Rechnungen Jänner 2025 Köln"
    assert check_header(replace(header(), label=clean_label("€" * 50 + "x" * 50))) == []


@pytest.mark.parametrize("key", ["", "muster-1", "Köln/Büro 7", "x" * 99])
def test_names_are_functions_of_batch_and_revision(key):
    first, again = names.file_name(12, 1, key), names.file_name(12, 1, key)
    assert first == again
    assert re.fullmatch(r"EXTF_[A-Za-z0-9_-]{0,51}\.csv", first)
    others = {names.file_name(12, 2, key), names.file_name(1, 21, key), names.file_name(121, 1, key)}
    assert first not in others and len(others) == 3
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,254}", names.reference_id(12, 1, key))
    assert names.reference_id(12, 1, key) in first


def test_names_stay_short_for_the_largest_numbers():
    assert len(names.file_name(2**63 - 1, 32767, "x" * 99)) <= 60


def test_names_of_two_installations_never_meet():
    keys = ["muster", "Muster", "Köln", "Kuln", "x" * 30 + "1", "x" * 30 + "2", ""]
    assert len({names.file_name(1, 1, key) for key in keys}) == len(keys)


def test_the_writer_streams_and_needs_little_memory():
    tracemalloc.start()
    try:
        size = sum(map(len, write(header(), repeat(FULL, 20_000))))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 5_000_000
    assert peak < 3_000_000


def test_pieces_are_the_file():
    entries = [FULL] * 1_001
    pieces = list(write(header(), iter(entries)))
    assert b"".join(pieces) == render(header(), entries)
    assert len(pieces) == 5


def test_writing_costs_at_most_four_times_a_bare_csv_writer():
    """The same 125-column rows; the best of several short runs, so that a busy machine doesn't decide."""
    entries = [replace(FULL, document_field_1=f"RE-{number}") for number in range(2_000)]
    lines = islice(csv.reader(map(row_writer(is_finalized=False), entries), delimiter=";"), 2_000)
    rows = list(lines)

    def bare() -> None:
        csv.writer(io.StringIO(), delimiter=";").writerows(rows)

    def ours() -> None:
        for _ in write(header(), entries):
            continue

    def seconds(run) -> float:
        start = time.process_time()
        run()
        return time.process_time() - start

    ratio = min(seconds(ours) for _ in range(7)) / min(seconds(bare) for _ in range(7))
    assert ratio <= 4, f"{ratio:.1f} times"


def test_the_sample_year_is_the_books_year():
    assert BOOKS.fiscal_year(date(2025, 1, 31)) == YEAR_2025
