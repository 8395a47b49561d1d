"""The audit trail: searched, and its chain of hashes verified."""

from __future__ import annotations

from itertools import islice

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from connections import audit
from connections.admin.logs import raw
from connections.admin.subjects import subject_link
from connections.adminsite import ReadOnlyAdmin, may, sentence
from connections.models import AuditEntry
from pairs.admin.record_page import ACTIONS

# What `connections.audit.broken_links` says, in words of the catalogue.
FINDINGS = (
    gettext_noop("an entry before this one was removed, added or exchanged"),
    gettext_noop("this entry was changed"),
)
MOST_SHOWN = 20


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Append-only, in the database too."""

    list_display = ("at", "by_shown", "what_shown", "about_shown", "action")
    list_filter = ("at",)
    search_fields = ("=subject", "actor", "action", "details")
    ordering = ("-id",)
    show_full_result_count = False
    list_per_page = 50
    list_before_template = "admin/pairs/audit_before.html"
    fields = (
        "at",
        "by_shown",
        "what_shown",
        "about_shown",
        "action",
        "details_shown",
        "previous_hash",
        "hash",
    )
    readonly_fields = ("by_shown", "what_shown", "about_shown", "details_shown")

    @admin.display(description=_("by"), ordering="actor")
    def by_shown(self, entry: AuditEntry) -> str:
        return entry.actor or gettext("system")

    @admin.display(description=_("what"))
    def what_shown(self, entry: AuditEntry) -> str:
        return sentence(entry.details.get("message")) or gettext(ACTIONS.get(entry.action, entry.action))

    @admin.display(description=_("about"), ordering="subject")
    def about_shown(self, entry: AuditEntry) -> SafeString | str:
        return subject_link(entry.subject)

    @admin.display(description=_("details"))
    def details_shown(self, entry: AuditEntry) -> SafeString | str:
        return raw({name: value for name, value in entry.details.items() if name != "message"})

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "verify/",
            self.admin_site.admin_view(self.verify),
            name="connections_auditentry_verify",
        )
        return [own, *super().get_urls()]

    def verify(self, request: HttpRequest) -> HttpResponse:
        """Reads the whole chain; changes nothing."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not may(request, "view", AuditEntry):
            raise PermissionDenied
        broken = list(islice(audit.broken_links(), MOST_SHOWN))
        for number, finding in broken:
            messages.error(
                request,
                gettext("Entry %(number)s: %(finding)s.") % {"number": number, "finding": gettext(finding)},
            )
        if not broken:
            messages.success(
                request,
                gettext("The chain is intact: %(count)s entries, none changed, removed or added.")
                % {"count": AuditEntry.objects.count()},
            )
        return HttpResponseRedirect(reverse("admin:connections_auditentry_changelist"))
