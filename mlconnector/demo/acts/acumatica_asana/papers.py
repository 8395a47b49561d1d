"""The bills and purchase orders of the demonstration, and what must become of each. Names are invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

BILL, ORDER = "Bill", "PurchaseOrder"
MAIN, NORTH = "MAIN", "NORD"
# Code -> (name, vendor class); the first two are in every simulated tenant.
SUPPLIERS = {
    "WERKZEUG": ("Muster Werkzeughandel GmbH", "STANDARD"),
    "GERUEST": ("Beispiel Gerüstbau KG", "STANDARD"),
    "BETON": ("Muster Transportbeton GmbH", "BAU"),
    "ELEKTRO": ("Beispiel Elektro Süd GmbH", "BAU"),
    "ALPEN": ("Muster Alpenholz AG", "AUSLAND"),
}
# What is smaller gets no task.
MINIMUM = Decimal("50")


class Fate(StrEnum):
    """What people do with a document."""

    WAITS = "waits"
    APPROVED = "approved"
    REJECTED = "rejected"
    # Approved, and its amount changed in Acumatica before that was carried out.
    CHANGED = "changed after approval"
    # Its amount changed while it was waiting for a decision.
    CORRECTED = "corrected"
    # Released by somebody in Acumatica.
    ELSEWHERE = "released elsewhere"
    DELETED = "deleted"
    # Filtered out: the wrong type or status, or too small.
    LEFT_ALONE = "left alone"


@dataclass(frozen=True)
class Paper:
    """A document as somebody entered it. `net` are its lines; `new_net` is the first line after a change."""

    entity: str
    number: str
    supplier: str
    net: tuple[str, ...]
    fate: Fate
    branch: str = MAIN
    currency: str = "EUR"
    tax: str = "0"
    status: str = "Balanced"
    type: str = ""
    new_net: str = ""
    files: int = 0
    # Days before today, and from then on until it is due.
    age: int = 3
    term: int = 30
    is_entered_later: bool = False

    @property
    def kind(self) -> str:
        return self.type or ("Bill" if self.entity == BILL else "Normal")

    @property
    def reference(self) -> str:
        """The number that the supplier gave."""
        return f"RE-{self.number[-4:]}" if self.entity == BILL else ""

    @property
    def amount(self) -> Decimal:
        """As it was entered first, tax included."""
        return sum(map(Decimal, self.net), Decimal(self.tax))

    @property
    def last_amount(self) -> Decimal:
        """As it stands in the end."""
        return self.amount - Decimal(self.net[0]) + Decimal(self.new_net) if self.new_net else self.amount

    def on(self, today: date) -> date:
        return today - timedelta(days=self.age)

    def due_on(self, today: date) -> date:
        return self.on(today) + timedelta(days=self.term)

    # --- what must become of it ---

    @property
    def has_task(self) -> bool:
        return self.fate != Fate.LEFT_ALONE

    @property
    def is_released_by_us(self) -> bool:
        return self.entity == BILL and self.fate == Fate.APPROVED

    @property
    def last_status(self) -> str:
        """In Acumatica; "" when it is gone."""
        if self.fate == Fate.DELETED:
            return ""
        if self.fate in (Fate.APPROVED, Fate.ELSEWHERE):
            return "Open"
        if self.fate == Fate.REJECTED and self.entity == ORDER:
            return "Rejected"
        return self.status

    @property
    def is_decided(self) -> bool:
        """Whether its task stays completed."""
        return self.fate in (Fate.APPROVED, Fate.REJECTED, Fate.ELSEWHERE, Fate.DELETED)


def _bill(number: int, supplier: str, net: str, fate: Fate, **more: object) -> Paper:
    return Paper(BILL, f"{number:06}", supplier, tuple(net.split()), fate, **more)  # type: ignore[arg-type]


def _order(number: int, supplier: str, net: str, fate: Fate, **more: object) -> Paper:
    given = {"status": "Pending Approval"} | more
    return Paper(ORDER, f"PO{number:05}", supplier, tuple(net.split()), fate, **given)  # type: ignore[arg-type]


PAPERS = (
    _bill(4001, "WERKZEUG", "1000.00 250.00", Fate.APPROVED, tax="237.50", files=2),
    _bill(4002, "GERUEST", "8400.00", Fate.APPROVED, tax="1596.00", branch=NORTH, files=1),
    _bill(4003, "ALPEN", "3120.55 79.45 12.30", Fate.APPROVED, currency="CHF", term=60),
    _bill(4004, "ELEKTRO", "642.02", Fate.APPROVED, tax="121.98", status="Pending Approval"),
    _bill(4005, "BETON", "0.01 99.99", Fate.APPROVED, branch=NORTH, age=40, term=10),
    _bill(4006, "BETON", "5150.00", Fate.REJECTED, tax="978.50"),
    _bill(4007, "WERKZEUG", "410.00 90.00", Fate.WAITS, tax="95.00", files=1),
    _bill(4008, "ALPEN", "9999.99", Fate.WAITS, currency="USD", branch=NORTH),
    _bill(4009, "GERUEST", "2000.00 500.00", Fate.CHANGED, tax="475.00", new_net="2900.00"),
    _bill(4010, "ELEKTRO", "780.00", Fate.CORRECTED, tax="148.20", new_net="870.00", branch=NORTH),
    _bill(4011, "BETON", "310.00", Fate.ELSEWHERE, tax="58.90"),
    _bill(4012, "WERKZEUG", "77.00", Fate.DELETED, tax="14.63", branch=NORTH),
    _bill(4013, "BETON", "1234.56", Fate.APPROVED, tax="234.57", files=1, is_entered_later=True),
    _bill(4014, "GERUEST", "640.00", Fate.LEFT_ALONE, status="On Hold"),
    _bill(4015, "WERKZEUG", "12.00", Fate.LEFT_ALONE),
    _bill(16, "ALPEN", "500.00", Fate.LEFT_ALONE, type="Credit Adj.", currency="CHF"),
    _order(701, "BETON", "12500.00 800.00", Fate.APPROVED, tax="2527.00", files=1),
    _order(702, "ELEKTRO", "2340.00", Fate.APPROVED, branch=NORTH, term=14),
    _order(703, "ALPEN", "18000.00 1.50", Fate.APPROVED, currency="CHF"),
    _order(704, "WERKZEUG", "990.00", Fate.REJECTED, tax="188.10"),
    _order(705, "GERUEST", "4400.00", Fate.WAITS, branch=NORTH),
    _order(706, "BETON", "6100.00", Fate.CHANGED, new_net="7100.00"),
    _order(707, "ELEKTRO", "350.00", Fate.DELETED, currency="USD"),
    _order(708, "WERKZEUG", "205.00", Fate.LEFT_ALONE, status="Open"),
)
