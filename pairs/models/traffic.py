"""What comes in: how far sources were read, webhooks and their deliveries, signs of life."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from connections.crypto import EncryptedJSONField
from connections.models import Connection
from pairs.models.integration import Integration


class Cursor(models.Model):
    """How far a flow has read its source, and when it reads again."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="cursors")
    flow = models.CharField(max_length=30)
    value = models.JSONField(default=dict)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True, db_index=True)
    polled_at = models.DateTimeField(_("last read at"), null=True, blank=True)
    claimed_by = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Message JSON of the last failure; null after a good poll.
    error = models.JSONField(null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures"), default=0)

    class Meta:
        verbose_name = _("cursor")
        verbose_name_plural = _("cursors")
        constraints = (models.UniqueConstraint(fields=("integration", "flow"), name="one_cursor_per_flow"),)

    def __str__(self) -> str:
        return f"{self.integration} {self.flow}"


class WebhookState(models.TextChoices):
    REGISTERING = "registering", _("being registered")
    ACTIVE = "active", _("active")
    LOST = "lost", _("lost, to be registered again")
    FAILED = "failed", _("can't be registered")
    REMOVED = "removed", _("removed")


class Webhook(models.Model):
    """One webhook at a vendor, for one watched object; its address holds an unguessable part."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="webhooks")
    connection = models.ForeignKey(
        Connection, models.CASCADE, verbose_name=_("connection"), related_name="webhooks"
    )
    flow = models.CharField(max_length=30)
    resource_ref = models.CharField(_("watched object"), max_length=200)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    vendor_ref = models.CharField(_("id at the vendor"), max_length=100, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=WebhookState.choices, default=WebhookState.REGISTERING
    )
    # {"secret"} and, while registering, {"candidate"} from the handshake.
    secrets = EncryptedJSONField(default=dict, blank=True)
    # A handshake is answered only before this moment.
    registering_until = models.DateTimeField(null=True, blank=True)
    registered_at = models.DateTimeField(_("registered at"), null=True, blank=True)
    last_seen_at = models.DateTimeField(_("last heard of at"), null=True, blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True, db_index=True)
    error = models.JSONField(null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures"), default=0)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = (
            models.UniqueConstraint(
                fields=("integration", "flow", "resource_ref"), name="one_webhook_per_object"
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection} {self.resource_ref}"


class Verdict(models.TextChoices):
    GENUINE = "genuine", _("genuine")
    REFUSED = "refused", _("refused")


class Delivery(models.Model):
    """One webhook request received. Refused ones are kept without their body."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    received_at = models.DateTimeField(_("received at"), db_index=True)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    reason = models.CharField(_("reason"), max_length=100, blank=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(editable=False)
    sha256 = models.CharField(max_length=64, db_index=True)
    worked_at = models.DateTimeField(_("worked off at"), null=True, blank=True)
    woken = models.PositiveIntegerField(_("records woken"), default=0)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-id",)
        indexes = (models.Index(fields=("id",), name="delivery_open", condition=models.Q(worked_at=None)),)

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M:%S}"


class Heartbeat(models.Model):
    """When a task last came through the queue ("queue"), and other signs of life, by name."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
