"""Files that were made elsewhere, and the tokens with which programs hand them in."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.entry import Route
from bookings.models.batch import Batch
from bookings.models.client import DatevClient


class Way(models.TextChoices):
    ADMIN = "admin", _("uploaded here")
    FOLDER = "folder", _("watched folder")
    API = "api", _("program (API)")


class HandedInState(models.TextChoices):
    TAKEN = "taken", _("taken, sent as a batch")
    REFUSED = "refused", _("refused by our checks")


class ApiToken(models.Model):
    """Lets a program hand in files for one DATEV client. Of the token itself only its hash is kept."""

    name = models.CharField(_("name"), max_length=100, help_text=_("Which program uses it."))
    client = models.ForeignKey(
        DatevClient, models.PROTECT, verbose_name=_("DATEV client"), related_name="api_tokens"
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # The first characters, to tell tokens apart.
    beginning = models.CharField(_("begins with"), max_length=12, editable=False)
    created_by = models.CharField(_("created by"), max_length=150, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}...)"


class HandedIn(models.Model):
    """One file from elsewhere; the same bytes for the same client are one, however often they come."""

    public_id = models.UUIDField(_("id"), default=uuid.uuid4, unique=True, editable=False)
    client = models.ForeignKey(
        DatevClient,
        models.PROTECT,
        verbose_name=_("DATEV client"),
        related_name="handed_in",
        null=True,
        blank=True,
    )
    # "455148-1" as the file, or the one who handed it in, names the client; "" = nobody does.
    client_ref = models.CharField(max_length=20, blank=True)
    route = models.CharField(
        _("route"), max_length=4, choices=[(r.value, r.value.upper()) for r in Route], blank=True
    )
    way = models.CharField(_("handed in by"), max_length=8, choices=Way.choices)
    filename = models.CharField(_("file name"), max_length=255)
    # Of a refused file, to be checked again; emptied once it is taken (its batch has the bytes) or too old.
    content = models.BinaryField(null=True, editable=False)
    size_bytes = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=HandedInState.choices)
    reason = models.JSONField(_("reason"), null=True, blank=True)
    # bookings.given.reading.LineFault JSON
    faults = models.JSONField(_("faults"), default=list, blank=True)
    # Its first revision.
    batch = models.OneToOneField(
        Batch,
        models.PROTECT,
        verbose_name=_("booking batch"),
        related_name="handed_in",
        null=True,
        blank=True,
    )
    by = models.CharField(_("by"), max_length=150)
    received_at = models.DateTimeField(_("received at"))
    decided_at = models.DateTimeField(_("checked at"))

    class Meta:
        verbose_name = _("file from elsewhere")
        verbose_name_plural = _("files from elsewhere")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("client_ref", "sha256"), name="one_file_of_these_bytes"),
        )
        indexes = (models.Index(fields=("decided_at", "id"), name="handed_in_by_decision"),)

    def __str__(self) -> str:
        return self.filename

    @property
    def subject(self) -> str:
        return f"handed_in:{self.pk}"


class IdempotencyKey(models.Model):
    """What a program called its request: the same name again means the same file, or is refused."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="keys")
    key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("token", "key"), name="one_request_per_key"),)

    def __str__(self) -> str:
        return self.key
