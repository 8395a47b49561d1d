"""What is found by its place: each module of a folder is one of its kind, so that no list names them."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def names(package: str, *, besides: Sequence[str] = ("base",)) -> list[str]:
    """The modules in `package` that are one of its kind, sorted; none of them is imported."""
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    if places is None:
        raise ModuleNotFoundError(f"{package} is not a package")
    return sorted(module.name for module in pkgutil.iter_modules(places) if module.name not in besides)


def members(package: str, member: str) -> dict[str, Any]:
    """What each module of `package` calls `member`, by its name. Raises AttributeError where one has none."""
    return {name: getattr(import_module(f"{package}.{name}"), member) for name in names(package)}
