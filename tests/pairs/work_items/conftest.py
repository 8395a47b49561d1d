from typing import Any

import pytest

from tests.pairs.work_items.world import World


@pytest.fixture
def world(db: None, asana: Any, monkeypatch: Any, settings: Any) -> World:
    settings.PUBLIC_URL = "https://hub.example"
    asana.options.handshake_on_a_thread = False
    return World(asana, monkeypatch)
