"""Voucher images on their way to DATEV, read-only; a refused one may get a new id."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings import documents
from bookings.admin.shown import DOCUMENT_TONES
from bookings.entry import Direction
from bookings.models import Document
from connections.admin.subjects import subject_link
from connections.adminsite import EMPTY, ReadOnlyAdmin, post_action, sentence, state_label

DIRECTIONS = {Direction.INCOMING: _("incoming invoice"), Direction.OUTGOING: _("outgoing invoice")}


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    list_display = ("filename", "client", "shown_state", "document_type", "size", "source", "uploaded_at")
    list_filter = ("state", "client", "document_type")
    list_select_related = ("client",)
    search_fields = ("filename", "guid", "origin", "sha256")
    show_full_result_count = False
    post_actions = ("renew",)
    fields = (
        "filename",
        "client",
        "shown_state",
        "why",
        "guid",
        "kind",
        "document_type",
        "media_type",
        "size",
        "sha256",
        "source",
        "sends",
        "uploaded_at",
    )
    readonly_fields = ("shown_state", "why", "guid", "kind", "size", "source")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        found: QuerySet[Document] = super().get_queryset(request)
        return found.defer("content")

    @display(description=_("state"), ordering="state")
    def shown_state(self, document: Document) -> SafeString:
        return state_label(document, DOCUMENT_TONES)

    @display(description=_("reason"))
    def why(self, document: Document) -> str:
        return sentence(document.reason) or EMPTY

    @display(description=_("kind of invoice"), ordering="direction")
    def kind(self, document: Document) -> str:
        return str(DIRECTIONS.get(Direction(document.direction), EMPTY))

    @display(description=_("size"), ordering="size_bytes")
    def size(self, document: Document) -> str:
        return filesizeformat(document.size_bytes) if document.size_bytes is not None else EMPTY

    @display(description=_("source"))
    def source(self, document: Document) -> SafeString | str:
        return subject_link(document.origin)

    @post_action(
        _("Give it a new id"),
        question=_(
            "You have looked into Belege online, and the document there under this id is another one. This "
            "document gets a new id and is uploaded when its record is replayed. Go on?"
        ),
        offered=documents.needs_new_guid,
    )
    def renew(self, request: HttpRequest, document: Document, data: dict[str, Any]) -> None:
        documents.renew(document, request.user.get_username())
        messages.success(request, gettext("The document has a new id. Replay its record next."))
