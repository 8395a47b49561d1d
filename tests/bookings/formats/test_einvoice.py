"""E-invoices: read from XML and PDF alike, refused when dangerous, compared to the last difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bookings.einvoice.comparing import Figures, compare
from bookings.einvoice.invoice import EInvoice, TaxGroup
from bookings.einvoice.reading import MAX_XML_BYTES, read
from connections.errors import RejectedError
from tests.bookings.formats.einvoices import cii, pdf_with, plain_pdf, ubl

NINETEEN = Decimal("0.19")
FIGURES = Figures(
    number="RE-1",
    document_date=date(2026, 7, 14),
    currency="EUR",
    gross_total=Decimal("119.00"),
    is_credit_note=False,
    tax_total=Decimal("19.00"),
    taxes={NINETEEN: (Decimal("100.00"), Decimal("19.00"))},
    seller_vat_id="DE123456704",
    buyer_vat_id="ATU12345675",
    due_date=date(2026, 8, 13),
)


def invoice(content: bytes) -> EInvoice:
    found = read(content)
    assert found is not None
    return found


@pytest.mark.parametrize("content", [cii(), ubl(), pdf_with(cii()), b"\xef\xbb\xbf" + cii()])
def test_every_form_gives_the_same_values(content: bytes) -> None:
    found = invoice(content)

    terms = {term: value for term, value in found.terms.items() if term != "BT-24"}
    assert terms == {
        "BT-1": "RE-1",
        "BT-2": date(2026, 7, 14),
        "BT-3": "380",
        "BT-5": "EUR",
        "BT-9": date(2026, 8, 13),
        "BT-27": "Muster Papier GmbH",
        "BT-31": "DE123456704",
        "BT-44": "Muster Werkzeugbau GmbH",
        "BT-48": "ATU12345675",
        "BT-72": date(2026, 7, 10),
        "BT-109": Decimal("100.00"),
        "BT-110": Decimal("19.00"),
        "BT-112": Decimal("119.00"),
        "BT-115": Decimal("119.00"),
    }
    assert found.taxes == (TaxGroup("S", NINETEEN, Decimal("100.00"), Decimal("19.00")),)
    assert EInvoice.from_json(found.to_json()) == found
    assert compare(found, FIGURES) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"<html><body/></html>",
        b"<broken",
        plain_pdf(),
        b"%PDF-1.4 no pdf at all",
        b"%PDF-" + cii(),
    ],
)
def test_what_is_no_e_invoice_is_left_alone(content: bytes) -> None:
    assert read(content) is None


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
<r>&b;&f;</r>"""


@pytest.mark.parametrize(
    "content",
    [LAUGHS, cii().replace(b"<rsm:Cross", b"<!DOCTYPE x><rsm:Cross", 1), cii() + b" " * MAX_XML_BYTES],
)
def test_entities_document_types_and_huge_files_are_refused(content: bytes) -> None:
    with pytest.raises(RejectedError):
        read(content)


@pytest.mark.parametrize("make", [cii, ubl])
@pytest.mark.parametrize(
    ("changes", "terms"),
    [
        ({"number": ""}, ["BT-1"]),
        ({"issued": "2026-02-30", "gross": "NaN"}, ["BT-2", "BT-112"]),
        ({"gross": "1e99"}, ["BT-112"]),
        ({"gross": "120.00"}, ["BT-112", "BT-115"]),
        ({"taxes": [("S", "19", "100.00", "18.99")]}, ["BT-110"]),
        ({"taxes": [("S", "viel", "100.00", "19.00")]}, ["BG-23"]),
    ],
)
def test_what_cannot_be_read_or_contradicts_itself_is_listed(
    make: Any, changes: Any, terms: list[str]
) -> None:
    with pytest.raises(RejectedError) as raised:
        read(make(**changes))
    assert [fault.value.split()[0] for fault in raised.value.faults] == terms


def test_a_total_in_a_second_currency_is_not_taken_for_the_tax() -> None:
    extra = b'<ram:TaxTotalAmount currencyID="USD">20.52</ram:TaxTotalAmount><ram:GrandTotalAmount>'
    assert invoice(cii().replace(b"<ram:GrandTotalAmount>", extra)).tax_total == Decimal("19.00")


@pytest.mark.parametrize(
    ("changes", "terms"),
    [
        ({"number": "RE-2"}, ["BT-1"]),
        ({"number": "RE/1"}, ["BT-1"]),
        ({"number": "RE 1"}, []),  # DATEV's field takes no blank
        ({"document_date": date(2026, 7, 15), "due_date": date(2026, 8, 1)}, ["BT-2", "BT-9"]),
        ({"currency": "USD"}, ["BT-5"]),
        ({"gross_total": Decimal("119.01"), "tax_total": Decimal("19.01")}, ["BT-112", "BT-110"]),
        ({"is_credit_note": True}, ["BT-3"]),
        ({"seller_vat_id": "DE 123 456 704"}, []),
        ({"seller_vat_id": "ATU12345675", "buyer_vat_id": "DE123456704"}, ["BT-31", "BT-48"]),
        ({"taxes": {Decimal("0.07"): (None, None)}}, ["BT-119", "BT-119"]),
        ({"taxes": {NINETEEN: (Decimal("99.99"), Decimal("19.01"))}}, ["BT-116", "BT-117"]),
        ({"taxes": {NINETEEN: (None, None)}}, []),
        (dict.fromkeys(vars(FIGURES)), []),
    ],
)
def test_every_difference_is_told(changes: dict[str, Any], terms: list[str]) -> None:
    faults = compare(invoice(cii()), replace(FIGURES, **changes))
    assert [fault.value.split()[0] for fault in faults] == terms


def test_a_credit_note_has_positive_amounts_or_negative_ones() -> None:
    figures = replace(FIGURES, is_credit_note=True)
    negative = {
        "net": "-100.00",
        "tax": "-19.00",
        "gross": "-119.00",
        "payable": "-119.00",
        "taxes": [("S", "19", "-100.00", "-19.00")],
    }
    for content in (cii(type_code="381"), ubl(type_code="381"), cii(**negative)):
        assert compare(invoice(content), figures) == []
