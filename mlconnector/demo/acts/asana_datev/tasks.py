"""The invoices of the demonstration, and what must become of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bookings.validation import labels
from pairs.models import RecordState

# Months before the present one. The demonstration moves with the calendar: two months are booked, the one
# before them is closed.
CLOSED, EARLIER, LATER = 3, 2, 1

TOOLS, GARDEN, SALES = (
    "Eingangsrechnungen Werkzeugbau",
    "Eingangsrechnungen Gärtnerei",
    "Ausgangsrechnungen Gärtnerei",
)
FULL, REDUCED = "19 % Vorsteuer", "7 % Vorsteuer"
ACQUISITION, REVERSE_CHARGE = "EU-Erwerb 19 %", "§ 13b 19 %"
UNCONFIRMED, SALES_TAX = "§ 13b 7 %", "19 % Umsatzsteuer"
ATTACHMENT = "Attachment"
AUSTRIAN = "ATU12345675"


@dataclass(frozen=True)
class Invoice:
    """One task. `state` is what its record must come to, `faults` the fields that must be at fault."""

    project: str
    number: str
    text: str
    partner: str
    amount: str | None
    account: str
    month: int
    day: int
    tax: str = ""
    files: int = 1
    file_ending: str = "pdf"
    status: str = "approved"
    state: str = RecordState.DONE
    faults: tuple[str, ...] = ()
    # Approved by a person while the product runs: a webhook tells of it.
    is_approved_later: bool = False
    # A new amount, entered after the booking.
    changed_amount: str = ""
    cost_center: str = ""
    is_credit_note: bool = False
    currency: str = ""
    rate: str = ""
    vat_id: str = ""
    due_after_days: int | None = None

    @property
    def is_booked(self) -> bool:
        return self.state in (RecordState.DONE, RecordState.CHANGED)

    @property
    def is_refused(self) -> bool:
        return self.state == RecordState.REFUSED

    def on(self, today: date) -> date:
        """The date of the invoice, counted back from `today`."""
        return month_before(today, self.month).replace(day=self.day)

    def due_on(self, today: date) -> date | None:
        return None if self.due_after_days is None else self.on(today) + timedelta(days=self.due_after_days)

    def values(self, today: date) -> dict[str, Any]:
        """What a person has entered in Asana, by the names of the fields."""
        return {
            "Bruttobetrag": Decimal(self.amount) if self.amount else None,
            "Sachkonto": self.account,
            "Geschäftspartner": self.partner,
            "Steuerfall": self.tax,
            "Rechnungsnummer": self.number,
            "Rechnungsdatum": self.on(today),
            "Fällig am": self.due_on(today),
            "Kostenstelle": self.cost_center,
            "Belegart": "Gutschrift" if self.is_credit_note else "Rechnung",
            "Währung": self.currency,
            "Kurs": Decimal(self.rate) if self.rate else None,
            "USt-IdNr.": self.vat_id,
        }


def month_before(today: date, months: int) -> date:
    """The first day of the month so many months before that of `today`."""
    count = today.year * 12 + today.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def _tools(number: int, *fields: Any, **more: Any) -> Invoice:
    return Invoice(TOOLS, f"WB-{number}", *fields, **more)


def _garden(number: int, *fields: Any, **more: Any) -> Invoice:
    return Invoice(GARDEN, f"GB-{number}", *fields, **more)


def _sale(number: int, *fields: Any, **more: Any) -> Invoice:
    return Invoice(SALES, f"AR-{number}", *fields, **more)


def _parked(invoice: Invoice, *faults: str, **changes: Any) -> Invoice:
    """An approved invoice with mistakes in it, which nobody may book."""
    return replace(invoice, state=RecordState.REFUSED, faults=faults, **changes)


def _undecided(invoice: Invoice, status: str = "pending") -> Invoice:
    return replace(invoice, status=status, state=RecordState.DORMANT)


PAPER, STEEL, POWER = "Müller & Söhne Bürobedarf", "Beispiel Stahlhandel GmbH", "Musterwerke Energie"
VIENNA, BUILDER, ZURICH = "Wiener Musterteile GmbH", "Beispielbau Montage", "Musteruhren Zürich AG"
CARS, INN, BOOKS, OVERSEAS = (
    "Autohaus Müßig-Muster",
    "Gasthof Zur Grünen Aue",
    "Buchhandlung Schöngeist",
    "Example Tools Inc.",
)
SEEDS, SOIL, INSURER = "Samen-Beispiel KG", "Erdenwerk Muster & Co.", "Muster Versicherung a. G."
BULBS, SIGNS = "Salzburger Musterzwiebeln", "Werbetechnik Größe"
HOTEL, TOWN, CAFE, FARM = (
    "Hotel Beispielhof",
    "Gemeinde Musterstadt",
    "Café Blütenzauber",
    "Musterhof Graz",
)

# Each booking travels in a file of its own.
OF_TOOLS = (
    _tools(1001, "Büromaterial für Frühjahr", PAPER, "119.00", "4930", EARLIER, 3, FULL, cost_center="Büro"),
    _tools(1002, "Fachzeitschriften", BOOKS, "53.50", "4940", EARLIER, 5, REDUCED, cost_center="Büro"),
    _tools(1003, "Stahlträger mit Lieferschein", STEEL, "5950.00", "3400", EARLIER, 6, files=2),
    _tools(1004, "Fräsköpfe aus Wien", VIENNA, "2400.00", "3200", EARLIER, 9, ACQUISITION, vat_id=AUSTRIAN),
    _tools(1005, "Montage durch Nachunternehmer", BUILDER, "3000.00", "4780", EARLIER, 12, REVERSE_CHARGE),
    _tools(1006, "Gutschrift Büromaterial", PAPER, "23.80", "4930", EARLIER, 17, FULL, is_credit_note=True),
    _tools(1007, "Messuhren", ZURICH, "1080.00", "4980", EARLIER, 20, currency="CHF", rate="0.9350"),
    _tools(1008, "Strom und Wärme", POWER, "892.50", "4240", LATER, 2, FULL, cost_center="Fertigung"),
    _tools(1009, "Telefon", POWER, "71.40", "4920", LATER, 4, FULL, cost_center="Büro"),
    _tools(1010, "Inspektion Lieferwagen", CARS, "476.00", "4530", LATER, 8, FULL, due_after_days=14),
    _tools(1011, "Bewirtung mit Anlagen", INN, "178.50", "4650", LATER, 11, FULL, files=3),
    _tools(1012, "Fachbücher für Lehrlinge", BOOKS, "32.10", "4940", LATER, 15, REDUCED),
    _tools(1013, "Stahl, Nachlieferung", STEEL, "1190.00", "3400", LATER, 18, cost_center="Fertigung"),
    _tools(1014, "Spezialwerkzeug", OVERSEAS, "249.99", "4980", LATER, 22, currency="USD", rate="1.0850"),
    _tools(
        1015,
        "Reparatur der Drehmaschine",
        CARS,
        "714.00",
        "4800",
        LATER,
        23,
        FULL,
        status="pending",
        is_approved_later=True,
    ),
    _tools(
        1016,
        "Reinigung der Werkhalle",
        INN,
        "357.00",
        "4250",
        LATER,
        24,
        FULL,
        status="pending",
        is_approved_later=True,
        state=RecordState.CHANGED,
        faults=(labels.AMOUNT,),
        changed_amount="375.00",
    ),
    _parked(_tools(1101, "Betrag fehlt", PAPER, None, "4930", LATER, 3, FULL), labels.AMOUNT),
    _parked(_tools(1102, "Konto gibt es nicht", PAPER, "59.50", "4711", LATER, 3), labels.CONTRA_ACCOUNT),
    _parked(
        _tools(1103, "Schlüssel auf Automatikkonto", STEEL, "238.00", "3400", LATER, 5, FULL),
        labels.BU_KEY,
    ),
    _parked(
        _tools(1104, "Monat ist abgeschlossen", POWER, "83.30", "4240", CLOSED, 20, FULL),
        labels.DOCUMENT_DATE,
    ),
    _parked(
        _tools(1105, "Steuerfall nicht bestätigt", BUILDER, "500.00", "4780", LATER, 9, UNCONFIRMED),
        labels.BU_KEY,
    ),
    _parked(_tools(1106, "Ohne Anhang", CARS, "95.20", "4530", LATER, 10, FULL, files=0), ATTACHMENT),
    replace(
        _parked(
            _tools(1107, "Umlaut in Nummer", BOOKS, "21.40", "4940", LATER, 12, REDUCED),
            labels.DOCUMENT_FIELD_1,
        ),
        number="Wö 1107#b",
    ),
    _parked(_tools(1108, "Konto zu lang", PAPER, "11.90", "493000", LATER, 12, FULL), labels.CONTRA_ACCOUNT),
    _undecided(_tools(1201, "Schulung, noch zu prüfen", INN, "595.00", "4945", LATER, 25, FULL)),
    _undecided(_tools(1202, "Rechnung für fremde Firma", STEEL, "880.60", "3400", LATER, 25), "rejected"),
)  # fmt: skip
# Three bookings travel in one file.
OF_GARDEN = (
    _garden(2001, "Blumenerde, 40 Säcke", SOIL, "476.00", "5400", EARLIER, 2, cost_center="Gewächshaus"),
    _garden(2002, "Saatgut Frühblüher", SEEDS, "214.00", "5300", EARLIER, 4, cost_center="Gewächshaus"),
    _garden(2003, "Strom und Wasser", POWER, "1309.00", "6325", EARLIER, 7, FULL, cost_center="Gewächshaus"),
    _garden(2004, "Tulpen aus Salzburg", BULBS, "1850.00", "5200", EARLIER, 10, ACQUISITION, vat_id=AUSTRIAN),
    _garden(2005, "Wegebau, § 13b", BUILDER, "4200.00", "5920", EARLIER, 14, files=2),
    _garden(2006, "Büromaterial", PAPER, "47.60", "6815", EARLIER, 21, FULL, cost_center="Laden"),
    _garden(2007, "Gutschrift Blumenerde", SOIL, "59.50", "5400", LATER, 3, is_credit_note=True),
    _garden(2008, "Schilder für den Hofladen", SIGNS, "833.00", "6600", LATER, 6, FULL, cost_center="Laden"),
    _garden(2009, "Betriebshaftpflicht", INSURER, "642.18", "6400", LATER, 9),
    _garden(2010, "Lieferwagen, Reifen", CARS, "571.20", "6530", LATER, 13, FULL, due_after_days=30),
    _garden(2011, "Kurs Obstbaumschnitt", SEEDS, "190.40", "6821", LATER, 16, FULL),
    _garden(2012, "Saatgut Sommerblüher", SEEDS, "96.30", "5300", LATER, 20),
    _parked(
        _garden(2101, "EU-Erwerb ohne USt-IdNr.", BULBS, "760.00", "5200", LATER, 6, ACQUISITION),
        labels.EU_VAT_ID,
    ),
    _parked(
        _garden(2102, "Mehrere Fehler auf einmal", SOIL, None, "5400", LATER, 7, cost_center="Versuchsfeld"),
        labels.AMOUNT,
        labels.COST_CENTER_1,
    ),
    _parked(
        _garden(2103, "Unerlaubter Anhang", SIGNS, "119.00", "6600", LATER, 8, FULL, file_ending="exe"),
        ATTACHMENT,
    ),
    _undecided(_garden(2201, "Neue Gießanlage, Angebot", SIGNS, "7140.00", "6460", LATER, 24, FULL)),
    _undecided(_garden(2202, "Zeitschrift für den Laden", SEEDS, "42.80", "6820", LATER, 24, REDUCED)),
    _undecided(_garden(2203, "Betrag zu klären", SOIL, "357.00", "5400", LATER, 25), "changes_requested"),
)  # fmt: skip
# By the XML route, two invoices in one job.
OF_SALES = (
    _sale(3001, "Blumenschmuck für Empfang", HOTEL, "535.00", "4300", EARLIER, 5),
    _sale(3002, "Grünpflege Rathausplatz", TOWN, "2261.00", "4400", EARLIER, 11, files=2, due_after_days=30),
    _sale(3003, "Tischdekoration", CAFE, "128.40", "4300", EARLIER, 18),
    _sale(3004, "Stauden nach Graz", FARM, "980.00", "4125", EARLIER, 25, vat_id=AUSTRIAN),
    _sale(3005, "Gutschrift Blumenschmuck", HOTEL, "53.50", "4300", LATER, 4, is_credit_note=True),
    _sale(3006, "Bepflanzung Kreisverkehr", TOWN, "3570.00", "4400", LATER, 12, due_after_days=30),
    _sale(3007, "Beratung Dachgarten", HOTEL, "416.50", "4200", LATER, 17, SALES_TAX),
    _sale(3008, "Tischdekoration, Nachlieferung", CAFE, "64.20", "4300", LATER, 21),
    _parked(
        _sale(3101, "Fällig vor dem Rechnungsdatum", TOWN, "238.00", "4400", LATER, 6, due_after_days=-5),
        labels.DUE_DATE,
    ),
    _parked(
        _sale(3102, "Sammelkonto als Erlöskonto", CAFE, "85.60", "1200", LATER, 7),
        labels.CONTRA_ACCOUNT,
    ),
    _undecided(_sale(3201, "Rosen für Hochzeit", HOTEL, "749.00", "4300", LATER, 26)),
)  # fmt: skip
INVOICES = (*OF_TOOLS, *OF_GARDEN, *OF_SALES)
