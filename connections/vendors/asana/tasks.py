"""Tasks: read with everything the connector needs in one call, and their custom fields written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from connections.errors import ConfigurationError, RejectedError
from connections.messages import say
from connections.vendors.asana import fields
from connections.vendors.asana.client import Client, path
from connections.vendors.asana.fields import FieldValue

# Without `opt_fields` a list answers gid and name alone; with it only what is named (and every gid).
# An unknown name is ignored, not refused: `REQUIRED` notices a field that did not come.
TASK_FIELDS = ",".join(
    (
        "name",
        "resource_subtype",
        "completed",
        "completed_at",
        "completed_by.gid",
        "approval_status",
        "created_at",
        "modified_at",
        "due_on",
        "notes",
        "permalink_url",
        "is_rendered_as_separator",
        "parent.gid",
        "workspace.gid",
        "memberships.project.gid",
        "memberships.section.gid",
        "custom_fields.gid",
        "custom_fields.name",
        "custom_fields.resource_subtype",
        "custom_fields.representation_type",
        "custom_fields.enabled",
        "custom_fields.is_value_read_only",
        "custom_fields.precision",
        "custom_fields.format",
        "custom_fields.currency_code",
        "custom_fields.text_value",
        "custom_fields.number_value",
        "custom_fields.enum_value.gid",
        "custom_fields.enum_value.name",
        "custom_fields.enum_value.enabled",
        "custom_fields.multi_enum_values.gid",
        "custom_fields.multi_enum_values.name",
        "custom_fields.date_value.date",
        "custom_fields.date_value.date_time",
        "custom_fields.people_value.gid",
        "custom_fields.people_value.name",
        "custom_fields.reference_value.gid",
        "custom_fields.display_value",
    )
)
REQUIRED = ("name", "resource_subtype", "completed", "modified_at", "memberships", "custom_fields")


class Membership(NamedTuple):
    """Where a task sits; `section` may be empty."""

    project: str
    section: str


@dataclass(frozen=True)
class Task:
    """One task with its custom fields by gid. Moments are text as sent: they sort in order of time.

    `completed` is not approved: a rejected approval is completed too. `approval_status` is pending,
    approved, rejected or changes_requested, and "" for a task that is no approval.
    `raw` is Asana's JSON (numbers with a fraction as text), from which `from_json` makes the task again; it
    is the same for the same content, although Asana's lists come in no fixed order.
    """

    gid: str
    name: str
    resource_subtype: str
    approval_status: str
    completed: bool
    modified_at: str
    permalink_url: str
    memberships: tuple[Membership, ...]
    fields: Mapping[str, FieldValue]
    is_separator: bool
    notes: str
    parent: str
    workspace: str
    completed_by: str
    created_at: str
    due_on: str
    raw: Mapping[str, Any]

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Task:
        """The task of an answer or snapshot. Raises ConfigurationError if a requested field did not come."""
        _refuse_incomplete(raw)
        return cls.listed(raw)

    @classmethod
    def listed(cls, raw: Mapping[str, Any]) -> Task:
        """The task of a list, even an incomplete one: it must not stop the others from being seen.

        Decide nothing with it; `from_json(task.raw)` tells whether it is complete.
        """
        values = [FieldValue.from_json(item) for item in raw.get("custom_fields") or ()]
        subtype = raw.get("resource_subtype") or ""
        return cls(
            gid=raw["gid"],
            name=raw.get("name") or "",
            resource_subtype=subtype,
            approval_status=raw.get("approval_status") or "",
            completed=raw.get("completed") is True,
            modified_at=raw.get("modified_at") or "",
            permalink_url=raw.get("permalink_url") or "",
            memberships=tuple(
                Membership(_gid(item.get("project")), _gid(item.get("section")))
                for item in raw.get("memberships") or ()
            ),
            fields={value.gid: value for value in values},
            # "section" is how sections looked before they became objects of their own.
            is_separator=bool(raw.get("is_rendered_as_separator")) or subtype == "section",
            notes=raw.get("notes") or "",
            parent=_gid(raw.get("parent")),
            workspace=_gid(raw.get("workspace")),
            completed_by=_gid(raw.get("completed_by")),
            created_at=raw.get("created_at") or "",
            due_on=raw.get("due_on") or "",
            raw=_in_fixed_order(with_exact_numbers(raw)),
        )

    @property
    def is_approval(self) -> bool:
        return self.resource_subtype == "approval"

    @property
    def projects(self) -> tuple[str, ...]:
        return tuple(membership.project for membership in self.memberships)

    def missing(self, gids: Iterable[str]) -> list[str]:
        """Those custom fields that this task lacks, carries as a leftover only, or that are unreadable."""
        return [gid for gid in gids if not _is_usable(self.fields.get(gid))]


class TaskPage(NamedTuple):
    """Up to 100 tasks and the offset of the next page, "" at the end.

    An offset is valid for a while only and is never kept across runs. `is_restarted`: the given offset had
    ended, so this is the first page again, and everything may be seen a second time.
    """

    tasks: tuple[Task, ...]
    next_offset: str
    is_restarted: bool = False


def page(client: Client, project: str, modified_since: datetime | None, offset: str) -> TaskPage:
    params = {"project": project, "opt_fields": TASK_FIELDS}
    if modified_since is not None:
        params["modified_since"] = fields.iso_moment(modified_since)
    found = client.page("/tasks", offset=offset, **params)
    tasks = tuple(Task.listed(raw) for raw in found.items)
    return TaskPage(tasks, found.next_offset, found.is_restarted)


def read(client: Client, gid: str) -> Task:
    return Task.from_json(client.get(path("tasks", gid), opt_fields=TASK_FIELDS))


def set_fields(client: Client, gid: str, values: Mapping[str, Any]) -> Task:
    """Write custom fields and read them back from the very answer.

    Asana is known to answer well and leave a field as it was. Raises RejectedError with the fields' names.
    """
    for ref, value in values.items():
        refuse_too_long(ref, value)
    sent = {"custom_fields": {ref: fields.to_wire(value) for ref, value in values.items()}}
    task = Task.from_json(client.write("PUT", path("tasks", gid), sent, opt_fields=TASK_FIELDS))
    refuse_lost(task, values)
    return task


def lost(task: Task, values: Mapping[str, Any]) -> list[str]:
    """The gids of those fields that do not hold the value that was written."""
    return [ref for ref, value in values.items() if not _arrived(task, ref, value)]


def refuse_lost(task: Task, values: Mapping[str, Any]) -> None:
    """Raises RejectedError with the names of the fields that Asana did not store."""
    gone = lost(task, values)
    if gone:
        raise RejectedError(
            say(
                "Asana accepted the result for the task '%(task)s' but did not store it in: %(fields)s. "
                "Check in Asana that each field is part of the project, has the right type, is not locked, "
                "and that the chosen option still exists.",
                task=task.name,
                fields=", ".join(_name(task, ref) for ref in gone),
            ),
            vendor="asana",
            code="not_stored",
        )


def with_exact_numbers(value: Any) -> Any:
    """`value` as JSON that a database keeps exactly: each Decimal as its text."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {key: with_exact_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_exact_numbers(item) for item in value]
    return value


def _in_fixed_order(raw: dict[str, Any]) -> dict[str, Any]:
    ordered = dict(raw)
    for name in ("custom_fields", "memberships"):
        if isinstance(raw.get(name), list):
            ordered[name] = sorted(raw[name], key=lambda item: json.dumps(item, sort_keys=True))
    return ordered


def _refuse_incomplete(raw: Mapping[str, Any]) -> None:
    absent = [key for key in REQUIRED if key not in raw]
    if raw.get("resource_subtype") == "approval" and "approval_status" not in raw:
        absent.append("approval_status")
    if absent:
        raise ConfigurationError(
            say(
                "Asana did not send %(fields)s of the task %(task)s, so nothing is decided about it. The app "
                "of this connection probably lacks full permissions, or the Asana plan has no custom fields.",
                fields=", ".join(absent),
                task=raw.get("gid", ""),
            ),
            vendor="asana",
            code="incomplete_answer",
        )


def refuse_too_long(ref: str, value: Any) -> None:
    if isinstance(value, str) and len(value) > fields.MAX_TEXT_LENGTH:
        raise RejectedError(
            say(
                "The text for the Asana field %(field)s has %(length)s characters; Asana takes %(limit)s.",
                field=ref,
                length=len(value),
                limit=fields.MAX_TEXT_LENGTH,
            ),
            code="too_long",
        )


def _is_usable(value: FieldValue | None) -> bool:
    return value is not None and value.is_enabled and value.is_readable


def _arrived(task: Task, ref: str, value: Any) -> bool:
    got = task.fields.get(ref)
    return got is not None and got.is_readable and fields.arrived(value, got)


def _name(task: Task, ref: str) -> str:
    value = task.fields.get(ref)
    return value.name if value and value.name else ref


def _gid(value: Any) -> str:
    return value["gid"] if isinstance(value, Mapping) else ""
