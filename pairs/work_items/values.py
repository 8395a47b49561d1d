"""What can be mapped from a task: its custom fields, and what every task has."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from connections.vendors.asana.tasks import Task
from pairs.mapping import SourceValue


def values(task: Task) -> dict[str, SourceValue]:
    """What can be mapped: custom fields by their GID, and the task's own fields as `builtin:...`."""
    found = {
        gid: SourceValue(
            value=field.text if field.kind == "enum" and field.value else field.value,
            text=field.text,
            key=str(field.value) if field.kind == "enum" and field.value else "",
            is_readable=field.is_readable,
        )
        for gid, field in task.fields.items()
        # A leftover of a field that the project no longer has counts as gone.
        if field.is_enabled
    }
    for key, value in (
        ("name", task.name),
        ("gid", task.gid),
        ("notes", task.notes),
        ("permalink_url", task.permalink_url),
        ("completed_at", moment(task.raw.get("completed_at"))),
        ("created_at", moment(task.raw.get("created_at"))),
        ("due_on", _day(task.raw.get("due_on"))),
    ):
        found[f"builtin:{key}"] = SourceValue(value, str(value or ""))
    return found


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
