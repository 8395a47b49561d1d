"""The shared limiter of a connection, its budget of errors, and its technical call log."""

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


class EndpointCall(models.Model):
    """A call under way (no status), or one that was refused: what `connections.breaker` counts."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="endpoint_calls")
    endpoint = models.CharField(max_length=200)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=("connection", "endpoint", "at"), name="endpoint_calls"),)

    def __str__(self) -> str:
        return f"{self.endpoint} {self.status or ''}"


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
