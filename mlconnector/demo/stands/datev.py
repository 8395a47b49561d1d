"""The simulated DATEV of the demonstration. Acts add clients of their own to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mlconnector.demo.stands.base import Stand
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.datev.simulator import repeated
from mlconnector.sandbox.serve import serve

# DATEV takes a moment; our first look comes after five seconds, ten for XML jobs.
JOB_SECONDS = 3.0


class DatevStand(Stand):
    vendor = "datev"
    label = "DATEV"
    hint = "documents, files and bookings that arrived"
    ports = {"port": 8101}

    def __init__(self, *, port: int = 0) -> None:
        self.simulator: Any = DatevSimulator(
            [], job_seconds=JOB_SECONDS, dxso_seconds=JOB_SECONDS, duplicate_content=True
        )
        self.server = serve(self.simulator, port=port)

    @property
    def url(self) -> str:
        return self.server.url

    def settings(self) -> Mapping[str, Any]:
        return {
            "environment": "production",
            "client_id": self.simulator.apps[0].client_id,
            "token_mode": "short",
            **self.simulator.addresses(self.url),
        }

    def secrets(self) -> Mapping[str, str]:
        return {"client_secret": self.simulator.apps[0].client_secret}

    def state_of(self, clients: Collection[str]) -> dict[str, Any]:
        """What DATEV holds of these clients ("<consultant>-<client>") alone."""
        state = self.simulator.state()
        kinds = ("bookings", "documents", "extf_jobs", "dxso_jobs")
        found = {kind: [row for row in state[kind] if row["client"] in clients] for kind in kinds}
        return {**found, "repeated": repeated(found["bookings"])}

    def close(self) -> None:
        self.server.close()


STAND = DatevStand
