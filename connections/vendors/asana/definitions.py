"""Custom fields as such: made, put into projects, and their options added, renamed and switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connections.vendors.asana.client import Client, path
from connections.vendors.asana.fields import CustomField, FieldOption

FIELD_FIELDS = ",".join(
    (
        "name",
        "resource_subtype",
        "representation_type",
        "is_formula_field",
        "is_value_read_only",
        "precision",
        "format",
        "currency_code",
        "enum_options",
        "enum_options.gid",
        "enum_options.name",
        "enum_options.enabled",
    )
)
# Those that are switched off count as well, and none can be deleted.
# Source: Asana "Create an enum option" (read 2026-11).
MAX_OPTIONS = 500


def listed(client: Client, workspace: str) -> list[CustomField]:
    """The custom fields that all projects of the workspace may use; a project's own ones are not in it."""
    found = client.everything(path("workspaces", workspace, "custom_fields"), opt_fields=FIELD_FIELDS)
    return [CustomField.from_json(raw) for raw in found]


def read(client: Client, gid: str) -> CustomField:
    """The field as it is now, with all its options."""
    return CustomField.from_json(client.get(path("custom_fields", gid), opt_fields=FIELD_FIELDS))


def create(
    client: Client,
    workspace: str,
    name: str,
    kind: str,
    *,
    precision: int | None = None,
    options: Sequence[str] = (),
) -> CustomField:
    """A new field of the workspace. `kind` is text, number, date, enum, multi_enum or people.

    Asana refuses a name that the workspace has already, which makes a second try harmless: look it up.
    """
    sent: dict[str, Any] = {"workspace": workspace, "name": name, "resource_subtype": kind}
    if precision is not None:
        sent["precision"] = precision
    if options:
        sent["enum_options"] = [{"name": option} for option in options]
    return CustomField.from_json(client.write("POST", "/custom_fields", sent, opt_fields=FIELD_FIELDS))


def put_into_project(client: Client, project: str, field: str) -> None:
    """Let the project's tasks carry the field."""
    sent = {"custom_field": field, "is_important": True}
    client.post("POST", path("projects", project, "addCustomFieldSetting"), sent)


def add_option(client: Client, field: str, name: str) -> FieldOption:
    """A new option at the end. Asana allows two of one name: look for it beforehand, under one worker."""
    raw = client.write("POST", path("custom_fields", field, "enum_options"), {"name": name})
    return _option(raw)


def change_option(
    client: Client, option: str, *, name: str | None = None, enabled: bool | None = None
) -> FieldOption:
    """Rename an option or switch it on or off; tasks that carry it keep it."""
    sent = {key: value for key, value in (("name", name), ("enabled", enabled)) if value is not None}
    return _option(client.write("PUT", path("enum_options", option), sent))


def _option(raw: Mapping[str, Any]) -> FieldOption:
    return FieldOption(raw["gid"], raw.get("name") or "", raw.get("enabled", True))
