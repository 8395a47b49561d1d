"""The stored configuration as a document; secrets only as names of environment variables."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import yaml
from django.db import models

from connections.models import Connection
from mlconnector.config.kinds import BY_SECTION, KINDS, Kind, Rows

VERSION = 1


def document() -> dict[str, Any]:
    """Everything that a configuration file can hold, ready for YAML."""
    found: dict[str, Any] = {"version": VERSION}
    for kind in KINDS:
        things = kind.model._default_manager.order_by(*kind.key)
        found[kind.section] = [_thing(kind, thing) for thing in things]
    return found


def dump(found: dict[str, Any]) -> str:
    return yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=110)


def _thing(kind: Kind, thing: models.Model) -> dict[str, Any]:
    shown = {name: plain(kind, name, thing) for name in (*kind.key, *kind.fields)}
    if isinstance(thing, Connection):
        shown["secrets"] = {key: f"env:{variable(thing, key)}" for key in sorted(thing.secrets)}
    for rows in kind.rows:
        stored = rows.model._default_manager.filter(**{rows.parent: thing}).order_by(*rows.key)
        shown[rows.name] = [
            {
                name: value
                for name in (*rows.key, *rows.fields)
                if _says_something(rows, name, value := plain(rows, name, row))
            }
            for row in stored
        ]
    return shown


def _says_something(rows: Rows, name: str, value: Any) -> bool:
    """Rows are many: what is empty or as by default is left out."""
    default = rows.model._meta.get_field(name).get_default()
    return name in rows.key or (value not in (None, "") and value != default)


def plain(kind: Kind | Rows, name: str, thing: models.Model) -> Any:
    """The field's value as YAML knows it; another thing by its key."""
    # A new thing has no other thing yet, and says so with an AttributeError.
    value = getattr(thing, name, None)
    if name in kind.references:
        return None if value is None else natural_key(kind.references[name], value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if value is None or isinstance(value, bool | int | str | dict | list | date) else str(value)


def natural_key(section: str, thing: models.Model) -> str:
    return "-".join(str(getattr(thing, name)) for name in BY_SECTION[section].key)


def variable(connection: Connection, key: str) -> str:
    """The environment variable that an export proposes for a secret: another one for each connection."""
    name = _capitals(connection.name)
    names = Connection.objects.exclude(pk=connection.pk).values_list("name", flat=True)
    is_shared = not name or any(_capitals(other) == name for other in names)
    return f"{name or 'CONNECTION'}{f'_{connection.pk}' if is_shared else ''}_{key.upper()}"


def _capitals(text: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_")
