"""Codes told in words, in the reader's language; VAT codes of each country site."""

from decimal import Decimal
from typing import Any

from mlconnector.sandbox.exact.state import Row

NO_VAT = Decimal("0")
# VAT code -> rate as a fraction. Codes are the simulator's own; each division defines its own at the vendor.
VAT_RATES: dict[str, dict[str, Decimal]] = {
    "nl": {"1": Decimal("0.09"), "2": Decimal("0.21")},
    "be": {"1": Decimal("0.06"), "2": Decimal("0.21")},
    "de": {"1": Decimal("0.07"), "2": Decimal("0.19")},
    "uk": {"1": Decimal("0.05"), "2": Decimal("0.20")},
    "fr": {"1": Decimal("0.10"), "2": Decimal("0.20")},
    "es": {"1": Decimal("0.10"), "2": Decimal("0.21")},
    "us": {},
}
# field of the text -> (field of the code, code -> (nl, de, en))
TOLD: dict[str, tuple[str, dict[Any, tuple[str, str, str]]]] = {
    "StatusDescription": (
        "Status",
        {
            10: ("Concept", "Entwurf", "Draft"),
            20: ("Open", "Offen", "Open"),
            50: ("Verwerkt", "Verarbeitet", "Processed"),
        },
    ),
    "ApprovalStatusDescription": (
        "ApprovalStatus",
        {
            0: ("Wacht op goedkeuring", "Wartet auf Genehmigung", "Awaiting approval"),
            1: ("Automatisch", "Automatisch", "Automatic"),
            2: ("Goedgekeurd", "Genehmigt", "Approved"),
        },
    ),
}
TYPES: dict[str, dict[Any, tuple[str, str, str]]] = {
    "salesinvoice/SalesInvoices": {
        8020: ("Verkoopfactuur", "Verkaufsrechnung", "Sales invoice"),
        8021: ("Creditnota", "Gutschrift", "Credit note"),
        8023: ("Directe verkoopfactuur", "Direktrechnung", "Direct sales invoice"),
        8024: ("Directe creditnota", "Direktgutschrift", "Direct credit note"),
    },
    "project/Projects": {
        1: ("Campagne", "Kampagne", "Campaign"),
        2: ("Vaste prijs", "Festpreis", "Fixed price"),
        3: ("Nacalculatie", "Nach Aufwand", "Time and material"),
        4: ("Niet factureerbaar", "Nicht abrechenbar", "Non billable"),
        5: ("Prepaid", "Prepaid", "Prepaid"),
    },
}
ORDER = ("nl", "de", "en")


def told(row: Row, name: str, language: str) -> str | None:
    """The words for a code; None when `name` is no such text or the code has no words."""
    if name == "TypeDescription":
        words = TYPES.get(row.entity.path, {}).get(row.values.get("Type"))
    elif name in TOLD:
        code, table = TOLD[name]
        words = table.get(row.values.get(code))
    else:
        return None
    return words[ORDER.index(language) if language in ORDER else 2] if words else None
