"""The pairs that the demonstration shows. A new one is a package with one `ACT`."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector import found
from mlconnector.demo.acts.base import Act

ACTS: Sequence[type[Act]] = tuple(found.members(__name__, "ACT").values())

__all__ = ("ACTS", "Act")
