"""How much is measured: as much as says something, or as little as shows that the bench works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    backfill: int = 100
    # What is read once (sign-in, tables, mark of changes) is shared by so many invoices.
    invoices: int = 100
    bills: int = 500
    # Before anything is measured: what is read once, and kept.
    warm_up: int = 10
    records: int = 100
    few_kept: int = 10_000
    many_kept: int = 200_000
    intake_seconds: float = 8.0
    intake_clients: int = 8
    extf_rows: int = 99_999
    # The best of so many, so that another program's work is not counted.
    extf_rounds: int = 3
    latencies: int = 5


FULL = Sizes()
SMALL = Sizes(
    backfill=20,
    invoices=40,
    bills=20,
    warm_up=2,
    records=4,
    few_kept=50,
    many_kept=1_000,
    intake_seconds=0.5,
    intake_clients=2,
    extf_rows=500,
    extf_rounds=1,
    latencies=1,
)
