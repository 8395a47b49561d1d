"""DATEV's jobs: what DATEV did with a file, and what it wrote about it."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.admin.shown import JOB_TONES
from bookings.models import Job, ProtocolEntry
from connections.adminsite import EMPTY, ReadOnlyAdmin, Tone, label, link, link_to, state_label

PROTOCOL_SHOWN = 500
KIND_TONES: dict[str, Tone] = {"error": "danger", "warning": "warning"}


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        "vendor_ref",
        "client",
        "shown_batch",
        "shown_state",
        "submitted_at",
        "looked_at",
        "ended_at",
    )
    list_filter = ("state", "batch__client", "batch__route")
    list_select_related = ("batch__client",)
    search_fields = ("vendor_ref", "batch__filename", "code", "text")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("vendor_ref", "client", "shown_batch", "shown_state")}),
        (_("What DATEV says"), {"fields": ("code", "text", "help_page", "elements", "protocol")}),
        (_("Times"), {"fields": ("submitted_at", "looks", "looked_at", "ended_at")}),
    )
    readonly_fields = ("client", "shown_batch", "shown_state", "help_page", "elements", "protocol")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        found: QuerySet[Job] = super().get_queryset(request)
        return found.defer("batch__content", "batch__faults")

    @display(description=_("DATEV client"), ordering="batch__client")
    def client(self, job: Job) -> SafeString | str:
        return link_to(job.batch.client)

    @display(description=_("batch"), ordering="batch")
    def shown_batch(self, job: Job) -> SafeString | str:
        return link_to(job.batch)

    @display(description=_("state"), ordering="state")
    def shown_state(self, job: Job) -> SafeString:
        return state_label(job, JOB_TONES)

    @display(description=_("DATEV help"))
    def help_page(self, job: Job) -> SafeString | str:
        return link(job.help_url, job.help_url) if job.help_url else EMPTY

    @display(description=_("affected elements"))
    def elements(self, job: Job) -> SafeString | str:
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td></tr>",
            ((element.get("name", ""), element.get("reason", "")) for element in job.affected_elements),
        )
        if not rows:
            return EMPTY
        return format_html(
            '<table class="mlc-table"><tr><th>{}</th><th>{}</th></tr>{}</table>',
            gettext("Element"),
            gettext("Reason"),
            rows,
        )

    @display(description=_("protocol"))
    def protocol(self, job: Job) -> SafeString | str:
        """DATEV's protocol of a DXSO job, copied because DATEV deletes it."""
        lines = job.protocol.all()[:PROTOCOL_SHOWN]
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            ((_kind(line), line.text, line.filename or line.context) for line in lines),
        )
        if not rows:
            return EMPTY
        return format_html(
            '<table class="mlc-table"><tr><th>{}</th><th>{}</th><th>{}</th></tr>{}</table>',
            gettext("Kind"),
            gettext("Text"),
            gettext("Concerns"),
            rows,
        )


def _kind(line: ProtocolEntry) -> SafeString:
    return label(line.kind or EMPTY, KIND_TONES.get(line.kind.lower(), "neutral"))
