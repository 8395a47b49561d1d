"""Encryption at rest: a keyring from the environment, newest key first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


def keyring() -> MultiFernet:
    """The keys of FIELD_KEYS. Raises ImproperlyConfigured for an unreadable one."""
    try:
        return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])
    except ValueError as error:
        raise ImproperlyConfigured(
            "FIELD_KEYS holds a key that is not 32 bytes in URL-safe base64. "
            "Make one with: python -c "
            "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
        ) from error


def encrypt(value: Any) -> str:
    """`value` (JSON) as an encrypted text."""
    return keyring().encrypt(json.dumps(value).encode()).decode()


def decrypt(stored: str) -> Any:
    """What `encrypt` was given. Raises ImproperlyConfigured when no key of the ring fits."""
    try:
        return json.loads(keyring().decrypt(stored.encode()))
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A stored secret can't be read with any key of FIELD_KEYS: is an old key missing?"
        ) from error


def is_newest(stored: str) -> bool:
    """Whether an encrypted text was made with the first key of the ring."""
    try:
        Fernet(settings.FIELD_KEYS[0]).decrypt(stored.encode())
    except InvalidToken:
        return False
    return True


def reencrypt(stored: str) -> str:
    """An encrypted text, made again with the first key. Raises ImproperlyConfigured if no key fits."""
    return encrypt(decrypt(stored))


class EncryptedJSONField(_TextField):
    """JSON that is encrypted in the database and plain in Python; empty is stored as an empty text."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        return decrypt(value) if value else {}

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str:
        return encrypt(value) if value else ""

    def value_to_string(self, obj: models.Model) -> str:
        """Dumps (`manage.py dumpdata`) carry no secret."""
        return ""
