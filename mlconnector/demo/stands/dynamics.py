"""The simulated Dynamics 365 Sales of the demonstration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconnector.demo.stands.base import Stand
from mlconnector.sandbox.dynamics.served import ServedDynamics


class DynamicsStand(Stand):
    vendor = "dynamics"
    label = "Dynamics 365 Sales"
    hint = "bill, change or cancel an invoice here"
    ports = {"port": 8105}
    # Dynamics calls the ports 80 and 443 alone; here changes are found by reading.
    can_reach_us = False

    def __init__(self, *, port: int = 0) -> None:
        self.server = ServedDynamics(port=port)
        self.simulator: Any = self.server.simulator

    @property
    def url(self) -> str:
        return str(self.server.server.url)

    def settings(self) -> Mapping[str, Any]:
        return {
            "environment_url": self.url,
            "login_url": self.url,
            "tenant": self.simulator.tenant_id,
            "client_id": self.simulator.client_id,
        }

    def secrets(self) -> Mapping[str, str]:
        return {"client_secret": self.simulator.client_secret}

    def close(self) -> None:
        self.server.close()


STAND = DynamicsStand
