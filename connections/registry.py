"""All vendors. A new vendor is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from connections.base import Vendor

# Folders in `connections/vendors/`, each with one `VENDOR` whose key is the folder's name.
VENDORS = (
    "acumatica",
    "asana",
    "datev",
    "dynamics",
    "exact",
    "jira",
)


@cache
def vendors() -> Mapping[str, Vendor]:
    """Every vendor by its key."""
    return {key: import_module(f"connections.vendors.{key}").VENDOR for key in VENDORS}


def vendor(key: str) -> Vendor:
    """The vendor stored as `key`. Raises KeyError for an unknown one."""
    return vendors()[key]


def label(key: str) -> str:
    """The vendor's name as people write it."""
    known = vendors().get(key)
    return known.label if known else key
