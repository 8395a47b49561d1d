"""Integrations: a configured pair with its mappings and value tables."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from connections.base import SettingField
from connections.models import Connection
from pairs.base import Pair, Side


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
