"""How long it takes from a person's approval until the file arrives at DATEV, with every program at work."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from mlconnector.bench import programs
from mlconnector.bench.figures import tell
from mlconnector.bench.sizes import Sizes
from mlconnector.bench.world import World
from mlconnector.sandbox.asana.served import ServedAsana
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.serve import serve
from pairs import tasks, work
from pairs.models import Record, RecordState, Webhook, WebhookState

LOOK_SECONDS = 0.005
MOST_SECONDS = 20.0


def measure(sizes: Sizes) -> None:
    """Approval, webhook, web server, queue, worker, import: all on loopback, nothing is called directly."""
    datev = DatevSimulator()
    asana = ServedAsana(calls_per_minute=1500)
    try:
        with serve(datev) as server:
            world = World(asana.simulator, datev, asana.server.url, server.url, close_count=1)
            with programs.running(programs.web(), programs.workers()):
                programs.wait_for_web()
                tasks.ensure_schedule()
                work.webhooks()
                if not Webhook.objects.filter(state=WebhookState.ACTIVE).exists():
                    raise RuntimeError("The webhook was not registered.")
                # The first one only warms everything up.
                taken = [_one(world) for _ in range(sizes.latencies + 1)][1:]
    finally:
        asana.close()
    tell("webhook_to_datev_latency", statistics.median(taken))


def _one(world: World) -> float:
    """Seconds for one task that was known beforehand."""
    [gid] = world.add(1, approved=False)
    _until(lambda: Record.objects.filter(source_ref=gid, state=RecordState.DORMANT).exists())
    arrived = world.datev.counts["extf.import"]
    started = time.monotonic()
    world.asana.approve(gid)
    _until(lambda: world.datev.counts["extf.import"] > arrived)
    return time.monotonic() - started


def _until(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + MOST_SECONDS
    while not is_so():
        if time.monotonic() > ends_at:
            raise TimeoutError("What was waited for did not happen in time.")
        time.sleep(LOOK_SECONDS)
