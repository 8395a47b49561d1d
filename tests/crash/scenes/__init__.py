"""All scenes. A new one is a module with one `SCENE`; `make crash` plays each on both databases."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from mlconnector import found

if TYPE_CHECKING:
    from tests.crash.scene import Scene

# For those who start runs without Django.
NAMES = found.names(__name__)


def scene(name: str) -> type[Scene]:
    """The scene of this name. Django must be set up."""
    kind: type[Scene] = import_module(f"{__name__}.{name}").SCENE
    return kind
