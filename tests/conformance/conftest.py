from __future__ import annotations

import pytest

from mlconnector import translation


@pytest.fixture(scope="session")
def sentences() -> set[str]:
    """All that is offered for translation."""
    return {str(message.id) for message in translation.template_catalog()}
