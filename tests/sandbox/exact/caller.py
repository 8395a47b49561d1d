"""Requests to the simulated Exact Online made by hand, and a hub that receives its webhooks."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from mlconnector.sandbox.exact import ExactSimulator
from mlconnector.sandbox.mount import WSGIAdapter

SITE = "https://exact.example"
REDIRECT = "https://hub.example/oauth/callback"
TARGET = "https://hub.example/hooks/exact/6f1c/"


class Caller:
    """requests with a sign-in, a division and the vendor's headers."""

    def __init__(self, exact: ExactSimulator) -> None:
        self.exact = exact
        self.session = requests.Session()
        self.session.mount("https://", WSGIAdapter(exact))
        self.access = self.refresh = ""
        self.division = exact.division

    # --- sign-in ------------------------------------------------------------------------------------------
    def sign_in(self) -> None:
        """Without the clicks."""
        self.access, self.refresh = self.exact.add_oauth_tokens()

    def authorize(self, **changes: str) -> requests.Response:
        query = {
            "client_id": self.exact.client_id,
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "state": "s1",
            **changes,
        }
        return self.session.get(f"{SITE}/api/oauth2/auth", params=query, allow_redirects=False, timeout=5)

    def code(self) -> str:
        back = self.authorize()
        assert back.status_code == 302
        return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]

    def token(self, **form: str) -> requests.Response:
        about = {"client_id": self.exact.client_id, "client_secret": self.exact.client_secret}
        return self.session.post(f"{SITE}/api/oauth2/token", data={**about, **form}, timeout=5)

    def exchange(self, code: str) -> requests.Response:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT)

    def renew(self, refresh: str = "") -> requests.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh or self.refresh)

    # --- API ----------------------------------------------------------------------------------------------
    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """`path` below the division, or a whole address."""
        url = path if path.startswith("https:") else f"{SITE}/api/v1/{self.division}/{path}"
        headers = {
            "Authorization": f"Bearer {self.access}",
            "Accept": "application/json",
            **options.pop("headers", {}),
        }
        headers = {name: value for name, value in headers.items() if value}
        return self.session.request(method, url, headers=headers, timeout=5, **options)

    def get(self, path: str, select: str = "", filter: str = "", **query: str) -> requests.Response:
        given = {"$select": select, "$filter": filter, **{f"${name}": value for name, value in query.items()}}
        return self.call("GET", path, params={name: value for name, value in given.items() if value})

    def read(self, path: str, select: str = "", filter: str = "", **query: str) -> list[dict[str, Any]]:
        """Rows of a good answer, one page."""
        answer = self.get(path, select, filter, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["d"]["results"]

    def read_all(self, path: str, select: str, filter: str = "") -> list[dict[str, Any]]:
        """Rows of all pages."""
        rows: list[dict[str, Any]] = []
        answer = self.get(path, select, filter)
        while True:
            assert answer.status_code == 200, answer.text
            rows += answer.json()["d"]["results"]
            following = answer.json()["d"].get("__next")
            if following is None:
                return rows
            answer = self.call("GET", following)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        return self.call("POST", path, json=body, **options)

    def put(self, path: str, key: str, body: Any) -> requests.Response:
        return self.call("PUT", f"{path}(guid'{key}')", json=body)

    def delete(self, path: str, key: str) -> requests.Response:
        return self.call("DELETE", f"{path}(guid'{key}')")

    def subscribe(self, topic: str, **changes: Any) -> requests.Response:
        return self.post("webhooks/WebhookSubscriptions", {"CallbackURL": TARGET, "Topic": topic, **changes})


def message(answer: requests.Response) -> str:
    return answer.json()["error"]["message"]["value"]


class Hub:
    """Answers validations, keeps notifications."""

    def __init__(self) -> None:
        self.status = 200
        self.validations: list[str] = []
        self.received: list[bytes] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.status == 0:
            raise requests.ConnectionError("refused")
        if not body:
            self.validations.append(url)
        else:
            self.received.append(body)
        return self.status, {}, b""

    def contents(self) -> list[dict[str, Any]]:
        return [json.loads(body)["Content"] for body in self.received]
