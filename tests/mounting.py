"""Simulated vendors behind the product's real transport, inside the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def mounted(simulator: Any, *prefixes: str) -> Iterator[None]:
    """Let `simulator` answer every request to an address that begins with one of `prefixes`."""
    from connections import http
    from mlconnector.sandbox.mount import WSGIAdapter

    adapter = WSGIAdapter(simulator)
    http.mounted.update(dict.fromkeys(prefixes, adapter))
    try:
        yield
    finally:
        for prefix in prefixes:
            http.mounted.pop(prefix, None)
