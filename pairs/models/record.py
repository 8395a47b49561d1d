"""Records: what is tracked, audited and replayed, and what it became."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pairs.base import Flow
from pairs.models.integration import Integration


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
    TO_CONFIRM = "to_confirm", _("to be confirmed by a second person")
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
    RecordState.TO_CONFIRM,
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
    # What was written last, as digests by part, and how the object was known last; see `pairs.work_items`.
    content = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        indexes = (models.Index(fields=("integration", "target_ref"), name="link_by_target"),)
        constraints = (
            models.UniqueConstraint(fields=("integration", "flow", "source_ref"), name="one_link_per_source"),
        )

    def __str__(self) -> str:
        return f"{self.source_ref} -> {self.target_ref}"


class Finding(models.Model):
    """An object of the target that carried a natural key before we had a link to it: an earlier installation.

    `container` is where it was found, a project; the row with an empty `key` says that it was looked through.
    """

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="findings")
    container = models.CharField(max_length=100)
    key = models.CharField(max_length=300, blank=True)
    target_ref = models.CharField(max_length=200, blank=True)
    # The object as it was read, to see what it holds already.
    snapshot = models.JSONField(null=True, blank=True)
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        constraints = (
            models.UniqueConstraint(
                fields=("integration", "container", "key"), name="one_finding_per_container_and_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} -> {self.target_ref}"
