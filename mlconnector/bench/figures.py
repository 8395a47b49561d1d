"""What is measured, in which unit, and what it should be."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`goal` is the most that the value may be; None: only told."""

    name: str
    unit: str
    goal: float | None = None

    def line(self, value: float) -> str:
        """The figure as one JSON object."""
        told: dict[str, object] = {
            "name": self.name,
            "value": round(value, 3),
            "unit": self.unit,
            "goal": self.goal,
        }
        if self.goal is not None:
            told["met"] = value <= self.goal
        return json.dumps(told)


@dataclass(frozen=True)
class Measurement:
    """What one process measures, on one database ("sqlite" or "postgresql")."""

    name: str
    database: str
    figures: tuple[Figure, ...]
    most_seconds: float = 90


def _of_records(database: str) -> tuple[Measurement, ...]:
    return (
        Measurement(f"cpu_{database}", database, (Figure(f"cpu_ms_per_record_{database}", "ms"),)),
        Measurement(
            f"kept_{database}",
            database,
            (
                Figure(f"per_record_cost_10k_{database}", "ms"),
                Figure(f"per_record_cost_200k_{database}", "ms"),
                Figure(f"per_record_cost_ratio_{database}", "200k to 10k", 1.3),
            ),
            most_seconds=120,
        ),
    )


MEASUREMENTS = (
    Measurement(
        "calls",
        "sqlite",
        (
            Figure("vendor_calls_per_task_backfill", "calls", 4.5),
            Figure("vendor_calls_single_webhook", "calls", 8),
        ),
    ),
    Measurement("invoices", "sqlite", (Figure("vendor_calls_per_invoice", "calls", 3.4),), most_seconds=120),
    Measurement(
        "bills",
        "sqlite",
        (
            Figure("asana_writes_per_bill", "writes", 1.1),
            # Each page repeats the last rows of the one before: six pages for 500 bills.
            Figure("acumatica_lists_per_100_bills", "calls", 1.2),
        ),
        most_seconds=120,
    ),
    *_of_records("sqlite"),
    *_of_records("postgresql"),
    Measurement(
        "intake",
        "postgresql",
        (
            Figure("webhook_intake_per_second", "1/s"),
            Figure("webhook_intake_p50_ms", "ms"),
            Figure("webhook_intake_p95_ms", "ms"),
        ),
    ),
    Measurement(
        "extf",
        "sqlite",
        (
            Figure("extf_99999_seconds", "s"),
            Figure("extf_99999_peak_mb", "MB"),
            Figure("extf_ratio_to_csv_writer", "times", 4),
            Figure("extf_99999_whole_batch_seconds", "s"),
            Figure("extf_99999_whole_batch_peak_mb", "MB"),
        ),
    ),
    Measurement("latency", "sqlite", (Figure("webhook_to_datev_latency", "s"),)),
)
FIGURES = {figure.name: figure for measurement in MEASUREMENTS for figure in measurement.figures}


def tell(name: str, value: float) -> None:
    """Write a figure on a line of its own, at once."""
    sys.stdout.write(FIGURES[name].line(value) + "\n")
    sys.stdout.flush()
