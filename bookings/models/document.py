"""Voucher images."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.entry import Direction
from bookings.models.client import DatevClient


class DocumentState(models.TextChoices):
    PLANNED = "planned", _("to be uploaded")
    UPLOADED = "uploaded", _("in DATEV")
    REFUSED = "refused", _("refused")
    DUPLICATE = "duplicate", _("already in DATEV under another id")


class Document(models.Model):
    """A voucher image; its GUID is stored before the first upload and never changes."""

    guid = models.UUIDField(_("GUID"), default=uuid.uuid4, unique=True, editable=False)
    client = models.ForeignKey(
        DatevClient, models.PROTECT, verbose_name=_("DATEV client"), related_name="documents"
    )
    origin = models.CharField(max_length=100)
    # The attachment at the source; with `origin` the natural key of this document.
    source_ref = models.CharField(max_length=100)
    filename = models.CharField(_("file name"), max_length=255)
    media_type = models.CharField(_("media type"), max_length=100, blank=True)
    size_bytes = models.PositiveIntegerField(_("size in bytes"), null=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    direction = models.CharField(
        max_length=8, choices=[(d.value, d.value) for d in Direction], default=Direction.INCOMING
    )
    document_type = models.CharField(_("document type"), max_length=30, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=DocumentState.choices, default=DocumentState.PLANNED
    )
    # Only for the DXSO route, where the image travels inside the job; emptied once the job is settled.
    content = models.BinaryField(null=True, editable=False)
    # What an e-invoice in this file says: null = not looked, {} = it is none, {"invoice"} or {"faults"}.
    einvoice = models.JSONField(_("e-invoice"), null=True, blank=True, editable=False)
    # How often this GUID was sent; committed before each try, so that a 409 can be told from a foreign GUID.
    sends = models.PositiveSmallIntegerField(_("times sent"), default=0)
    uploaded_at = models.DateTimeField(_("uploaded at"), null=True, blank=True)
    reason = models.JSONField(_("reason"), null=True, blank=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("origin", "source_ref"), name="one_document_per_source"),
        )
        indexes = (
            models.Index(
                fields=("id",), name="document_with_content", condition=models.Q(content__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.filename

    @property
    def owner(self) -> str:
        """The owner of this document's effects: the same whoever uploads it, however often."""
        return f"document:{self.pk}"
