"""The pairs that the demonstration shows. A new one is a package and a line here."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector.demo.acts.asana_datev.act import AsanaToDatev
from mlconnector.demo.acts.base import Act
from mlconnector.demo.acts.datev_jira.act import DatevToJira
from mlconnector.demo.acts.dynamics_datev.act import DynamicsToDatev

ACTS: Sequence[type[Act]] = (AsanaToDatev, DatevToJira, DynamicsToDatev)

__all__ = ("ACTS", "Act")
