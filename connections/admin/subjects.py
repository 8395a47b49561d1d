"""From what a log is about ("batch:3:1") to its admin page, by the page's name: no room above is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from connections.adminsite import EMPTY, link

# kind -> (name of the page, what people call it)
PAGES: Mapping[str, tuple[str, Any]] = {
    "connection": ("connections_connection", _("connection")),
    "batch": ("bookings_batch", _("batch")),
    "handed_in": ("bookings_handedin", _("file from elsewhere")),
    "document": ("bookings_document", _("document")),
    "debtor": ("bookings_debtor", _("debtor")),
    "datev_client": ("bookings_datevclient", _("DATEV client")),
    "record": ("pairs_record", _("record")),
    "integration": ("pairs_integration", _("integration")),
    "webhook": ("pairs_webhook", _("webhook")),
}


def subject_link(subject: str, text: object = "") -> SafeString | str:
    """A link to the page of `subject`, named `text` if given; plain text where there is no such page."""
    kind, _colon, rest = subject.partition(":")
    key = rest.partition(":")[0]
    if kind not in PAGES or not key.isdigit():
        return str(text) or subject or EMPTY
    page, name = PAGES[kind]
    try:
        address = reverse(f"admin:{page}_change", args=[key])
    except NoReverseMatch:
        return str(text) or subject
    return link(address, text or gettext("%(kind)s %(number)s") % {"kind": name, "number": key})
