"""DATEV's processing of a batch."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.models.batch import Batch


class JobState(models.TextChoices):
    OPEN = "open", _("not handed over yet")
    PENDING = "pending", _("DATEV is working")
    SUCCEEDED = "succeeded", _("accepted")
    FAILED = "failed", _("refused")
    PARTLY = "partly", _("partly processed")
    CANCELLED = "cancelled", _("cancelled in DATEV")
    UNKNOWN = "unknown", _("unknown, check in DATEV")


class Job(models.Model):
    """DATEV's processing of one file, followed until it ends."""

    batch = models.ForeignKey(Batch, models.PROTECT, verbose_name=_("booking batch"), related_name="jobs")
    vendor_ref = models.CharField(_("DATEV job id"), max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.PENDING)
    submitted_at = models.DateTimeField(_("submitted at"))
    looks = models.PositiveIntegerField(_("times looked at"), default=0)
    looked_at = models.DateTimeField(_("last looked at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    code = models.CharField(_("DATEV code"), max_length=30, blank=True)
    text = models.TextField(_("DATEV's text"), blank=True)
    help_url = models.URLField(_("DATEV help"), max_length=500, blank=True)
    # [{"name", "reason"}]
    affected_elements = models.JSONField(_("affected elements"), default=list, blank=True)

    class Meta:
        verbose_name = _("DATEV job")
        verbose_name_plural = _("DATEV jobs")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("batch", "vendor_ref"), name="one_job_per_batch_and_ref"),
        )
        indexes = (models.Index(fields=("ended_at", "id"), name="job_by_end"),)

    def __str__(self) -> str:
        return self.vendor_ref


class ProtocolEntry(models.Model):
    """One line of DATEV's protocol of a DXSO job, copied because DATEV keeps it for about two months."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="protocol")
    at = models.DateTimeField(_("at"), null=True)
    kind = models.CharField(_("kind"), max_length=12)
    text = models.TextField(_("text"))
    filename = models.CharField(_("file name"), max_length=255, blank=True)
    context = models.TextField(_("context"), blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("protocol entry")
        verbose_name_plural = _("protocol entries")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("job", "digest"), name="one_protocol_entry"),)

    def __str__(self) -> str:
        return self.text
