"""All pairs. A new pair is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pairs.base import Pair


@cache
def pairs() -> Mapping[str, Pair]:
    """Every pair by its key."""
    from pairs.definitions.asana_datev import PAIR as asana_datev
    from pairs.definitions.datev_jira import PAIR as datev_jira
    from pairs.definitions.dynamics_datev import PAIR as dynamics_datev

    return {pair.key: pair for pair in (asana_datev, datev_jira, dynamics_datev)}


def pair(key: str) -> Pair:
    """The pair stored as `key`. Raises KeyError for an unknown one."""
    return pairs()[key]
