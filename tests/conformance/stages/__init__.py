"""All vendors and pairs on the stage. A new one is a module with one `STAGE`; the tests stay as they are."""

from __future__ import annotations

from collections.abc import Mapping

from mlconnector import found
from tests.conformance.stages.base import EVIL, PairStage, VendorStage

VENDORS: Mapping[str, VendorStage] = found.members(f"{__name__}.vendors", "STAGE")
PAIRS: Mapping[str, PairStage] = found.members(f"{__name__}.pairs", "STAGE")

__all__ = ("EVIL", "PAIRS", "VENDORS", "PairStage", "VendorStage")
