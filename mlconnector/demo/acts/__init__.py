"""The pairs that the demonstration shows. A new one is a package and a line here."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector.demo.acts.asana_datev.act import AsanaToDatev
from mlconnector.demo.acts.base import Act

ACTS: Sequence[type[Act]] = (AsanaToDatev,)

__all__ = ("ACTS", "Act")
