"""`python -m mlconnector.bench NAME [small]`: one measurement, on the database that DATABASE_URL names.

`manage.py bench` starts it, with a new, empty database for each.
"""

from __future__ import annotations

import logging
import sys

import django
from django.core.management import call_command


def main(name: str, size: str = "full") -> None:
    django.setup()
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)

    from mlconnector.bench import bills, calls, extf, intake, invoices, latency, records
    from mlconnector.bench.sizes import FULL, SMALL

    sizes = SMALL if size == "small" else FULL
    measure = {
        "calls": calls.measure,
        "invoices": invoices.measure,
        "bills": bills.measure,
        "cpu": records.cpu,
        "kept": records.kept,
        "intake": intake.measure,
        "extf": extf.measure,
        "latency": latency.measure,
    }[name.partition("_")[0]]
    measure(sizes)


if __name__ == "__main__":
    main(*sys.argv[1:])
