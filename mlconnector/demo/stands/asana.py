"""The simulated Asana of the demonstration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from connections.models import Connection
from connections.registry import vendor
from mlconnector.demo.stands.base import Stand
from mlconnector.sandbox.asana.served import ServedAsana

# As on a paid plan.
CALLS_PER_MINUTE = 1500


class AsanaStand(Stand):
    vendor = "asana"
    label = "Asana"
    hint = "approve a task here, and watch it being booked"
    ports = {"port": 8102, "files_port": 8103}

    def __init__(self, *, port: int = 0, files_port: int = 0) -> None:
        self.server = ServedAsana(port=port, files_port=files_port, calls_per_minute=CALLS_PER_MINUTE)
        self.simulator: Any = self.server.simulator
        self._deliver, self._is_delivering = self.simulator.deliver, False
        self.simulator.deliver = self._delivered

    @property
    def url(self) -> str:
        return str(self.server.server.url)

    def settings(self) -> Mapping[str, Any]:
        return {
            "sign_in": "pat",
            "base_url": f"{self.url}/api/1.0",
            "oauth_url": f"{self.url}/-",
            "calls_per_minute": str(CALLS_PER_MINUTE),
        }

    def secrets(self) -> Mapping[str, str]:
        return {"pat": self.simulator.pat}

    def chosen(self, connection: Connection) -> Mapping[str, Any]:
        return {"workspace": vendor("asana").discover["workspaces"](connection, "")[0].ref}

    def close(self) -> None:
        self.server.close()

    def _delivered(self) -> Any:
        self._is_delivering = True
        try:
            return self._deliver()
        finally:
            self._is_delivering = False

    @property
    def has_undelivered(self) -> bool:
        with self.simulator.lock:
            is_waiting = any(hook.waiting for hook in self.simulator.known.webhooks.values())
        return is_waiting or self._is_delivering

    def written_back(self) -> Counter[str]:
        """How often the fields of a task were written over the API, by gid."""
        calls = self.simulator.calls_to("tasks.change")
        return Counter(call.path.rpartition("/")[2] for call in calls if call.status == 200)


STAND = AsanaStand
