"""How a vendor and a pair are put on the stage of the conformance tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connections.models import Connection
from pairs.models import RecordState

# A host that is no vendor's.
EVIL = "https://evil.example"


@dataclass(frozen=True)
class VendorStage:
    """A simulator, a connection to it, and what the tests must know of the vendor's own words."""

    simulator: Callable[[], Any]
    # Where it is mounted.
    prefixes: tuple[str, ...]
    connection: Callable[[Any], Connection]
    # Fills the simulator with more things than fit on a page; returns how many there are.
    fill: Callable[[Any], int]
    # The list (`Vendor.discover`) that shows them.
    listing: str
    # What is chosen above a list, by the list's name; made in the simulator.
    parents: Callable[[Any], Mapping[str, str]]
    # (route, what a fault switch overrides) of answers that name a further address, here a foreign one.
    links: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=())
    # Ends of addresses that are called by POST and change nothing: reads in one call, sign-ins.
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class PairStage:
    """A world in which one source object becomes one thing at the target.

    `make(asana=..., datev=..., ...)` takes the simulators by their vendors' keys.
    """

    make: Callable[..., Any]
    # A new source object that is ready to be handled; its reference.
    ready: Callable[[Any], str]
    # The same object, changed in what matters, and deleted.
    changed: Callable[[Any, str], Any]
    # None: what this pair reads is never deleted, so that no test deletes it.
    deleted: Callable[[Any, str], Any] | None
    # How many things stand at the target.
    arrived: Callable[[Any], int]
    # A change makes a person decide once it has arrived.
    is_final: bool = True
    # The state of its record once it has arrived.
    arrives_as: str = RecordState.DONE
