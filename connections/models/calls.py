"""The shared limiter of a connection, and its technical call log."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from connections.models.connection import Connection


class Throttle(models.Model):
    """One limiter and one pause for a connection, over all workers (generic cell rate algorithm)."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="throttle")
    # Theoretical arrival time: when the calls granted so far will have been "paid for".
    paid_until = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.connection}"


class CallLog(models.Model):
    """One HTTP request to a vendor, for technicians; no token, no body but that of an error, redacted."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, verbose_name=_("connection"), related_name="calls"
    )
    at = models.DateTimeField(_("at"), db_index=True)
    method = models.CharField(_("method"), max_length=8)
    url = models.TextField(_("address"))
    request_headers = models.JSONField(_("request headers"), default=dict)
    status = models.PositiveSmallIntegerField(_("status"), null=True, help_text=_("Empty: no answer came."))
    duration_ms = models.PositiveIntegerField(_("duration in ms"))
    request_ids = models.JSONField(_("request ids of the vendor"), default=dict)
    subject = models.CharField(_("for"), max_length=100, blank=True, db_index=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("technical call log")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.method} {self.url}"
