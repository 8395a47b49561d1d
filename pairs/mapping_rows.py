"""The configured mapping of an integration as plain data for `pairs.mapping`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bookings.models import DatevClient
from pairs.mapping import MappingRow
from pairs.models import FieldMapping, Integration, MappingKind


def rows_for(integration: Integration, flow: str, client: DatevClient | None = None) -> list[MappingRow]:
    """The rows that lead into the target; `client` gives the names of accounts and cost centers."""
    stored = (
        integration.mappings.select_related("table")
        .prefetch_related("table__rows")
        .filter(flow=flow, way=FieldMapping.Way.INTO)
    )
    return [
        MappingRow(
            target_field=row.target_field,
            kind=row.kind,
            source_field=row.source_field,
            source_label=row.source_label,
            constant=row.constant,
            table=_table(row, client),
            table_name=row.table.name if row.table else "",
        )
        for row in stored
    ]


def _table(row: FieldMapping, client: DatevClient | None) -> dict[str, str] | None:
    if row.kind == MappingKind.TABLE and row.table is not None:
        return {entry.source_value: entry.target_value for entry in row.table.rows.all()}
    if client is None:
        return None
    if row.kind == MappingKind.ACCOUNT:
        accounts = client.accounts.exclude(name="").values_list("name", "number")
        return _unique([*accounts, *client.partners.values_list("name", "number")])
    if row.kind == MappingKind.COST_CENTER:
        return _unique(client.cost_centers.exclude(name="").values_list("name", "number"))
    return None


def _unique(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By name; a name that stands for two numbers leads nowhere rather than to one of them."""
    pairs = list(names)
    counts = Counter(name for name, _ in pairs)
    return {name: number for name, number in pairs if counts[name] == 1}
