"""How many signed deliveries a second the web server takes in, and how long each sender waits."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from urllib.parse import urlsplit

from mlconnector.bench import programs
from mlconnector.bench.figures import tell
from mlconnector.bench.sizes import Sizes
from mlconnector.bench.world import World
from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.datev import DatevSimulator
from pairs import hooks
from pairs.models import Delivery, Webhook, WebhookState

SECRET = "agreed-in-the-handshake"  # noqa: S105 (of this measurement alone)
WARM_UP_SECONDS = 1.0


def measure(sizes: Sizes) -> None:
    world = World(AsanaSimulator(), DatevSimulator(), "https://asana.example", "https://datev.example")
    hook = Webhook.objects.create(
        integration=world.integration,
        connection=world.source,
        flow="tasks",
        resource_ref=world.project,
        state=WebhookState.ACTIVE,
        secrets={"secret": SECRET},
    )
    path = urlsplit(hooks.address(hook)).path
    with programs.running(programs.web()):
        programs.wait_for_web()
        _load(path, "warm-up", min(WARM_UP_SECONDS, sizes.intake_seconds), sizes.intake_clients)
        started = time.monotonic()
        waits = _load(path, "measured", sizes.intake_seconds, sizes.intake_clients)
        seconds = time.monotonic() - started
    stored = Delivery.objects.count()
    if stored < len(waits):
        raise RuntimeError(f"{len(waits)} deliveries were answered with 200, but {stored} are stored.")
    waits.sort()
    tell("webhook_intake_per_second", len(waits) / seconds)
    tell("webhook_intake_p50_ms", waits[len(waits) // 2] * 1000)
    tell("webhook_intake_p95_ms", waits[int(len(waits) * 0.95)] * 1000)


def _load(path: str, name: str, seconds: float, clients: int) -> list[float]:
    """How long each delivery took, in seconds; every client sends the next one as soon as it may."""
    waits: list[float] = []
    refused: list[object] = []
    ends_at = time.monotonic() + seconds

    def send(client: int) -> None:
        sender = http.client.HTTPConnection(*programs.address(), timeout=30)
        number = 0
        try:
            while time.monotonic() < ends_at:
                number += 1
                body = _event(f"{name}-{client}-{number}")
                signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
                started = time.monotonic()
                sender.request(
                    "POST", path, body, {"Content-Type": "application/json", "X-Hook-Signature": signature}
                )
                answer = sender.getresponse()
                answer.read()
                waits.append(time.monotonic() - started)
                if answer.status != 200:
                    refused.append(answer.status)
        except OSError as error:
            refused.append(error)
        finally:
            sender.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:
        raise RuntimeError(f"{len(refused)} deliveries were not taken, the first one: {refused[0]}")
    return waits


def _event(name: str) -> bytes:
    """A delivery as Asana sends it; no two are alike."""
    event = {
        "user": {"gid": "1200", "resource_type": "user"},
        "created_at": "2026-11-02T08:00:00.000Z",
        "type": "task",
        "action": "changed",
        "resource": {"gid": "99", "resource_type": "task", "resource_subtype": "approval"},
        "parent": None,
        "change": {"field": "approval_status", "action": "changed", "name": name},
    }
    return json.dumps({"events": [event]}).encode()
