"""The configured mapping of an integration as plain data for `pairs.mapping`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

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
    if row.kind in (MappingKind.ACCOUNT, MappingKind.COST_CENTER):
        return _numbers_by_name(client.pk, client.books_version, row.kind)
    return None


@lru_cache(maxsize=40)
def _numbers_by_name(client_id: int, version: str, kind: str) -> dict[str, str]:
    """Read once for each version of the client's tables, which may have thousands of rows.

    The version was read before the tables: a change in between only means that they are read again next time.
    """
    client = DatevClient(pk=client_id)
    if kind == MappingKind.COST_CENTER:
        return _unique(client.cost_centers.exclude(name="").values_list("name", "number"))
    accounts = client.accounts.exclude(name="").values_list("name", "number")
    return _unique([*accounts, *client.partners.values_list("name", "number")])


def _unique(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By name; a name that stands for two numbers leads nowhere rather than to one of them."""
    pairs = list(names)
    counts = Counter(name for name, _ in pairs)
    return {name: number for name, number in pairs if counts[name] == 1}
