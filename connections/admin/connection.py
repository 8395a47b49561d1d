"""Sign-ins at vendors: set up, connect, test, disconnect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.db.models import PROTECT
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from connections import health, oauth, services, views
from connections.admin.panel import held_tokens, light, notes, panel, sign_in, signs_in_with_browser, who
from connections.adminsite import EMPTY, HistoryAdmin, PostActionsAdmin, link_to, page_of, post_action
from connections.base import SecretField, SettingField, Vendor
from connections.messages import say
from connections.models import Connection, Health
from connections.registry import label, vendors
from connections.settings_form import REMOVE, SECRET, SETTING, SettingsAdmin

DAY_AND_TIME = "d.m.Y H:i"


def uses_browser(connection: Connection) -> bool:
    return signs_in_with_browser(connection) and held_tokens(connection) is None


def is_signed_in(connection: Connection) -> bool:
    return held_tokens(connection) is not None


@admin.register(Connection)
class ConnectionAdmin(HistoryAdmin, SettingsAdmin, PostActionsAdmin):
    """The vendor is chosen first; then its declared settings and secrets are drawn."""

    list_display = ("name", "vendor_name", "light_shown", "signed_in_as", "sign_in_ends", "checked_at")
    list_filter = ("vendor", "health", "is_on")
    list_select_related = ("token_set",)
    search_fields = ("name",)
    actions = None
    change_form_outer_before_template = "admin/connections/connection.html"
    post_actions = (
        "connect",
        "sign_in_again",
        "run_test",
        "disconnect",
        "switch_off",
        "switch_on",
    )

    # --- the list -------------------------------------------------------------------------------------

    @display(description=_("system"), ordering="vendor")
    def vendor_name(self, connection: Connection) -> str:
        return label(connection.vendor)

    @display(description=_("health"), ordering="health")
    def light_shown(self, connection: Connection) -> SafeString:
        shown = light(connection)
        return format_html('<span class="mlc-dot mlc-{}"></span>{}', shown.tone, shown.words)

    @display(description=_("signed in as"))
    def signed_in_as(self, connection: Connection) -> str:
        return who(connection) or EMPTY

    @display(description=_("sign-in ends at"), ordering="token_set__consent_ends_at")
    def sign_in_ends(self, connection: Connection) -> SafeString | str:
        known = sign_in(connection)
        if known is None or known.ends_at is None:
            return EMPTY
        shown = date_format(localtime(known.ends_at), DAY_AND_TIME)
        if not known.ends_soon:
            return shown
        return format_html('<span class="mlc-label mlc-warning">{}</span>', shown)

    # --- the form -------------------------------------------------------------------------------------

    def declared(self, request: HttpRequest | None, connection: Connection | None) -> Vendor | None:
        chosen = connection.vendor if connection is not None and connection.vendor else ""
        return vendors().get(chosen or (request.GET.get("vendor", "") if request else ""))

    def setting_fields(
        self, request: HttpRequest | None, connection: Connection | None
    ) -> Sequence[SettingField]:
        declared = self.declared(request, connection)
        return declared.settings if declared else ()

    def secret_fields(
        self, request: HttpRequest | None, connection: Connection | None
    ) -> Sequence[SecretField]:
        declared = self.declared(request, connection)
        return declared.secrets if declared else ()

    def options(
        self, request: HttpRequest, connection: Connection | None, field: SettingField
    ) -> Sequence[tuple[str, str]] | None:
        """What the vendor offers; not asked before a first test got through, because that may take long.

        That test may have found something missing: the very choice that is to be made here.
        """
        declared = self.declared(request, connection)
        if connection is None or declared is None or not connection.is_on:
            return None
        if connection.health != Health.OK and not (connection.is_usable and connection.checkup):
            return None
        ask = declared.discover.get(field.discover)
        return [(option.ref, option.label) for option in ask(connection, "")] if ask else None

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> Sequence[str]:
        return ("vendor_name", "settings_table")

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ["name", "vendor_name", "settings_table"]})]
        first = ["name"] if obj is None else ["name", "vendor_name"]
        fields = self.setting_fields(request, obj)
        plain = [f"{SETTING}{field.key}" for field in fields if field.kind != "url"]
        addresses = [f"{SETTING}{field.key}" for field in fields if field.kind == "url"]
        return [
            (None, {"fields": first}),
            (_("Settings"), {"fields": plain}),
            (_("Secrets"), {"fields": self.secret_names(request, obj)}),
            *([(_("Addresses"), {"fields": addresses, "classes": ["collapse"]})] if addresses else []),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        declared = self.declared(request, None)
        if declared is None and self.has_add_permission(request):
            return self._choice(request)
        context = dict(extra_context or {})
        if declared is not None:
            context["title"] = gettext("Connect %(vendor)s") % {"vendor": declared.label}
            context["notes"] = notes(Connection(vendor=declared.key))
        return super().add_view(request, form_url, context)

    def _choice(self, request: HttpRequest) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Which system do you want to connect?"),
            "vendors": list(vendors().values()),
            "opts": self.model._meta,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/connections/choose_vendor.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        connection = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if connection is not None:
            # What the vendor offers is asked for now: saving runs in a transaction, which must not wait.
            self.get_form(request, connection, change=True)
            context["panel"] = panel(connection)
            context["redirect_address"] = oauth.redirect_uri() if signs_in_with_browser(connection) else ""
        return super().change_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        if not change:
            declared = self.declared(request, None)
            obj.vendor = declared.key if declared else ""
            super().save_model(request, obj, form, change)
            return
        obj._history_user = request.user  # type: ignore[attr-defined]
        # Not the health: a worker may have changed it while the form was open.
        obj.save(update_fields=("name", "settings", "secrets"))
        is_other = any(name.startswith((SETTING, SECRET, REMOVE)) for name in form.changed_data)
        if is_other and not (signs_in_with_browser(obj) and not is_signed_in(obj)):
            health.untested(obj, say("Changed since the last test."), actor=request.user.get_username())

    def response_add(
        self, request: HttpRequest, obj: Connection, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(
            request,
            gettext("'%(name)s' is stored. Now press 'Connect' to sign in at %(vendor)s.")
            % {"name": obj.name, "vendor": label(obj.vendor)}
            if signs_in_with_browser(obj)
            else gettext("'%(name)s' is stored. Now press 'Test connection'.") % {"name": obj.name},
        )
        return HttpResponseRedirect(page_of(obj))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The sign-in is ended at the vendor too; that it fails there does not keep the connection alive.

        Before the transaction of the deletion, which must not wait for a vendor.
        """
        connection = self.get_object(request, unquote(object_id))
        if request.method == "POST" and connection is not None and is_signed_in(connection):
            *_all, forbidden, protected = self.get_deleted_objects([connection], request)
            if self.has_delete_permission(request, connection) and not forbidden and not protected:
                views.disconnect(request, connection.pk)
        return super().delete_view(request, object_id, extra_context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """What keeps it, and nothing of what goes with it: the call log may be long."""
        keepers = [relation for relation in Connection._meta.related_objects if relation.on_delete is PROTECT]
        protected = [
            link_to(user)
            for relation in keepers
            for user in relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": objs})
        ]
        return [str(one) for one in objs], {Connection._meta.verbose_name_plural: len(objs)}, set(), protected

    # --- buttons --------------------------------------------------------------------------------------

    @post_action(_("Connect"), tone="primary", offered=uses_browser)
    def connect(self, request: HttpRequest, connection: Connection, data: dict[str, Any]) -> HttpResponse:
        return views.start(request, connection.pk)

    @post_action(_("Sign in again"), offered=is_signed_in)
    def sign_in_again(
        self, request: HttpRequest, connection: Connection, data: dict[str, Any]
    ) -> HttpResponse:
        return views.start(request, connection.pk)

    @post_action(_("Test connection"))
    def run_test(self, request: HttpRequest, connection: Connection, data: dict[str, Any]) -> None:
        views.test_and_tell(request, connection)

    @post_action(
        _("Disconnect"),
        question=_(
            "The sign-in is ended at the vendor and deleted here. Records wait until a person signs in again."
        ),
        tone="danger",
        offered=is_signed_in,
    )
    def disconnect(self, request: HttpRequest, connection: Connection, data: dict[str, Any]) -> HttpResponse:
        return views.disconnect(request, connection.pk)

    @post_action(
        _("Switch off"),
        question=_("Nothing is read or sent over this connection until it is switched on again. Go on?"),
        offered=lambda connection: connection.is_on,
    )
    def switch_off(self, request: HttpRequest, connection: Connection, data: dict[str, Any]) -> None:
        services.switch(connection, False, request.user.get_username())

    @post_action(_("Switch on"), tone="primary", offered=lambda connection: not connection.is_on)
    def switch_on(self, request: HttpRequest, connection: Connection, data: dict[str, Any]) -> None:
        services.switch(connection, True, request.user.get_username())
