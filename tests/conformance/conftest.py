from __future__ import annotations

import pytest

from mlconnector import translation


@pytest.fixture(scope="session")
def sentences() -> set[str]:
    """All that is offered for translation."""
    return {sentence for sentence, _place, _line in translation.messages() if isinstance(sentence, str)}
