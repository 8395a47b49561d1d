"""Whatever comes, a booking becomes a valid row that reads back equal, or a list of faults; no exception."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from bookings.dxso import ledger, rules
from bookings.entry import Entry, Route, Side
from bookings.entry_reversal import reversed_entry
from bookings.extf.header import Header
from bookings.extf.parser import parse
from bookings.extf.text import clean
from bookings.extf.writer import render
from bookings.validation import check_batch, check_entry
from bookings.validation.texts import clean_document_field
from connections.messages import faults_from_json, faults_to_json
from tests.bookings.formats.samples import BOOKS, YEAR_2025, header
from tests.bookings.formats.strategies import any_text, entries, sensible

calm = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])


def decimal(text: str) -> Decimal | None:
    return Decimal(text.replace(",", ".")) if text else None


def day(text: str):
    return datetime.strptime(text, "%d%m%Y").date() if text else None  # noqa: DTZ007 - a date alone


def read_back(row) -> dict:
    """The row's values as an entry's, read by position and nothing else."""
    rate = decimal(row.value(41))
    return {
        "amount": decimal(row.value(1)),
        "side": Side(row.value(2)),
        "currency": row.value(3) or "EUR",
        "exchange_rate": decimal(row.value(4)),
        "base_amount": decimal(row.value(5)),
        "account": row.value(7),
        "contra_account": row.value(8),
        "bu_key": row.value(9),
        "document_date": day(row.value(10) + "2025"),
        "document_field_1": row.value(11),
        "document_field_2": row.value(12),
        "discount": decimal(row.value(13)),
        "posting_text": row.value(14),
        "documents": row.value(20),
        "notes": tuple(
            (row.value(n), row.value(n + 1)) for n in range(21, 36, 2) if row.value(n) or row.value(n + 1)
        ),
        "cost_center_1": row.value(37),
        "cost_center_2": row.value(38),
        "cost_quantity": decimal(row.value(39)),
        "eu_vat_id": row.value(40),
        "eu_tax_rate": None if rate is None else rate / 100,
        "delivery_date": day(row.value(115)),
        "tax_period_date": day(row.value(116)),
        "due_date": day(row.value(117)),
        "is_reversal": row.value(118) == "1",
    }


def expected(entry: Entry) -> dict:
    return {
        **{name: getattr(entry, name) for name in read_back(NOTHING)},
        "posting_text": clean(entry.posting_text, 60),
        "documents": "BEDI " + ",".join(f'"{str(guid).upper()}"' for guid in entry.documents)
        if entry.documents
        else "",
        "notes": tuple((clean(kind, 20), clean(content, 210)) for kind, content in entry.notes),
    }


class NOTHING:
    """A row in which nothing stands."""

    @staticmethod
    def value(number: int) -> str:
        return {2: "S", 10: "0101"}.get(number, "")


def month_header(entry: Entry):
    return Header.for_month(BOOKS, YEAR_2025, entry.document_date, created_at=header().created_at)


@calm
@given(entries(Route.EXTF))
def test_an_extf_row_reads_back_equal_or_its_faults_are_listed(entry):
    faults = check_entry(entry, BOOKS, route=Route.EXTF)
    if faults:
        assert faults_from_json(faults_to_json(faults)) == faults
        assert all(str(fault) for fault in faults)
        return
    head = month_header(entry)
    assert check_batch([entry], head, BOOKS) == []
    parsed = parse(render(head, [entry]))
    assert parsed.faults == ()
    assert read_back(parsed.rows[0]) == expected(entry)
    # Windows-1252 may substitute, but never changes a key or the frame.
    windows = parse(render(head, [entry], encoding="cp1252"))
    assert windows.faults == ()
    keys = set(read_back(NOTHING)) - {"posting_text", "notes"}
    in_windows = read_back(windows.rows[0])
    assert {name: in_windows[name] for name in keys} == {name: expected(entry)[name] for name in keys}


@calm
@given(entries(Route.DXSO))
def test_a_dxso_row_reads_back_equal_or_its_faults_are_listed(entry):
    faults = check_entry(entry, BOOKS, route=Route.DXSO)
    faults += rules.check_invoice([entry], BOOKS, month=entry.document_date)
    if faults:
        assert all(str(fault) for fault in faults)
        return
    root = etree.fromstring(ledger.render([entry], BOOKS, sender="Muster GmbH"))
    [row] = root[0]
    texts = {etree.QName(element).localname: element.text for element in row}
    assert abs(Decimal(texts["amount"])) == entry.amount
    assert {texts["bpAccountNo"], texts["accountNo"]} == {entry.account, entry.contra_account}
    assert texts["date"] == entry.document_date.isoformat()
    assert texts["invoiceId"] == root[0].get("consolidatedInvoiceId") == entry.document_field_1
    assert texts.get("bookingText", "") == clean(entry.posting_text, 60)
    assert root[0].get("consolidatedAmount") == texts["amount"]


@pytest.mark.parametrize("route", Route)
def test_a_reversal_of_a_correct_booking_is_correct(route):
    @calm
    @given(sensible(route).map(lambda values: Entry(**values)))
    def check(entry):
        assert check_entry(entry, BOOKS, route=route) == []
        assert check_entry(reversed_entry(entry, BOOKS, route=route), BOOKS, route=route) == []

    check()


@calm
@given(any_text, st.integers(0, 70))
def test_a_cleaned_text_is_printable_nfc_and_short_enough(text, length):
    cleaned = clean(text, length)
    assert len(cleaned) <= length
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in cleaned)
    assert clean(cleaned, length) == cleaned
    whole = clean(text, 1000)
    assert whole.startswith(cleaned)
    rest = whole[len(cleaned) :]
    assert not (cleaned and rest and unicodedata.combining(rest[0]))


@calm
@given(any_text)
def test_a_proposed_document_number_is_always_valid(text):
    proposal = clean_document_field(text)
    assert clean_document_field(proposal) == proposal
    assert len(proposal) <= 36


def test_a_cut_never_parts_a_character_from_its_marks():
    assert clean("x" * 59 + "e\u0323\u0302", 60) == "x" * 59 + "ệ"
    # No precomposed form exists for this one, so the base goes with its mark.
    assert clean("x" * 59 + "q\u0323", 60) == "x" * 59
    assert clean("x" * 59 + "👩\u200d🔧", 60) == "x" * 59


def test_line_breaks_become_blanks_and_other_controls_vanish():
    assert clean("Zeile 1\r\nZeile 2\tEnde\x00\x7f", 60) == "Zeile 1 Zeile 2 Ende"
