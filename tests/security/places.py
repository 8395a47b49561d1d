"""Where a secret could lie: tables, database file, queue payloads, dumps, and every page of the admin."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import SignedPackage

# Every page of so many objects of each model is opened.
OBJECTS = 6


def tables() -> Iterator[tuple[str, str]]:
    """(name, all its rows as text) of every table, whatever made it."""
    with database.cursor() as cursor:
        for name in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(name)}")
            yield f"table {name}", "\n".join(_shown(row) for row in cursor.fetchall())


def _shown(row: tuple[Any, ...]) -> str:
    return " | ".join(
        bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
        for value in row
    )


def database_files() -> Iterator[tuple[str, str]]:
    """SQLite's own file with its log: what was deleted or changed lies there for a while."""
    if database.vendor == "sqlite":
        for suffix in ("", "-wal"):
            path = Path(f"{database.settings_dict['NAME']}{suffix}")
            if path.exists():
                yield f"file {path.name}", path.read_bytes().decode("latin-1")


def queue() -> Iterator[tuple[str, str]]:
    """What the queue holds, unpacked."""
    for row in OrmQ.objects.all():
        yield f"task {row.pk}", repr(SignedPackage.loads(row.payload))


def commands(folder: Path) -> Iterator[tuple[str, str]]:
    """What people take out of the installation; files are written into `folder`."""
    output = io.StringIO()
    call_command("dumpdata", "--all", stdout=output)
    yield "manage.py dumpdata", output.getvalue()
    file = folder / "configuration.yaml"
    call_command("config", "export", str(file), stdout=output)
    yield "manage.py config export", file.read_text(encoding="utf-8")


def admin_client() -> Client:
    """The browser of a superuser, who may see everything."""
    User.objects.create_superuser("anna", "anna@muster.example", "unguessable")
    client = Client(raise_request_exception=False)
    client.login(username="anna", password="unguessable")
    return client


def pages(client: Client) -> Iterator[tuple[str, int, str]]:
    """(address, status, content) of every page that the admin has, and of the pages beside it."""
    yield from (_opened(client, address) for address in ("/admin/", "/readyz", "/healthz"))
    for model, model_admin in admin.site._registry.items():
        keys = list(model._default_manager.order_by("-pk").values_list("pk", flat=True)[:OBJECTS])
        for pattern in model_admin.get_urls():
            if pattern.name is None:
                continue
            for arguments in ((), *((key,) for key in keys)):
                try:
                    address = reverse(f"admin:{pattern.name}", args=arguments)
                except NoReverseMatch:
                    continue
                yield _opened(client, address)


def _opened(client: Client, address: str) -> tuple[str, int, str]:
    answer = client.get(address)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return address, answer.status_code, f"{answer.headers}\n{content.decode('utf-8', 'replace')}"


@contextmanager
def product_log() -> Iterator[io.StringIO]:
    """What the installation's own console handler would write, at its most talkative."""
    declared = settings.LOGGING["handlers"]["console"]
    formatter = settings.LOGGING["formatters"][declared["formatter"]]
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(import_string(formatter["()"])(formatter["format"]))
    for name in declared["filters"]:
        handler.addFilter(import_string(settings.LOGGING["filters"][name]["()"])())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield output
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
