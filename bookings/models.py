"""DATEV clients with their tables, and bookings, batches, documents and jobs on their way."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from bookings.entry import Direction, Entry, Route
from connections.models import Connection

DIGITS = RegexValidator(r"^[1-9][0-9]*$", _("Digits only, no leading zero."))


class DatevClient(models.Model):
    """A client (Mandant) whose books are kept in DATEV, and what must be known of it beforehand."""

    class Chart(models.TextChoices):
        SKR03 = "03", "SKR03"
        SKR04 = "04", "SKR04"
        OWN = "", _("own chart")

    class Encoding(models.TextChoices):
        UTF8 = "utf-8-sig", _("UTF-8 with byte order mark")
        WINDOWS = "cp1252", "Windows-1252"

    name = models.CharField(_("name"), max_length=100)
    connection = models.ForeignKey(
        Connection,
        models.PROTECT,
        verbose_name=_("DATEV connection"),
        related_name="datev_clients",
        help_text=_("The DATEV sign-in that may write for this client."),
    )
    consultant_number = models.PositiveIntegerField(
        _("consultant number (Berater)"), validators=[MinValueValidator(1001), MaxValueValidator(9_999_999)]
    )
    client_number = models.PositiveIntegerField(
        _("client number (Mandant)"), validators=[MinValueValidator(1), MaxValueValidator(99_999)]
    )
    chart = models.CharField(
        _("chart of accounts"), max_length=2, choices=Chart.choices, default=Chart.SKR03, blank=True
    )
    account_length = models.PositiveSmallIntegerField(
        _("account length"),
        default=4,
        validators=[MinValueValidator(4), MaxValueValidator(8)],
        help_text=_("Digits of a G/L account (Sachkontenlänge); 'Read from DATEV' fills it in."),
    )
    encoding = models.CharField(
        _("encoding of EXTF files"), max_length=10, choices=Encoding.choices, default=Encoding.UTF8
    )
    is_finalized = models.BooleanField(
        _("finalize bookings (Festschreibung)"),
        default=False,
        help_text=_(
            "Finalized bookings can't be changed in DATEV any more. Leave off unless your tax adviser asks."
        ),
    )
    dictation_code = models.CharField(_("initials (Diktatkürzel)"), max_length=4, blank=True)
    # As read from DATEV: [{"name", "scopes"}], [{"name", "category", ...}], ["pdf", ...]
    services = models.JSONField(_("DATEV services"), default=list, blank=True)
    document_types = models.JSONField(_("document types"), default=list, blank=True)
    file_extensions = models.JSONField(_("allowed file types"), default=list, blank=True)
    has_documents = models.BooleanField(_("Belege online available"), null=True, blank=True)
    read_at = models.DateTimeField(_("read from DATEV at"), null=True, blank=True)

    history = HistoricalRecords(
        excluded_fields=["services", "document_types", "file_extensions", "has_documents", "read_at"]
    )

    class Meta:
        verbose_name = _("DATEV client")
        verbose_name_plural = _("DATEV clients")
        constraints = (
            models.UniqueConstraint(fields=("consultant_number", "client_number"), name="one_datev_client"),
        )
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} ({self.ref})"

    @property
    def ref(self) -> str:
        """DATEV's id of the client: `<consultant>-<client>`, as in every URL path."""
        return f"{self.consultant_number}-{self.client_number}"


class FiscalYearRow(models.Model):
    client = models.ForeignKey(DatevClient, models.CASCADE, related_name="fiscal_years")
    start = models.DateField(_("first day"))
    end = models.DateField(_("last day"))
    closed_until = models.DateField(
        _("closed until"), null=True, blank=True, help_text=_("Bookings on or before this day are refused.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("fiscal year")
        verbose_name_plural = _("fiscal years")
        constraints = (models.UniqueConstraint(fields=("client", "start"), name="one_fiscal_year_start"),)
        ordering = ("start",)

    def __str__(self) -> str:
        return f"{self.start:%d.%m.%Y} - {self.end:%d.%m.%Y}"


class Account(models.Model):
    client = models.ForeignKey(DatevClient, models.CASCADE, related_name="accounts")
    number = models.CharField(_("account"), max_length=8, validators=[DIGITS])
    name = models.CharField(_("name"), max_length=100, blank=True)
    is_automatic = models.BooleanField(
        _("automatic account"), default=False, help_text=_("Tax is built in: no BU key but 40 is allowed.")
    )
    is_collective = models.BooleanField(
        _("collective account"), default=False, help_text=_("Never booked directly; use personal accounts.")
    )
    is_blocked = models.BooleanField(_("blocked"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = (models.UniqueConstraint(fields=("client", "number"), name="one_account_number"),)
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()


class Partner(models.Model):
    """A creditor or debtor (personal account)."""

    client = models.ForeignKey(DatevClient, models.CASCADE, related_name="partners")
    number = models.CharField(_("personal account"), max_length=9, validators=[DIGITS])
    name = models.CharField(_("name"), max_length=50)
    city = models.CharField(_("city"), max_length=30, blank=True)
    vat_id = models.CharField(_("VAT id"), max_length=15, blank=True)
    is_blocked = models.BooleanField(_("blocked"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("creditor or debtor")
        verbose_name_plural = _("creditors and debtors")
        constraints = (models.UniqueConstraint(fields=("client", "number"), name="one_partner_number"),)
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class CostCenter(models.Model):
    client = models.ForeignKey(DatevClient, models.CASCADE, related_name="cost_centers")
    number = models.CharField(_("cost center (KOST)"), max_length=36)
    name = models.CharField(_("name"), max_length=100, blank=True)
    is_blocked = models.BooleanField(_("blocked"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("cost center")
        verbose_name_plural = _("cost centers")
        constraints = (models.UniqueConstraint(fields=("client", "number"), name="one_cost_center_number"),)
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()


class TaxKey(models.Model):
    class TaxDirection(models.TextChoices):
        SALE = "sale", _("sale")
        PURCHASE = "purchase", _("purchase")
        BOTH = "both", _("both")

    client = models.ForeignKey(DatevClient, models.CASCADE, related_name="tax_keys")
    bu_key = models.CharField(_("BU key"), max_length=4, validators=[RegexValidator(r"^[0-9]{1,4}$")])
    meaning = models.CharField(_("meaning"), max_length=200)
    rate = models.DecimalField(
        _("tax rate"), max_digits=5, decimal_places=4, null=True, blank=True, help_text=_("0.19 for 19 %")
    )
    direction = models.CharField(
        _("direction"), max_length=8, choices=TaxDirection.choices, default=TaxDirection.BOTH
    )
    needs_vat_id = models.BooleanField(_("needs the VAT id"), default=False)
    needs_country = models.BooleanField(_("needs the country"), default=False)
    reversal_key = models.CharField(_("key of the reversal"), max_length=4, blank=True)
    is_confirmed = models.BooleanField(
        _("confirmed"),
        default=False,
        help_text=_("A key is used only after you have confirmed it with your tax adviser."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("tax key")
        verbose_name_plural = _("tax keys")
        constraints = (models.UniqueConstraint(fields=("client", "bu_key"), name="one_bu_key"),)
        ordering = ("bu_key",)

    def __str__(self) -> str:
        return f"{self.bu_key} {self.meaning}"


class BatchState(models.TextChoices):
    OPEN = "open", _("collecting bookings")
    CLOSED = "closed", _("closed, to be sent")
    SENT = "sent", _("sent, waiting for DATEV")
    POSTED = "posted", _("accepted by DATEV")
    FAILED = "failed", _("refused by DATEV")
    PARTLY = "partly", _("partly processed by DATEV")
    UNKNOWN = "unknown", _("unknown, check in DATEV")
    STOPPED = "stopped", _("stopped, a person must act")


class Batch(models.Model):
    """One file for DATEV: one client, one fiscal year, one month, one route; bytes never change once closed."""

    client = models.ForeignKey(
        DatevClient, models.PROTECT, verbose_name=_("DATEV client"), related_name="batches"
    )
    route = models.CharField(_("route"), max_length=4, choices=[(r.value, r.value.upper()) for r in Route])
    # Batches of different integrations never mix: "integration:3".
    origin = models.CharField(max_length=100)
    label = models.CharField(_("label"), max_length=30, blank=True)
    direction = models.CharField(max_length=8, choices=[(d.value, d.value) for d in Direction], blank=True)
    fiscal_year_start = models.DateField(_("fiscal year from"))
    month = models.DateField(_("month"), help_text=_("First day of the posting month."))
    state = models.CharField(_("state"), max_length=8, choices=BatchState.choices, default=BatchState.OPEN)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="corrections")
    close_count = models.PositiveIntegerField(default=1)
    close_at = models.DateTimeField(_("closes at"), null=True, blank=True)
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
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    starts = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Why it is where it is: Message JSON, DATEV's code and help address.
    reason = models.JSONField(_("reason"), null=True, blank=True)
    code = models.CharField(_("DATEV code"), max_length=20, blank=True)
    help_url = models.URLField(_("DATEV help"), blank=True)

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
        )

    def __str__(self) -> str:
        return self.filename or f"{self.client} {self.month:%m/%Y}"

    @property
    def owner(self) -> str:
        """The owner of this batch's effects and audit entries."""
        return f"batch:{self.pk}:{self.revision}"


class Booking(models.Model):
    """One posting row of a batch, from one source ("record:12")."""

    origin = models.CharField(max_length=100)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    client = models.ForeignKey(DatevClient, models.PROTECT, related_name="bookings")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="bookings", null=True, blank=True)
    row = models.PositiveIntegerField(_("row"), null=True, blank=True)
    # bookings.entry.Entry as JSON
    data = models.JSONField(_("data"), default=dict)
    label = models.CharField(_("label"), max_length=200, blank=True)
    source_url = models.URLField(_("source"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # When the settled result was told to the source; null = not yet.
    announced_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("origin", "revision", "position"), name="one_booking_per_position"
            ),
        )

    def __str__(self) -> str:
        return self.label or self.origin

    @property
    def entry(self) -> Entry:
        return Entry.from_json(self.data)


class DocumentState(models.TextChoices):
    PLANNED = "planned", _("to be uploaded")
    UPLOADED = "uploaded", _("in DATEV")
    REFUSED = "refused", _("refused")
    DUPLICATE = "duplicate", _("already in DATEV under another id")


class Document(models.Model):
    """A voucher image; its GUID is stored before the first upload and never changes."""

    guid = models.UUIDField(_("GUID"), default=uuid.uuid4, unique=True, editable=False)
    client = models.ForeignKey(DatevClient, models.PROTECT, related_name="documents")
    origin = models.CharField(max_length=100)
    # The attachment at the source; with `origin` the natural key of this document.
    source_ref = models.CharField(max_length=100)
    filename = models.CharField(_("file name"), max_length=255)
    media_type = models.CharField(_("media type"), max_length=100, blank=True)
    size_bytes = models.PositiveIntegerField(_("size in bytes"), null=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    document_type = models.CharField(_("document type"), max_length=30, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=DocumentState.choices, default=DocumentState.PLANNED
    )
    # Only for the DXSO route, where the image travels inside the job; emptied once the job is settled.
    content = models.BinaryField(null=True, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded at"), null=True, blank=True)
    reason = models.JSONField(_("reason"), null=True, blank=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("origin", "source_ref"), name="one_document_per_source"),
        )

    def __str__(self) -> str:
        return self.filename


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

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="jobs")
    vendor_ref = models.CharField(_("DATEV job id"), max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.PENDING)
    submitted_at = models.DateTimeField(_("submitted at"))
    looks = models.PositiveIntegerField(_("times looked at"), default=0)
    looked_at = models.DateTimeField(_("last looked at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    code = models.CharField(_("DATEV code"), max_length=20, blank=True)
    text = models.TextField(_("DATEV's text"), blank=True)
    help_url = models.URLField(_("DATEV help"), blank=True)
    # [{"name", "reason"}]
    affected_elements = models.JSONField(_("affected elements"), default=list, blank=True)

    class Meta:
        verbose_name = _("DATEV job")
        verbose_name_plural = _("DATEV jobs")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("batch", "vendor_ref"), name="one_job_per_batch_and_ref"),
        )

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
