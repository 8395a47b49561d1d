"""What a record costs in processor time, with few and with many records kept."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection, connections

from connections import clock
from mlconnector.bench import kept_rows
from mlconnector.bench.figures import tell
from mlconnector.bench.sizes import Sizes
from mlconnector.bench.vendors import Vendors
from mlconnector.bench.world import World, dont_wait
from pairs import hooks

LATER = timedelta(minutes=20)
TICKS = os.sysconf("SC_CLK_TCK")


class Served(World):
    """The same, with the simulators at work in a process of their own: only the product is measured here."""

    vendors: Vendors

    @classmethod
    def ready(cls, sizes: Sizes) -> Served:
        dont_wait()
        hooks.can_be_reached = lambda: False  # There is no web server here: the poll finds all.
        vendors = Vendors()
        world = cls(vendors.asana, vendors.datev, vendors.asana_url, vendors.datev_url)
        world.vendors = vendors
        connections.close_all()
        vendors.start(world.add)
        world.set(close_count=sizes.warm_up)
        world.come(sizes.warm_up)
        world.settle()
        world.set(close_count=sizes.records)
        return world

    def come(self, count: int) -> None:
        """`count` new tasks are approved, so much later that no poll reads the earlier ones again."""
        self.pass_time(LATER)
        self.vendors.add(count)

    def heard(self) -> int:
        return 0

    def pass_time(self, by: timedelta) -> None:
        clock.advance(by)
        self.vendors.advance(by)


def cpu(sizes: Sizes) -> None:
    """Processor time of the worker's process alone."""
    world = Served.ready(sizes)
    try:
        world.come(sizes.records)
        started = time.process_time()
        world.settle()
        spent = time.process_time() - started
    finally:
        world.vendors.stop()
    tell(f"cpu_ms_per_record_{connection.vendor}", spent * 1000 / sizes.records)


def kept(sizes: Sizes) -> None:
    """Processor time of the worker and of the database, which is where rows that are kept would be felt."""
    world = Served.ready(sizes)
    costs = []
    try:
        for name, rows in (("10k", sizes.few_kept), ("200k", sizes.many_kept)):
            kept_rows.fill(rows)
            world.come(sizes.records)
            started = _spent()
            world.settle()
            costs.append((_spent() - started) * 1000 / sizes.records)
            tell(f"per_record_cost_{name}_{connection.vendor}", costs[-1])
    finally:
        world.vendors.stop()
    tell(f"per_record_cost_ratio_{connection.vendor}", costs[1] / costs[0])


def _spent() -> float:
    """Seconds of processor time of this process and of its PostgreSQL backend (SQLite is inside)."""
    spent = time.process_time()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone() or [0]
        fields: Any = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / TICKS
    return spent
