"""All vendors. A new vendor is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from connections.base import Vendor


@cache
def vendors() -> Mapping[str, Vendor]:
    """Every vendor by its key."""
    from connections.vendors.acumatica import VENDOR as acumatica
    from connections.vendors.asana import VENDOR as asana
    from connections.vendors.datev import VENDOR as datev
    from connections.vendors.dynamics import VENDOR as dynamics
    from connections.vendors.exact import VENDOR as exact
    from connections.vendors.jira import VENDOR as jira

    return {vendor.key: vendor for vendor in (acumatica, asana, datev, dynamics, exact, jira)}


def vendor(key: str) -> Vendor:
    """The vendor stored as `key`. Raises KeyError for an unknown one."""
    return vendors()[key]


def label(key: str) -> str:
    """The vendor's name as people write it."""
    known = vendors().get(key)
    return known.label if known else key
