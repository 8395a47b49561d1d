"""The 254 columns of a DATEV file of debtors and creditors (category 16), format version 5.

Source: DATEV-Format, Debitoren/Kreditoren (read 2026-11): names, positions, types and lengths as printed
there. The heading "Leerfeld" stands twelve times: columns are known by position.
"""

from __future__ import annotations

from collections.abc import Iterator

from bookings.extf.columns import FULL_DATE, Column, Kind, Row

T, A, N, D, K = Kind.TEXT, Kind.AMOUNT, Kind.NUMBER, Kind.DATE, Kind.ACCOUNT
COUNTRY = "[A-Z]{2}"
PERCENT = "[0-9]{1,2},[0-9]{1,2}"
EMPTY: Row = ("Leerfeld", T, 1, 0, "")


def _texts(*fields: tuple[str, int]) -> Iterator[Row]:
    for name, length in fields:
        yield name, T, length, 0, ""


def _numbers(*fields: tuple[str, int]) -> Iterator[Row]:
    for name, length in fields:
        yield name, N, length, 0, ""


def _percents(*names: str) -> Iterator[Row]:
    for name in names:
        yield name, N, 2, 2, PERCENT


def _dates(*names: str) -> Iterator[Row]:
    for name in names:
        yield name, D, 8, 0, FULL_DATE


def _names() -> Iterator[Row]:
    """Columns 1 to 14."""
    # Debtors and creditors have five digits or more, whatever the account length.
    yield "Konto", K, 9, 0, "(?!0+$)[0-9]{5,9}"
    yield from _texts(
        ("Name (Adressattyp Unternehmen)", 50),
        ("Unternehmensgegenstand", 50),
        ("Name (Adressattyp natürl. Person)", 30),
        ("Vorname (Adressattyp natürl. Person)", 30),
        ("Name (Adressattyp keine Angabe)", 50),
    )
    yield "Adressattyp", T, 1, 0, "[012]"
    yield "Kurzbezeichnung", T, 15, 0, ""
    yield "EU-Land", T, 2, 0, COUNTRY
    yield from _texts(
        ("EU-UStID", 13),
        ("Anrede", 30),
        ("Titel/Akad. Grad", 25),
        ("Adelstitel", 15),
        ("Namensvorsatz", 14),
    )


def _address() -> Iterator[Row]:
    """Columns 15 to 28."""
    yield from _texts(("Adressart", 3), ("Straße", 36), ("Postfach", 10), ("Postleitzahl", 10), ("Ort", 30))
    yield "Land", T, 2, 0, COUNTRY
    yield from _texts(
        ("Versandzusatz", 50),
        ("Adresszusatz", 36),
        ("Abweichende Anrede", 30),
        ("Abw. Zustellbezeichnung 1", 50),
        ("Abw. Zustellbezeichnung 2", 36),
    )
    yield from _numbers(("Kennz. Korrespondenzadresse", 1))
    yield from _dates("Adresse Gültig von", "Adresse Gültig bis")


def _contacts() -> Iterator[Row]:
    """Columns 29 to 40."""
    for name in ("Telefon", "Telefon GL", "E-Mail", "Internet", "Fax", "Sonstige"):
        yield from _texts((name, 60), (f"Bemerkung ({name})", 40))


def _bank(number: int) -> Iterator[Row]:
    """Eleven columns of one bank account."""
    yield from _texts(
        (f"Bankleitzahl {number}", 8),
        (f"Bankbezeichnung {number}", 30),
        (f"Bank-Kontonummer {number}", 10),
        (f"Länderkennzeichen {number}", 2),
        (f"IBAN-Nr. {number}", 34),
    )
    yield EMPTY
    yield from _texts(
        (f"SWIFT-Code {number}", 11),
        (f"Abw. Kontoinhaber {number}", 70),
        (f"Kennz. Hauptbankverb. {number}", 1),
    )
    yield from _dates(f"Bankverb {number} Gültig von", f"Bankverb {number} Gültig bis")


def _terms() -> Iterator[Row]:
    """Columns 96 to 136: correspondence, terms of payment, dunning."""
    yield EMPTY
    yield from _texts(
        ("Briefanrede", 100), ("Grußformel", 50), ("Kunden-/Lief.-Nr.", 15), ("Steuernummer", 20)
    )
    yield from _numbers(("Sprache", 2))
    yield from _texts(("Ansprechpartner", 40), ("Vertreter", 40), ("Sachbearbeiter", 40))
    yield from _numbers(("Diverse-Konto", 1), ("Ausgabeziel", 1))
    yield from _texts(("Währungssteuerung", 1))
    yield "Kreditlimit (Debitor)", A, 10, 0, "[0-9]{1,10}"
    yield from _numbers(("Zahlungsbedingung", 3), ("Fälligkeit in Tagen (Debitor)", 3))
    yield from _percents("Skonto in Prozent (Debitor)")
    yield from _numbers(("Kreditoren-Ziel 1 Tg.", 2))
    yield from _percents("Kreditoren-Skonto 1 %")
    yield from _numbers(("Kreditoren-Ziel 2 Tg.", 2))
    yield from _percents("Kreditoren-Skonto 2 %")
    yield from _numbers(("Kreditoren-Ziel 3 Brutto Tg.", 3), ("Kreditoren-Ziel 4 Tg.", 2))
    yield from _percents("Kreditoren-Skonto 4 %")
    yield from _numbers(("Kreditoren-Ziel 5 Tg.", 2))
    yield from _percents("Kreditoren-Skonto 5 %")
    yield from _numbers(
        ("Mahnung", 1),
        ("Kontoauszug", 1),
        ("Mahntext 1", 1),
        ("Mahntext 2", 1),
        ("Mahntext 3", 1),
        ("Kontoauszugstext", 1),
    )
    yield "Mahnlimit Betrag", A, 5, 2, "[0-9]{1,5},[0-9]{1,2}"
    yield from _percents("Mahnlimit %")
    yield from _numbers(("Zinsberechnung", 1))
    yield from _percents("Mahnzinssatz 1", "Mahnzinssatz 2", "Mahnzinssatz 3")
    yield from _texts(("Lastschrift", 1))
    yield EMPTY
    yield from _numbers(("Mandantenbank", 4))
    yield from _texts(("Zahlungsträger", 1))


def _billing_address() -> Iterator[Row]:
    """Columns 152 to 164."""
    of = "(Rechnungsadresse)"
    yield from _texts(
        (f"Abweichende Anrede {of}", 30),
        (f"Adressart {of}", 3),
        (f"Straße {of}", 36),
        (f"Postfach {of}", 10),
        (f"Postleitzahl {of}", 10),
        (f"Ort {of}", 30),
    )
    yield f"Land {of}", T, 2, 0, COUNTRY
    yield from _texts(
        (f"Versandzusatz {of}", 50),
        (f"Adresszusatz {of}", 36),
        (f"Abw. Zustellbezeichnung 1 {of}", 50),
        (f"Abw. Zustellbezeichnung 2 {of}", 36),
    )
    yield from _dates(f"Adresse Gültig von {of}", f"Adresse Gültig bis {of}")


def _rest() -> Iterator[Row]:
    """Columns 220 to 254."""
    yield from _texts(("Nummer Fremdsystem", 15))
    yield from _numbers(("Insolvent", 1))
    yield from _texts(*((f"SEPA-Mandatsreferenz {number}", 35) for number in range(1, 11)))
    yield "Verknüpftes OPOS-Konto", K, 9, 0, ""
    yield from _dates("Mahnsperre bis", "Lastschriftsperre bis", "Zahlungssperre bis")
    yield from _numbers(("Gebührenberechnung", 1))
    yield from _percents("Mahngebühr 1", "Mahngebühr 2", "Mahngebühr 3")
    yield from _numbers(("Pauschalenberechnung", 1))
    for number in range(1, 4):
        yield f"Verzugspauschale {number}", N, 3, 2, "[0-9]{1,3},[0-9]{1,2}"
    yield from _texts(("Alternativer Suchname", 50))
    yield from _numbers(("Status", 1))
    for kind in ("Korrespondenzadresse", "Rechnungsadresse"):
        yield from _numbers((f"Anschrift manuell geändert ({kind})", 1))
        yield from _texts((f"Anschrift individuell ({kind})", 306))
    yield from _numbers(("Fristberechnung bei Debitor", 1))
    yield from _numbers(("Mahnfrist 1", 3), ("Mahnfrist 2", 3), ("Mahnfrist 3", 3), ("Letzte Frist", 3))


def _columns() -> Iterator[Column]:
    rows = (
        *_names(),
        *_address(),
        *_contacts(),
        *(row for number in range(1, 6) for row in _bank(number)),
        *_terms(),
        *((f"Indiv. Feld {number}", T, 40, 0, "") for number in range(1, 16)),
        *_billing_address(),
        *(row for number in range(6, 11) for row in _bank(number)),
        *_rest(),
    )
    for number, (name, kind, length, decimals, pattern) in enumerate(rows, start=1):
        yield Column(number, name, kind, length, decimals, number == 1, pattern)


COLUMNS = tuple(_columns())
HEADINGS = ";".join(column.name for column in COLUMNS)
