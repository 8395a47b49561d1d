"""Tax cases of a client, and its debtors with what of them DATEV has."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from bookings.invoices.cases import CaseKind
from bookings.models.batch import Batch
from bookings.models.client import DatevClient
from bookings.models.tables import DIGITS, TableRow


class TaxCase(TableRow):
    """Which revenue account and tax key stand for one kind of turnover; used only once confirmed."""

    class Kind(models.TextChoices):
        DOMESTIC = CaseKind.DOMESTIC.value, _("taxed supply within Germany")
        REVERSE_CHARGE = CaseKind.REVERSE_CHARGE.value, _("recipient owes the tax (§13b), within Germany")
        EXEMPT = CaseKind.EXEMPT.value, _("exempt supply (§4 no. 8 ff.)")
        ZERO_RATED = CaseKind.ZERO_RATED.value, _("0 percent (§12 para. 3)")
        SMALL_BUSINESS = CaseKind.SMALL_BUSINESS.value, _("small business (§19)")
        INTRA_COMMUNITY = CaseKind.INTRA_COMMUNITY.value, _("intra-community supply")
        TRIANGULAR = CaseKind.TRIANGULAR.value, _("triangular supply (first buyer)")
        EU_TAXED = CaseKind.EU_TAXED.value, _("goods to the EU, taxed in Germany")
        EU_SERVICE = CaseKind.EU_SERVICE.value, _("service to a business in the EU")
        OSS_GOODS = CaseKind.OSS_GOODS.value, _("distance sale of goods (OSS)")
        OSS_SERVICE = CaseKind.OSS_SERVICE.value, _("electronic service to a consumer in the EU (OSS)")
        ELECTRONIC_TAXED = (
            CaseKind.ELECTRONIC_TAXED.value,
            _("electronic service to the EU, taxed in Germany"),
        )
        EXPORT = CaseKind.EXPORT.value, _("export to a country outside the EU")
        THIRD_COUNTRY_SERVICE = (
            CaseKind.THIRD_COUNTRY_SERVICE.value,
            _("service to a business outside the EU"),
        )
        DISCOUNT = CaseKind.DISCOUNT.value, _("discount on a whole invoice")
        FREIGHT = CaseKind.FREIGHT.value, _("freight of a whole invoice")
        ROUNDING = CaseKind.ROUNDING.value, _("rounding of an invoice")

    client = models.ForeignKey(
        DatevClient, models.CASCADE, verbose_name=_("DATEV client"), related_name="tax_cases"
    )
    key = models.CharField(
        _("short name"),
        max_length=40,
        validators=[RegexValidator(r"^[a-z0-9_]+$", _("a-z, 0-9 and _ only."))],
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    kind = models.CharField(_("kind of turnover"), max_length=24, choices=Kind.choices)
    rate = models.DecimalField(
        _("tax rate"),
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("0.19 for 19 %. Empty for the One-Stop-Shop: the rate of the invoice."),
    )
    account = models.CharField(_("revenue account"), max_length=8, validators=[DIGITS])
    bu_key = models.CharField(
        _("BU key"),
        max_length=4,
        blank=True,
        validators=[RegexValidator(r"^[0-9]{1,4}$")],
        help_text=_("Empty for an automatic account."),
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}$")],
        help_text=_("Only for supplies to this country, for example AT; empty = every country."),
    )
    revenue_group = models.CharField(
        _("revenue group"),
        max_length=40,
        blank=True,
        help_text=_("Tells several revenue accounts of the same tax apart, for example by product."),
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True, help_text=_("Day of the supply."))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    is_confirmed = models.BooleanField(_("confirmed"), default=False, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("tax case")
        verbose_name_plural = _("tax cases")
        constraints = (models.UniqueConstraint(fields=("client", "key"), name="one_tax_case_key"),)
        ordering = ("key",)

    def __str__(self) -> str:
        return self.name or self.key


class Debtor(models.Model):
    """A customer of one source and its personal account; the number never changes and is never reused."""

    client = models.ForeignKey(
        DatevClient, models.PROTECT, verbose_name=_("DATEV client"), related_name="debtors"
    )
    # `bookings.debtors.customer_ref`: names the source's organisation, so that a copy of it is another.
    customer_ref = models.CharField(_("customer at the source"), max_length=200)
    number = models.CharField(_("debtor number"), max_length=9, validators=[DIGITS])
    is_assigned = models.BooleanField(_("assigned from the range"), default=False)
    name = models.CharField(_("name"), max_length=100, blank=True)
    source_url = models.URLField(_("source"), max_length=500, blank=True)
    # bookings.debtor_details.DebtorDetails as JSON, and its digest.
    details = models.JSONField(_("details"), default=dict)
    digest = models.CharField(max_length=64)
    # What DATEV has accepted; "" = nothing yet, so that no booking may use the account.
    sent_digest = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(_("accepted by DATEV at"), null=True, blank=True)
    # When its details are sent at the latest; null = they are sent, or on their way.
    due_at = models.DateTimeField(_("to be sent at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("debtor")
        verbose_name_plural = _("debtors")
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("client", "customer_ref"), name="one_debtor_per_customer"),
            models.UniqueConstraint(fields=("client", "number"), name="one_debtor_per_number"),
        )
        indexes = (
            models.Index(fields=("due_at",), name="debtor_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=("client", "number"), name="debtor_unsent", condition=models.Q(sent_at=None)),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()


class DebtorUpdate(models.Model):
    """The master data of one debtor as they stand in one batch; what became of it is the batch's state."""

    batch = models.ForeignKey(
        Batch, models.PROTECT, verbose_name=_("booking batch"), related_name="debtor_updates"
    )
    debtor = models.ForeignKey(Debtor, models.PROTECT, verbose_name=_("debtor"), related_name="updates")
    row = models.PositiveIntegerField(_("row"), null=True, blank=True)
    data = models.JSONField(_("data"), default=dict)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("debtor in a batch")
        verbose_name_plural = _("debtors in batches")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("batch", "debtor"), name="one_update_per_batch"),)

    def __str__(self) -> str:
        return str(self.debtor)
