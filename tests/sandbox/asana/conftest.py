"""The simulated Asana behind requests, every answer held against the specification."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.kit import SimClock
from mlconnector.sandbox.mount import WSGIAdapter
from tests.sandbox.asana import spec

API = "https://asana.example/api/1.0"
TARGET = "https://hub.example/hooks/asana/6f1c/"
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Client:
    """requests with a token and the API's address."""

    def __init__(self, sim: AsanaSimulator, token: str) -> None:
        self.session = requests.Session()
        self.session.mount("https://asana.example", WSGIAdapter(sim))
        self.session.mount("https://asana-files.example", WSGIAdapter(sim))
        self.token = token

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.session.request(method, API + path, headers=headers, timeout=5, **options)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", path, params=query)

    def read(self, path: str, **query: Any) -> Any:
        """`data` of a good answer."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def post(self, path: str, data: Any = None, **query: Any) -> requests.Response:
        return self.call("POST", path, json={"data": data or {}}, params=query)

    def put(self, path: str, data: Any, **query: Any) -> requests.Response:
        return self.call("PUT", path, json={"data": data}, params=query)

    def delete(self, path: str) -> requests.Response:
        return self.call("DELETE", path)


@pytest.fixture
def sim() -> AsanaSimulator:
    """At eight in the morning; the clock stands still unless it is moved."""
    return AsanaSimulator(clock=SimClock(at=MORNING))


@pytest.fixture
def api(sim: AsanaSimulator) -> Iterator[Client]:
    yield Client(sim, sim.pat)
    if spec.is_at_hand():
        assert spec.violations(sim) == []


@pytest.fixture
def project(sim: AsanaSimulator) -> str:
    return sim.add_project("Eingangsrechnungen")


@pytest.fixture
def amount(sim: AsanaSimulator, project: str) -> str:
    """A number field in euros."""
    return sim.add_custom_field(
        project, "Betrag", "number", precision=2, format="currency", currency_code="EUR"
    )


@pytest.fixture
def task(sim: AsanaSimulator, project: str, amount: str) -> str:
    return sim.add_task(project, "Rechnung 4711", fields={amount: Decimal("1190.50")})


def message(answer: requests.Response) -> str:
    return answer.json()["errors"][0]["message"]


def field_of(data: dict[str, Any], gid: str) -> dict[str, Any]:
    """The custom field with that gid in a task's answer."""
    return next(field for field in data["custom_fields"] if field["gid"] == gid)


class Receiver:
    """A hub: echoes the handshake and keeps what came."""

    def __init__(self) -> None:
        self.secret = ""
        self.status = 200
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.threads: list[str] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.threads.append(threading.current_thread().name)
        if "X-Hook-Secret" in headers:
            self.secret = headers["X-Hook-Secret"]
            return 200, {"x-hook-secret": self.secret}, b""
        if self.status == 0:
            raise requests.ConnectionError("refused")
        self.received.append((headers, body))
        return self.status, {}, b"answer"

    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.received for event in json.loads(body)["events"]]

    def changed_fields(self) -> list[str]:
        return [event["change"]["field"] for event in self.events() if "change" in event]


@pytest.fixture
def hub(sim: AsanaSimulator) -> Receiver:
    sim.post = Receiver()
    return sim.post


def register(api: Client, project: str, *filters: dict[str, Any], target: str = TARGET) -> requests.Response:
    return api.post("/webhooks", {"resource": project, "target": target, "filters": list(filters)})


@pytest.fixture
def hook(api: Client, sim: AsanaSimulator, hub: Receiver, project: str) -> str:
    """A webhook on the project whose first heartbeat has arrived."""
    gid = register(api, project).json()["data"]["gid"]
    sim.deliver()
    hub.received.clear()
    return gid
