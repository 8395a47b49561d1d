"""The simulated Dynamics behind requests, every row held against Microsoft's table definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from mlconnector.sandbox.dynamics import DynamicsSimulator
from mlconnector.sandbox.kit import SimClock
from mlconnector.sandbox.mount import WSGIAdapter
from tests.sandbox.dynamics import spec

MORNING = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
ANNOTATED = 'odata.include-annotations="*"'


class Client:
    """requests with a token and the API's address."""

    def __init__(self, sim: DynamicsSimulator) -> None:
        self.sim = sim
        self.session = requests.Session()
        for address in sim.mounts:
            self.session.mount(address, WSGIAdapter(sim))
        self.token = sim.sign_in()

    @property
    def root(self) -> str:
        return f"{self.sim.base_url}/api/data/v9.2"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """`path` below the API, or a whole link of an answer."""
        url = path if path.startswith("http") else f"{self.root}/{path}"
        prefer = options.pop("prefer", "")
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        if prefer:
            headers["Prefer"] = prefer
        return self.session.request(method, url, headers=headers, timeout=5, allow_redirects=False, **options)

    def get(self, path: str, prefer: str = "", **options: Any) -> requests.Response:
        return self.call("GET", path, prefer=prefer, **options)

    def read(self, path: str, prefer: str = "") -> Any:
        """The body of a good answer; numbers with a point as Decimal."""
        answer = self.get(path, prefer)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.content, parse_float=Decimal)

    def rows(self, path: str, prefer: str = "") -> list[dict[str, Any]]:
        return self.read(path, prefer)["value"]

    def token_request(self, tenant: str = "", **changes: str | None) -> requests.Response:
        """The sign-in with the app's secret; a change of None leaves the parameter out."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.sim.client_id,
            "client_secret": self.sim.client_secret,
            "scope": f"{self.sim.base_url}/.default",
            **changes,
        }
        url = f"{self.sim.login_url}/{tenant or self.sim.tenant_id}/oauth2/v2.0/token"
        return self.session.post(url, data={name: value for name, value in form.items() if value is not None})


def error(answer: requests.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def sim() -> DynamicsSimulator:
    """At eight in the morning; the clock stands still unless it is moved."""
    return DynamicsSimulator(clock=SimClock(at=MORNING))


@pytest.fixture
def api(sim: DynamicsSimulator) -> Iterator[Client]:
    yield Client(sim)
    if spec.is_at_hand():
        assert spec.violations(sim) == []


@pytest.fixture
def account(sim: DynamicsSimulator) -> str:
    return sim.add_account("Beispiel AG", "10001", address1_city="Köln", address1_country="Deutschland")


@pytest.fixture
def invoice(sim: DynamicsSimulator, account: str) -> str:
    """Billed, 200.00 net with 19 % and 7 %, due on 2 December."""
    lines = [
        {"text": "Montage", "quantity": 2, "price": "50.00", "rate": 19},
        {"text": "Fachbuch", "price": "100.00", "rate": 7},
    ]
    return sim.add_invoice(
        account, lines, number="RE-1001", due_on=date(2026, 12, 2), delivered_on=date(2026, 6, 1)
    )
