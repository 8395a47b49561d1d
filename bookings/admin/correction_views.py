"""Pages on which a refused batch is corrected: its rows one by one, or by a corrected file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from bookings import corrections
from bookings.admin import waiting
from bookings.admin.correction_forms import CorrectedFileForm, EntryForm, GivenRowForm, RowForm
from bookings.corrections import rows, uploaded
from bookings.corrections.uploaded import Compared
from bookings.decisions import MAY_BE_CORRECTED
from bookings.entry import Route
from bookings.handed_in import MAX_BYTES
from bookings.models import Batch, BatchKind, Booking
from bookings.noted import stand
from connections.adminsite import fault_rows, may, page_of, tell_error
from connections.errors import ConnectorError, RejectedError

ROWS_PER_PAGE = 100
SHOWN = 1000


def may_be_corrected(batch: Batch) -> bool:
    """Debtors are corrected in their table, not here."""
    is_refused = batch.state in MAY_BE_CORRECTED and batch.kind == BatchKind.BOOKINGS
    return is_refused and not batch.corrections.exists()


class CorrectionViews:
    """`admin` is the admin of batches."""

    def __init__(self, admin: Any) -> None:
        self.admin = admin

    def rows(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        """The rows that would be sent next, a page of them."""
        batch = self._batch(request, batch_id)
        _first, count = rows.page(batch, 0, 0)
        pages = Paginator(range(count), ROWS_PER_PAGE)
        shown = pages.get_page(request.GET.get("page"))
        found, _count = rows.page(batch, (shown.number - 1) * ROWS_PER_PAGE, ROWS_PER_PAGE)
        return self._page(
            request,
            batch,
            "admin/bookings/correct_rows.html",
            gettext("Correct the rows"),
            rows=[(row, reverse("admin:bookings_batch_correct", args=[batch.pk, row.key])) for row in found],
            shown_page=shown,
        )

    def row(self, request: HttpRequest, batch_id: int, key: int) -> HttpResponse:
        """The form of one row, with the very checks that every booking passes."""
        batch = self._batch(request, batch_id)
        subject, form = self._form(request, batch, key)
        if request.method == "POST" and form.is_valid():
            try:
                changes = corrections.correct_row(
                    batch,
                    subject,
                    form.corrected(),
                    request.user.get_username(),
                    based_on=form.cleaned_data["stand"],
                )
            except RejectedError as error:
                form.show_faults(error.faults)
                if not error.faults:
                    messages.error(request, str(error))
            else:
                _tell_noted(request, len(changes))
                return HttpResponseRedirect(self._rows_url(batch))
        return self._page(
            request, batch, "admin/bookings/correct_row.html", gettext("Correct a row"), form=form
        )

    def _form(self, request: HttpRequest, batch: Batch, key: int) -> tuple[Booking | int, Any]:
        data = request.POST if request.method == "POST" else None
        initial = {"stand": stand(batch)}
        route = Route(batch.route)
        form: RowForm
        if batch.is_given:
            found = next((row for row in rows.given_rows(batch) if row.number == key), None)
            if found is None:
                raise Http404
            form = GivenRowForm(data, initial=initial, row=found, route=route)
            return key, form
        booking = rows.booking_row(batch, key)
        if booking is None:
            raise Http404
        form = EntryForm(data, initial=initial, entry=booking.sent_entry, route=route)
        return booking, form

    def file(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        """Choose a corrected file, see what it changes, then accept it."""
        batch = self._batch(request, batch_id)
        if request.method == "POST" and "stored" in request.POST:
            return self._accept(request, batch)
        form = CorrectedFileForm(request.POST or None, request.FILES or None)
        if request.method != "POST" or not form.is_valid():
            return self._compared(request, batch, form=form)
        file = form.cleaned_data["file"]
        if file.size > MAX_BYTES:
            messages.error(request, gettext("The file is larger than 50 MB. DATEV takes smaller files only."))
            return self._compared(request, batch, form=form)
        content = file.read()
        try:
            compared = uploaded.compare(batch, content)
        except RejectedError as error:
            tell_error(request, error)
            return self._compared(request, batch, form=CorrectedFileForm())
        token = ""
        if not compared.faults and compared.differences:
            token = waiting.keep(request, f"correction:{batch.pk}", file.name, content)
        return self._compared(request, batch, compared=compared, stored=token, filename=file.name)

    def _accept(self, request: HttpRequest, batch: Batch) -> HttpResponse:
        kept = waiting.taken(request, f"correction:{batch.pk}")
        if kept is None:
            messages.error(
                request, gettext("The preview is older than an hour, or was used. Choose the file again.")
            )
            return HttpResponseRedirect(request.path)
        try:
            changes = corrections.accept_file(batch, *kept, request.user.get_username())
        except ConnectorError as error:
            tell_error(request, error)
            return HttpResponseRedirect(request.path)
        _tell_noted(request, len(changes))
        return HttpResponseRedirect(page_of(batch))

    def _compared(
        self,
        request: HttpRequest,
        batch: Batch,
        *,
        form: CorrectedFileForm | None = None,
        compared: Compared | None = None,
        stored: str = "",
        filename: str = "",
    ) -> TemplateResponse:
        return self._page(
            request,
            batch,
            "admin/bookings/corrected_file.html",
            gettext("Upload a corrected file"),
            form=form,
            is_compared=compared is not None,
            faults=fault_rows((compared.faults if compared else ())[:SHOWN]),
            changes=(compared.differences if compared else ())[:SHOWN],
            more=max(len(compared.differences) - SHOWN, 0) if compared else 0,
            stored=stored,
            filename=filename,
            again=request.path,
        )

    # --- shared ---------------------------------------------------------------------------------------

    def _batch(self, request: HttpRequest, batch_id: int) -> Batch:
        batch = get_object_or_404(Batch.objects.select_related("client").defer("content"), pk=batch_id)
        if not may(request, "change", Batch):
            raise PermissionDenied
        if not may_be_corrected(batch):
            raise Http404
        return batch

    def _rows_url(self, batch: Batch) -> str:
        return reverse("admin:bookings_batch_rows", args=[batch.pk])

    def _page(
        self, request: HttpRequest, batch: Batch, template: str, title: str, **more: Any
    ) -> TemplateResponse:
        form = more.get("form")
        context = {
            **self.admin.admin_site.each_context(request),
            "title": f"{title}: {batch}",
            "batch": batch,
            "back": page_of(batch),
            "rows_url": self._rows_url(batch),
            "opts": self.admin.model._meta,
            "media": self.admin.media + form.media if form is not None else self.admin.media,
            **more,
        }
        return TemplateResponse(request, template, context)


def _tell_noted(request: HttpRequest, count: int) -> None:
    if not count:
        messages.info(request, gettext("Nothing was changed."))
        return
    text = ngettext(
        "%(count)s change is noted. Send it as a new file when you are done.",
        "%(count)s changes are noted. Send them as a new file when you are done.",
        count,
    )
    messages.success(request, text % {"count": count})
