"""The first line of an EXTF file: 31 fields that DATEV checks at once, unlike the rows below.

Source: DATEV-Format, Header (read 2026-11); DATEV accounting:extf-files 3.0.1, error 1008834.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bookings.entry import Books, FiscalYear
from bookings.extf.text import clean

# "Erzeugt am" carries no zone; DATEV works in German time.
GERMANY = ZoneInfo("Europe/Berlin")
LABEL_LENGTH = 30
NOT_FOR_A_LABEL = re.compile(r"[^\w ./-]+")


@dataclass(frozen=True)
class HeaderField:
    number: int
    name: str
    is_text: bool
    # Of the value without quotes.
    pattern: str

    def accepts(self, value: str) -> bool:
        return bool(re.fullmatch(self.pattern, value))


DAY = r"20[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
HEADER_FIELDS = tuple(
    HeaderField(number, *field)
    for number, field in enumerate(
        (
            ("Kennzeichen", True, "EXTF"),
            ("Versionsnummer", False, "700"),
            ("Formatkategorie", False, "21"),
            ("Formatname", True, "Buchungsstapel"),
            ("Formatversion", False, "1[23]"),
            ("Erzeugt am", False, DAY + r"([01][0-9]|2[0-3])([0-5][0-9]){2}[0-9]{3}"),
            ("Importiert", False, ""),
            ("Herkunft", True, r"\w{0,2}"),
            ("Exportiert von", True, r"\w{0,25}"),
            ("Importiert von", True, r"\w{0,25}"),
            ("Beraternummer", False, "(?!1000$)[1-9][0-9]{3,6}"),
            ("Mandantennummer", False, "[1-9][0-9]{0,4}"),
            ("WJ-Beginn", False, DAY),
            ("Sachkontenlänge", False, "[4-8]"),
            ("Datum von", False, DAY),
            ("Datum bis", False, DAY),
            ("Bezeichnung", True, rf"[\w ./-]{{0,{LABEL_LENGTH}}}"),
            ("Diktatkürzel", True, "([A-Z]{2}){0,2}"),
            ("Buchungstyp", False, "[12]?"),
            ("Rechnungslegungszweck", False, "(0|30|40|50|64)?"),
            # Empty would count as 1: always written.
            ("Festschreibung", False, "[01]"),
            ("WKZ", True, "[A-Z]{3}"),
            ("Reserviert", False, ""),
            ("Derivatskennzeichen", True, ""),
            ("Reserviert", False, ""),
            ("Reserviert", False, ""),
            ("Sachkontenrahmen", True, "([0-9]{2}){0,2}"),
            ("Branchenlösung-Id", False, "[0-9]{0,4}"),
            ("Reserviert", False, ""),
            ("Reserviert", True, ""),
            ("Anwendungsinformation", True, r"[^\x00-\x1f]{0,16}"),
        ),
        start=1,
    )
)


@dataclass(frozen=True)
class Header:
    """What a batch says of itself. `created_at` is aware; `date_from` and `date_to` lie in one month."""

    consultant_number: int
    client_number: int
    fiscal_year_start: date
    account_length: int
    date_from: date
    date_to: date
    created_at: datetime
    label: str = ""
    dictation_code: str = ""
    # Festschreibung: can't be undone in DATEV.
    is_finalized: bool = False
    chart: str = ""
    currency: str = "EUR"
    exported_by: str = "ml_connector"
    application: str = "ml-connector"

    @classmethod
    def for_month(
        cls,
        books: Books,
        fiscal_year: FiscalYear,
        month: date,
        *,
        created_at: datetime,
        label: str = "",
        dictation_code: str = "",
        is_finalized: bool = False,
    ) -> Header:
        """The header of the batch of one posting month (`month` is any day of it) in one fiscal year."""
        last_day = calendar.monthrange(month.year, month.month)[1]
        return cls(
            consultant_number=books.consultant_number,
            client_number=books.client_number,
            fiscal_year_start=fiscal_year.start,
            account_length=books.account_length,
            date_from=max(month.replace(day=1), fiscal_year.start),
            date_to=min(month.replace(day=last_day), fiscal_year.end),
            created_at=created_at,
            label=clean_label(label),
            dictation_code=dictation_code,
            is_finalized=is_finalized,
            chart=books.chart,
            currency=books.base_currency,
        )

    def values(self) -> tuple[str, ...]:
        """The 31 values without quotes, in DATEV's order."""
        return (
            "EXTF",
            "700",
            "21",
            "Buchungsstapel",
            "13",
            created_text(self.created_at),
            "",
            "RE",
            self.exported_by,
            "",
            str(self.consultant_number),
            str(self.client_number),
            f"{self.fiscal_year_start:%Y%m%d}",
            str(self.account_length),
            f"{self.date_from:%Y%m%d}",
            f"{self.date_to:%Y%m%d}",
            self.label,
            self.dictation_code,
            "1",
            "0",
            "1" if self.is_finalized else "0",
            self.currency,
            *("", "", "", ""),
            self.chart,
            *("", "", ""),
            self.application,
        )

    def line(self) -> str:
        """The header record without its line end."""
        return ";".join(
            f'"{value}"' if field.is_text else value
            for field, value in zip(HEADER_FIELDS, self.values(), strict=True)
        )


def created_text(created_at: datetime) -> str:
    """Field 6, to the millisecond in German time; `created_at` is aware."""
    moment = created_at.astimezone(GERMANY)
    return f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 1000:03d}"


def clean_label(text: str) -> str:
    """`text` with only what field 17 (Bezeichnung) allows; it comes back as the label of DATEV's job."""
    words = NOT_FOR_A_LABEL.sub(" ", clean(text, 1000)).split()
    return clean(" ".join(words), LABEL_LENGTH).strip()
