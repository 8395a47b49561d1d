"""A bare-handed caller of the simulated Acumatica, written from the vendor's documentation."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import requests

from mlconnector.sandbox.acumatica import AcumaticaSimulator
from mlconnector.sandbox.mount import WSGIAdapter

BASE = "https://acumatica.example"
CALLBACK = "https://hub.example/oauth/callback"
VERSION = "24.200.001"


class Caller:
    """One client with its own cookies."""

    def __init__(self, sim: AcumaticaSimulator, version: str = VERSION, endpoint: str = "Default") -> None:
        self.sim = sim
        self.http = requests.Session()
        self.http.mount(BASE, WSGIAdapter(sim))
        self.root = sim.addresses(BASE)["instance_url"]
        self.base = f"{self.root}/entity/{endpoint}/{version}"

    # --- signing in ---------------------------------------------------------------------------------------
    def login(self, **changes: Any) -> requests.Response:
        given = {"name": self.sim.user, "password": self.sim.password, "tenant": self.sim.tenant}
        return self.http.post(f"{self.root}/entity/auth/login", json=given | changes)

    def logout(self) -> requests.Response:
        return self.http.post(f"{self.root}/entity/auth/logout")

    def authorize(self, **changes: str) -> requests.Response:
        given = {
            "response_type": "code",
            "client_id": self.sim.client_id,
            "redirect_uri": CALLBACK,
            "scope": "api offline_access",
            "state": "s",
        }
        url = f"{self.root}/identity/connect/authorize"
        return self.http.get(url, params=given | changes, allow_redirects=False)

    def code(self, **changes: str) -> str:
        return came_back(self.authorize(**changes))["code"]

    def token(self, grant: str, **form: str) -> requests.Response:
        given = {"client_id": self.sim.client_id, "client_secret": self.sim.client_secret}
        return self.http.post(
            f"{self.root}/identity/connect/token", data={"grant_type": grant} | given | form
        )

    def use(self, access_token: str) -> None:
        self.http.headers["Authorization"] = f"Bearer {access_token}"

    # --- records ------------------------------------------------------------------------------------------
    def get(self, path: str, **params: Any) -> requests.Response:
        query = "&".join(f"${name}={quote(str(value), safe='')}" for name, value in params.items())
        return self.http.get(f"{self.base}/{path}{'?' if query else ''}{query}")

    def put(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self.http.put(f"{self.base}/{path}", json=body, headers=_named(headers))

    def patch(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self.http.patch(f"{self.base}/{path}", json=body, headers=_named(headers))

    def act(self, path: str, record_id: str = "", **entity: Any) -> requests.Response:
        """POST an action for the record with this id, or for what `entity` names."""
        given = {"id": record_id} if record_id else wrap(entity)
        return self.http.post(f"{self.base}/{path}", json={"entity": given, "parameters": {}})

    def follow(self, response: requests.Response) -> requests.Response:
        """GET the Location of an answer."""
        return self.http.get(urljoin(str(response.request.url), response.headers["Location"]))


def wrap(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: {"value": value} for name, value in fields.items()}


def unwrap(record: dict[str, Any], name: str) -> Any:
    return record[name].get("value")


def came_back(response: requests.Response) -> dict[str, str]:
    """The parameters with which the browser comes back."""
    assert response.status_code == 302, response.text
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
