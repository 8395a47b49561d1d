"""The simulated Exact Online of the demonstration: a German site with two companies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.models import Connection
from connections.registry import vendor
from mlconnector.demo.stands.base import Stand
from mlconnector.sandbox.exact.served import ServedExact


class ExactStand(Stand):
    vendor = "exact"
    label = "Exact Online"
    hint = "enter, deliver or change an order; see milestones, budgets and costs of projects"
    ports = {"port": 8107}

    def __init__(self, *, port: int = 0) -> None:
        # Nobody wants to watch how sixty calls a minute are kept.
        self.server = ServedExact(port=port, region="de", calls_per_minute=None)
        self.simulator: Any = self.server.simulator

    @property
    def url(self) -> str:
        return str(self.server.server.url)

    def settings(self) -> Mapping[str, Any]:
        return {
            "region": "de",
            "base_url": self.url,
            "client_id": self.simulator.client_id,
            "calls_per_minute": 3000,
        }

    def secrets(self) -> Mapping[str, str]:
        return {
            "client_secret": self.simulator.client_secret,
            "webhook_secret": self.simulator.webhook_secret,
        }

    def chosen(self, connection: Connection) -> Mapping[str, Any]:
        return {"division": vendor("exact").discover["divisions"](connection, "")[0].ref}

    @property
    def has_undelivered(self) -> bool:
        with self.simulator.lock:
            return bool(self.simulator.known.waiting)

    def close(self) -> None:
        self.server.close()


STAND = ExactStand
