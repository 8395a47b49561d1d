"""A DATEV client (Mandant) and what must be known of it beforehand."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from bookings.validation.accounts import AccountKind, kind_of
from connections.models import Connection


def new_version() -> str:
    """A mark that was never used before: whoever has read the books under another one reads them again."""
    return uuid.uuid4().hex


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
        help_text=_(
            "Digits of a G/L account (Sachkontenlänge); 'Read from DATEV' tells if DATEV has another."
        ),
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
    is_small_business = models.BooleanField(
        _("small business (§19 UStG)"),
        default=False,
        help_text=_("Outgoing invoices show no tax; one that does is not booked."),
    )
    uses_oss = models.BooleanField(
        _("One-Stop-Shop"),
        default=False,
        help_text=_("Supplies to consumers in the EU bear the tax of their country and are reported by OSS."),
    )
    debtor_from = models.PositiveIntegerField(
        _("debtor numbers from"),
        null=True,
        blank=True,
        help_text=_("Customers without a debtor number get the next free one of this range."),
    )
    debtor_until = models.PositiveIntegerField(_("debtor numbers until"), null=True, blank=True)
    # The highest number that was given from the range: it only rises, so that none is given twice.
    last_debtor = models.PositiveIntegerField(default=0, editable=False)
    # As read from DATEV: [{"name", "scopes"}], [{"name", "category", ...}], ["pdf", ...]
    services = models.JSONField(_("DATEV services"), default=list, blank=True)
    document_types = models.JSONField(_("document types"), default=list, blank=True)
    file_extensions = models.JSONField(_("allowed file types"), default=list, blank=True)
    has_documents = models.BooleanField(_("Belege online available"), null=True, blank=True)
    read_at = models.DateTimeField(_("read from DATEV at"), null=True, blank=True)
    # What differed between DATEV and our settings at the last reading: Message JSON.
    remarks = models.JSONField(_("remarks of the last reading"), default=list, blank=True, editable=False)
    # Changes with every change of the client or its tables; see services.books.
    books_version = models.CharField(max_length=32, default=new_version, editable=False)

    history = HistoricalRecords(
        excluded_fields=[
            "services",
            "document_types",
            "file_extensions",
            "has_documents",
            "read_at",
            "remarks",
            "books_version",
            "last_debtor",
        ]
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.books_version = new_version()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "books_version"}
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """The range of debtor numbers lies among the debtors of this account length."""
        given = (self.debtor_from, self.debtor_until)
        if given == (None, None):
            return
        if self.debtor_from is None or self.debtor_until is None or self.debtor_from > self.debtor_until:
            raise ValidationError({"debtor_until": _("Enter both ends of the range, the lower one first.")})
        for name, number in zip(("debtor_from", "debtor_until"), given, strict=True):
            if kind_of(str(number), self.account_length or 4) is not AccountKind.DEBTOR:
                raise ValidationError(
                    {
                        name: _("With this account length debtors lie between %(first)s and %(last)s.")
                        % {
                            "first": 10 ** (self.account_length or 4),
                            "last": 7 * 10 ** (self.account_length or 4) - 1,
                        }
                    }
                )

    @property
    def ref(self) -> str:
        """DATEV's id of the client: `<consultant>-<client>`, as in every URL path."""
        return f"{self.consultant_number}-{self.client_number}"
