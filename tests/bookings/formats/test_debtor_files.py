"""Files of debtors (category 16): byte for byte, against DATEV's description and sample, and row checks."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bookings.debtor_details import DebtorDetails
from bookings.extf import parser
from bookings.extf.partner_columns import COLUMNS
from bookings.extf.partners import PartnerHeader, render, split_street, values_of
from bookings.validation import labels
from bookings.validation.debtors import check_details, check_file
from connections.errors import RejectedError
from tests.bookings.formats.samples import BOOKS, DATA
from tests.bookings.formats.vendor_specs import spec_file

HEADER = PartnerHeader.of(BOOKS, date(2025, 1, 1), datetime(2025, 2, 3, 9, 15, tzinfo=UTC))
COMPANY = DebtorDetails(
    name='Müller "Größe" Handels GmbH',
    street="Musterstraße 1",
    postal_code="12345",
    city="Musterstadt",
    country="DE",
    vat_id="DE123456704",
    phone="+49 30 123",
    email="buchhaltung@example.org",
    iban="DE40123456780000123456",
    bic="MUSTDEFFXXX",
    customer_number="K-1001",
    language="de",
    due_days=30,
)
PERSON = DebtorDetails(
    name="Muster",
    first_name="Erika",
    is_person=True,
    salutation="Frau",
    street="An der sehr langen und gewundenen Musterstraße 123 b",
    postal_code="A-1010",
    city="Beispielburg",
    country="AT",
)


def read(content: bytes) -> parser.ParsedFile:
    return parser.parse(content, categories=(parser.PARTNERS,))


def test_a_file_of_debtors_is_as_composed_by_hand() -> None:
    wanted = (DATA / "extf" / "debtors.csv").read_bytes()
    assert render(HEADER, [("10001", COMPANY), ("10002", PERSON)]) == wanted


def test_what_is_written_is_read_back() -> None:
    found = read(render(HEADER, [("10001", COMPANY), ("10002", PERSON)], encoding="cp1252"))

    assert found.category == "16"
    assert found.faults == ()
    assert [len(row.values) for row in found.rows] == [254, 254]
    assert {column.number: value for column, value in found.rows[0].filled()} == values_of("10001", COMPANY)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"EXTF";700;16;', b'"EXTF";700;17;'),
        (b'"Debitoren/Kreditoren";5;', b'"Debitoren/Kreditoren";4;'),
        (b"Konto;Name", b"Kontonummer;Name"),
        (b"\r\n10001;", b'\r\n"10001";'),
    ],
)
def test_a_file_that_is_not_of_this_form_is_refused(before: bytes, after: bytes) -> None:
    content = render(HEADER, [("10001", COMPANY)])
    assert before in content
    with pytest.raises(RejectedError):
        read(content.replace(before, after))


def test_the_columns_are_those_of_datevs_check_program() -> None:
    """By position, name, kind, length and decimals."""
    tree = ElementTree.parse(spec_file("datev-formats/format-xml/Format_Debitoren_Kreditoren.xml"))
    fields = sorted(tree.getroot().iter("Field"), key=lambda field: int(field.findtext("OrdinalNumber", "")))
    told = [
        (
            field.findtext("LabelAlias") or field.findtext("Label"),
            field.findtext("FormatType"),
            int(field.findtext("Length", "")),
        )
        for field in fields
    ]
    assert told == [(column.name, column.kind.value, column.length) for column in COLUMNS]


def test_datevs_own_sample_is_read() -> None:
    """Git has turned CR LF into LF in the sample, and its last row isn't DATEV's (see SOURCE.md)."""
    path = Path(spec_file("datev-formats/samples-extf/EXTF_DebKred_Stamm.csv"))
    lines = [line for line in path.read_bytes().splitlines() if line.count(b";") >= 30]
    content = b"\r\n".join(lines[:2] + [line for line in lines[2:] if line.count(b";") == 253]) + b"\r\n"

    found = read(content)

    assert found.category == "16" and len(found.rows) == 4
    assert found.faults == ()
    head = render(PartnerHeader.of(BOOKS, date(2024, 1, 1), HEADER.created_at), []).split(b"\r\n")
    assert head[1] == lines[1].decode("cp1252").encode()
    # Where DATEV's own header is empty, ours is, with the same quotes.
    empty = re.compile(r'^("")?$')
    theirs, ours = (
        line.decode("cp1252").split(";") for line in (lines[0], head[0].removeprefix(b"\xef\xbb\xbf"))
    )
    assert [i for i in range(14, 22) if not empty.match(ours[i]) or ours[i] != theirs[i]] == []


@pytest.mark.parametrize(
    ("street", "wanted"),
    [
        ("Musterstraße 1", ("Musterstraße 1", "")),
        (
            "An der sehr langen und gewundenen Musterstraße 123 b",
            ("An der sehr langen und gewundenen", "Musterstraße 123 b"),
        ),
        ("x" * 40, ("x" * 36, "x" * 4)),
    ],
)
def test_a_long_street_goes_on_in_the_second_line(street: str, wanted: tuple[str, str]) -> None:
    assert split_street(street, "") == wanted
    assert split_street(street, "Hinterhaus") == (street, "Hinterhaus")


@pytest.mark.parametrize(
    ("number", "change", "field"),
    [
        ("70001", {}, labels.DEBTOR_NUMBER),
        ("100001", {}, labels.DEBTOR_NUMBER),
        ("1000", {}, labels.DEBTOR_NUMBER),
        ("10001", {"name": " "}, labels.DEBTOR_NAME),
        ("10001", {"country": "Deutschland"}, labels.DEBTOR_COUNTRY),
        ("10001", {"vat_id": "DE123456789"}, labels.DEBTOR_VAT_ID),
        ("10001", {"iban": "DE40123456780000123457"}, labels.DEBTOR_IBAN),
        ("10001", {"bic": "MUST"}, labels.DEBTOR_BIC),
        ("10001", {"due_days": 1000}, labels.DEBTOR_DUE_DAYS),
        ("10001", {"customer_number": "6d81597f-c686-e711-80e5-00155db19e6d"}, labels.DEBTOR_CUSTOMER_NUMBER),
    ],
)
def test_what_datev_would_refuse_is_a_fault(number: str, change: dict[str, Any], field: str) -> None:
    assert check_details("10001", COMPANY, BOOKS) == []
    assert [fault.field for fault in check_details(number, replace(COMPANY, **change), BOOKS)] == [field]


def test_a_file_as_a_whole_is_checked_too() -> None:
    assert check_file(HEADER, [("10001", COMPANY)], BOOKS) == []
    assert [fault.field for fault in check_file(HEADER, [], BOOKS)] == [labels.ROWS]
    other = replace(HEADER, account_length=5)
    assert [fault.field for fault in check_file(other, [("10001", COMPANY)], BOOKS)] == [
        labels.ACCOUNT_LENGTH
    ]
    wrong = replace(HEADER, exported_by="ml-connector")
    assert [fault.field for fault in check_file(wrong, [("10001", COMPANY)], BOOKS)] == [labels.HEADER]
