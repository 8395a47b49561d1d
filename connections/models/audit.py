"""The append-only trail of what happened and on whose decision."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _


class AppendOnlyError(TypeError):
    """Somebody tried to change the audit trail; the database would refuse it too (migration 0002)."""

    def __init__(self) -> None:
        super().__init__("The audit trail is append-only: entries are never changed or deleted.")


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        raise AppendOnlyError

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """One by one, through `connections.audit.record`: each entry holds the hash of the one before."""
        raise AppendOnlyError


class AuditEntry(models.Model):
    """One step. Never changed, never deleted (triggers); `hash` covers the entry and `previous_hash`."""

    at = models.DateTimeField(_("at"))
    actor = models.CharField(_("by"), max_length=150, blank=True, help_text=_("Empty: the system itself."))
    action = models.CharField(_("step"), max_length=60, db_index=True)
    subject = models.CharField(_("about"), max_length=100, db_index=True)
    # {"message": Message JSON, ...facts}
    details = models.JSONField(_("details"), default=dict)
    previous_hash = models.CharField(_("checksum before"), max_length=64, blank=True)
    hash = models.CharField(_("checksum"), max_length=64)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError
