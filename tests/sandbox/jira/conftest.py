"""The simulated Jira behind requests, every answer held against the specification."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from mlconnector.sandbox.jira import API_URL, AUTH_URL, MEDIA_URL, WEB_URL, JiraSimulator
from mlconnector.sandbox.kit import SimClock
from mlconnector.sandbox.mount import WSGIAdapter
from tests.sandbox.jira import spec

TARGET = "https://hub.example/hooks/jira/6f1c/"
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def web_for(sim: JiraSimulator) -> requests.Session:
    session = requests.Session()
    for url in (AUTH_URL, API_URL, WEB_URL, MEDIA_URL):
        session.mount(url, WSGIAdapter(sim))
    return session


class Client:
    """requests with a token and the address of a site's API."""

    def __init__(self, sim: JiraSimulator, token: str = "", site: str = "") -> None:
        self.sim = sim
        self.session = web_for(sim)
        self.token = token or sim.sign_in()[0]
        self.base = f"{API_URL}/ex/jira/{site or sim.site}/rest/api/3"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        options.setdefault("allow_redirects", False)
        return self.session.request(method, self.base + path, headers=headers, timeout=5, **options)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", path, params=query)

    def read(self, path: str, **query: Any) -> Any:
        """The body of a good answer."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **query: Any) -> requests.Response:
        return self.call("POST", path, json={} if body is None else body, params=query)

    def put(self, path: str, body: Any, **query: Any) -> requests.Response:
        return self.call("PUT", path, json=body, params=query)

    def delete(self, path: str, body: Any = None) -> requests.Response:
        return self.call(
            "DELETE",
            path,
            data=None if body is None else json.dumps(body),
            headers={"Content-Type": "application/json"},
        )

    def search(self, jql: str, **more: Any) -> requests.Response:
        return self.post("/search/jql", {"jql": jql, **more})

    def keys(self, jql: str) -> list[str]:
        """Keys of the hits."""
        answer = self.search(jql, fields=["summary"])
        assert answer.status_code == 200, answer.text
        return [issue["key"] for issue in answer.json()["issues"]]


@pytest.fixture
def sim() -> JiraSimulator:
    """At eight in the morning; the clock stands still unless it is moved."""
    return JiraSimulator(clock=SimClock(at=MORNING))


@pytest.fixture
def api(sim: JiraSimulator) -> Iterator[Client]:
    yield Client(sim)
    if spec.is_at_hand():
        assert spec.violations(sim) == []


@pytest.fixture
def project(sim: JiraSimulator) -> str:
    """Its key."""
    sim.add_project("FIN", "Finanzbuchhaltung")
    return "FIN"


@pytest.fixture
def external_id(sim: JiraSimulator, project: str) -> str:
    return sim.add_custom_field("DATEV external id", projects=[project])


@pytest.fixture
def task_type(sim: JiraSimulator, project: str) -> str:
    return sim.type_id(project)


def document(*texts: str) -> dict[str, Any]:
    """A paragraph for each text."""
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in texts]
    return {"type": "doc", "version": 1, "content": content}


def fields_for(sim: JiraSimulator, project: str = "FIN", **more: Any) -> dict[str, Any]:
    """The fields of a good create; None leaves one out."""
    given = {
        "project": {"key": project},
        "issuetype": {"id": sim.type_id(project)},
        "summary": "EXTF 4711 fehlgeschlagen",
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


def created(api: Client, **more: Any) -> str:
    """The key of a new issue."""
    answer = api.post("/issue", {"fields": fields_for(api.sim, **more)})
    assert answer.status_code == 201, answer.text
    return answer.json()["key"]


class Receiver:
    """A hub that keeps what came."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.status == 0:
            raise requests.ConnectionError("refused")
        self.received.append((url, headers, body))
        return self.status, {}, b""

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.received]

    def headers(self, name: str) -> list[str]:
        return [headers[name] for _, headers, _ in self.received if name in headers]


@pytest.fixture
def hub(sim: JiraSimulator) -> Receiver:
    sim.post = Receiver()
    return sim.post


def register(api: Client, *, url: str = TARGET, **entry: Any) -> requests.Response:
    details = {"events": ["jira:issue_updated", "jira:issue_deleted"], "jqlFilter": "project IN (FIN)"}
    return api.post("/webhook", {"url": url, "webhooks": [{**details, **entry}]})
