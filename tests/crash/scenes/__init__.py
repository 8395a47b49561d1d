"""All scenes. A new one is a module and a line here; `make crash` plays each on both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.crash.scene import Scene


def scenes() -> Mapping[str, Callable[[Mapping[str, int]], Scene]]:
    """Every scene by its name. Django must be set up."""
    from tests.crash.scenes.asana_datev import Dxso, Extf
    from tests.crash.scenes.datev_jira import DatevToJira
    from tests.crash.scenes.dynamics_datev import DynamicsToDatev

    return {
        "asana_datev_extf": Extf,
        "asana_datev_dxso": Dxso,
        "datev_jira": DatevToJira,
        "dynamics_datev": DynamicsToDatev,
    }


# Their names, for those who start runs without Django, and each how manieth kill point is in `make test`.
NAMES = {"asana_datev_extf": 12, "asana_datev_dxso": 18, "datev_jira": 20, "dynamics_datev": 34}
