"""The product set up for the demonstration as a finance admin would: a configuration file, sign-ins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.contrib.auth import get_user_model

from connections import services
from connections.base import Checkup
from connections.models import Connection, TokenSet
from connections.registry import vendor
from mlconnector.config import applying, reading
from mlconnector.config.exporting import VERSION
from mlconnector.demo.browser import Browser
from mlconnector.demo.stage import Stage

ADMIN = "demo"


class Refused(Exception):
    """The configuration file of the demonstration was not taken, or a sign-in; the text says why."""


def make_admin(password: str) -> None:
    get_user_model().objects.create_superuser(ADMIN, password=password)


def connect(stage: Stage, file: Path, password: str) -> None:
    """Enter the connections, sign in where a person must, and choose what their lists offer."""
    for stand in stage.stands.values():
        os.environ |= {stand.variable(field): value for field, value in stand.secrets().items()}
    declared = [stand.declared() for stand in stage.stands.values()]
    _apply({"connections": declared}, file)
    _sign_in(password)
    for stand, row in zip(stage.stands.values(), declared, strict=True):
        row["settings"] |= stand.chosen(Connection.objects.get(name=stand.name))
    _apply({"connections": declared}, file)


def configure(stage: Stage, file: Path) -> None:
    """Write and apply the whole file: what each act needs between the connections."""
    kinds = ("datev_clients", "value_tables", "integrations")
    document: dict[str, list[Any]] = {"connections": _stored(file), **{kind: [] for kind in kinds}}
    for act in stage.acts:
        for kind, rows in act.configuration().items():
            document[kind] += rows
    _apply(document, file)


def _stored(file: Path) -> list[Any]:
    return list(yaml.safe_load(file.read_text(encoding="utf-8"))["connections"])


def _apply(document: Mapping[str, Any], file: Path) -> None:
    file.write_text(
        yaml.safe_dump({"version": VERSION, **document}, sort_keys=False, allow_unicode=True, width=110),
        encoding="utf-8",
    )
    read, faults = reading.read(file.read_text(encoding="utf-8"))
    faults = faults or applying.run(read, is_check=False, by=ADMIN).faults
    if faults:
        raise Refused("\n".join(faults))


def _sign_in(password: str) -> None:
    """Connect as a person does: the admin's sign-in, the vendor's page, our callback."""
    browser = Browser(settings.PUBLIC_URL)
    browser.sign_in(ADMIN, password)
    for connection in signed_in_by_person():
        browser.connect(connection)
        if not TokenSet.objects.filter(connection=connection, signed_in_at__isnull=False).exists():
            raise Refused(f"The sign-in at {connection} did not end with tokens.")


def signed_in_by_person() -> Iterator[Connection]:
    """The connections at which a person signs in with the browser."""
    for connection in Connection.objects.order_by("name"):
        profile = vendor(connection.vendor).oauth(connection)
        if profile is not None and profile.needs_person:
            yield connection


def tested() -> dict[str, Checkup]:
    """What "Test connection" says, by the connection's name. Raises Refused when something is missing."""
    found = {}
    for connection in Connection.objects.order_by("name"):
        found[connection.name] = services.test_connection(connection, ADMIN)
        if found[connection.name].missing:
            raise Refused("\n".join(str(message) for message in found[connection.name].missing))
    return found
