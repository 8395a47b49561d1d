"""The simulated vendors of the demonstration. A new one is a module and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlconnector.demo.stands.asana import AsanaStand
from mlconnector.demo.stands.base import Stand
from mlconnector.demo.stands.datev import DatevStand
from mlconnector.demo.stands.dynamics import DynamicsStand
from mlconnector.demo.stands.jira import JiraStand

STANDS: Mapping[str, Callable[..., Stand]] = {
    "asana": AsanaStand,
    "datev": DatevStand,
    "dynamics": DynamicsStand,
    "jira": JiraStand,
}

__all__ = ("STANDS", "Stand")
