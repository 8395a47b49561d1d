"""Reading EXTF files back: DATEV's own sample, other encodings, and files that are broken."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from bookings.extf.columns import HEADINGS
from bookings.extf.parser import parse
from bookings.extf.writer import render
from connections.errors import RejectedError
from tests.bookings.formats.samples import header, purchase
from tests.bookings.formats.vendor_specs import spec_file

ENTRIES = [purchase(posting_text='Größe "L"; blau'), purchase(document_field_1="RE-2")]


@pytest.fixture
def text():
    return render(header(), ENTRIES).decode("utf-8-sig")


def test_datevs_sample_file_parses_by_our_column_table():
    raw = Path(spec_file("datev-formats/samples-extf/EXTF_Buchungsstapel.csv")).read_bytes()
    # Rows stand in lines 3 to 56; the stored copy has LF where DATEV ships CR LF.
    lines = raw.split(b"\n")[:56]
    parsed = parse(b"\r\n".join(lines) + b"\r\n")
    assert (parsed.encoding, parsed.row_count) == ("cp1252", 54)
    assert parsed.header[3:5] == ("Buchungsstapel", "13")
    # The two known deviations: an amount without decimals, and 0 as the account of an advance payment.
    deviations = {(fault.field, fault.value) for fault in parsed.faults}
    assert deviations == {("Umsatz (ohne Soll/Haben-Kz)", "64083"), ("Erlöskonto (Anzahlungen)", "0")}


def test_a_row_shows_its_filled_columns(text):
    parsed = parse(text.encode("utf-8-sig"))
    filled = {column.name: value for column, value in parsed.rows[0].filled()}
    assert filled == {
        "Umsatz (ohne Soll/Haben-Kz)": "119,00",
        "Soll/Haben-Kennzeichen": "H",
        "Konto": "70001",
        "Gegenkonto (ohne BU-Schlüssel)": "4930",
        "BU-Schlüssel": "9",
        "Belegdatum": "1501",
        "Belegfeld 1": "RE-1",
        "Buchungstext": 'Größe "L"; blau',
        "Festschreibung": "0",
    }
    assert {field.name: value for field, value in parsed.header_filled()}["Beraternummer"] == "29098"


def test_only_the_first_rows_are_read_when_asked(text):
    parsed = parse(text.encode("utf-8-sig"), max_rows=1)
    assert (len(parsed.rows), parsed.row_count) == (1, 2)


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "cp1252"),
    ],
)
def test_the_byte_order_mark_decides_the_encoding(text, mark, codec):
    parsed = parse(mark + text.encode(codec))
    assert parsed.encoding == codec
    assert parsed.rows[0].value(14) == 'Größe "L"; blau'


def test_utf_8_without_a_mark_is_read_as_datev_would_and_looks_wrong():
    without_mark = render(header(), [purchase(posting_text="Müller")]).removeprefix(codecs.BOM_UTF8)
    with pytest.raises(RejectedError, match="headings"):
        parse(without_mark)  # "Gegenkonto (ohne BU-SchlÃ¼ssel)" is no heading of DATEV's


def test_version_12_lacks_the_last_column(text):
    lines = text.split("\r\n")
    older = [lines[0].replace(';"Buchungsstapel";13;', ';"Buchungsstapel";12;')]
    older += [line.rpartition(";")[0] for line in lines[1:-1]]
    parsed = parse(("\r\n".join(older) + "\r\n").encode("utf-8-sig"))
    assert [len(row.values) for row in parsed.rows] == [124, 124]
    assert parsed.faults == ()


BREAKS = [
    ("the last line end", lambda text: text.removesuffix("\r\n")),
    ("a line end", lambda text: text.replace("\r\n", "\n")),
    ("a lone line feed", lambda text: text.replace("blau", "bl\nau")),
    ("a field too many", lambda text: text.replace(";4930;", ";4930;;")),
    ("a field too few", lambda text: text.replace(";4930;", ";")),
    ("an unquoted text", lambda text: text.replace('"RE-2"', "RE-2")),
    ("a quoted number", lambda text: text.replace("119,00", '"119,00"')),
    ("a single inner quote", lambda text: text.replace('""L""', '"L"')),
    ("an open quote", lambda text: text.replace('"RE-2"', '"RE-2')),
    ("another category", lambda text: text.replace(";700;21;", ";700;16;")),
    ("another version", lambda text: text.replace(';"Buchungsstapel";13;', ';"Buchungsstapel";9;')),
    ("another heading", lambda text: text.replace("Belegdatum", "Datum")),
    ("headings only", lambda text: HEADINGS + "\r\n"),
    ("nothing", lambda text: ""),
]


@pytest.mark.parametrize("change", [b[1] for b in BREAKS], ids=[b[0] for b in BREAKS])
def test_a_broken_frame_is_refused_with_a_sentence(text, change):
    assert change(text) != text
    with pytest.raises(RejectedError) as refusal:
        parse(change(text).encode("utf-8-sig"))
    assert refusal.value.message.values["reason"]


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(RejectedError):
        parse(codecs.BOM_UTF8 + b"\xff\xfe")
    with pytest.raises(RejectedError):
        parse(b"EXTF\x81")


def test_every_faulty_value_is_listed(text):
    bad = text.replace("119,00", "119,0").replace(";1501;", ";3201;").replace('"RE-2"', '"RE 2"')
    bad = bad.replace(";29098;", ";999;")
    faults = parse(bad.encode("utf-8-sig")).faults
    assert [(fault.field, fault.value) for fault in faults] == [
        ("Beraternummer", "999"),
        ("Umsatz (ohne Soll/Haben-Kz)", "119,0"),
        ("Belegdatum", "3201"),
        ("Umsatz (ohne Soll/Haben-Kz)", "119,0"),
        ("Belegdatum", "3201"),
        ("Belegfeld 1", "RE 2"),
    ]


@pytest.mark.parametrize(
    ("day", "first", "last", "is_right"),
    [
        ("2902", "20250201", "20250228", False),
        ("2902", "20240201", "20240229", True),
        ("0102", "20250101", "20250131", False),
        ("3112", "20241201", "20250131", True),
    ],
)
def test_a_document_date_is_a_day_of_the_period(text, day, first, last, is_right):
    changed = text.replace(";1501;", f";{day};").replace(";20250101;20250131;", f";{first};{last};")
    faults = parse(changed.encode("utf-8-sig")).faults
    assert [(fault.field, fault.value) for fault in faults] == ([] if is_right else [("Belegdatum", day)] * 2)


def test_a_full_date_exists(text):
    # Column 117 of the first row.
    changed = text.replace(';0;;;;"";', ';0;;;31022025;"";', 1)
    assert changed != text
    assert [fault.value for fault in parse(changed.encode("utf-8-sig")).faults] == ["31022025"]
