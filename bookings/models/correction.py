"""What people changed in a refused batch, and what was sent again on whose word: only appended to."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.models.batch import Batch, Booking


class AppendOnlyError(TypeError):
    """Somebody tried to change what was noted about a correction."""

    def __init__(self) -> None:
        super().__init__("Corrections are only appended to: note another one instead.")


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        raise AppendOnlyError

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError


class AppendOnly(models.Model):
    """A row that is written once; what was said in it is in the chained audit trail as well."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError


class CorrectionKind(models.TextChoices):
    ROW = "row", _("row changed")
    FILE = "file", _("corrected file")
    DROPPED = "dropped", _("corrections withdrawn")


class Correction(AppendOnly):
    """One change of a refused batch. The batch itself stays as it was sent; its next revision carries it.

    The corrections of a batch are read in order: a file replaces what was noted before it, a row the same row
    before it, a withdrawal everything.
    """

    batch = models.ForeignKey(
        Batch, models.PROTECT, verbose_name=_("booking batch"), related_name="noted_corrections"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=CorrectionKind.choices)
    row = models.PositiveIntegerField(_("row"), null=True, blank=True)
    booking = models.ForeignKey(
        Booking, models.PROTECT, null=True, blank=True, related_name="noted_corrections"
    )
    # [{"row", "field", "before", "after"}], the field's English name
    differences = models.JSONField(_("changes"), default=list)
    # A row: bookings.entry.Entry as JSON, or of a file that was handed in {column or element: text}.
    data = models.JSONField(_("data"), null=True)
    # The corrected file of a batch that was handed in.
    content = models.BinaryField(null=True, editable=False)
    filename = models.CharField(_("file name"), max_length=255, blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    by = models.CharField(_("by"), max_length=150)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.batch} {self.get_kind_display()}"


class Resubmission(AppendOnly):
    """What became of one request to send a refused batch again: for ever the same for a `transition_ref`."""

    transition_ref = models.CharField(_("request"), max_length=200, unique=True)
    # The revision that was to be sent again ("batch:12:1"), or the file ("handed_in:7").
    subject = models.CharField(max_length=100)
    # What is on its way since: a new revision, or the same file in a new attempt; of a refusal the subject.
    batch = models.ForeignKey(
        Batch,
        models.PROTECT,
        verbose_name=_("booking batch"),
        null=True,
        blank=True,
        related_name="resubmissions",
    )
    is_same_file = models.BooleanField(_("same file again"), default=False)
    refusal = models.CharField(_("refused because"), max_length=20, blank=True)
    message = models.JSONField(_("message"))
    # DataFault JSON
    faults = models.JSONField(_("faults"), default=list, blank=True)
    by = models.CharField(_("by"), max_length=150)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("resubmission")
        verbose_name_plural = _("resubmissions")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.transition_ref
