"""Integrations with their mappings, and records, links, cursors, webhooks and deliveries."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from connections.base import SettingField
from connections.crypto import EncryptedJSONField
from connections.models import Connection
from pairs.base import Flow, Pair, Side


class Integration(models.Model):
    """A configured pair: two connections, settings, mappings, on or off."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    pair = models.CharField(_("pair"), max_length=30)
    source = models.ForeignKey(
        Connection, models.PROTECT, verbose_name=_("from"), related_name="integrations_from"
    )
    target = models.ForeignKey(
        Connection, models.PROTECT, verbose_name=_("to"), related_name="integrations_to"
    )
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    is_on = models.BooleanField(
        _("switched on"), default=False, help_text=_("Off: nothing is read, its webhooks are removed.")
    )
    is_paused = models.BooleanField(
        _("paused"), default=False, help_text=_("Changes are still noticed, but nothing is written anywhere.")
    )
    language = models.CharField(
        _("language of written results"),
        max_length=2,
        choices=(("de", "Deutsch"), ("en", "English")),
        default="de",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def declared(self) -> Pair:
        from pairs.registry import pair

        return pair(self.pair)

    def side(self, side: Side) -> Connection:
        """The connection of that side."""
        return self.source if side == "source" else self.target

    def setting(self, key: str) -> Any:
        """The setting `key`, or its default as the pair declares it."""
        field: SettingField = next(field for field in self.declared.settings if field.key == key)
        value = self.settings.get(key)
        return field.default if value in (None, "") else value


class ValueTable(models.Model):
    """A table from values at the source to values at the target, for example departments to cost centers."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("value table")
        verbose_name_plural = _("value tables")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ValueTableRow(models.Model):
    table = models.ForeignKey(ValueTable, models.CASCADE, related_name="rows")
    # The GID of an option where the source has one, else the text itself.
    source_value = models.CharField(_("source value"), max_length=200)
    source_label = models.CharField(_("shown as"), max_length=200, blank=True)
    target_value = models.CharField(
        _("target value"), max_length=200, blank=True, help_text=_("Empty: the field is left empty.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("row")
        verbose_name_plural = _("rows")
        constraints = (
            models.UniqueConstraint(fields=("table", "source_value"), name="one_row_per_source_value"),
        )
        ordering = ("source_label", "source_value")

    def __str__(self) -> str:
        return f"{self.source_label or self.source_value} -> {self.target_value}"


class MappingKind(models.TextChoices):
    DIRECT = "direct", _("value of the field")
    CONSTANT = "constant", _("fixed value")
    TABLE = "table", _("value table")
    ACCOUNT = "account", _("account, checked against the client's accounts")
    COST_CENTER = "cost_center", _("cost center, checked against the client's cost centers")
    AMOUNT = "amount", _("amount")
    DATE = "date", _("date")


class UpdateMode(models.TextChoices):
    ALWAYS = "always", _("always")
    IF_EMPTY = "if_empty", _("only if empty")
    NEVER = "never", _("never")


class FieldMapping(models.Model):
    """One row of an integration's mapping: from a source field (by its id) to a field of the flow."""

    class Way(models.TextChoices):
        INTO = "into", _("into the target")
        BACK = "back", _("result back to the source")

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="mappings")
    flow = models.CharField(_("flow"), max_length=30)
    way = models.CharField(_("direction"), max_length=4, choices=Way.choices, default=Way.INTO)
    # A TargetField key of the flow (INTO: `fields`, BACK: `write_back`).
    target_field = models.CharField(_("field"), max_length=50)
    kind = models.CharField(_("how"), max_length=12, choices=MappingKind.choices, default=MappingKind.DIRECT)
    source_field = models.CharField(
        _("source field"),
        max_length=100,
        blank=True,
        help_text=_("The id (GID) of the field, or name:... for a built-in one."),
    )
    source_label = models.CharField(_("name of the source field"), max_length=200, blank=True)
    constant = models.CharField(_("fixed value"), max_length=200, blank=True)
    table = models.ForeignKey(
        ValueTable, models.PROTECT, verbose_name=_("value table"), null=True, blank=True
    )
    update_mode = models.CharField(
        _("when written"), max_length=8, choices=UpdateMode.choices, default=UpdateMode.ALWAYS
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("field mapping")
        verbose_name_plural = _("field mappings")
        constraints = (
            models.UniqueConstraint(
                fields=("integration", "flow", "way", "target_field"), name="one_mapping_per_target_field"
            ),
        )
        ordering = ("flow", "way", "target_field")

    def __str__(self) -> str:
        return f"{self.source_label or self.source_field or self.constant} -> {self.target_field}"


class RecordState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    SENT = "sent", _("sent, waiting for the answer")
    UNKNOWN = "unknown", _("sent, answer unknown (being settled)")
    DORMANT = "dormant", _("not approved yet")
    DONE = "done", _("done")
    REFUSED = "refused", _("refused by our checks, nothing sent")
    REJECTED = "rejected", _("refused by the target system")
    DOCUMENT_MISSING = "document_missing", _("booked, document missing")
    CHANGED = "changed", _("changed after booking, a person decides")
    CONFIG = "config", _("configuration missing")
    RECONNECT = "reconnect", _("sign-in needed")
    UNSETTLED = "unsettled", _("answer unknown, a person must look")
    GAVE_UP = "gave_up", _("given up after many starts")
    INTERNAL = "internal", _("our fault (bug)")
    CLOSED = "closed", _("closed by a person")


# The worker takes records in these states once `due_at` has come.
WORKABLE = (RecordState.WAITING, RecordState.SENT, RecordState.UNKNOWN, RecordState.RECONNECT)
PARKED = (
    RecordState.REFUSED,
    RecordState.REJECTED,
    RecordState.DOCUMENT_MISSING,
    RecordState.CHANGED,
    RecordState.CONFIG,
    RecordState.UNSETTLED,
    RecordState.GAVE_UP,
    RecordState.INTERNAL,
)


class Record(models.Model):
    """One business object of one flow: the unit that is tracked, audited and replayed."""

    integration = models.ForeignKey(Integration, models.PROTECT, related_name="records")
    flow = models.CharField(_("flow"), max_length=30)
    source_ref = models.CharField(_("source id"), max_length=200)
    label = models.CharField(_("label"), max_length=300, blank=True)
    source_url = models.URLField(_("source"), max_length=500, blank=True)
    target_url = models.URLField(_("target"), max_length=500, blank=True)
    state = models.CharField(
        _("state"), max_length=16, choices=RecordState.choices, default=RecordState.WAITING
    )
    # Message JSON, and the complete list of DataFault JSON.
    reason = models.JSONField(_("reason"), null=True, blank=True)
    faults = models.JSONField(_("faults"), default=list, blank=True)
    code = models.CharField(_("code of the target system"), max_length=30, blank=True)
    help_url = models.URLField(_("help"), max_length=500, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    # The newest version seen, and the one that was last handled.
    seen_version = models.CharField(max_length=100, blank=True)
    handled_version = models.CharField(max_length=100, blank=True)
    is_deleted_at_source = models.BooleanField(default=False)
    snapshot = models.JSONField(null=True, blank=True)
    snapshot_at = models.DateTimeField(null=True, blank=True)
    # Digest of the mapped content that was handed over.
    digest = models.CharField(max_length=64, blank=True)
    # Counts up when a person decides for a new booking; part of every effect's owner.
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    # A person's decision that `handle` has to carry out, e.g. {"action": "correct", "by": "..."}.
    instruction = models.JSONField(null=True, blank=True)
    starts = models.PositiveSmallIntegerField(_("starts"), default=0)
    # Passing failures in a row, for the growing distance between tries.
    failures = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    entered_at = models.DateTimeField(_("entered at"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("integration", "flow", "source_ref"), name="one_record_per_source"
            ),
        )
        indexes = (
            # Only what can become due is indexed: the cost of a look stays the same with millions kept.
            # "Not empty" follows from the comparison with a date; SQLite would not see that a list of
            # states, which are parameters, is the one of the index.
            models.Index(fields=("due_at",), name="record_due", condition=models.Q(due_at__isnull=False)),
            models.Index(
                fields=("lease_until",), name="record_lease", condition=models.Q(lease_until__isnull=False)
            ),
            models.Index(fields=("integration", "state"), name="record_by_state"),
        )

    def __str__(self) -> str:
        return self.label or self.source_ref

    @property
    def subject(self) -> str:
        """The record's name in audit entries, bookings and call logs."""
        return f"record:{self.pk}"

    @property
    def owner(self) -> str:
        """The owner of its effects: a new revision does its effects anew."""
        return f"record:{self.pk}:{self.revision}"

    @property
    def declared(self) -> Flow:
        return self.integration.declared.flow(self.flow)


class Link(models.Model):
    """Source object <-> target object; asked before anything is created."""

    integration = models.ForeignKey(Integration, models.PROTECT, related_name="links")
    flow = models.CharField(max_length=30)
    source_ref = models.CharField(max_length=200)
    target_ref = models.CharField(max_length=200)
    target_url = models.URLField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = (
            models.UniqueConstraint(fields=("integration", "flow", "source_ref"), name="one_link_per_source"),
        )

    def __str__(self) -> str:
        return f"{self.source_ref} -> {self.target_ref}"


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
