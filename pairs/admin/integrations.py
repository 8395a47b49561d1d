"""Integrations: made in two steps, checked, switched on and off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from bookings.models import DatevClient
from connections.adminsite import (
    EMPTY,
    HistoryAdmin,
    PostAction,
    PostActionsAdmin,
    fault_rows,
    label,
    page_of,
    post_action,
    sentence,
    tell_faults,
)
from connections.base import SettingField
from connections.settings_form import Choices, SettingsAdmin, SettingsForm
from pairs import actions, standard_fields, switching
from pairs.admin.integration_page import changes, counts, flow_label, offer_fields, offers_of
from pairs.admin.mappings import MappingInline
from pairs.checks import faults_of
from pairs.discovery import Offers, described, find, gone_fields
from pairs.models import PARKED, FieldMapping, Integration
from pairs.registry import pairs
from pairs.selectors import counts_by_integration


class IntegrationForm(SettingsForm):
    """The connections must be ones to the systems of the pair."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        declared = pairs().get(cleaned.get("pair") or self.instance.pair)
        if declared is not None:
            wanted = {"source": declared.source_vendor, "target": declared.target_vendor}
            for name, vendor_key in wanted.items():
                connection = cleaned.get(name)
                if connection is not None and connection.vendor != vendor_key:
                    self.add_error(name, gettext("This connection is one to another system."))
        return cleaned


class OptionsForm(forms.Form):
    """Which field's options become a value table, and under which name."""

    field = forms.ChoiceField(label=_("field"), widget=UnfoldAdminSelectWidget())
    name = forms.CharField(
        label=_("name of the value table"), max_length=100, widget=UnfoldAdminTextInputWidget()
    )

    def __init__(self, offers: Offers, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        self.options = {}
        for flow in offers.integration.declared.flows:
            for option in offers.fields(flow, FieldMapping.Way.INTO) or ():
                if option.options:
                    self.options[option.ref] = option
        self.fields["field"].choices = [(ref, described(option)) for ref, option in self.options.items()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        found = find(tuple(self.options.values()), cleaned.get("field"))
        return {**cleaned, "options": found.options if found else ()}


@admin.register(Integration)
class IntegrationAdmin(HistoryAdmin, SettingsAdmin, PostActionsAdmin):
    """First pair and connections, then settings and mapping with what the systems offer to choose from."""

    form = IntegrationForm
    is_draft_allowed = True
    list_display = ("name", "pair_shown", "source", "target", "state_shown", "parked_shown")
    list_select_related = ("source", "target")
    search_fields = ("name",)
    list_filter = ("is_on", "is_paused")
    readonly_fields = ("pair_shown", "settings_table")
    change_form_outer_before_template = "admin/pairs/integration_top.html"
    change_form_outer_after_template = "admin/pairs/integration_changes.html"
    post_actions = (
        "switch_on",
        "check_now",
        "poll_now",
        "pause",
        "resume",
        "register_again",
        "make_table",
        "create_fields",
        "switch_off",
    )

    # --- Lists ---

    @admin.display(description=_("pair"), ordering="pair")
    def pair_shown(self, integration: Integration) -> str:
        declared = pairs().get(integration.pair)
        return gettext(declared.label) if declared else integration.pair or EMPTY

    @admin.display(description=_("state"))
    def state_shown(self, integration: Integration) -> SafeString:
        if not integration.is_on:
            return label(_("switched off"), "neutral")
        return label(_("paused"), "warning") if integration.is_paused else label(_("switched on"), "success")

    @admin.display(description=_("waiting for a person"))
    def parked_shown(self, integration: Integration) -> int:
        return getattr(integration, "parked_count", 0)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        found = counts_by_integration()
        for integration in changelist.result_list:
            states = found.get(integration.pk, {})
            integration.parked_count = sum(count for state, count in states.items() if state in PARKED)
        return changelist

    # --- Form ---

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            description = _(
                "First what is connected with what. The settings and the mapping come next, with the "
                "projects and fields that the connections offer."
            )
            fields = ("name", "pair", "source", "target", "language")
            return ((None, {"fields": fields, "description": description}),)
        basic = ("name", "pair_shown", "source", "target", "language")
        settings = self.setting_names(request, obj)
        if not self.has_change_permission(request, obj):
            settings = ["settings_table"]
        return ((None, {"fields": basic}), (_("Settings"), {"fields": settings}))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "pair":
            labels = [(pair.key, gettext(pair.label)) for pair in pairs().values()]
            return forms.ChoiceField(
                label=capfirst(db_field.verbose_name),
                choices=[("", "---------"), *labels],
                widget=UnfoldAdminSelectWidget(),
                help_text=format_html_join(
                    "",
                    "<strong>{}</strong>: {}<br>",
                    ((gettext(pair.label), gettext(pair.description)) for pair in pairs().values()),
                ),
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        vendors = {getattr(pair, f"{db_field.name}_vendor") for pair in pairs().values()}
        kwargs["queryset"] = db_field.related_model.objects.filter(vendor__in=vendors)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def setting_fields(self, request: HttpRequest | None, instance: Any) -> Sequence[SettingField]:
        declared = pairs().get(instance.pair) if instance is not None else None
        return declared.settings if declared else ()

    def options(self, request: HttpRequest, instance: Any, field: SettingField) -> Choices | None:
        if field.kind == "datev_client":
            clients = DatevClient.objects.filter(connection=instance.target)
            return [(client.ref, str(client)) for client in clients]
        offered = offers_of(request, instance).setting(field)
        return None if offered is None else [(option.ref, described(option)) for option in offered]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        if obj is None or obj.pair not in pairs():
            return []
        flows = obj.declared.flows
        inlines = [(flow, FieldMapping.Way.INTO) for flow in flows if flow.fields]
        inlines += [(flow, FieldMapping.Way.BACK) for flow in flows if flow.write_back]
        return [MappingInline.for_flow(flow, way) for flow, way in inlines]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        integration = self.get_object(request, object_id) if object_id else None
        context = dict(extra_context or {})
        if integration is not None and integration.pair in pairs():
            context |= self._page(request, integration)
        return super().changeform_view(request, object_id, form_url, context)

    def _page(self, request: HttpRequest, integration: Integration) -> dict[str, Any]:
        problem = ""
        if self.has_change_permission(request, integration):
            problem = offer_fields(request, integration)
        return {
            "integration": integration,
            "state": self.state_shown(integration),
            "faults": fault_rows(faults_of(integration)),
            "problem": problem,
            "cursors": [
                {
                    "label": flow_label(integration, cursor.flow),
                    "cursor": cursor,
                    "error": sentence(cursor.error),
                }
                for cursor in integration.cursors.all()
            ],
            "webhooks": integration.webhooks.all(),
            "counts": counts(integration),
            "changes": changes(integration),
        }

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        messages.success(
            request, gettext("Saved. Choose the settings next and save; then the fields can be mapped.")
        )
        return HttpResponseRedirect(page_of(obj))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        integration = form.instance
        woken = actions.wake_after_change(
            Integration.objects.filter(pk=integration.pk), by=request.user.get_username()
        )
        if woken:
            text = ngettext(
                "%(count)s record that waited for the configuration is tried again.",
                "%(count)s records that waited for the configuration are tried again.",
                woken,
            )
            messages.info(request, text % {"count": woken})
        if integration.is_on:
            tell_faults(request, faults_of(integration), messages.WARNING)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what is switched off, so that no webhook is left behind at the vendor."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_on)

    # --- Buttons ---

    def get_post_actions(self, request: HttpRequest, instance: Integration) -> list[PostAction]:
        found = super().get_post_actions(request, instance)
        form = partial(OptionsForm, offers_of(request, instance))
        return [replace(action, form=form) if action.name == "make_table" else action for action in found]

    @post_action(_("Switch on"), tone="primary", offered=lambda integration: not integration.is_on)
    def switch_on(self, request: HttpRequest, integration: Integration, data: Any) -> None:
        switching.switch_on(integration, by=request.user.get_username())
        messages.success(request, gettext("Switched on. The source is read at once, then every few minutes."))

    @post_action(
        _("Switch off"),
        tone="danger",
        question=_(
            "Nothing is read any more, and the webhooks are removed. Records that wait stay as they are "
            "until it is switched on again."
        ),
        offered=lambda integration: integration.is_on,
    )
    def switch_off(self, request: HttpRequest, integration: Integration, data: Any) -> None:
        switching.switch_off(integration, by=request.user.get_username())
        messages.success(request, gettext("Switched off."))

    @post_action(_("Check"), permission="view")
    def check_now(self, request: HttpRequest, integration: Integration, data: Any) -> None:
        faults = [*faults_of(integration), *gone_fields(integration)]
        tell_faults(request, faults)
        if not faults:
            messages.success(request, gettext("Nothing is missing; the mapped fields exist."))

    @post_action(
        _("Read the source now"), offered=lambda integration: integration.is_on and not integration.is_paused
    )
    def poll_now(self, request: HttpRequest, integration: Integration, data: Any) -> None:
        switching.poll_now(integration, by=request.user.get_username())
        messages.success(request, gettext("A worker reads the source in a moment."))

    @post_action(_("Pause"), offered=lambda integration: integration.is_on and not integration.is_paused)
    def pause(self, request: HttpRequest, integration: Integration, data: Any) -> None:
        switching.pause(integration, by=request.user.get_username())
        messages.success(request, gettext("Paused. Changes are still noticed, but nothing is written."))

    @post_action(
        _("Resume"), tone="primary", offered=lambda integration: integration.is_on and integration.is_paused
    )
    def resume(self, request: HttpRequest, integration: Integration, data: Any) -> None:
        switching.resume(integration, by=request.user.get_username())
        messages.success(request, gettext("Resumed. What has come in meanwhile is worked off now."))

    @post_action(
        _("Register the webhook again"),
        question=_("The webhook is removed at the vendor and registered anew with a new secret."),
        offered=lambda integration: integration.is_on,
    )
    def register_again(self, request: HttpRequest, integration: Integration, data: Any) -> None:
        switching.register_again(integration, by=request.user.get_username())
        messages.success(request, gettext("A worker registers the webhook in a moment."))

    @post_action(
        _("Value table from a field's options"),
        question=_(
            "Makes a value table with a row for each option of the field. Fill in the target values next."
        ),
        form=OptionsForm,
    )
    def make_table(self, request: HttpRequest, integration: Integration, data: Any) -> HttpResponse:
        table = switching.table_from_options(data["name"], data["options"], by=request.user.get_username())
        messages.success(request, gettext("Made. Replace each question mark with the target value."))
        return HttpResponseRedirect(page_of(table))

    @post_action(
        _("Create the missing fields"),
        question=_(
            "Custom fields are made for everything that is not mapped yet, under the usual names, put into "
            "the project and mapped. A field of that name that is there already is taken."
        ),
        offered=lambda integration: bool(standard_fields.missing(integration)),
    )
    def create_fields(self, request: HttpRequest, integration: Integration, data: Any) -> None:
        made = standard_fields.create(integration, by=request.user.get_username())
        tell_faults(request, made.faults)
        if made.mapped:
            messages.success(request, gettext("Mapped: %(names)s.") % {"names": ", ".join(made.mapped)})
