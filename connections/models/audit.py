"""The append-only trail of what happened and on whose decision."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One step. Never changed, never deleted (triggers); `hash` covers the entry and `previous_hash`."""

    at = models.DateTimeField(_("at"))
    actor = models.CharField(_("by"), max_length=150, blank=True, help_text=_("Empty: the system itself."))
    action = models.CharField(_("step"), max_length=60, db_index=True)
    subject = models.CharField(_("about"), max_length=100, db_index=True)
    # {"message": Message JSON, ...facts}
    details = models.JSONField(_("details"), default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.subject}"
