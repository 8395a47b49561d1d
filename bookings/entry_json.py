"""`Entry` to JSON and back, without loss: decimals, dates and GUIDs as text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from bookings.entry import Direction, Entry, Side

READERS: dict[str, Callable[[Any], Any]] = {
    "amount": Decimal,
    "exchange_rate": Decimal,
    "base_amount": Decimal,
    "discount": Decimal,
    "cost_quantity": Decimal,
    "eu_tax_rate": Decimal,
    "side": Side,
    "direction": Direction,
    "document_date": date.fromisoformat,
    "delivery_date": date.fromisoformat,
    "due_date": date.fromisoformat,
    "tax_period_date": date.fromisoformat,
    "documents": lambda guids: tuple(UUID(guid) for guid in guids),
    "notes": lambda notes: tuple((kind, content) for kind, content in notes),
}


def dump(entry: Entry) -> dict[str, Any]:
    """Only fields that differ from their default, so that stored rows stay readable."""
    return {
        field.name: _plain(getattr(entry, field.name))
        for field in dataclasses.fields(entry)
        if field.default is dataclasses.MISSING or getattr(entry, field.name) != field.default
    }


def load(stored: Mapping[str, Any]) -> Entry:
    """Raises TypeError for an unknown or missing field."""
    values = {
        name: READERS[name](value) if value is not None and name in READERS else value
        for name, value in stored.items()
    }
    return Entry(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [list(item) if isinstance(item, tuple) else _plain(item) for item in value]
    return value
