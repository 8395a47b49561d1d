"""One simulated vendor on a real port, and the connection that the product gets to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from connections.models import Connection


class Stand(ABC):
    """Serves a simulator; shared by all acts that need the vendor. `port` 0 takes any free one."""

    vendor: str
    # The vendor's name for people, and what can be done on its pages.
    label: str
    hint: str
    # The usual ports of its servers, by the argument that takes them; a demonstration may give others.
    ports: Mapping[str, int]
    simulator: Any
    # Whether its webhooks come to the demonstration's address.
    can_reach_us = True

    @property
    def name(self) -> str:
        """The name of its connection."""
        return f"{self.label} (simuliert)"

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """The settings of its connection."""

    @abstractmethod
    def secrets(self) -> Mapping[str, str]:
        """The secrets of its connection, by field."""

    def chosen(self, connection: Connection) -> Mapping[str, Any]:
        """Settings that a person chooses from the vendor's lists once the connection stands."""
        return {}

    @property
    def has_undelivered(self) -> bool:
        """Whether there are webhook events that have not arrived at the product yet."""
        return False

    @abstractmethod
    def close(self) -> None:
        """Stop serving."""

    # --- The connection in the configuration file ---------------------------------------------------------

    def variable(self, field: str) -> str:
        """The environment variable that holds a secret, since none stands in the file."""
        return f"DEMO_{self.vendor}_{field}".upper()

    def declared(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "vendor": self.vendor,
            "settings": dict(self.settings()),
            "secrets": {field: f"env:{self.variable(field)}" for field in self.secrets()},
        }
