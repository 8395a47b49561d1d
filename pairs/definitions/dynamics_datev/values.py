"""Columns of rows in Dynamics as values that can be mapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from connections.vendors.dynamics.api import Row
from pairs.mapping import SourceValue

EMPTY = SourceValue(None)


def values(refs: Iterable[str], rows: Mapping[str, Row | None]) -> dict[str, SourceValue]:
    """The values of references such as "account:new_vatid", by the kinds of rows that are at hand.

    A column of a row that is not there (the contact behind an invoice of an account) is empty.
    """
    found = {}
    for ref in refs:
        kind, _, column = ref.partition(":")
        row = rows.get(kind)
        found[ref] = EMPTY if row is None else value_of(row, column)
    return found


def value_of(row: Row, column: str) -> SourceValue:
    """A look-up and a chosen option are their labels, with the id as the key for value tables."""
    value, label = row.value(column), row.label(column)
    if value is None:
        return EMPTY
    if isinstance(value, bool):
        return SourceValue(value, label, str(value).lower())
    if isinstance(value, int):
        is_option = bool(label) and not label.replace(".", "").lstrip("-").isdigit()
        return SourceValue(label if is_option else Decimal(value), label or str(value), str(value))
    if isinstance(value, Decimal):
        plain = value.normalize()
        return SourceValue(plain, f"{plain:f}")
    if isinstance(value, date):
        return SourceValue(value, f"{value:%d.%m.%Y}")
    if column.endswith("_value"):
        return SourceValue(label or value, label, value)
    return SourceValue(value, value)
