"""Bookings, and the batches in which they travel."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.entry import Direction, Entry, Route
from bookings.models.client import DatevClient


class BatchState(models.TextChoices):
    OPEN = "open", _("collecting bookings")
    CLOSED = "closed", _("closed, to be sent")
    SENT = "sent", _("sent, waiting for DATEV")
    POSTED = "posted", _("accepted by DATEV")
    FAILED = "failed", _("refused by DATEV")
    PARTLY = "partly", _("partly processed by DATEV")
    UNKNOWN = "unknown", _("unknown, check in DATEV")
    STOPPED = "stopped", _("stopped, a person must act")


class BatchKind(models.TextChoices):
    BOOKINGS = "bookings", _("bookings")
    DEBTORS = "debtors", _("master data of debtors")


# States in which the worker has something to do at `due_at`.
WORKABLE = (BatchState.CLOSED, BatchState.SENT)
SETTLED = (
    BatchState.POSTED,
    BatchState.FAILED,
    BatchState.PARTLY,
    BatchState.UNKNOWN,
    BatchState.STOPPED,
)


def new_token() -> str:
    """Random, because the numbers of a database that was set up anew begin at 1 again, DATEV's jobs don't."""
    return uuid.uuid4().hex[:12]


class Batch(models.Model):
    """One file for DATEV: one client, one fiscal year, one month, one route. Closed bytes never change."""

    client = models.ForeignKey(
        DatevClient, models.PROTECT, verbose_name=_("DATEV client"), related_name="batches"
    )
    kind = models.CharField(_("content"), max_length=8, choices=BatchKind.choices, default=BatchKind.BOOKINGS)
    route = models.CharField(_("route"), max_length=4, choices=[(r.value, r.value.upper()) for r in Route])
    # Batches of different integrations never mix: "integration:3".
    origin = models.CharField(max_length=100)
    label = models.CharField(_("label"), max_length=30, blank=True)
    direction = models.CharField(max_length=8, choices=[(d.value, d.value) for d in Direction], blank=True)
    fiscal_year_start = models.DateField(_("fiscal year from"))
    month = models.DateField(_("month"), help_text=_("First day of the posting month."))
    state = models.CharField(_("state"), max_length=8, choices=BatchState.choices, default=BatchState.OPEN)
    # With `revision` the whole of file name and reference id; a correction keeps it.
    token = models.CharField(max_length=12, default=new_token, editable=False)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    # Counts the hand-overs of the same bytes: after "try again" by DATEV, or an abandoned DXSO job.
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="corrections")
    # The bytes come from a person or another program: they are sent as they are, without bookings of ours.
    is_given = models.BooleanField(_("file from elsewhere"), default=False)
    # The rows that our checks or DATEV refused were set aside from this batch, which went on without them.
    set_aside_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="set_aside"
    )
    # The master data of its debtors are sent first.
    waits_for = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="waiting_batches"
    )
    close_count = models.PositiveIntegerField(default=1)
    close_at = models.DateTimeField(_("closes at"), null=True, blank=True)
    # How large the file will be, estimated while bookings are collected.
    size_bytes = models.PositiveIntegerField(_("estimated size in bytes"), default=0)
    # Set when it is closed, before the first POST; functions of batch and revision.
    filename = models.CharField(_("file name"), max_length=60, blank=True)
    reference = models.CharField(_("reference id"), max_length=100, blank=True)
    content = models.BinaryField(null=True, editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    # The next moment for the worker (submit, look at the job); null = nothing to do.
    due_at = models.DateTimeField(null=True, blank=True)
    starts = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Why it is where it is: Message JSON, DATEV's code and help address.
    reason = models.JSONField(_("reason"), null=True, blank=True)
    # The complete list of DataFault JSON of a batch that our own checks stopped.
    faults = models.JSONField(_("faults"), default=list, blank=True)
    code = models.CharField(_("DATEV code"), max_length=30, blank=True)
    help_url = models.URLField(_("DATEV help"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("booking batch")
        verbose_name_plural = _("booking batches")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("client", "route", "origin", "direction", "fiscal_year_start", "month"),
                condition=models.Q(state="open"),
                name="one_open_batch_per_month",
            ),
            models.UniqueConstraint(fields=("token", "revision"), name="one_batch_per_token_and_revision"),
            models.UniqueConstraint(fields=("corrects",), name="one_correction_per_batch"),
        )
        indexes = (
            # Only what can become due is indexed: a look costs the same however many are kept.
            models.Index(fields=("due_at",), name="batch_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=("close_at",), name="batch_closes", condition=models.Q(state="open")),
            models.Index(fields=("settled_at", "id"), name="batch_by_end"),
        )

    def __str__(self) -> str:
        return self.filename or f"{self.client} {self.month:%m/%Y}"

    @property
    def owner(self) -> str:
        """The owner of this batch's effects and audit entries."""
        return f"batch:{self.pk}:{self.revision}"

    @property
    def is_rendered(self) -> bool:
        """Whether the bytes are fixed: from then on they never change."""
        return bool(self.sha256)


class BatchFile(models.Model):
    """One file of a DXSO job, stored before the first upload of `attempt`."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="files")
    attempt = models.PositiveSmallIntegerField(_("attempt"))
    position = models.PositiveIntegerField(_("position"))
    filename = models.CharField(_("file name"), max_length=255)
    media_type = models.CharField(_("media type"), max_length=100)
    # null: the content is that of `document`.
    content = models.BinaryField(null=True, editable=False)
    document = models.ForeignKey(
        "bookings.Document", models.PROTECT, null=True, blank=True, related_name="batch_files"
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("file of a DXSO job")
        verbose_name_plural = _("files of DXSO jobs")
        ordering = ("attempt", "position")
        constraints = (
            models.UniqueConstraint(fields=("batch", "attempt", "position"), name="one_file_per_position"),
        )

    def __str__(self) -> str:
        return self.filename


class BookingVerdict(models.TextChoices):
    """What became of one booking; empty = what became of its batch."""

    FOLLOWS = "", _("as its batch")
    POSTED = "posted", _("accepted by DATEV")
    FAILED = "failed", _("refused by DATEV")
    UNKNOWN = "unknown", _("unknown, check in DATEV")
    RELEASED = "released", _("replaced by a newer revision")


class Booking(models.Model):
    """One posting row of a batch, from one source ("record:12")."""

    origin = models.CharField(max_length=100)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    client = models.ForeignKey(
        DatevClient, models.PROTECT, verbose_name=_("DATEV client"), related_name="bookings"
    )
    batch = models.ForeignKey(
        Batch, models.PROTECT, verbose_name=_("booking batch"), related_name="bookings", null=True, blank=True
    )
    row = models.PositiveIntegerField(_("row"), null=True, blank=True)
    # bookings.entry.Entry as JSON
    data = models.JSONField(_("data"), default=dict)
    # The same as a person corrected it in a refused batch; null = never. What was placed stays in `data`.
    corrected = models.JSONField(_("corrected"), null=True, blank=True)
    label = models.CharField(_("label"), max_length=200, blank=True)
    source_url = models.URLField(_("source"), max_length=500, blank=True)
    # Where one booking's fate differs from its batch's: DATEV processed a DXSO job in part.
    verdict = models.CharField(
        _("verdict"), max_length=8, choices=BookingVerdict.choices, default=BookingVerdict.FOLLOWS, blank=True
    )
    reason = models.JSONField(_("reason"), null=True, blank=True)
    # Its own faults as DataFault JSON, once it was set aside because of them.
    faults = models.JSONField(_("faults"), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # When the settled result was told to the source; null = not yet.
    announced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("origin", "revision", "position"), name="one_booking_per_position"
            ),
        )
        indexes = (
            models.Index(fields=("id",), name="booking_unannounced", condition=models.Q(announced_at=None)),
        )

    def __str__(self) -> str:
        return self.label or self.origin

    @property
    def entry(self) -> Entry:
        """As its source placed it."""
        return Entry.from_json(self.data)

    @property
    def sent_entry(self) -> Entry:
        """As it travels to DATEV: with what a person corrected in a refused batch."""
        return Entry.from_json(self.data if self.corrected is None else self.corrected)
