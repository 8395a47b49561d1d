"""Columns of the Buchungsstapel as far as the simulator reads or shows them.

Source: DATEV-Format, Buchungsstapel 13, column names as printed (read 2026-11).
"""

COLUMN_COUNT = {9: 120, 10: 121, 11: 122, 12: 124, 13: 125}
# Columns that a person wants to see, by position (from 1).
SHOWN = {
    1: "Umsatz (ohne Soll/Haben-Kz)",
    2: "Soll/Haben-Kennzeichen",
    3: "WKZ Umsatz",
    4: "Kurs",
    5: "Basis-Umsatz",
    6: "WKZ Basis-Umsatz",
    7: "Konto",
    8: "Gegenkonto (ohne BU-Schlüssel)",
    9: "BU-Schlüssel",
    10: "Belegdatum",
    11: "Belegfeld 1",
    12: "Belegfeld 2",
    14: "Buchungstext",
    20: "Beleglink",
    37: "KOST1 - Kostenstelle",
    38: "KOST2 - Kostenstelle",
    40: "EU-Land u. UStID (Bestimmung)",
    114: "Festschreibung",
    116: "Datum Zuord. Steuerperiode",
    118: "Generalumkehr (GU)",
}
# Unquoted number, date and account columns; every other column is text and stands in quotes.
PLAIN = frozenset(
    {1, 4, 5, 7, 8, 10, 13, 15, 17, 18, 19, 39, 41, 43, 44, 45, 46, 47, 88, 89, 90, 92, 93, 94, 97, 99}
    | {100, 101, 104, 106, 108, 111, 113, 114, 115, 116, 117, 119, 122, 124, 125}
)
# Names of the 31 header fields.
HEADER = (
    "Kennzeichen",
    "Versionsnummer",
    "Formatkategorie",
    "Formatname",
    "Formatversion",
    "Erzeugt am",
    "Importiert",
    "Herkunft",
    "Exportiert von",
    "Importiert von",
    "Beraternummer",
    "Mandantennummer",
    "WJ-Beginn",
    "Sachkontenlänge",
    "Datum von",
    "Datum bis",
    "Bezeichnung",
    "Diktatkürzel",
    "Buchungstyp",
    "Rechnungslegungszweck",
    "Festschreibung",
    "WKZ",
    "Reserviert",
    "Derivatskennzeichen",
    "Reserviert",
    "Reserviert",
    "Sachkontenrahmen",
    "Branchenlösung-Id",
    "Reserviert",
    "Reserviert",
    "Anwendungsinformation",
)
