"""Years of finished work, made at once: copies of a record that is done, with all that it left behind."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from bookings.models import Batch, BatchState, Booking, Document, Job
from connections.models import AuditEntry, CallLog, Effect
from pairs.models import Record, RecordState

GUID = {"sqlite": "printf('%032x', {n})", "postgresql": "lpad(to_hex({n}), 32, '0')::uuid"}
# How many of each a record leaves behind for good (calls for two weeks only), and what must differ in each.
LEFT_BEHIND: tuple[tuple[Any, float, dict[str, str]], ...] = (
    (Batch, 0.01, {"token": "'k' || {n}"}),
    (Job, 0.01, {"vendor_ref": "'kept-' || {n}"}),
    (Document, 1, {"origin": "'record:kept-' || {n}", "guid": ""}),
    (Booking, 1, {"origin": "'record:kept-' || {n}"}),
    (Effect, 2, {"owner": "'record:kept-' || {n} || ':1'"}),
    (CallLog, 1, {"subject": "'record:kept-' || {n}"}),
    (AuditEntry, 2, {"subject": "'record:kept-' || {n}"}),
    (Record, 1, {"source_ref": "'kept-' || {n}"}),
)


def fill(records: int) -> None:
    """Bring the number of records kept to `records`."""
    there = Record.objects.count()
    missing = records - there
    # Numbers that no earlier copy has: no record leaves as many as ten rows of a kind behind.
    first = 1_000_000 + 10 * there
    with transaction.atomic():
        for model, each, differs in LEFT_BEHIND:
            _copy(model, differs, first, round(missing * each))
    if connection.vendor == "postgresql":
        # As its own housekeeping would, some time after so many rows.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _copy(model: Any, differs: dict[str, str], first: int, count: int) -> None:
    """`count` copies of one finished row of `model`."""
    quote = connection.ops.quote_name
    columns, values = [], []
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        columns.append(quote(field.column))
        if field.name in differs:
            values.append((differs[field.name] or GUID[connection.vendor]).format(n="series.n"))
        else:
            values.append(f"kept.{quote(field.column)}")
    table = quote(model._meta.db_table)
    # Names of our own models and numbers, nothing that came from outside.
    statement = (
        f"WITH RECURSIVE series(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM series "  # noqa: S608
        f"WHERE n < {first + count - 1}) INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM {table} AS kept, series WHERE kept.id = {_finished(model)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _finished(model: Any) -> int:
    done = {Record: {"state": RecordState.DONE}, Batch: {"state": BatchState.POSTED}}.get(model, {})
    found = model.objects.filter(**done).order_by("id").first()
    if found is None:
        raise RuntimeError(f"There is no finished {model.__name__} to be copied.")
    return int(found.pk)
