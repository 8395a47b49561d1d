"""EXTF files byte for byte against files that were composed by hand from DATEV's description."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from bookings.entry import Entry, Route, Side
from bookings.entry_reversal import reversed_entry
from bookings.extf.columns import COLUMNS
from bookings.extf.parser import parse
from bookings.extf.writer import render
from bookings.validation import check_batch, check_entry
from tests.bookings.formats.samples import (
    BOOKS,
    DATA,
    FIRST_GUID,
    SECOND_GUID,
    VAT_ID,
    header,
    purchase,
    sale,
)

PURCHASES = [
    purchase(
        document_field_1="RE-2025/17",
        document_field_2="140225",
        posting_text='Büromaterial "Größe L"',
        documents=(FIRST_GUID,),
        cost_center_1="100",
        cost_center_2="Projekt 1",
        cost_quantity=Decimal("2.5"),
        due_date=date(2025, 2, 14),
    ),
    purchase(
        amount=Decimal("357"),
        account="70000",
        contra_account="3400",
        bu_key="",
        document_date=date(2025, 1, 31),
        document_field_1="ER234",
        posting_text="Wareneingang",
        documents=(FIRST_GUID, SECOND_GUID),
        notes=(("Auftrag", "A-17; Teil 2"), ("Freigabe", "Erika Muster")),
    ),
    purchase(
        amount=Decimal("59.5"),
        side=Side.DEBIT,
        document_date=date(2025, 1, 20),
        document_field_1="GS-2025/3",
        # Decomposed and with a line break: written in NFC and on one line.
        posting_text="Gutschrift\nBu\u0308romaterial",
    ),
    purchase(
        amount=Decimal("9999999999.99"),
        contra_account="4900",
        bu_key="",
        document_date=date(2025, 1, 1),
        document_field_1="",
    ),
]

TAXES = [
    purchase(
        amount=Decimal("1000.00"),
        account="70002",
        contra_account="3123",
        bu_key="",
        document_date=date(2025, 1, 10),
        document_field_1="AT-1",
        posting_text="EU-Leistung § 13b, Automatikkonto",
    ),
    purchase(
        amount=Decimal("1000.00"),
        account="70002",
        contra_account="4900",
        bu_key="94",
        document_date=date(2025, 1, 10),
        document_field_1="AT-2",
        posting_text="EU-Leistung § 13b mit Schlüssel",
    ),
    purchase(
        amount=Decimal("250.00"),
        account="70002",
        contra_account="3200",
        bu_key="19",
        document_date=date(2025, 1, 11),
        document_field_1="AT-3",
        posting_text="Innergemeinschaftlicher Erwerb",
        eu_vat_id=VAT_ID,
    ),
    sale(
        amount=Decimal("1000.00"),
        contra_account="8125",
        document_date=date(2025, 1, 12),
        document_field_1="AR-1",
        posting_text="Innergemeinschaftliche Lieferung",
        eu_vat_id=VAT_ID,
    ),
    sale(posting_text="Erlöse 19 %", delivery_date=date(2024, 12, 20), tax_period_date=date(2025, 1, 31)),
    sale(
        amount=Decimal("121.00"),
        contra_account="8200",
        bu_key="240",
        document_date=date(2025, 1, 14),
        document_field_1="AR-3",
        posting_text="Fernverkauf",
        eu_vat_id="NL",
        eu_tax_rate=Decimal("0.21"),
    ),
    sale(
        amount=Decimal("600.00"),
        account="8400",
        contra_account="8200",
        bu_key="40",
        document_date=date(2025, 1, 15),
        document_field_1="",
        posting_text="Umbuchung ohne Automatik",
    ),
]

CURRENCY = [
    purchase(
        amount=Decimal("102.80"),
        currency="GBP",
        exchange_rate=Decimal("0.83"),
        base_amount=Decimal("123.86"),
        contra_account="4900",
        bu_key="",
        document_date=date(2025, 1, 6),
        document_field_1="659832",
        posting_text="Beispiel Ltd.",
    ),
    purchase(
        amount=Decimal("124.00"),
        currency="CHF",
        exchange_rate=Decimal("1.240402"),
        base_amount=Decimal("99.97"),
        contra_account="4900",
        bu_key="",
        document_date=date(2025, 1, 27),
        document_field_1="CH-1",
    ),
]

ADVICE = purchase(
    amount=Decimal("100.00"),
    contra_account="4900",
    bu_key="506",
    document_date=date(2025, 1, 31),
    document_field_1="363",
    posting_text="Beratung",
)
PAPER = purchase(document_date=date(2025, 1, 31), document_field_1="364", posting_text="Papier")
WRONG_DEBTOR = sale(
    amount=Decimal("35.00"),
    document_date=date(2025, 1, 1),
    document_field_1="AR-2013",
    posting_text="falscher Debitor",
)
PAYMENT = sale(
    amount=Decimal("116.62"),
    account="1200",
    contra_account="10001",
    document_date=date(2025, 1, 3),
    document_field_1="AR-456/13",
    discount=Decimal("2.38"),
    posting_text="Zahlung mit 2% Skonto",
)
REVERSALS = [
    ADVICE,
    reversed_entry(ADVICE, BOOKS, route=Route.EXTF),
    reversed_entry(PAPER, BOOKS, route=Route.EXTF),
    reversed_entry(WRONG_DEBTOR, BOOKS, route=Route.EXTF),
    PAYMENT,
]

WINDOWS = [
    purchase(amount=Decimal("0.01"), posting_text="Müller & Söhne – Straße 5 €"),
    purchase(amount=Decimal("10.00"), document_field_1="RE-2", posting_text="Łódź 🖋 Tinte"),
]

FILES = [
    ("purchases.csv", PURCHASES, header(label="Eingangsrechnungen 01/2025"), "utf-8-sig"),
    ("taxes.csv", TAXES, header(label="Steuerfälle 01/2025"), "utf-8-sig"),
    ("currency.csv", CURRENCY, header(label="Fremdwährung 01/2025"), "utf-8-sig"),
    (
        "reversals.csv",
        REVERSALS,
        header(label="Korrekturen 01/2025", dictation_code="WD", is_finalized=True),
        "utf-8-sig",
    ),
    ("windows-1252.csv", WINDOWS, header(label="Jänner 2025"), "cp1252"),
]


@pytest.mark.parametrize(("name", "entries", "head", "encoding"), FILES, ids=[file[0] for file in FILES])
def test_the_file_is_exactly_as_datev_wants_it(name, entries, head, encoding):
    assert render(head, entries, encoding=encoding) == (DATA / "extf" / name).read_bytes()


@pytest.mark.parametrize(("name", "entries", "head", "encoding"), FILES, ids=[file[0] for file in FILES])
def test_what_stands_in_the_golden_files_passes_our_checks(name, entries, head, encoding):
    assert [check_entry(entry, BOOKS, route=Route.EXTF) for entry in entries] == [[]] * len(entries)
    assert check_batch(entries, head, BOOKS) == []
    parsed = parse((DATA / "extf" / name).read_bytes())
    assert parsed.faults == ()
    assert parsed.row_count == len(parsed.rows) == len(entries)


def test_the_column_table_has_datevs_shape():
    assert [column.number for column in COLUMNS] == list(range(1, 126))
    assert sum(column.is_text for column in COLUMNS) == 84
    assert [column.number for column in COLUMNS if column.is_required] == [1, 2, 7, 8, 10]


def test_the_writer_takes_no_encoding_that_datev_would_misread():
    with pytest.raises(ValueError, match="utf-8"):
        render(header(), [purchase()], encoding="utf-8")


def test_reversing_twice_gives_the_booking_back():
    for entry in (ADVICE, PAPER, WRONG_DEBTOR, PAYMENT):
        for route in Route:
            assert reversed_entry(reversed_entry(entry, BOOKS, route=route), BOOKS, route=route) == entry


def test_a_row_keeps_its_125_fields_whatever_stands_in_it():
    hostile = replace(PURCHASES[1], posting_text='";"H";;\r\n"', notes=((';"', '";"'),) * 8)
    row: Entry = hostile
    assert len(parse(render(header(), [row])).rows[0].values) == 125
