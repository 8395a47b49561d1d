"""What stands in Exact Online: accounts, cost centers, orders, invoices, projects. All is invented."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

ACCOUNTS = {
    "3200": "Wareneingang Baustoffe",
    "3210": "Wareneingang Holz",
    "3220": "Wareneingang Stahl",
    "3230": "Wareneingang Dachziegel",
    "3300": "Fremdleistungen Rohbau",
    "3310": "Fremdleistungen Ausbau",
    "3320": "Fremdleistungen Elektro",
    "3330": "Fremdleistungen Sanitär",
    "4200": "Raumkosten",
    "4210": "Miete Baucontainer",
    "4240": "Strom und Wasser",
    "4360": "Versicherungen",
    "4500": "Fahrzeugkosten",
    "4530": "Kraftstoffe",
    "4570": "Miete Fahrzeuge",
    "4600": "Werbekosten",
    "4660": "Reisekosten",
    "4730": "Ausgangsfrachten",
    "4800": "Reparaturen Maschinen",
    "4806": "Wartung Software",
    "4900": "Sonstige Kosten",
    "4910": "Porto",
    "4920": "Telefon",
    "4930": "Bürobedarf",
    "4960": "Miete Maschinen",
    "4980": "Betriebsbedarf",
    "8400": "Erlöse Bauleistungen",
    "8410": "Erlöse Planung",
    "8420": "Erlöse Material",
    "8430": "Erlöse Vermietung",
}
CENTERS = {
    "100": "Verwaltung",
    "110": "Einkauf",
    "200": "Hochbau",
    "210": "Rohbau",
    "220": "Ausbau",
    "300": "Tiefbau",
    "400": "Planung",
    "500": "Fuhrpark",
    "600": "Werkstatt",
    "700": "Lager",
}
SUPPLIERS = ("Beispiel Baustoffe GmbH", "Muster Holzhandel", "Probe Gerüstbau KG")
CUSTOMERS = ("Muster Wohnbau eG", "Beispiel Logistik GmbH", "Gemeinde Musterstadt")


@dataclass(frozen=True)
class Line:
    text: str
    quantity: Decimal
    price: Decimal
    account: str
    center: str

    @property
    def net(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True)
class Document:
    """An order or an invoice. `what` happens to it later: see `act`."""

    partner: str
    lines: tuple[Line, ...]
    what: str = ""

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), Decimal())


def _lines(rows: Iterable[str]) -> tuple[Line, ...]:
    """From "Zement 40 12.50 3200 210"."""
    found = []
    for row in rows:
        text, quantity, price, account, center = row.rsplit(" ", 4)
        found.append(Line(text, Decimal(quantity), Decimal(price), account, center))
    return tuple(found)


def _documents(partners: tuple[str, ...], rows: Iterable[tuple[str, str]]) -> tuple[Document, ...]:
    return tuple(
        Document(partners[number % len(partners)], _lines(text.split("; ")), what)
        for number, (text, what) in enumerate(rows)
    )


ORDERS = _documents(
    SUPPLIERS,
    (
        ("Zement 40 12.50 3200 210; Kies 18 21.90 3200 300", ""),
        ("Balken 120 14.75 3210 210; Latten 300 1.95 3210 210; Schrauben 25 8.40 4980 700", ""),
        ("Gerüst Nord 1 4800.00 3300 200", ""),
        ("Stahlträger 12 415.00 3220 210; Fracht 1 380.00 4730 500", "received in part"),
        ("Ziegel 2400 1.12 3230 220; Firststeine 40 7.85 3230 220", "received"),
        ("Baucontainer 3 265.00 4210 200; Strom 3 90.00 4240 200", ""),
        ("Diesel 850 1.42 4530 500", ""),
        ("Kabel 600 0.89 3320 220; Dosen 180 0.72 3320 220; Verteiler 2 312.00 3320 220", ""),
        ("Rohre 140 6.30 3330 220", "price"),
        ("Bagger 5 480.00 4960 300; Rüttelplatte 5 65.00 4960 300", ""),
        ("Papier 20 4.99 4930 100; Ordner 50 1.79 4930 100; Toner 4 89.90 4930 110", ""),
        ("Reparatur Kran 1 1275.50 4800 600", "canceled"),
        ("Bodenplatte 1 9900.00 3300 210", ""),
        ("Dämmung 320 7.20 3200 220; Folie 10 38.50 3200 220", "deleted"),
        ("Wartung CAD 1 1450.00 4806 400", ""),
        ("Fliesen 95 24.60 3310 220; Kleber 30 11.20 3310 220", ""),
    ),
)
LATER = _documents(SUPPLIERS, (("Nachbestellung Zement 15 12.50 3200 210", ""),))
INVOICES = _documents(
    CUSTOMERS,
    (
        ("Rohbau Abschlag 1 25000.00 8400 210", "processed"),
        ("Planung 38 95.00 8410 400; Reise 1 310.00 8410 400", ""),
        ("Material 1 1875.40 8420 700", ""),
        ("Container 2 320.00 8430 200; Bauzaun 60 4.50 8430 200", ""),
        ("Tiefbau 1 14300.00 8400 300", "processed"),
        ("Ausbau Bad 1 8650.00 8400 220; Material Bad 1 2210.75 8420 220", ""),
        ("Statik 12 110.00 8410 400", ""),
        ("Dach 1 17800.00 8400 220", ""),
        ("Kran 8 145.00 8430 600", ""),
        ("Abbruch 1 6400.00 8400 300; Entsorgung 14 85.00 8400 300", ""),
        ("Gutachten 1 1250.00 8410 400", ""),
        ("Holz 60 22.40 8420 700", ""),
        ("Rohbau Schluss 1 31500.00 8400 210", ""),
        ("Aufmaß 6 95.00 8410 400; Fahrt 2 48.00 8410 500", ""),
        ("Betonpumpe 3 390.00 8430 600; Sand 20 18.75 8420 700", ""),
    ),
)
# Code, name, and the milestones with the amounts of their invoice terms ("" = without one).
PROJECTS = (
    ("P1", "Neubau Lagerhalle", (("Rohbau", "60000.00"), ("Dach", "25000.00"), ("Fundament", "15000.00"))),
    ("P2", "Umbau Rathaus", (("Planung", "12000.00"), ("Ausbau", "48000.00"))),
    ("P3", "Erschließung Nord", (("Kanal", "33000.00"), ("Abnahme", ""))),
)
HOURS_BEFORE = Decimal(40)
