"""The same tasks as in `asana_datev_extf`, booked as an XML package."""

from __future__ import annotations

from tests.crash.scenes.asana_datev_extf import AsanaToDatev


class AsanaToDatevAsXml(AsanaToDatev):
    every = 30
    route = "dxso"


SCENE = AsanaToDatevAsXml
