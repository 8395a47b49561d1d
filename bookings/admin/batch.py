"""Batches: what was sent to DATEV, what became of it, and what a person may decide about it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings import batches, corrections, decisions
from bookings.admin import batch_page
from bookings.admin.correction_views import CorrectionViews, may_be_corrected
from bookings.admin.shown import (
    BATCH_TONES,
    bookings_of,
    entries_table,
    extf_file,
    given_table,
)
from bookings.entry import Route
from bookings.given import dxso
from bookings.given import package as packages
from bookings.models import Batch, BatchState, BookingVerdict
from bookings.noted import noted
from connections import audit, queue
from connections.admin.subjects import subject_link
from connections.adminsite import (
    EMPTY,
    ReadOnlyAdmin,
    link_to,
    listed,
    may,
    page_of,
    post_action,
    sentence,
    state_label,
)
from connections.messages import say

ROWS_SHOWN = 500
UNCLEAR = (BatchState.UNKNOWN, BatchState.PARTLY)


def has_unclear(batch: Batch) -> bool:
    """Whether a person may say what became of it: all of it, or the part that DATEV did not name."""
    if batch.state == BatchState.UNKNOWN:
        return True
    return batch.state == BatchState.PARTLY and batch.bookings.filter(verdict=BookingVerdict.UNKNOWN).exists()


def is_uncorrected(batch: Batch, *states: BatchState) -> bool:
    return batch.state in states and not batch.corrections.exists()


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = (
        "shown_name",
        "client",
        "kind",
        "shown_month",
        "route",
        "shown_state",
        "rows",
        "sent_at",
        "why",
    )
    list_filter = ("state", "client", "kind", "route", "month")
    list_select_related = ("client",)
    search_fields = ("filename", "reference", "sha256", "label", "jobs__vendor_ref")
    show_full_result_count = False
    change_form_outer_before_template = "admin/bookings/batch.html"
    post_actions = (
        "close_now",
        "try_again",
        "resubmit",
        "withdraw_corrections",
        "settle_arrived",
        "settle_not_arrived",
        "download",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "client",
                    "route",
                    "shown_month",
                    "fiscal_year_start",
                    "label",
                    "from_where",
                    "rows",
                    "filename",
                    "reference",
                    "sha256",
                    "code",
                )
            },
        ),
        (
            _("Times"),
            {"fields": ("created_at", "close_at", "closed_at", "sent_at", "settled_at")},
        ),
        (
            _("Revisions"),
            {
                "fields": (
                    "revision",
                    "attempt",
                    "predecessor",
                    "successor",
                    "came_from",
                    "set_aside_rows",
                    "awaited",
                ),
                "classes": ["collapse"],
            },
        ),
    )
    readonly_fields = (
        "shown_month",
        "from_where",
        "created_at",
        "predecessor",
        "successor",
        "came_from",
        "set_aside_rows",
        "awaited",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        found: QuerySet[Batch] = super().get_queryset(request)
        return found.defer("content", "faults")

    @display(description=_("file name"), ordering="filename")
    def shown_name(self, batch: Batch) -> str:
        return batch.filename or gettext("not closed yet")

    @display(description=_("month"), ordering="month")
    def shown_month(self, batch: Batch) -> str:
        return f"{batch.month:%m/%Y}"

    @display(description=_("state"), ordering="state")
    def shown_state(self, batch: Batch) -> SafeString:
        return state_label(batch, BATCH_TONES)

    @display(description=_("reason"))
    def why(self, batch: Batch) -> str:
        return sentence(batch.reason) or EMPTY

    @display(description=_("from"))
    def from_where(self, batch: Batch) -> SafeString | str:
        return subject_link(batch.origin)

    @display(description=_("corrects"))
    def predecessor(self, batch: Batch) -> SafeString | str:
        return link_to(batch.corrects)

    @display(description=_("corrected by"))
    def successor(self, batch: Batch) -> SafeString | str:
        return link_to(batch.corrections.first())

    @display(description=_("set aside from"))
    def came_from(self, batch: Batch) -> SafeString | str:
        return link_to(batch.set_aside_from)

    @display(description=_("rows that were set aside"))
    def set_aside_rows(self, batch: Batch) -> SafeString | str:
        return listed(link_to(aside) for aside in batch.set_aside.defer("content").order_by("pk"))

    @display(description=_("waits for"))
    def awaited(self, batch: Batch) -> SafeString | str:
        return link_to(batch.waits_for) if batch.state == BatchState.CLOSED else EMPTY

    def get_urls(self) -> list[URLPattern]:
        views = CorrectionViews(self)
        own = [
            path(address, self.admin_site.admin_view(view), name=f"bookings_batch_{name}")
            for address, view, name in (
                ("<path:object_id>/file/", self.file_view, "file"),
                ("<int:batch_id>/rows/", views.rows, "rows"),
                ("<int:batch_id>/rows/<int:key>/", views.row, "correct"),
                ("<int:batch_id>/corrected-file/", views.file, "corrected_file"),
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
        batch = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if batch is not None:
            context |= batch_page.context(batch)
            if may(request, "change", Batch) and may_be_corrected(batch):
                context["rows_url"] = reverse("admin:bookings_batch_rows", args=[batch.pk])
                context["upload_url"] = reverse("admin:bookings_batch_corrected_file", args=[batch.pk])
        return super().change_view(request, object_id, form_url, context)

    def file_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The file as a table: the header by names, the first rows, only columns that hold something."""
        batch = self.get_object(request, unquote(object_id))
        if batch is None:
            raise Http404
        if not self.has_view_permission(request, batch):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": str(batch),
            "batch": batch,
            "opts": self.model._meta,
            "media": self.media,
            "back": page_of(batch),
        }
        content = Batch.objects.values_list("content", flat=True).get(pk=batch.pk)
        if batch.route == Route.EXTF and content is not None:
            context["file"] = extf_file(bytes(content), ROWS_SHOWN)
        elif batch.is_given:
            context["table"] = given_table(dxso.read(bytes(content or b""), None).rows, ROWS_SHOWN)
            context["files"] = list(batch.files.filter(attempt=batch.attempt).defer("content"))
        else:
            found = bookings_of(batch, ROWS_SHOWN)
            context["table"] = entries_table(
                [booking.sent_entry for booking in found], max(batch.rows - len(found), 0)
            )
            context["files"] = list(
                batch.files.filter(attempt=batch.attempt).select_related("document").defer("content")
            )
        return TemplateResponse(request, "admin/bookings/batch_file.html", context)

    # --- buttons --------------------------------------------------------------------------------------

    @post_action(
        _("Close and send now"),
        question=_("No more bookings are put into this batch, and it is sent to DATEV. Go on?"),
        tone="primary",
        offered=lambda batch: batch.state == BatchState.OPEN and batch.rows > 0,
    )
    def close_now(self, request: HttpRequest, batch: Batch, data: dict[str, Any]) -> None:
        if batches.close(batch, by=request.user.get_username()):
            _wake(batch)
            messages.success(request, gettext("The batch is closed; it is sent in a moment."))

    @post_action(
        _("Try again"),
        question=_("Its cause is removed: the same file is tried again. Go on?"),
        tone="primary",
        offered=lambda batch: is_uncorrected(batch, BatchState.STOPPED),
    )
    def try_again(self, request: HttpRequest, batch: Batch, data: dict[str, Any]) -> HttpResponse:
        return _sent_anew(request, decisions.try_again(batch, request.user.get_username()))

    @post_action(
        _("Send again as a new file"),
        question=_(
            "The bookings that DATEV did not take are written into a new file under a new name and sent. "
            "Corrections that were noted go into it; bookings that were replaced are left out. Go on?"
        ),
        offered=lambda batch: is_uncorrected(batch, *decisions.MAY_BE_CORRECTED),
    )
    def resubmit(self, request: HttpRequest, batch: Batch, data: dict[str, Any]) -> HttpResponse:
        return _sent_anew(request, decisions.resubmit(batch, request.user.get_username()))

    @post_action(
        _("Withdraw the corrections"),
        question=_("What was noted as corrections is not sent. It stays visible. Go on?"),
        offered=lambda batch: may_be_corrected(batch) and bool(noted(batch)),
    )
    def withdraw_corrections(self, request: HttpRequest, batch: Batch, data: dict[str, Any]) -> None:
        corrections.withdraw_corrections(batch, request.user.get_username())
        messages.success(request, gettext("The corrections are withdrawn."))

    @post_action(
        _("It has arrived in DATEV"),
        question=_(
            "You have looked into DATEV and the bookings are there. They then count as booked and are not "
            "sent again. Go on?"
        ),
        offered=has_unclear,
    )
    def settle_arrived(self, request: HttpRequest, batch: Batch, data: dict[str, Any]) -> None:
        _tell_settled(request, decisions.settle(batch, "arrived", request.user.get_username()))

    @post_action(
        _("It has not arrived"),
        question=_(
            "You have looked into DATEV and the bookings are not there. They then count as refused and can "
            "be sent again. If they are there after all, they are booked twice. Go on?"
        ),
        tone="danger",
        offered=has_unclear,
    )
    def settle_not_arrived(self, request: HttpRequest, batch: Batch, data: dict[str, Any]) -> None:
        _tell_settled(request, decisions.settle(batch, "not_arrived", request.user.get_username()))

    @post_action(_("Download the file"), permission="view", offered=lambda batch: batch.is_rendered)
    def download(self, request: HttpRequest, batch: Batch, data: dict[str, Any]) -> HttpResponse:
        """The stored bytes; of a DXSO transfer its XML files in one archive. Who took them is recorded."""
        content, name, media_type = _downloaded(batch)
        audit.record(
            "batch.downloaded",
            batch.owner,
            say("The file was downloaded."),
            actor=request.user.get_username(),
            file=name,
        )
        return HttpResponse(
            content,
            content_type=media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )


def _wake(batch: Batch) -> None:
    """Let a worker take it at once; without one the next tick finds it."""
    queue.wake("bookings.jobs.work", batch.pk)


def _sent_anew(request: HttpRequest, batch: Batch) -> HttpResponse:
    _wake(batch)
    messages.success(request, gettext("%(file)s is sent in a moment.") % {"file": batch.filename or batch})
    return HttpResponseRedirect(page_of(batch))


def _tell_settled(request: HttpRequest, batch: Batch) -> None:
    messages.success(request, gettext("Noted: %(reason)s") % {"reason": sentence(batch.reason)})


def _downloaded(batch: Batch) -> tuple[bytes, str, str]:
    if batch.route == Route.EXTF:
        stored = Batch.objects.values_list("content", flat=True).get(pk=batch.pk)
        return bytes(stored or b""), batch.filename, "text/csv"
    if batch.is_given:
        stored = Batch.objects.values_list("content", flat=True).get(pk=batch.pk)
        content = bytes(stored or b"")
        ending = "zip" if content.startswith(packages.ZIP) else "xml"
        return content, f"{batch.filename}.{ending}", "application/octet-stream"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in batch.files.filter(attempt=batch.attempt, content__isnull=False):
            archive.writestr(file.filename, bytes(file.content or b""))
    return packed.getvalue(), f"{batch.filename}.zip", "application/zip"
