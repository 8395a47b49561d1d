"""Refuses to start with settings that would lose data, send twice or protect nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
NEW_FIELD_KEY = (
    "Make one with: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
)


def register() -> None:
    checks.register(settings_can_work, "mlconnector")


def refusals() -> list[str]:
    """One sentence for each setting that stops the start; empty = all is well."""
    return [str(problem.msg) for problem in settings_can_work(None)]


def settings_can_work(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    rules = (_secrets, _public_url, _time_limits, _places)
    return [
        checks.Error(sentence, id=f"mlconnector.E{number:03}")
        for number, rule in enumerate(rules, start=1)
        for sentence in rule()
    ]


def _secrets() -> Iterator[str]:
    for position, key in enumerate(settings.FIELD_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            yield (
                f"Key {position} of FIELD_KEYS is not 32 bytes in URL-safe base64, so no stored secret "
                f"could be read. {NEW_FIELD_KEY}"
            )
    if settings.IN_DEVELOPMENT:
        return
    if settings.DEVELOPMENT_FIELD_KEY in settings.FIELD_KEYS:
        yield f"FIELD_KEYS holds the public key of development, which protects nothing. {NEW_FIELD_KEY}"
    if settings.SECRET_KEY == settings.DEVELOPMENT_SECRET_KEY or len(settings.SECRET_KEY) < 40:
        yield (
            "SECRET_KEY is too easy to guess. Make one of at least 40 characters with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    if settings.DEBUG:
        yield "DEBUG is on in production, which shows settings to visitors. Set DEBUG=false."


def _public_url() -> Iterator[str]:
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme not in ("http", "https") or not address.hostname or address.path or address.query:
        yield (
            f"PUBLIC_URL is {settings.PUBLIC_URL!r}. Write the address under which browsers and Asana reach "
            "this installation, without a path, for example https://connector.example.org."
        )
    elif address.scheme == "http" and not settings.IN_DEVELOPMENT and address.hostname not in LOCAL_HOSTS:
        yield (
            f"PUBLIC_URL is {settings.PUBLIC_URL!r}, but sign-ins and webhooks need https. "
            "Put a proxy with a certificate in front and write its https address."
        )


def _time_limits() -> Iterator[str]:
    one_call = settings.CALL_CONNECT_SECONDS + settings.CALL_READ_SECONDS
    if settings.Q_CLUSTER["timeout"] >= settings.Q_CLUSTER["retry"]:
        yield (
            "QUEUE_RETRY_SECONDS must be larger than QUEUE_TIMEOUT_SECONDS, or every long task would "
            "run twice."
        )
    if one_call >= settings.RECORD_LEASE_SECONDS:
        yield (
            "RECORD_LEASE_SECONDS must be larger than CALL_CONNECT_SECONDS + CALL_READ_SECONDS, or a second "
            "worker could take a record while the first still waits for an answer."
        )
    if one_call >= settings.QUEUE_TIMEOUT_SECONDS:
        yield (
            "QUEUE_TIMEOUT_SECONDS must be larger than CALL_CONNECT_SECONDS + CALL_READ_SECONDS, or a worker "
            "would be ended while it waits for an answer."
        )


def _places() -> Iterator[str]:
    if settings.DATEV_XSD_DIR and not Path(settings.DATEV_XSD_DIR).is_dir():
        yield f"DATEV_XSD_DIR is {settings.DATEV_XSD_DIR!r}, which is not a folder."
    # A share that is not mounted just now must not keep the rest from working: only what can never be right.
    watched = Path(settings.HAND_IN_DIR)
    if settings.HAND_IN_DIR and (not watched.is_absolute() or watched.is_file()):
        yield f"HAND_IN_DIR is {settings.HAND_IN_DIR!r}. Write the whole path of a folder, or leave it empty."
    if settings.REDIS_URL and not settings.REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
        yield "REDIS_URL can't be read. Write for example redis://host:6379/0, or leave it empty."
    _, separator, port = settings.WEB_ADDRESS.rpartition(":")
    if not separator or not port.isdigit():
        yield f"WEB_ADDRESS is {settings.WEB_ADDRESS!r}. Write host:port, for example 127.0.0.1:8000."
