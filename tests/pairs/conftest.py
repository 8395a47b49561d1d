import pytest

from pairs import registry
from tests.pairs import fake


@pytest.fixture
def pair(monkeypatch):
    """The pair that an integration of the kind "fake" runs."""
    made = fake.FakePair()
    monkeypatch.setattr(registry, "pairs", lambda: {"fake": made.declared})
    return made


@pytest.fixture
def integration(db, pair):
    return fake.integration()
