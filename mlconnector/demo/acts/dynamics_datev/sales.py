"""The outgoing invoices of the demonstration: all tax cases, and what must become of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bookings.invoices import labels
from pairs.models import RecordState

# Months before the present one.
EARLIER, LATER = 2, 1
GOODS, SERVICE, ELECTRONIC = "Ware", "Leistung", "Download"

MILL, TOWN, CARPENTER, SCHOOL = (
    "Mühle Beispielhausen GmbH",
    "Stadtwerke Musterstadt AG",
    "Tischlerei Beispiel e. K.",
    "Schule am Musterplatz gGmbH",
)
VIENNA, LYON, ZURICH, BOSTON = "Beispiel Handel GmbH", "Exemple SARL", "Muster Technik AG", "Example Corp."
ERIKA, ANNA, NOBODY = "Erika Musterfrau", "Anna Beispiel", "Muster Ohneland Ltd"


@dataclass(frozen=True)
class Customer:
    """An account, or a contact if `is_person`."""

    country: str
    vat_id: str = ""
    is_person: bool = False
    city: str = "Musterstadt"


CUSTOMERS = {
    MILL: Customer("Deutschland"),
    TOWN: Customer("Deutschland", city="Köln"),
    CARPENTER: Customer("DE", city="Kiel"),
    SCHOOL: Customer("Germany"),
    VIENNA: Customer("Österreich", "ATU12345675", city="Wien"),
    LYON: Customer("Frankreich", "FR11123456782", city="Lyon"),
    ZURICH: Customer("Schweiz", "CHE123456789", city="Zürich"),
    BOSTON: Customer("USA", city="Boston"),
    ERIKA: Customer("Deutschland", is_person=True),
    ANNA: Customer("Austria", is_person=True, city="Graz"),
    NOBODY: Customer("Absurdistan"),
}


@dataclass(frozen=True)
class Line:
    """`case` is the short name of the tax case by which it must be booked."""

    price: str
    rate: int
    case: str
    supply: str = GOODS
    treatment: str = ""
    quantity: int = 1

    @property
    def net(self) -> Decimal:
        return Decimal(self.price) * self.quantity


@dataclass(frozen=True)
class Sale:
    """One invoice. `state` is what its record must come to, `faults` the fields that must be at fault."""

    number: str
    customer: str
    lines: tuple[Line, ...]
    month: int = LATER
    day: int = 10
    state: str = RecordState.DONE
    faults: tuple[str, ...] = ()
    # "pdf", "zugferd" (a PDF with an e-invoice in it), "other" (one that says another total), "" = no file.
    file: str = "pdf"
    is_draft: bool = False
    # A person bills it, cancels it while the product runs.
    is_billed_later: bool = False
    is_canceled: bool = False
    is_canceled_later: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_booked(self) -> bool:
        return self.state == RecordState.DONE and not self.is_canceled_later


def _taxed(net: str, rate: int = 19) -> Decimal:
    return (Decimal(net) * rate / 100).quantize(Decimal("0.01"))


def _corrected(net: str, tax: Decimal) -> dict[str, Any]:
    """Totals as a plug-in sets them that knows the tax of discount and freight."""
    return {"totals": {"totaltax": tax, "totalamount": Decimal(net) + tax}}


def full(price: str, **more: Any) -> Line:
    return Line(price, 19, "domestic_19", **more)


def reduced(price: str, **more: Any) -> Line:
    return Line(price, 7, "domestic_7", **more)


def free(price: str, case: str, supply: str = GOODS, treatment: str = "") -> Line:
    return Line(price, 0, case, supply, treatment)


SALES = (
    Sale("AR-1001", MILL, (full("1200.00"),), EARLIER, 3),
    Sale("AR-1002", MILL, (full("340.50"), reduced("89.90")), EARLIER, 5),
    Sale("AR-1003", TOWN, (full("12500.00", supply=SERVICE),), EARLIER, 7),
    Sale("AR-1004", CARPENTER, (full("77.77"), full("0.33"), full("19.99", quantity=3)), EARLIER, 9),
    Sale("AR-1005", SCHOOL, (reduced("45.00"), reduced("12.35")), EARLIER, 11),
    Sale("AR-1006", SCHOOL, (free("650.00", "exempt", SERVICE, "exempt"),), EARLIER, 12),
    Sale("AR-1007", CARPENTER, (free("4800.00", "reverse_charge", SERVICE, "reverse_charge"),), EARLIER, 14),
    Sale("AR-1008", VIENNA, (free("2999.00", "intra_community"),), EARLIER, 15),
    Sale("AR-1009", VIENNA, (free("800.00", "eu_service", SERVICE),), EARLIER, 16),
    Sale(
        "AR-1010",
        LYON,
        (free("1750.25", "intra_community"), free("120.00", "eu_service", SERVICE)),
        EARLIER,
        17,
    ),
    Sale("AR-1011", LYON, (free("910.00", "triangular", GOODS, "triangular"),), EARLIER, 18),
    Sale("AR-1012", ZURICH, (free("5300.00", "export"),), EARLIER, 19, extra={"currency": "CHF"}),
    Sale(
        "AR-1013",
        ZURICH,
        (free("640.00", "third_country_service", SERVICE),),
        EARLIER,
        20,
        extra={"currency": "CHF"},
    ),
    Sale("AR-1014", BOSTON, (free("7425.10", "export"),), EARLIER, 21, extra={"currency": "USD"}),
    Sale("AR-1015", BOSTON, (free("3100.00", "export"),), EARLIER, 22),
    Sale("AR-1016", ANNA, (Line("210.00", 20, "oss_goods"),), EARLIER, 23),
    Sale("AR-1017", ANNA, (Line("49.00", 20, "oss_service", ELECTRONIC),), EARLIER, 24),
    Sale("AR-1018", ERIKA, (full("59.90"), reduced("14.95")), EARLIER, 25),
    Sale("AR-1019", ERIKA, (reduced("24.90"),), EARLIER, 26),
    Sale("AR-1020", TOWN, (full("9876.54", supply=SERVICE),), EARLIER, 27, file="zugferd"),
    Sale("GS-2001", MILL, (full("120.00", quantity=-1),), EARLIER, 28),
    # Discount and freight belong to the lines, in proportion and with their tax.
    Sale(
        "AR-1021",
        MILL,
        (full("1000.00"),),
        LATER,
        2,
        extra={"discount": "100.00"} | _corrected("900.00", _taxed("900.00")),
    ),
    Sale(
        "AR-1022",
        TOWN,
        (full("500.00"),),
        LATER,
        3,
        extra={"freight": "25.00"} | _corrected("525.00", _taxed("525.00")),
    ),
    Sale(
        "AR-1023",
        CARPENTER,
        (full("250.00"),),
        LATER,
        4,
        extra={"discount_percent": "10", "freight": "8.90"} | _corrected("233.90", _taxed("233.90")),
    ),
    Sale("AR-1024", VIENNA, (free("1000.00", "intra_community"),), LATER, 5, extra={"discount": "50.00"}),
    Sale("AR-1025", MILL, (full("1.00"),), LATER, 6),
    Sale("AR-1026", MILL, (full("100000.00"),), LATER, 7),
    Sale("AR-1027", TOWN, (full("333.33"), reduced("333.33")), LATER, 8),
    Sale("AR-1028", SCHOOL, (reduced("19.99"), free("5.01", "exempt", SERVICE, "exempt")), LATER, 9),
    Sale("AR-1029", LYON, (free("88.00", "eu_service", SERVICE),), LATER, 11),
    Sale("AR-1030", BOSTON, (free("432.10", "export"),), LATER, 12, extra={"currency": "USD"}),
    Sale("AR-1031", ANNA, (Line("99.00", 20, "oss_goods"),), LATER, 13),
    Sale("AR-1032", ERIKA, (full("249.00"),), LATER, 14),
    Sale("AR-1033", CARPENTER, (full("18.40"), full("22.80")), LATER, 15, file="zugferd"),
    Sale("GS-2002", TOWN, (full("50.00", quantity=-1), reduced("10.00", quantity=-2)), LATER, 16),
    Sale("AR-1034", MILL, (full("400.00"), full("-400.00")), LATER, 17),
    # Billed, canceled while the product runs.
    Sale("AR-1035", MILL, (full("640.00"),), LATER, 18, is_draft=True, is_billed_later=True),
    Sale("AR-1036", ZURICH, (free("77.00", "export"),), LATER, 19, is_draft=True, is_billed_later=True),
    Sale("AR-1037", TOWN, (full("815.00"), reduced("20.00")), LATER, 20, is_canceled_later=True),
    # Not to be booked, or not before something is corrected.
    Sale("AR-1038", TOWN, (full("77.00"),), LATER, 21, RecordState.DORMANT, is_draft=True),
    Sale("AR-1039", MILL, (full("55.00"),), LATER, 22, RecordState.DORMANT, is_canceled=True),
    Sale("AR-1040", MILL, (full("120.00"),), LATER, 23, RecordState.REFUSED, ("Attachment",), file=""),
    Sale("AR-1041", NOBODY, (full("99.00"),), LATER, 24, RecordState.REFUSED, ("country of the debtor",)),
    Sale(
        "AR-1042", SCHOOL, (free("300.00", "", SERVICE),), LATER, 25, RecordState.REFUSED, (labels.TAX_RATE,)
    ),
    Sale(
        "AR-1043",
        TOWN,
        (full("1000.00"),),
        LATER,
        26,
        RecordState.REFUSED,
        (labels.INVOICE_DISCOUNT,),
        extra={"discount": "100.00"},
    ),
    Sale("AR-1044", MILL, (full("60.00"),), LATER, 27, RecordState.REFUSED, ("gross total",), file="other"),
    Sale("AR-1045", BOSTON, (Line("10.00", 19, ""),), LATER, 28, RecordState.REFUSED, (labels.TAX_RATE,)),
)
