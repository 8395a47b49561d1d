"""How many calls a task costs at the vendors, counted in the simulators' own logs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client

from connections import http
from mlconnector.bench.figures import tell
from mlconnector.bench.sizes import Sizes
from mlconnector.bench.world import World, dont_wait
from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.mount import WSGIAdapter
from pairs import work
from pairs.models import Cursor

ASANA, FILES, DATEV = "https://asana.example", "https://asana-files.example", "https://datev.example"


def measure(sizes: Sizes) -> None:
    """Both figures count everything: listings, files, jobs, the webhook, and the echo of our own writing."""
    dont_wait()
    asana: Any = AsanaSimulator(post=_to_product, allow_local_targets=True)
    datev = DatevSimulator()
    adapter = WSGIAdapter(asana)
    http.mounted.update({ASANA: adapter, FILES: adapter, DATEV: WSGIAdapter(datev)})
    world = World(asana, datev, ASANA, DATEV, close_count=sizes.backfill)
    world.add(sizes.backfill)
    calls = _counted(world, world.settle)
    tell("vendor_calls_per_task_backfill", calls / sizes.backfill)
    world.set(close_count=1)
    tell("vendor_calls_single_webhook", _counted(world, _approve_one(world)))


def _approve_one(world: World) -> Any:
    """A task that is known and not approved; the rest is to be counted, found by the webhook alone."""
    [gid] = world.add(1, approved=False)
    world.asana.deliver()
    while work.everything():
        world.pass_time(timedelta(seconds=1))
    Cursor.objects.update(due_at=None)

    def approve() -> None:
        world.asana.approve(gid)
        world.asana.deliver()
        world.settle(poll=False)

    return approve


def _counted(world: World, do: Any) -> int:
    simulators = (world.asana, world.asana.files, world.datev)
    before = sum(sum(simulator.counts.values()) for simulator in simulators)
    do()
    return sum(sum(simulator.counts.values()) for simulator in simulators) - before


def _to_product(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """A delivery of the simulated Asana, brought to the product's WSGI application."""
    from mlconnector.wsgi import application

    parts = urlsplit(url)
    answer = Client(application).post(
        parts.path, base_url=f"{parts.scheme}://{parts.netloc}", data=body, headers=headers
    )
    return answer.status_code, dict(answer.headers), answer.data
