"""The tables of one DATEV client: fiscal years, accounts, partners, cost centers, tax keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from bookings.models.client import DatevClient, new_version

DIGITS = RegexValidator(r"^[1-9][0-9]*$", _("Digits only, no leading zero."))


def touch_books(client_ids: Iterable[int]) -> None:
    """Let every process read the books of these clients again (services.books)."""
    for client_id in set(client_ids):
        DatevClient.objects.filter(pk=client_id).update(books_version=new_version())


class TableQuerySet(models.QuerySet[Any]):
    """Changes of many rows at once are noticed too."""

    def update(self, **values: Any) -> int:
        with transaction.atomic():
            client_ids = list(self.order_by().values_list("client", flat=True).distinct())
            changed = super().update(**values)
            touch_books(client_ids)
        return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            client_ids = list(self.order_by().values_list("client", flat=True).distinct())
            deleted = super().delete()
            touch_books(client_ids)
        return deleted

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        with transaction.atomic():
            created = super().bulk_create(rows, *args, **kwargs)
            touch_books(row.client_id for row in rows)
        return created

    def bulk_update(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> int:
        rows = list(objs)
        with transaction.atomic():
            changed = super().bulk_update(rows, *args, **kwargs)
            touch_books(row.client_id for row in rows)
        return changed


class TableRow(models.Model):
    """A row of one client's tables; every change makes the books of that client new."""

    client = models.ForeignKey(DatevClient, models.CASCADE, verbose_name=_("DATEV client"), related_name="+")

    objects: ClassVar[models.Manager[Any]] = TableQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            touch_books([self.client_id])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            touch_books([self.client_id])
        return deleted


class FiscalYearRow(TableRow):
    client = models.ForeignKey(
        DatevClient, models.CASCADE, verbose_name=_("DATEV client"), related_name="fiscal_years"
    )
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


class Account(TableRow):
    client = models.ForeignKey(
        DatevClient, models.CASCADE, verbose_name=_("DATEV client"), related_name="accounts"
    )
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


class Partner(TableRow):
    """A creditor or debtor (personal account)."""

    client = models.ForeignKey(
        DatevClient, models.CASCADE, verbose_name=_("DATEV client"), related_name="partners"
    )
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


class CostCenter(TableRow):
    client = models.ForeignKey(
        DatevClient, models.CASCADE, verbose_name=_("DATEV client"), related_name="cost_centers"
    )
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


class TaxKey(TableRow):
    class TaxDirection(models.TextChoices):
        SALE = "sale", _("sale")
        PURCHASE = "purchase", _("purchase")
        BOTH = "both", _("both")

    client = models.ForeignKey(
        DatevClient, models.CASCADE, verbose_name=_("DATEV client"), related_name="tax_keys"
    )
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
