"""Single bookings, read-only: what was booked, from where, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.admin.shown import BATCH_TONES, VERDICT_TONES, amount, day, entry_fields
from bookings.models import Booking
from connections.admin.subjects import subject_link
from connections.adminsite import EMPTY, ReadOnlyAdmin, label, link, link_to, sentence, state_label


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    list_display = (
        "shown_name",
        "client",
        "shown_day",
        "shown_amount",
        "accounts",
        "shown_batch",
        "row",
        "state",
    )
    list_filter = ("client", "batch__state", "batch__route", "verdict")
    list_select_related = ("client", "batch__client")
    search_fields = ("label", "origin", "batch__filename")
    show_full_result_count = False
    ordering = ("-id",)
    fields = (
        "shown_name",
        "client",
        "state",
        "why",
        "shown_batch",
        "row",
        "source",
        "revision",
        "booked",
        "at",
    )
    readonly_fields = ("shown_name", "state", "why", "shown_batch", "source", "booked", "at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        found: QuerySet[Booking] = super().get_queryset(request)
        return found.defer("batch__content", "batch__faults")

    @display(description=_("booking"), ordering="label")
    def shown_name(self, booking: Booking) -> str:
        return str(booking)

    @display(description=_("document date"))
    def shown_day(self, booking: Booking) -> str:
        return day(booking.sent_entry.document_date)

    @display(description=_("amount"))
    def shown_amount(self, booking: Booking) -> SafeString:
        entry = booking.sent_entry
        return format_html(
            '<span class="mlc-number">{} {}</span>', amount(entry.amount, entry.currency), entry.side.value
        )

    @display(description=_("accounts"))
    def accounts(self, booking: Booking) -> str:
        entry = booking.sent_entry
        return f"{entry.account} / {entry.contra_account}"

    @display(description=_("batch"), ordering="batch")
    def shown_batch(self, booking: Booking) -> SafeString | str:
        return link_to(booking.batch)

    @display(description=_("state"))
    def state(self, booking: Booking) -> SafeString:
        """Its own verdict where it has one, else that of its batch."""
        if booking.verdict:
            return state_label(booking, VERDICT_TONES, "verdict")
        if booking.batch is None:
            return label(gettext("in no batch"), "warning")
        return state_label(booking.batch, BATCH_TONES)

    @display(description=_("reason"))
    def why(self, booking: Booking) -> str:
        return sentence(booking.reason or (booking.batch.reason if booking.batch else None)) or EMPTY

    @display(description=_("source"))
    def source(self, booking: Booking) -> SafeString | str:
        record = subject_link(booking.origin)
        if not booking.source_url:
            return record
        return format_html("{} &middot; {}", record, link(booking.source_url, gettext("at the source")))

    @display(description=_("values"))
    def booked(self, booking: Booking) -> SafeString | str:
        rows = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", entry_fields(booking.sent_entry))
        return format_html('<table class="mlc-table">{}</table>', rows) if rows else EMPTY

    @display(description=_("placed at"), ordering="created_at")
    def at(self, booking: Booking) -> Any:
        return booking.created_at
