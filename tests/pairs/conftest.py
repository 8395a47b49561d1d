from datetime import timedelta

import pytest

from connections import sessions
from pairs import registry
from tests.pairs import fake
from tests.pairs.acumatica_world import AcumaticaWorld


@pytest.fixture
def pair(monkeypatch):
    """The pair that an integration of the kind "fake" runs."""
    made = fake.FakePair()
    monkeypatch.setattr(registry, "pairs", lambda: {"fake": made.declared})
    return made


@pytest.fixture
def integration(db, pair):
    return fake.integration()


@pytest.fixture
def acumatica_world(db, acumatica, asana, monkeypatch):
    """What a worker waits for an operation passes on all clocks."""
    world = AcumaticaWorld(acumatica, asana)
    monkeypatch.setattr(sessions.time, "sleep", lambda seconds: world.pass_time(timedelta(seconds=seconds)))
    return world
