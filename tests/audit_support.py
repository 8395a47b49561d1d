"""Lets test databases be emptied although nothing may delete audit entries.

Tests with real transactions are followed by a flush of all tables, which the triggers of the audit trail
refuse. So they are taken off for the moment of the flush, here and not in the product: it has no back door.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

triggers = importlib.import_module("connections.migrations.0002_append_only_audit")


@pytest.fixture(scope="session", autouse=True)
def audit_trail_can_be_flushed() -> Iterator[None]:
    """For the whole session: every flush takes the triggers off and puts them on again."""
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def flush_without_triggers(self: Any, statements: list[str]) -> None:
        if not any(triggers.TABLE in statement for statement in statements):
            flush(self, statements)
            return
        run(self.connection, triggers.OFF)
        try:
            flush(self, statements)
        finally:
            run(self.connection, triggers.ON)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", flush_without_triggers)
        yield


def run(database: Any, statements: dict[str, tuple[str, ...]]) -> None:
    with database.cursor() as cursor:
        for statement in statements[database.vendor]:
            cursor.execute(statement)
