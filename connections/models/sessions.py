"""The one session of a connection that signs in by session, and whose turn it is to work in it."""

from __future__ import annotations

from django.db import models

from connections.crypto import EncryptedJSONField
from connections.models.connection import Connection


class VendorSession(models.Model):
    """One turn at a time, and the session that is open. Only `connections.sessions` writes here."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="vendor_session")
    # The lease of the one worker whose turn it is; committed, no lock is held meanwhile.
    held_by = models.CharField(max_length=64, blank=True)
    held_until = models.DateTimeField(null=True)
    # What the open session is recognised by, for example its cookies; empty when none is known to be open.
    keys = EncryptedJSONField(default=dict, blank=True)
    opened_at = models.DateTimeField(null=True)
    # Set before a sign-in is sent: still set without keys, a session may be open that nobody can end.
    opening_at = models.DateTimeField(null=True)
    # The address of a long operation that runs in this session; nothing else may be done until it has ended.
    operation = models.TextField(blank=True)
    operation_until = models.DateTimeField(null=True)
    # How many sessions were left to end by themselves, because nobody knew their keys.
    lost = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.connection}"
