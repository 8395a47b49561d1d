"""All pairs. A new pair is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from pairs.base import Pair

# Modules (or folders) in `pairs/definitions/`, each with one `PAIR` whose key is the module's name.
PAIRS = (
    "acumatica_asana",
    "asana_datev",
    "datev_jira",
    "dynamics_datev",
    "exact_asana",
)


@cache
def pairs() -> Mapping[str, Pair]:
    """Every pair by its key."""
    return {key: import_module(f"pairs.definitions.{key}").PAIR for key in PAIRS}


def pair(key: str) -> Pair:
    """The pair stored as `key`. Raises KeyError for an unknown one."""
    return pairs()[key]
