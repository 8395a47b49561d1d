"""File names and media types as DATEV wants them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.vendors.datev.filenames import (
    MAX_FILE_BYTES,
    NOT_ALLOWED,
    extension,
    file_faults,
    media_type_to_send,
    safe_filename,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RE-2026-0001.pdf", "RE-2026-0001.pdf"),
        ("Rechnung Müller & Söhne (Kopie).pdf", "Rechnung Müller & Söhne (Kopie).pdf"),
        ("RE 12/2026.pdf", "RE 12_2026.pdf"),
        ("Preis 5×3÷2.pdf", "Preis 5_3_2.pdf"),
        ('a"b<c>d|e?.pdf', "a_b_c_d_e_.pdf"),
        ("Łódź €.pdf", "_ód_ _.pdf"),
        ("zeile\r\nzwei.pdf", "zeile__zwei.pdf"),
        ("", "_"),
        ("   ", "_"),
    ],
)
def test_what_datev_would_replace_is_replaced_beforehand(name, expected):
    assert safe_filename(name) == expected


def test_decomposed_umlauts_become_single_characters():
    decomposed = unicodedata.normalize("NFD", "Übergröße.pdf")

    assert safe_filename(decomposed) == "Übergröße.pdf"


def test_a_long_name_keeps_its_extension():
    name = safe_filename("R" * 400 + ".PDF")

    assert len(name) == 255
    assert name.endswith("RRR.PDF")


@given(st.text(max_size=400))
def test_every_name_comes_out_allowed_and_stays_as_it_is(name):
    safe = safe_filename(name)

    assert 1 <= len(safe) <= 255
    assert not NOT_ALLOWED.search(safe)
    assert unicodedata.is_normalized("NFC", safe)
    assert safe_filename(safe) == safe


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.PDF", "pdf"), ("a.b.tiff", "tiff"), ("none", ""), (".pdf", ""), ("Nr. 5", ""), ("a.", "")],
)
def test_the_extension_is_read_in_lower_case(name, expected):
    assert extension(name) == expected


@pytest.mark.parametrize(
    ("name", "declared", "sent"),
    [
        ("a.pdf", "application/octet-stream", "application/pdf"),
        ("a.JPG", "image/jpg; name=a", "image/jpeg"),
        ("a.xml", "text/xml; charset=utf-8", "application/xml"),
        ("a.xyz", "Application/X-Own; q=1", "application/x-own"),
    ],
)
def test_the_media_type_that_is_sent_fits_the_extension(name, declared, sent):
    assert media_type_to_send(name, declared) == sent


def test_a_file_without_faults_may_be_sent():
    assert file_faults("a.pdf", 100, "application/pdf", allowed=(".PDF", "png")) == []


def test_all_faults_of_a_file_are_listed_at_once():
    faults = file_faults("beleg.docx", MAX_FILE_BYTES + 1, "application/pdf", allowed=("pdf", "tif"))

    rules = [str(fault.rule) for fault in faults]
    assert len(rules) == 3
    assert "pdf, tif" in rules[0]
    assert "docx" in rules[1]
    assert "20.1 MB" in rules[2]
    assert "20 MB" in rules[2]


@pytest.mark.parametrize("name", ["archiv.zip", "ohne-endung"])
def test_a_zip_or_a_name_without_extension_is_refused_whatever_the_client_allows(name):
    assert len(file_faults(name, 10, allowed=("zip", "pdf"))) == 1


def test_exactly_twenty_megabytes_are_fine_and_nothing_is_not():
    assert file_faults("a.pdf", MAX_FILE_BYTES) == []
    assert len(file_faults("a.pdf", 0)) == 1
