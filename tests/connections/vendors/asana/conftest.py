from __future__ import annotations

import pytest

from connections.models import Connection
from connections.vendors.asana.api import AsanaApi
from tests.connections.vendors.asana.scripted import ADDRESS


@pytest.fixture
def connection(db: None) -> Connection:
    """A connection with a personal access token to whatever is mounted at the simulator's address."""
    return Connection.objects.create(
        name="Asana Muster GmbH",
        vendor="asana",
        settings={
            "sign_in": "pat",
            "base_url": f"{ADDRESS}/api/1.0",
            "oauth_url": f"{ADDRESS}/-",
            "calls_per_minute": "1500",
        },
        secrets={"pat": "1/1200:planted-pat"},
    )


@pytest.fixture
def api(connection: Connection) -> AsanaApi:
    return AsanaApi(connection)
