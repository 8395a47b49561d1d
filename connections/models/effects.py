"""One write to a vendor, recorded before and after."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EffectState(models.TextChoices):
    PLANNED = "planned", _("planned, not sent")
    STARTED = "started", _("sent, no answer yet")
    UNKNOWN = "unknown", _("sent, answer unknown")
    DONE = "done", _("done")


class Effect(models.Model):
    """One write to a vendor for an owner ("record:12:1"). Only `connections.effects` writes here."""

    owner = models.CharField(_("for"), max_length=100)
    name = models.CharField(_("write"), max_length=100)
    state = models.CharField(
        _("state"), max_length=8, choices=EffectState.choices, default=EffectState.PLANNED
    )
    digest = models.CharField(_("SHA-256 of what is sent"), max_length=64, blank=True)
    result = models.JSONField(_("result"), null=True, blank=True)
    starts = models.PositiveSmallIntegerField(_("times sent"), default=0)
    was_adopted = models.BooleanField(
        _("found at the vendor"), default=False, help_text=_("Not sent again: an earlier try had arrived.")
    )
    started_at = models.DateTimeField(_("sent at"), null=True)
    finished_at = models.DateTimeField(_("done at"), null=True)
    error = models.JSONField(_("last error"), null=True, blank=True)

    class Meta:
        verbose_name = _("write to a vendor")
        verbose_name_plural = _("writes to vendors")
        constraints = (
            models.UniqueConstraint(fields=("owner", "name"), name="one_effect_per_owner_and_name"),
        )
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.owner} {self.name}"
