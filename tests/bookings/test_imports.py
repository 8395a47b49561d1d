"""Tables from CSV and XLSX: as people have them, all rows or none."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from bookings import imports, services
from bookings.models import DatevClient, TaxKey
from connections.errors import RejectedError
from connections.models import AuditEntry, Connection


@pytest.fixture
def client(db: None) -> DatevClient:
    connection = Connection.objects.create(name="DATEV Muster", vendor="datev")
    return DatevClient.objects.create(
        name="Muster GmbH", connection=connection, consultant_number=455148, client_number=1
    )


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


GERMAN = "Konto;Bezeichnung;Automatikkonto\r\n4930;Bürobedarf;nein\r\n8400;Erlöse 19 %;ja\r\n"
ENGLISH = 'Account,Name,Automatic account\n4930,"Bürobedarf",no\n8400,Erlöse 19 %,x\n'


@pytest.mark.parametrize(
    "content",
    [
        GERMAN.encode("utf-8"),
        GERMAN.encode("utf-8-sig"),
        GERMAN.encode("cp1252"),
        GERMAN.replace(";", "\t").encode("utf-16"),
        ENGLISH.encode("utf-8"),
        workbook(
            ("Konto", "Bezeichnung", "Automatikkonto"),
            (4930.0, "Bürobedarf", False),
            ("8400", "Erlöse 19 %", 1),
        ),
    ],
)
def test_accounts_come_from_every_kind_of_file(client: DatevClient, content: bytes) -> None:
    report = imports.apply(client, "accounts", "Konten.csv", content, by=None)

    assert (report.rows, report.new) == (2, 2)
    assert list(client.accounts.values_list("number", "name", "is_automatic")) == [
        ("4930", "Bürobedarf", False),
        ("8400", "Erlöse 19 %", True),
    ]


def test_a_preview_stores_nothing(client: DatevClient) -> None:
    report = imports.preview(client, "accounts", "Konten.csv", GERMAN.encode())

    assert (report.new, report.faults) == (2, [])
    assert not client.accounts.exists()


def test_rows_are_matched_by_number_and_kept_with_their_history(client: DatevClient) -> None:
    imports.apply(client, "accounts", "Konten.csv", GERMAN.encode())

    report = imports.apply(
        client, "accounts", "Konten.csv", b"Konto;Bezeichnung\n04930;Papier\n8400;Erl\xf6se 19 %\n"
    )

    assert (report.new, report.updated, report.unchanged) == (0, 1, 1)
    account = client.accounts.get(number="4930")
    assert account.name == "Papier"
    assert [past.name for past in account.history.all()] == ["Papier", "Bürobedarf"]
    assert client.accounts.get(number="8400").is_automatic
    assert AuditEntry.objects.filter(action="table.imported").count() == 2


def test_the_books_know_what_was_imported(client: DatevClient) -> None:
    assert "4930" not in services.books(client).accounts

    imports.apply(client, "accounts", "Konten.csv", GERMAN.encode())

    assert "4930" in services.books(client).accounts


def test_a_file_with_bad_rows_imports_none_and_lists_them_all(client: DatevClient) -> None:
    rows = ("4930;gut;", "abc;schlecht;", ";leer;", "8400;gut;vielleicht", "4930;doppelt;")
    content = "\n".join(("Konto;Bezeichnung;Automatikkonto", *rows))

    with pytest.raises(RejectedError) as raised:
        imports.apply(client, "accounts", "Konten.csv", content.encode())

    report = imports.preview(client, "accounts", "Konten.csv", content.encode())
    assert [fault.row for fault in report.faults] == [3, 4, 5, 6]
    assert len(raised.value.faults) == 4
    assert "5" in str(raised.value.faults[2])
    assert not client.accounts.exists()


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02", b"Nummer ohne Namen\n1\n", b"PK\x03\x04broken", b'Konto\n"offen\n']
)
def test_an_unreadable_file_is_refused_with_a_reason(client: DatevClient, content: bytes) -> None:
    with pytest.raises(RejectedError):
        imports.preview(client, "accounts", "Konten.csv", content)


def test_a_missing_column_is_named(client: DatevClient) -> None:
    with pytest.raises(RejectedError) as raised:
        imports.preview(client, "partners", "p.csv", b"Konto;Ort\n70001;Musterstadt\n")

    assert [fault.field for fault in raised.value.faults] == ["Name"]


def test_partners_and_cost_centers(client: DatevClient) -> None:
    imports.apply(
        client,
        "partners",
        "Kreditoren.xlsx",
        workbook(
            ("Konto", "Name", "Ort", "USt-IdNr."), (70001, "Muster Papier", "Musterstadt", "DE123456789")
        ),
    )
    imports.apply(client, "cost_centers", "KOST.csv", b"Kostenstelle;Bezeichnung\n0100;B\xfcro\n")

    assert client.partners.get().vat_id == "DE123456789"
    # A cost center is a name, not a number: its zeros count.
    assert client.cost_centers.get().number == "0100"


@pytest.mark.parametrize(("text", "rate"), [("19", "0.19"), ("19 %", "0.19"), ("0,07", "0.07"), ("", None)])
def test_tax_keys_wait_for_their_confirmation(client: DatevClient, text: str, rate: str | None) -> None:
    content = f"BU-Schlüssel;Bedeutung;Steuersatz;Richtung\n9;Vorsteuer;{text};Vorsteuer\n".encode()
    imports.apply(client, "tax_keys", "BU.csv", content)

    key = client.tax_keys.get()

    assert key.rate == (Decimal(rate) if rate else None)
    assert (key.direction, key.is_confirmed) == ("purchase", False)


def test_a_changed_tax_key_has_to_be_confirmed_again(client: DatevClient) -> None:
    services.load_starter(client, "03")
    client.tax_keys.update(is_confirmed=True)

    imports.apply(client, "tax_keys", "BU.csv", b"BU;Bedeutung;Satz\n9;Vorsteuer 16 %;16\n")

    assert not client.tax_keys.get(bu_key="9").is_confirmed
    assert client.tax_keys.get(bu_key="8").is_confirmed


def test_value_tables_are_read_with_all_their_faults() -> None:
    rows = imports.read_values("t.csv", "Quelle;Anzeige;Ziel\n1201;Büro;100\n1202;;200\n".encode())
    assert [(row.source, row.label, row.target) for row in rows] == [
        ("1201", "Büro", "100"),
        ("1202", "", "200"),
    ]

    with pytest.raises(RejectedError) as raised:
        imports.read_values("t.csv", b"Quelle;Ziel\na;\n;b\na;c\n")
    assert len(raised.value.faults) == 3


@pytest.mark.parametrize(("chart", "creditors"), [("03", "1600"), ("04", "3300")])
def test_starter_tables_are_added_without_touching_what_is_there(
    client: DatevClient, chart: str, creditors: str
) -> None:
    client.accounts.create(number=creditors, name="unser Name")

    services.load_starter(client, chart)
    again = services.load_starter(client, chart)

    assert (again.accounts, again.tax_keys) == (0, 0)
    assert client.accounts.get(number=creditors).name == "unser Name"
    assert client.accounts.filter(is_automatic=True).exists()
    assert not TaxKey.objects.filter(is_confirmed=True).exists()


def test_there_are_no_starter_tables_for_other_charts(client: DatevClient) -> None:
    with pytest.raises(RejectedError):
        services.load_starter(client, "07")
