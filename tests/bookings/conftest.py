from __future__ import annotations

from typing import Any

import pytest

from tests.bookings.world import World
from tests.factories import datev_connection


@pytest.fixture
def world(db: None, datev: Any) -> World:
    """One DATEV client with its tables, and the simulated DATEV with a sign-in that lasts for weeks."""
    datev.options.short_seconds = datev.options.access_seconds = 30 * 86400
    return World(datev, datev_connection(datev))
