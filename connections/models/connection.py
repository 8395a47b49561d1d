"""One sign-in at one vendor."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from connections.crypto import EncryptedJSONField


class Health(models.TextChoices):
    UNKNOWN = "unknown", _("not tested yet")
    OK = "ok", _("healthy")
    ATTENTION = "attention", _("needs attention")
    SIGN_IN = "sign_in", _("a person must sign in")
    OFF = "off", _("switched off")


class Connection(models.Model):
    """One sign-in at one vendor: addresses and settings in the open, secrets encrypted, health."""

    name = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        help_text=_("Your own name for this sign-in, for example 'DATEV Muster GmbH'."),
    )
    vendor = models.CharField(_("system"), max_length=20, help_text=_("The software that is connected."))
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    secrets = EncryptedJSONField(_("secrets"), default=dict, blank=True)
    is_on = models.BooleanField(
        _("switched on"), default=True, help_text=_("Off: nothing is read or sent over this connection.")
    )
    health = models.CharField(_("health"), max_length=12, choices=Health.choices, default=Health.UNKNOWN)
    health_message = models.JSONField(_("health message"), null=True, blank=True)
    checked_at = models.DateTimeField(_("tested at"), null=True, blank=True)
    checkup = models.JSONField(_("test result"), null=True, blank=True)
    # What was learned at run time and is not configuration: e.g. the client authentication that works.
    learned = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    history = HistoricalRecords(
        excluded_fields=["secrets", "health", "health_message", "checked_at", "checkup", "learned"]
    )

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def setting(self, key: str) -> Any:
        """The setting `key`, or its default as the vendor declares it."""
        from connections.registry import vendor

        declared = next(field for field in vendor(self.vendor).settings if field.key == key)
        value = self.settings.get(key)
        return declared.default if value in (None, "") else value

    @property
    def is_usable(self) -> bool:
        return self.is_on and self.health != Health.SIGN_IN


class TokenSet(models.Model):
    """The tokens of a connection that signs in by OAuth. Only `connections.tokens` writes here."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="token_set")
    # {"access_token", "refresh_token", "scope", ...}
    tokens = EncryptedJSONField(default=dict, blank=True)
    # Counts up with each new pair; a refresh is for one generation and happens once.
    generation = models.PositiveIntegerField(default=0)
    issued_at = models.DateTimeField(null=True)
    access_expires_at = models.DateTimeField(null=True)
    consent_ends_at = models.DateTimeField(_("sign-in ends at"), null=True)
    signed_in_at = models.DateTimeField(_("signed in at"), null=True)
    signed_in_as = models.CharField(_("signed in as"), max_length=200, blank=True)
    # The lease of the one process that refreshes; committed before the call, no lock is held meanwhile.
    refreshing_until = models.DateTimeField(null=True)
    refreshing_by = models.CharField(max_length=64, blank=True)
    # How often a refresh of this generation was begun without an end; see `connections.tokens`.
    refresh_starts = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.connection}"


class OAuthFlow(models.Model):
    """One click on "Connect": state, nonce and verifier, used once, for ten minutes."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="oauth_flows")
    # SHA-256 of the state, see `connections.oauth.stored_state`.
    state = models.CharField(max_length=64, unique=True)
    # {"nonce", "code_verifier", "redirect_uri", "scopes"}
    secrets = EncryptedJSONField(default=dict)
    started_by = models.CharField(max_length=150, blank=True)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.connection} {self.started_at:%Y-%m-%d %H:%M}"
