"""DATEV clients: numbers, chart, fiscal years, what DATEV says of them, and the way to their tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from bookings import documents, jobs
from bookings.admin.table_views import TableViews
from bookings.imports import TABLES
from bookings.models import DatevClient, FiscalYearRow
from connections import clock
from connections.adminsite import EMPTY, HistoryAdmin, PostActionsAdmin, listed, may, post_action
from connections.messages import Message

# Table -> model in lower case, for the names of the pages.
MODELS = {
    "accounts": "account",
    "partners": "partner",
    "cost_centers": "costcenter",
    "tax_keys": "taxkey",
}


class FiscalYearInline(TabularInline):  # type: ignore[misc]
    model = FiscalYearRow
    fields = ("start", "end", "closed_until")
    extra = 0


@admin.register(DatevClient)
class DatevClientAdmin(HistoryAdmin, PostActionsAdmin):
    list_display = (
        "name",
        "consultant_number",
        "client_number",
        "chart",
        "account_length",
        "connection",
        "read_at",
    )
    list_filter = ("connection", "chart")
    list_select_related = ("connection",)
    search_fields = ("name", "consultant_number", "client_number")
    actions = None
    inlines = (FiscalYearInline,)
    change_form_outer_before_template = "admin/bookings/client.html"
    post_actions = ("read_from_datev",)
    fieldsets = (
        (None, {"fields": ("name", "connection", "consultant_number", "client_number")}),
        (_("Books"), {"fields": ("chart", "account_length")}),
        (
            _("Outgoing invoices"),
            {"fields": ("is_small_business", "uses_oss", "debtor_from", "debtor_until")},
        ),
        (_("Files for DATEV"), {"fields": ("encoding", "is_finalized", "dictation_code")}),
    )
    FROM_DATEV = (
        _("As read from DATEV"),
        {
            "fields": (
                "read_at",
                "shown_remarks",
                "shown_services",
                "has_documents",
                "shown_types",
                "shown_extensions",
            )
        },
    )
    readonly_fields = (
        "read_at",
        "has_documents",
        "shown_remarks",
        "shown_services",
        "shown_types",
        "shown_extensions",
    )

    def get_fieldsets(self, request: HttpRequest, obj: DatevClient | None = None) -> Any:
        return [*self.fieldsets, self.FROM_DATEV] if obj is not None else list(self.fieldsets)

    def get_inlines(self, request: HttpRequest, obj: DatevClient | None) -> Sequence[type[Any]]:
        return self.inlines

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "connection" and field is not None:
            field.queryset = field.queryset.filter(vendor="datev")
        return field

    @display(description=_("remarks of the last reading"))
    def shown_remarks(self, client: DatevClient) -> SafeString | str:
        return listed(str(Message.from_json(remark)) for remark in client.remarks)

    @display(description=_("DATEV services"))
    def shown_services(self, client: DatevClient) -> SafeString | str:
        return listed(service["name"] for service in client.services)

    @display(description=_("document types"))
    def shown_types(self, client: DatevClient) -> SafeString | str:
        return listed(known["name"] for known in client.document_types)

    @display(description=_("allowed file types"))
    def shown_extensions(self, client: DatevClient) -> str:
        return ", ".join(client.file_extensions) or EMPTY

    def get_urls(self) -> list[URLPattern]:
        views = TableViews(self)
        name = "bookings_datevclient"
        own = [
            path(f"<int:client_id>/{address}", self.admin_site.admin_view(view), name=f"{name}_{part}")
            for address, view, part in (
                ("import/<slug:table>/", views.upload, "import"),
                ("export/<slug:table>/", views.export, "export"),
                ("starter/", views.starter, "starter"),
            )
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        client = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if client is not None:
            context["client_tables"] = [_table(request, client, key) for key in TABLES]
            context["unconfirmed"] = client.tax_keys.filter(is_confirmed=False).count()
            context |= _receivables(client)
            if self.has_change_permission(request, client):
                context["starter_url"] = reverse("admin:bookings_datevclient_starter", args=[client.pk])
        return super().change_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: DatevClient, form: Any, change: bool) -> None:
        """Only what the form shows: a worker may read from DATEV while it is open."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        obj._history_user = request.user  # type: ignore[attr-defined]
        names = [name for _title, options in self.fieldsets for name in options["fields"]]
        obj.save(update_fields=names)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.save(commit=False):
            row._history_user = request.user
            row.save()
        for row in formset.deleted_objects:
            row._history_user = request.user
            row.delete()
        formset.save_m2m()

    @post_action(_("Read from DATEV"))
    def read_from_datev(self, request: HttpRequest, client: DatevClient, data: dict[str, Any]) -> None:
        """Services, document types, file types and fiscal years; nothing that a person has set is changed."""
        remarks = documents.read_client(client, jobs.datev_api(client.connection), clock.now(), force=True)
        messages.success(request, gettext("Read from DATEV: services, document types, fiscal years."))
        for remark in remarks:
            messages.warning(request, str(remark))


def _table(request: HttpRequest, client: DatevClient, key: str) -> dict[str, Any]:
    """One line of the list of tables: how many rows, and where to go."""
    rows = getattr(client, key)
    arguments = [client.pk, key]
    address = reverse(f"admin:bookings_{MODELS[key]}_changelist")
    return {
        "label": capfirst(gettext(TABLES[key].label)),
        "count": rows.count(),
        "url": f"{address}?client__id__exact={client.pk}",
        "import_url": reverse("admin:bookings_datevclient_import", args=arguments)
        if may(request, "add", rows.model)
        else "",
        "export_url": reverse("admin:bookings_datevclient_export", args=arguments),
    }


def _receivables(client: DatevClient) -> dict[str, Any]:
    """The way to the tax cases and debtors of this client."""
    chosen = f"?client__id__exact={client.pk}"
    return {
        "tax_cases_url": reverse("admin:bookings_taxcase_changelist") + chosen,
        "tax_case_count": client.tax_cases.count(),
        "unconfirmed_cases": client.tax_cases.filter(is_confirmed=False).count(),
        "debtors_url": reverse("admin:bookings_debtor_changelist") + chosen,
        "debtor_count": client.debtors.count(),
    }
