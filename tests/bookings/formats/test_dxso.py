"""DXSO files byte for byte, the rules that no schema holds, and DATEV's schema where it is at hand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from bookings.dxso import archive, ledger, names, rules, schema
from bookings.dxso.archive import Archive, Voucher
from bookings.entry import Direction, FiscalYear, Route, Side
from bookings.entry_reversal import reversed_entry
from bookings.validation import check_entry, labels
from connections.errors import ConfigurationError
from tests.bookings.formats.samples import (
    BOOKS,
    DATA,
    FIRST_GUID,
    SECOND_GUID,
    VAT_ID,
    purchase,
    sale,
)
from tests.bookings.formats.strategies import entries
from tests.bookings.formats.vendor_specs import spec_file

JANUARY = date(2025, 1, 1)
SHARED = {
    "document_date": date(2025, 1, 15),
    "document_field_1": "RE-2025/17",
    "due_date": date(2025, 2, 14),
    "delivery_date": date(2025, 1, 10),
}
PURCHASE = [
    purchase(
        document_field_2="140225",
        posting_text='Büromaterial "Größe L" & <mehr>',
        cost_center_1="100",
        cost_center_2="Projekt 1",
        cost_quantity=Decimal("2.5"),
        notes=(("Auftrag", "A-17"), ("Freigabe", "Erika Muster")),
        **SHARED,
    ),
    # Seen from the other side: the expense account comes first.
    purchase(
        amount=Decimal("107"),
        side=Side.DEBIT,
        account="3400",
        contra_account="70001",
        bu_key="",
        **SHARED,
    ),
]
CREDIT_NOTE = [
    purchase(
        amount=Decimal("59.50"),
        side=Side.DEBIT,
        document_date=date(2025, 1, 20),
        document_field_1="GS-2025/3",
        posting_text="Gutschrift",
    )
]
SALE = [
    sale(
        amount=Decimal("121.00"),
        contra_account="8200",
        bu_key="240",
        document_date=date(2025, 1, 14),
        document_field_1="AR-3",
        posting_text="Fernverkauf",
        eu_vat_id="NL",
        eu_tax_rate=Decimal("0.21"),
    )
]
CURRENCY = [
    purchase(
        amount=Decimal("102.80"),
        account="70002",
        contra_account="3200",
        bu_key="19",
        currency="GBP",
        exchange_rate=Decimal("0.83"),
        base_amount=Decimal("123.86"),
        document_date=date(2025, 1, 6),
        document_field_1="659832",
        eu_vat_id=VAT_ID,
        partner_city="Wien",
    )
]
INVOICES = {
    "purchase.xml": PURCHASE,
    "credit-note.xml": CREDIT_NOTE,
    "sale.xml": SALE,
    "currency.xml": CURRENCY,
}
ARCHIVE = Archive(
    consultant_number=29098,
    client_number=55003,
    direction=Direction.INCOMING,
    month=date(2025, 1, 20),
    folder="Eingangsrechnungen",
    created_at=datetime(2025, 2, 3, 9, 15, 0, 999, tzinfo=UTC),
    vouchers=(
        Voucher("B12-R1-0001.xml", ("Rechnung Büro.pdf", "Lieferschein.pdf"), FIRST_GUID),
        # Without an image DATEV ignores the GUID, so it isn't written.
        Voucher("B12-R1-0002.xml", (), SECOND_GUID),
    ),
    repository=("Buchführung", "Freigaben"),
)


@pytest.fixture
def schema_dir() -> str:
    return spec_file("datev-formats/xsd-v060")


@pytest.mark.parametrize(("name", "rows"), INVOICES.items(), ids=INVOICES)
def test_a_ledger_file_is_exactly_as_datev_wants_it(name, rows):
    written = ledger.render(rows, BOOKS, sender="Muster GmbH")
    assert written.decode() == (DATA / "dxso" / name).read_bytes().decode()


@pytest.mark.parametrize(("name", "rows"), INVOICES.items(), ids=INVOICES)
def test_what_stands_in_the_golden_files_passes_our_checks(name, rows):
    assert [check_entry(entry, BOOKS, route=Route.DXSO) for entry in rows] == [[]] * len(rows)
    assert rules.check_invoice(rows, BOOKS, month=JANUARY) == []


def test_document_xml_is_exactly_as_datev_wants_it():
    assert archive.render(ARCHIVE).decode() == (DATA / "dxso" / "document.xml").read_bytes().decode()
    assert rules.check_archive(ARCHIVE) == []


@pytest.mark.parametrize("name", [*INVOICES, "document.xml"])
def test_the_golden_files_are_valid_by_datevs_schema(schema_dir, name):
    assert schema.validate((DATA / "dxso" / name).read_bytes(), schema_dir) == []


def test_whatever_passes_our_rules_passes_datevs_schema(schema_dir):
    @settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
    @given(entries(Route.DXSO))
    def check(entry):
        faults = check_entry(entry, BOOKS, route=Route.DXSO)
        if not faults:
            assert rules.check_invoice([entry], BOOKS, month=entry.document_date) == []
            assert schema.validate(ledger.render([entry], BOOKS, sender=""), schema_dir) == []

    check()


def test_the_schema_finds_what_is_wrong(schema_dir):
    broken = (DATA / "dxso" / "sale.xml").read_bytes().replace(b"121.00", b"121.0")
    assert len(schema.validate(broken, schema_dir)) >= 2
    swapped = re.sub(
        rb"(<date>.*</date>)\s*(<amount>.*</amount>)", rb"\2\1", (DATA / "dxso/sale.xml").read_bytes()
    )
    assert schema.validate(swapped, schema_dir)


def test_a_folder_without_schema_files_is_a_matter_of_configuration(tmp_path):
    with pytest.raises(ConfigurationError) as missing:
        schema.validate((DATA / "dxso" / "sale.xml").read_bytes(), str(tmp_path))
    assert "DATEV_XSD_DIR" in missing.value.message.pattern


def test_a_reversal_becomes_a_credit_note_of_the_same_invoice():
    [entry] = SALE
    [reversal] = [reversed_entry(entry, BOOKS, route=Route.DXSO)]
    assert ledger.consolidated([reversal], BOOKS)["consolidatedAmount"] == "-121.00"
    assert check_entry(reversal, BOOKS, route=Route.DXSO) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"document_date": date(2025, 1, 16)}, labels.DOCUMENT_DATE),
        ({"document_field_1": "RE-2"}, labels.DOCUMENT_FIELD_1),
        ({"currency": "USD"}, labels.CURRENCY),
        ({"delivery_date": None}, labels.DELIVERY_DATE),
        ({"due_date": date(2025, 3, 1)}, labels.DUE_DATE),
        ({"contra_account": "70002"}, labels.CONTRA_ACCOUNT),
        ({"direction": Direction.OUTGOING}, labels.DIRECTION),
    ],
)
def test_rows_of_an_invoice_must_agree(change, field):
    rows = [PURCHASE[0], replace(PURCHASE[1], **change)]
    assert [fault.field for fault in rules.check_invoice(rows, BOOKS, month=JANUARY)] == [field]


def test_an_invoice_lies_in_the_month_of_its_job():
    [fault] = rules.check_invoice(SALE, BOOKS, month=date(2025, 2, 1))
    assert (fault.field, fault.value) == (labels.DOCUMENT_DATE, "14.01.2025")


def test_a_month_that_two_fiscal_years_share_cannot_be_fed():
    years = (
        FiscalYear(date(2024, 1, 15), date(2025, 1, 14)),
        FiscalYear(date(2025, 1, 15), date(2026, 1, 14)),
    )
    [fault] = rules.check_invoice(SALE, replace(BOOKS, fiscal_years=years), month=JANUARY)
    assert fault.field == labels.FISCAL_YEAR


def test_an_invoice_has_a_largest_total_and_number_of_rows():
    rows = [replace(PURCHASE[0], amount=Decimal("9999999999.99"))] * 2
    assert [fault.field for fault in rules.check_invoice(rows, BOOKS, month=JANUARY)] == [labels.AMOUNT]
    for count in (0, 5001):
        [fault] = rules.check_invoice(SALE * count, BOOKS, month=JANUARY)
        assert (fault.field, fault.value) == (labels.ROWS, str(count))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"folder": ""}, labels.LEDGER_FOLDER),
        ({"folder": "x" * 41}, labels.LEDGER_FOLDER),
        ({"repository": ("a", "b", "c", "d")}, labels.REPOSITORY),
        ({"repository": ("x" * 31,)}, labels.REPOSITORY),
        ({"vouchers": ()}, labels.ROWS),
        ({"vouchers": (Voucher("a.xml", ("a.XML",)),)}, labels.FILES),
        ({"vouchers": (Voucher("a.xml", ("Rechnung №1.pdf",)),)}, labels.FILES),
        ({"vouchers": (Voucher("a.xml", ("Bu\u0308ro.pdf",)),)}, labels.FILES),
        ({"vouchers": (Voucher("a.xml", ("document.xml",)),)}, labels.FILES),
        ({"vouchers": (Voucher("a.xml", tuple(f"{n}.pdf" for n in range(50))),)}, labels.FILES),
    ],
)
def test_each_rule_of_document_xml_is_checked(change, field):
    assert [fault.field for fault in rules.check_archive(replace(ARCHIVE, **change))] == [field]


def test_file_names_are_clean_and_differ():
    assert names.unique_names(["Rechnung №1.pdf", "Bu\u0308ro.pdf", "büro.PDF", "Büro.pdf"]) == [
        "Rechnung _1.pdf",
        "Büro.pdf",
        "büro-2.PDF",
        "Büro-3.pdf",
    ]
    assert names.unique_names(["a.pdf"], taken=["A.PDF"]) == ["a-2.pdf"]
    long = names.clean_file_name("x" * 300 + ".pdf")
    assert (len(long), long[-4:]) == (255, ".pdf")
    assert names.clean_file_name("") == "_"
    assert names.ledger_file_name(12, 1, 3) == "B12-R1-0003.xml"
