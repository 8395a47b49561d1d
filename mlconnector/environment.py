"""Reads settings from the environment; what can't be read stops the start with one sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def read_file(path: Path, *, is_required: bool) -> None:
    """Take what `path` says into the environment; a variable that is already set wins."""
    if path == Path(os.devnull):
        return
    if not path.is_file():
        if is_required:
            raise ImproperlyConfigured(f"ENV_FILE names {path}, which is not a file.")
        return
    try:
        environ.Env.read_env(path)
    except OSError as error:
        raise ImproperlyConfigured(f"The settings in {path} can't be read: {error.strerror}.") from error


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def words(name: str, default: list[str]) -> list[str]:
    """A list, separated by commas."""
    given = [word.strip() for word in os.environ.get(name, "").split(",")]
    return [word for word in given if word] or default


def number(name: str, default: int, *, least: int = 1) -> int:
    given = text(name)
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or int(given) < least:
        raise ImproperlyConfigured(f"{name} is {given!r}; write a whole number of at least {least}.")
    return int(given)


def switch(name: str, default: bool) -> bool:
    given = text(name).lower()
    if given not in ("", *TRUE, *FALSE):
        raise ImproperlyConfigured(f"{name} is {given!r}; write true or false.")
    return given in TRUE if given else default


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    given = text(name, default)
    if given not in allowed:
        raise ImproperlyConfigured(f"{name} is {given!r}; write {' or '.join(allowed)}.")
    return given


def time_zone(name: str, default: str) -> str:
    given = text(name, default)
    try:
        ZoneInfo(given)
    except (KeyError, ValueError, OSError) as error:
        raise ImproperlyConfigured(
            f"{name} is {given!r}, which is no time zone. Write for example Europe/Berlin."
        ) from error
    return given


def secret(name: str, development_value: str | None) -> str:
    """A value that only development (`development_value` given) may leave out."""
    value = text(name, development_value or "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set, and production does not start without it. See {name} in .env.example."
        )
    return value


def database(name: str, default: str) -> dict[str, Any]:
    """Django's settings of the database at a URL such as postgres://user:password@host:5432/name."""
    # The URL holds a password, so it is not repeated in the sentence.
    refusal = f"{name} can't be read. Write for example postgres://user:password@host:5432/name."
    given = text(name, default)
    if given.partition(":")[0] not in ("sqlite", "postgres", "postgresql"):
        raise ImproperlyConfigured(f"{refusal} SQLite and PostgreSQL are supported.")
    try:
        found: dict[str, Any] = environ.Env.db_url_config(given)
    except ValueError as error:
        raise ImproperlyConfigured(refusal) from error
    if not found.get("NAME"):
        raise ImproperlyConfigured(refusal)
    return found
