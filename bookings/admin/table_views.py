"""Import of a table in two steps, its export, and the starter tables."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from bookings import exports, imports, services, starter, starting
from bookings.admin import waiting
from bookings.imports import TABLES, Report, RowFault
from bookings.models import Account, DatevClient, TaxCase, TaxKey
from bookings.table_files import MAX_BYTES
from connections.adminsite import link, may, page_of, tell_error
from connections.errors import ConnectorError, RejectedError

FAULTS_SHOWN = 1000
ROWS_PREVIEWED = 200
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File (CSV or XLSX)"),
        help_text=_("The first row holds the headings. Nothing is stored before you have seen a preview."),
        widget=UnfoldAdminFileFieldWidget,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(gettext("The file is larger than 20 MB. Import it in parts."))
        return file


class TableViews:
    """Pages of one client's tables; `admin` is the admin of DATEV clients."""

    def __init__(self, admin: Any) -> None:
        self.admin = admin

    # --- import ---------------------------------------------------------------------------------------

    def upload(self, request: HttpRequest, client_id: int, table: str) -> HttpResponse:
        """Choose a file, see what it would do, then store it: all rows or none."""
        client = self._client(request, client_id, table, "add", "change")
        if request.method == "POST" and "stored" in request.POST:
            return self._import(request, client, table)
        form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
        if not form.is_bound or not form.is_valid():
            return self._page(request, client, table, "admin/bookings/import.html", form=form)
        file = form.cleaned_data["file"]
        content = file.read()
        try:
            report = imports.preview(client, table, file.name, content)
        except RejectedError as error:
            return self._preview(request, client, table, file.name, error=error)
        stored = "" if report.faults else waiting.keep(request, _place(client, table), file.name, content)
        return self._preview(request, client, table, file.name, report=report, stored=stored)

    def _import(self, request: HttpRequest, client: DatevClient, table: str) -> HttpResponse:
        kept = waiting.taken(request, _place(client, table))
        if kept is None:
            messages.error(
                request, gettext("The preview is older than an hour, or was used. Choose the file again.")
            )
            return HttpResponseRedirect(request.path)
        name, content = kept
        try:
            report = imports.apply(client, table, name, content, by=request.user)
        except ConnectorError as error:
            tell_error(request, error)
            return HttpResponseRedirect(request.path)
        messages.success(
            request,
            gettext("'%(name)s' was imported: %(new)s new, %(updated)s changed, %(same)s unchanged.")
            % {"name": name, "new": report.new, "updated": report.updated, "same": report.unchanged},
        )
        return HttpResponseRedirect(_list(client, table))

    def _preview(
        self,
        request: HttpRequest,
        client: DatevClient,
        table: str,
        filename: str,
        *,
        report: Report | None = None,
        error: RejectedError | None = None,
        stored: str = "",
    ) -> TemplateResponse:
        found = (
            report.faults
            if report is not None
            else [RowFault(0, fault) for fault in (error.faults if error else ())]
        )
        headings = {column.field: column.headings[0].title() for column in TABLES[table].columns}
        shown = [
            {
                "row": one.row,
                "field": headings.get(one.fault.field, one.fault.field),
                "value": one.fault.value,
                "rule": one.fault.rule,
                "remedy": one.fault.remedy,
            }
            for one in found[:FAULTS_SHOWN]
        ]
        return self._page(
            request,
            client,
            table,
            "admin/bookings/import_preview.html",
            filename=filename,
            report=report,
            problem=str(error) if error else "",
            faults=shown,
            with_rows=report is not None,
            more_faults=max(len(found) - FAULTS_SHOWN, 0),
            stored=stored,
        )

    # --- export ---------------------------------------------------------------------------------------

    def export(self, request: HttpRequest, client_id: int, table: str) -> HttpResponse:
        client = self._client(request, client_id, table, "view")
        form = request.GET.get("form", "csv")
        if form not in ("csv", "xlsx"):
            raise Http404
        content = exports.export(client, table, "csv" if form == "csv" else "xlsx")
        return HttpResponse(
            content,
            content_type=MEDIA_TYPES[form],
            headers={"Content-Disposition": f'attachment; filename="{table}_{client.ref}.{form}"'},
        )

    # --- starter tables -------------------------------------------------------------------------------

    def starter(self, request: HttpRequest, client_id: int) -> HttpResponse:
        """What would be added, and after a confirmation the adding."""
        client = get_object_or_404(DatevClient, pk=client_id)
        allowed = (
            may(request, verb, model) for verb in ("add", "change") for model in (Account, TaxKey, TaxCase)
        )
        if not all(allowed):
            raise PermissionDenied
        if request.method == "POST":
            try:
                added = services.load_starter(client, request.POST.get("chart", ""), by=request.user)
            except ConnectorError as error:
                tell_error(request, error)
                return HttpResponseRedirect(page_of(client))
            messages.success(
                request,
                gettext(
                    "%(accounts)s accounts, %(keys)s tax keys and %(cases)s tax cases were added. Confirm "
                    "the tax keys and cases next."
                )
                % {"accounts": added.accounts, "keys": added.tax_keys, "cases": added.tax_cases},
            )
            return HttpResponseRedirect(page_of(client))
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET", "POST"])
        chart = request.GET.get("chart", client.chart)
        chart = chart if chart in starter.CHARTS else starter.CHARTS[0]
        accounts, keys, cases = starting.missing(client, chart)
        return self._page(
            request,
            client,
            "",
            "admin/bookings/starter.html",
            charts=[(known, f"SKR{known}") for known in starter.CHARTS],
            chart=chart,
            is_other=bool(client.chart) and client.chart != chart,
            accounts=accounts[:ROWS_PREVIEWED],
            account_count=len(accounts),
            tax_keys=keys,
            tax_cases=cases,
        )

    # --- shared ---------------------------------------------------------------------------------------

    def _client(self, request: HttpRequest, client_id: int, table: str, *verbs: str) -> DatevClient:
        """The client; 404 for a table that does not exist, 403 without all these permissions on its rows."""
        if table not in TABLES:
            raise Http404
        client = get_object_or_404(DatevClient, pk=client_id)
        model = getattr(client, table).model
        if not all(may(request, verb, model) for verb in verbs):
            raise PermissionDenied
        return client

    def _page(
        self, request: HttpRequest, client: DatevClient, table: str, template: str, **more: Any
    ) -> TemplateResponse:
        declared = TABLES.get(table)
        context = {
            **self.admin.admin_site.each_context(request),
            "title": gettext("Starter tables for %(client)s") % {"client": client}
            if declared is None
            else gettext("Import of %(table)s for %(client)s")
            % {"table": gettext(declared.label), "client": client},
            "client": client,
            "columns": [
                {
                    "name": column.headings[0].title(),
                    "others": ", ".join(column.headings[1:]),
                    "is_required": column.is_required,
                }
                for column in (declared.columns if declared else ())
            ],
            "opts": self.admin.model._meta,
            "media": self.admin.media,
            "back": link(page_of(client), capfirst(str(client))),
            "again": request.path,
            **more,
        }
        return TemplateResponse(request, template, context)


def _list(client: DatevClient, table: str) -> str:
    name = getattr(client, table).model._meta.model_name
    return f"{reverse(f'admin:bookings_{name}_changelist')}?client__id__exact={client.pk}"


def _place(client: DatevClient, table: str) -> str:
    return f"{client.pk}:{table}"
