"""The simulated Jira of the demonstration, with a project for failed imports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.models import Connection
from connections.registry import vendor
from mlconnector.demo.stands.base import Stand
from mlconnector.sandbox.jira.served import ServedJira

PROJECT = "FIN"


class JiraStand(Stand):
    vendor = "jira"
    label = "Jira"
    hint = "see the issues of refused files, and move one to Done"
    ports = {"port": 8104}

    def __init__(self, *, port: int = 0) -> None:
        self.server = ServedJira(port=port)
        self.simulator: Any = self.server.simulator

    @property
    def url(self) -> str:
        return self.server.server.url

    def settings(self) -> Mapping[str, Any]:
        return {
            "client_id": self.simulator.client_id,
            "webhooks": "dynamic",
            "calls_per_minute": 3000,
            "api_url": self.simulator.api_url,
            "auth_url": self.simulator.auth_url,
        }

    def secrets(self) -> Mapping[str, str]:
        return {"client_secret": self.simulator.client_secret}

    def chosen(self, connection: Connection) -> Mapping[str, Any]:
        return {"site": vendor("jira").discover["sites"](connection, "")[0].ref}

    def close(self) -> None:
        self.server.close()


STAND = JiraStand
