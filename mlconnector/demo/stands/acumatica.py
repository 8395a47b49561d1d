"""The simulated Acumatica of the demonstration, with push notifications as a person sets them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.vendors.acumatica.webhooks import PUSH_SECRET, SECRET_HEADER
from mlconnector.demo.stands.base import Stand
from mlconnector.sandbox.acumatica.served import ServedAcumatica

# A release takes a moment: it is answered with 202, and asked about until it has ended.
ACTION_SECONDS = 0.2
SECRET = "demonstration-push-secret"  # noqa: S105 (nothing is protected by it)


class AcumaticaStand(Stand):
    vendor = "acumatica"
    label = "Acumatica"
    hint = "enter a bill or change it here, and see what was released"
    ports = {"port": 8106}

    def __init__(self, *, port: int = 0) -> None:
        self.server = ServedAcumatica(port=port, action_seconds=ACTION_SECONDS)
        self.simulator: Any = self.server.simulator

    @property
    def url(self) -> str:
        return f"{self.server.server.url}{self.simulator.instance}"

    def settings(self) -> Mapping[str, Any]:
        return {
            "instance_url": self.url,
            "tenant": self.simulator.tenant,
            "endpoint_version": "24.200.001",
            "sign_in": "oauth",
            "client_id": self.simulator.client_id,
            "calls_per_minute": 3000,
        }

    def secrets(self) -> Mapping[str, str]:
        return {"client_secret": self.simulator.client_secret, PUSH_SECRET: SECRET}

    def set_up_push(self, entity: str, address: str) -> None:
        """As a person enters it on SM302000, by the hints that the product shows."""
        self.simulator.add_push(address, entity=entity, header=SECRET_HEADER, secret=SECRET)

    @property
    def has_undelivered(self) -> bool:
        return any(one.state in ("waiting", "sending") for one in self.simulator.pushes.all)

    def close(self) -> None:
        self.server.close()


STAND = AcumaticaStand
