"""The simulated vendors of the demonstration, by their keys. A new one is a module with one `STAND`."""

from __future__ import annotations

from collections.abc import Mapping

from mlconnector import found
from mlconnector.demo.stands.base import Stand

STANDS: Mapping[str, type[Stand]] = found.members(__name__, "STAND")

__all__ = ("STANDS", "Stand")
