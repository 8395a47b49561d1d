"""A vendor that does not exist and a server on loopback that can misbehave."""

from __future__ import annotations

import time

import pytest

from tests.connections import muster as muster_vendor
from tests.connections.loopback import loopback


@pytest.fixture
def server():
    with loopback() as running:
        yield running


@pytest.fixture
def muster(monkeypatch, db):
    """The module of the vendor "muster", which is the only one registered."""
    muster_vendor.register(monkeypatch.setattr)
    return muster_vendor


@pytest.fixture
def private_addresses(settings):
    """Loopback may be called, as with simulators."""
    settings.ALLOW_PRIVATE_ADDRESSES = True


@pytest.fixture
def slept(monkeypatch):
    """Seconds that the product wanted to sleep; nobody sleeps."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds
