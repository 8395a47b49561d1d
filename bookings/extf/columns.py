"""The 125 columns of a DATEV Buchungsstapel, format version 13.

Source: DATEV-Format, Buchungsstapel (read 2026-11): names, positions, types and lengths as printed there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

DAY_AND_MONTH = r"(0[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])"
FULL_DATE = DAY_AND_MONTH + r"20[0-9]{2}"
PRINTABLE = r"[^\x00-\x1f]"
# The open-item key. Source: dtvf/formate/buchungsstapel, column 11, and the type of the XML interface.
DOCUMENT_FIELD = r"[A-Za-z0-9$&%*+\-/]"


class Kind(StrEnum):
    """How a value is written: text in quotes, everything else bare."""

    TEXT = "Text"
    AMOUNT = "Betrag"
    NUMBER = "Zahl"
    DATE = "Datum"
    ACCOUNT = "Konto"


@dataclass(frozen=True)
class Column:
    number: int
    name: str
    kind: Kind
    length: int
    decimals: int = 0
    is_required: bool = False
    # Of the value without quotes; "" = what the kind says.
    pattern: str = ""

    @cached_property
    def is_text(self) -> bool:
        return self.kind is Kind.TEXT

    @property
    def blank(self) -> str:
        """An empty value as it stands in the file."""
        return '""' if self.is_text else ""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern or _usual_pattern(self.kind, self.length, self.decimals))

    def accepts(self, value: str) -> bool:
        """Whether `value`, without its quotes, may stand here."""
        return bool(self.regex.fullmatch(value)) if value else not self.is_required


def _usual_pattern(kind: Kind, length: int, decimals: int) -> str:
    match kind:
        case Kind.TEXT:
            return f"{PRINTABLE}{{0,{length}}}"
        case Kind.AMOUNT:
            return rf"(?!0+,00$)[0-9]{{1,{length}}},[0-9]{{2}}"
        case Kind.ACCOUNT:
            return rf"(?!0+$)[0-9]{{1,{length}}}"
        case Kind.DATE:
            return DAY_AND_MONTH if length == 4 else FULL_DATE
        case Kind.NUMBER:
            return rf"[0-9]{{1,{length}}}" + (rf",[0-9]{{{decimals}}}" if decimals else "")


T, A, N, D, K = Kind.TEXT, Kind.AMOUNT, Kind.NUMBER, Kind.DATE, Kind.ACCOUNT
# name, kind, length, decimals, pattern
Row = tuple[str, Kind, int, int, str]

REQUIRED = (1, 2, 7, 8, 10)

BEFORE_DOCUMENT_INFO: tuple[Row, ...] = (
    ("Umsatz (ohne Soll/Haben-Kz)", A, 10, 2, ""),
    ("Soll/Haben-Kennzeichen", T, 1, 0, "[SH]"),
    ("WKZ Umsatz", T, 3, 0, "[A-Z]{3}"),
    # The official sample writes 0,830000, so a leading zero is fine.
    ("Kurs", N, 5, 6, r"(?!0+,0+$)[0-9]{1,5},[0-9]{2,6}"),
    ("Basis-Umsatz", A, 10, 2, ""),
    ("WKZ Basis-Umsatz", T, 3, 0, "[A-Z]{3}"),
    ("Konto", K, 9, 0, ""),
    ("Gegenkonto (ohne BU-Schlüssel)", K, 9, 0, ""),
    ("BU-Schlüssel", T, 4, 0, "[0-9]{1,4}"),
    ("Belegdatum", D, 4, 0, ""),
    ("Belegfeld 1", T, 36, 0, DOCUMENT_FIELD + "{0,36}"),
    ("Belegfeld 2", T, 12, 0, DOCUMENT_FIELD + "{0,12}"),
    ("Skonto", A, 8, 2, ""),
    ("Buchungstext", T, 60, 0, ""),
    ("Postensperre", N, 1, 0, "[01]"),
    ("Diverse Adressnummer", T, 9, 0, r"\w{0,9}"),
    ("Geschäftspartnerbank", N, 3, 0, ""),
    ("Sachverhalt", N, 2, 0, ""),
    ("Zinssperre", N, 1, 0, "[01]"),
    ("Beleglink", T, 210, 0, ""),
)
BETWEEN: tuple[Row, ...] = (
    ("KOST1 - Kostenstelle", T, 36, 0, r"[\w ]{0,36}"),
    ("KOST2 - Kostenstelle", T, 36, 0, r"[\w ]{0,36}"),
    ("Kost-Menge", N, 12, 4, r"[0-9]{1,12}(,[0-9]{1,4})?"),
    ("EU-Land u. UStID (Bestimmung)", T, 15, 0, ""),
    ("EU-Steuersatz (Bestimmung)", N, 2, 2, ""),
    ("Abw. Versteuerungsart", T, 1, 0, "[IKPS]"),
    ("Sachverhalt L+L", N, 3, 0, ""),
    ("Funktionsergänzung L+L", N, 3, 0, ""),
    ("BU 49 Hauptfunktionstyp", N, 1, 0, ""),
    ("BU 49 Hauptfunktionsnummer", N, 2, 0, ""),
    ("BU 49 Funktionsergänzung", N, 3, 0, ""),
)
AFTER_EXTRA_INFO: tuple[Row, ...] = (
    ("Stück", N, 8, 0, ""),
    ("Gewicht", N, 8, 2, ""),
    ("Zahlweise", N, 2, 0, ""),
    ("Forderungsart", T, 10, 0, r"\w{0,10}"),
    ("Veranlagungsjahr", N, 4, 0, "20[0-9]{2}"),
    ("Zugeordnete Fälligkeit", D, 8, 0, ""),
    ("Skontotyp", N, 1, 0, ""),
    ("Auftragsnummer", T, 30, 0, ""),
    ("Buchungstyp", T, 2, 0, "[A-Z]{2}"),
    ("USt-Schlüssel (Anzahlungen)", N, 4, 0, ""),
    ("EU-Land (Anzahlungen)", T, 2, 0, "[A-Z]{2}"),
    ("Sachverhalt L+L (Anzahlungen)", N, 3, 0, ""),
    ("EU-Steuersatz (Anzahlungen)", N, 2, 2, ""),
    ("Erlöskonto (Anzahlungen)", K, 8, 0, "[0-9]{4,8}"),
    ("Herkunft-Kz", T, 2, 0, "[A-Z]{2}"),
    ("Buchungs GUID", T, 36, 0, ""),
    ("KOST-Datum", D, 8, 0, ""),
    ("SEPA-Mandatsreferenz", T, 35, 0, ""),
    ("Skontosperre", N, 1, 0, "[01]"),
    ("Gesellschaftername", T, 76, 0, ""),
    ("Beteiligtennummer", N, 4, 0, "[0-9]{4}"),
    ("Identifikationsnummer", T, 11, 0, ""),
    ("Zeichnernummer", T, 20, 0, ""),
    ("Postensperre bis", D, 8, 0, ""),
    ("Bezeichnung SoBil-Sachverhalt", T, 30, 0, ""),
    ("Kennzeichen SoBil-Buchung", N, 2, 0, ""),
    ("Festschreibung", N, 1, 0, "[01]"),
    ("Leistungsdatum", D, 8, 0, ""),
    ("Datum Zuord. Steuerperiode", D, 8, 0, ""),
    ("Fälligkeit", D, 8, 0, ""),
    ("Generalumkehr (GU)", T, 1, 0, "[01]"),
    ("Steuersatz", N, 2, 2, ""),
    ("Land", T, 2, 0, "[A-Z]{2}"),
    ("Abrechnungsreferenz", T, 50, 0, ""),
    ("BVV-Position", N, 1, 0, "[1-5]"),
    ("EU-Land u. UStID (Ursprung)", T, 15, 0, ""),
    ("EU-Steuersatz (Ursprung)", N, 2, 2, ""),
    # The one column that format version 12 lacks.
    ("Abw. Skontokonto", K, 8, 0, ""),
)


def _pairs(kind_name: str, content_name: str, count: int) -> Iterator[Row]:
    for number in range(1, count + 1):
        yield f"{kind_name} {number}", T, 20, 0, ""
        yield f"{content_name} {number}", T, 210, 0, ""


def _columns() -> Iterator[Column]:
    rows = (
        *BEFORE_DOCUMENT_INFO,
        *_pairs("Beleginfo - Art", "Beleginfo - Inhalt", 8),
        *BETWEEN,
        # The missing blank is DATEV's.
        *_pairs("Zusatzinformation - Art", "Zusatzinformation- Inhalt", 20),
        *AFTER_EXTRA_INFO,
    )
    for number, (name, kind, length, decimals, pattern) in enumerate(rows, start=1):
        yield Column(number, name, kind, length, decimals, number in REQUIRED, pattern)


COLUMNS = tuple(_columns())
HEADINGS = ";".join(column.name for column in COLUMNS)


def column(number: int) -> Column:
    """The column at DATEV's position `number`, 1 to 125."""
    return COLUMNS[number - 1]


def blanks(first: int, last: int) -> str:
    """The columns `first` to `last`, all empty, as they stand in the file."""
    return ";".join(column(number).blank for number in range(first, last + 1))
