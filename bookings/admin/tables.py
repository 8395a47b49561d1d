"""The tables of the DATEV clients: accounts, creditors and debtors, cost centers, tax keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookings import tax_keys
from bookings.admin.shown import percent
from bookings.models import Account, CostCenter, DatevClient, Partner, TaxKey
from connections.adminsite import EMPTY, HistoryAdmin, PostActionsAdmin, ask_for_many, label, post_action

CONFIRM_QUESTION = _(
    "A tax key decides how much tax is booked. Confirm it only after your tax adviser has agreed that it "
    "means this in the books of this client."
)
WITHDRAW_QUESTION = _("Bookings with this tax key are refused until it is confirmed again. Go on?")


def marked(name: str, description: Any) -> Callable[[Any], str]:
    """A column that says yes, and nothing for no: a cross in red would look like a fault."""

    @display(description=description, ordering=name)
    def shown(row: Any) -> str:
        return gettext("yes") if getattr(row, name) else EMPTY

    return shown


AUTOMATIC = marked("is_automatic", _("automatic account"))
COLLECTIVE = marked("is_collective", _("collective account"))
BLOCKED = marked("is_blocked", _("blocked"))


class TableAdmin(HistoryAdmin, PostActionsAdmin):
    """Rows of one table of all clients; the list is for one client once the filter names it."""

    table = ""
    list_filter: tuple[str, ...] = ("client", "is_blocked")
    list_select_related = ("client",)
    list_before_template = "admin/bookings/table_links.html"
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        context = dict(extra_context or {})
        chosen = request.GET.get("client__id__exact", "")
        client = DatevClient.objects.filter(pk=chosen).first() if chosen.isdigit() else None
        context["table_client"] = client
        if client is not None:
            arguments = [client.pk, self.table]
            if self.has_add_permission(request):
                context["import_url"] = reverse("admin:bookings_datevclient_import", args=arguments)
            context["export_url"] = reverse("admin:bookings_datevclient_export", args=arguments)
        return super().changelist_view(request, context)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row stays with its client."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return (*fixed, "client") if obj is not None else fixed


@admin.register(Account)
class AccountAdmin(TableAdmin):
    table = "accounts"
    list_display = ("number", "name", AUTOMATIC, COLLECTIVE, BLOCKED, "client")
    list_filter = ("client", "is_automatic", "is_collective", "is_blocked")
    search_fields = ("number", "name")
    fields = ("client", "number", "name", "is_automatic", "is_collective", "is_blocked")


@admin.register(Partner)
class PartnerAdmin(TableAdmin):
    table = "partners"
    list_display = ("number", "name", "city", "vat_id", BLOCKED, "client")
    search_fields = ("number", "name", "city", "vat_id")
    fields = ("client", "number", "name", "city", "vat_id", "is_blocked")


@admin.register(CostCenter)
class CostCenterAdmin(TableAdmin):
    table = "cost_centers"
    list_display = ("number", "name", BLOCKED, "client")
    search_fields = ("number", "name")
    fields = ("client", "number", "name", "is_blocked")


@admin.register(TaxKey)
class TaxKeyAdmin(TableAdmin):
    """Whether a key is confirmed is not a field of the form: a person confirms it, and that is recorded."""

    table = "tax_keys"
    list_display = ("bu_key", "meaning", "shown_rate", "direction", "confirmed", "client")
    list_filter = ("client", "is_confirmed", "direction")
    search_fields = ("bu_key", "meaning")
    # As numbers: 2, 9, 10, 94, 511.
    ordering = (Length("bu_key"), "bu_key")
    fields = (
        "client",
        "bu_key",
        "meaning",
        "rate",
        "direction",
        "needs_vat_id",
        "needs_country",
        "reversal_key",
        "confirmed",
    )
    readonly_fields = ("confirmed",)
    actions = ("confirm_many", "withdraw_many")
    post_actions = ("confirm", "withdraw")

    @display(description=_("tax rate"), ordering="rate")
    def shown_rate(self, key: TaxKey) -> str:
        return percent(key.rate) or EMPTY

    @display(description=_("confirmed"), ordering="is_confirmed")
    def confirmed(self, key: TaxKey) -> SafeString:
        if key.is_confirmed:
            return label(gettext("confirmed"), "success")
        return label(gettext("to be confirmed"), "warning")

    def save_model(self, request: HttpRequest, obj: TaxKey, form: Any, change: bool) -> None:
        if change and obj.is_confirmed and form.changed_data:
            obj.is_confirmed = False
            messages.warning(request, gettext("The tax key was changed: it has to be confirmed again."))
        super().save_model(request, obj, form, change)

    @post_action(
        _("Confirm"),
        question=CONFIRM_QUESTION,
        tone="primary",
        offered=lambda key: not key.is_confirmed,
    )
    def confirm(self, request: HttpRequest, key: TaxKey, data: dict[str, Any]) -> None:
        _confirmed(request, [key])

    @post_action(
        _("Take the confirmation back"), question=WITHDRAW_QUESTION, offered=lambda key: key.is_confirmed
    )
    def withdraw(self, request: HttpRequest, key: TaxKey, data: dict[str, Any]) -> None:
        _withdrawn(request, [key])

    @admin.action(description=_("Confirm the chosen tax keys"), permissions=["change"])
    def confirm_many(self, request: HttpRequest, keys: QuerySet[TaxKey]) -> HttpResponse | None:
        _data, page = ask_for_many(
            request,
            self,
            keys,
            action="confirm_many",
            label=gettext("Confirm the chosen tax keys"),
            question=CONFIRM_QUESTION,
        )
        if page is None:
            _confirmed(request, keys)
        return page

    @admin.action(description=_("Take the confirmation of the chosen tax keys back"), permissions=["change"])
    def withdraw_many(self, request: HttpRequest, keys: QuerySet[TaxKey]) -> HttpResponse | None:
        _data, page = ask_for_many(
            request,
            self,
            keys,
            action="withdraw_many",
            label=gettext("Take the confirmation of the chosen tax keys back"),
            question=WITHDRAW_QUESTION,
        )
        if page is None:
            _withdrawn(request, keys)
        return page


def _confirmed(request: HttpRequest, keys: Any) -> None:
    count = tax_keys.confirm(keys, request.user)
    messages.success(
        request,
        ngettext("%(n)s tax key is confirmed.", "%(n)s tax keys are confirmed.", count) % {"n": count},
    )


def _withdrawn(request: HttpRequest, keys: Any) -> None:
    count = tax_keys.confirm(keys, request.user, is_confirmed=False)
    messages.success(
        request,
        ngettext(
            "The confirmation of %(n)s tax key was taken back.",
            "The confirmation of %(n)s tax keys was taken back.",
            count,
        )
        % {"n": count},
    )
