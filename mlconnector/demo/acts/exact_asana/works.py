"""What people do in Asana's project of the building sites, and what must become of it in Exact Online."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pairs.models import RecordState


@dataclass(frozen=True)
class Work:
    """A task. `fields` by the keys of the mapping; `cost` is what the entry must amount to."""

    name: str
    fields: Mapping[str, str | Decimal] = field(default_factory=dict, hash=False)
    is_milestone: bool = False
    state: str = RecordState.DONE
    # It stands in the project that we make for the Exact project of this code, and is made by us.
    own_project: str = ""
    is_opened_again: bool = False
    # The release of its term: "confirmed", "waits", or "" for none.
    release: str = ""
    cost: Decimal = Decimal()
    hours: Decimal = Decimal()
    budget: Decimal = Decimal()


WORKS = (
    Work("Rohbau", is_milestone=True, own_project="P1", release="confirmed"),
    Work("Dach", {"project": "P1"}, is_milestone=True, release="waits", state=RecordState.TO_CONFIRM),
    Work(
        "Grund gelegt",
        {"project": "P1", "milestone": "Fundament"},
        is_milestone=True,
        is_opened_again=True,
        state=RecordState.DORMANT,
    ),
    # Without an invoice term Exact Online completes none.
    Work("Abnahme", {"project": "P3"}, is_milestone=True, state=RecordState.REFUSED),
    Work("Schalung aufstellen", {"project": "P1", "hours": Decimal("12.50")}, hours=Decimal("12.50")),
    Work("Bewehrung", {"project": "P1", "hours": Decimal("8.25")}, hours=Decimal("8.25")),
    Work("Kosten geschätzt", {"project": "P2", "budget": Decimal("18500.00")}, budget=Decimal("18500.00")),
    Work(
        "Kran gemietet",
        {"project": "P1", "cost_price": "250,00", "cost_quantity": Decimal(3)},
        cost=Decimal("750.00"),
    ),
    Work(
        "Bohrungen",
        {"project": "P3", "cost_price": "1.089,90", "cost_quantity": Decimal("2.5")},
        cost=Decimal("2724.75"),
    ),
    Work(
        "Entsorgung",
        {"project": "P3", "cost_price": "rund 500", "cost_quantity": Decimal(1)},
        state=RecordState.REFUSED,
    ),
    Work("Aufräumen", state=RecordState.DORMANT),
)
