"""What happened on the wire: the technical call log, and every write to a vendor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from connections.admin.subjects import subject_link
from connections.adminsite import EMPTY, ReadOnlyAdmin, Tone, label, sentence, state_label
from connections.models import CallLog, Effect, EffectState

LONGEST_ADDRESS = 90
EFFECT_TONES: dict[str, Tone] = {
    EffectState.DONE: "success",
    EffectState.STARTED: "info",
    EffectState.UNKNOWN: "danger",
}


class AnswerFilter(SimpleListFilter):
    """By the hundred of the status, because nobody looks for 202 alone."""

    title = _("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return (
            ("good", _("accepted (2xx)")),
            ("refused", _("refused (4xx)")),
            ("broken", _("fault of the vendor (5xx)")),
            ("none", _("no answer")),
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[CallLog]) -> QuerySet[CallLog]:
        first = {"good": 200, "refused": 400, "broken": 500}.get(str(self.value()))
        if first is not None:
            return queryset.filter(status__gte=first, status__lt=first + 100)
        return queryset.filter(status=None) if self.value() == "none" else queryset


def raw(value: object) -> SafeString | str:
    """JSON or text as it is, for technicians."""
    if value in (None, "", {}, []):
        return EMPTY
    text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    return format_html('<div class="mlc-raw">{}</div>', text)


@admin.register(CallLog)
class CallLogAdmin(ReadOnlyAdmin):
    list_display = ("moment", "connection", "method", "address", "answer", "duration_ms", "about")
    list_filter = ("connection", AnswerFilter, "method")
    list_select_related = ("connection",)
    search_fields = ("url", "subject", "error")
    show_full_result_count = False
    list_per_page = 50
    fields = (
        "moment",
        "connection",
        "method",
        "url",
        "answer",
        "duration_ms",
        "about",
        "vendor_ids",
        "headers",
        "error_text",
    )
    readonly_fields = ("moment", "answer", "about", "vendor_ids", "headers", "error_text")

    @display(description=_("at"), ordering="at")
    def moment(self, call: CallLog) -> SafeString:
        """To the second, as a vendor's support asks for it."""
        shown = date_format(localtime(call.at), "d.m.Y H:i:s")
        return format_html('<span class="mlc-fixed">{}</span>', shown)

    @display(description=_("address"), ordering="url")
    def address(self, call: CallLog) -> SafeString:
        short = call.url if len(call.url) <= LONGEST_ADDRESS else f"{call.url[:LONGEST_ADDRESS]}..."
        return format_html('<span class="mlc-address" title="{}">{}</span>', call.url, short)

    @display(description=_("answer"), ordering="status")
    def answer(self, call: CallLog) -> SafeString:
        if call.status is None:
            return label(_("no answer"), "danger")
        tones: dict[int, Tone] = {2: "success", 3: "info", 4: "warning", 5: "danger"}
        return label(call.status, tones.get(call.status // 100, "neutral"))

    @display(description=_("for"), ordering="subject")
    def about(self, call: CallLog) -> SafeString | str:
        return subject_link(call.subject)

    @display(description=_("request ids of the vendor"))
    def vendor_ids(self, call: CallLog) -> SafeString | str:
        return raw(call.request_ids)

    @display(description=_("request headers"))
    def headers(self, call: CallLog) -> SafeString | str:
        return raw(call.request_headers)

    @display(description=_("error"))
    def error_text(self, call: CallLog) -> SafeString | str:
        return raw(call.error)


@admin.register(Effect)
class EffectAdmin(ReadOnlyAdmin):
    list_display = ("about", "name", "shown_state", "starts", "was_adopted", "started_at", "finished_at")
    list_display_links = ("name",)
    list_filter = ("state", "was_adopted")
    search_fields = ("owner", "name", "digest")
    ordering = ("-id",)
    show_full_result_count = False
    fields = (
        "about",
        "name",
        "shown_state",
        "starts",
        "was_adopted",
        "started_at",
        "finished_at",
        "why",
        "answer",
        "digest",
    )
    readonly_fields = ("about", "shown_state", "why", "answer")

    @display(description=_("for"), ordering="owner")
    def about(self, effect: Effect) -> SafeString | str:
        return subject_link(effect.owner)

    @display(description=_("state"), ordering="state")
    def shown_state(self, effect: Effect) -> SafeString:
        return state_label(effect, EFFECT_TONES)

    @display(description=_("last error"))
    def why(self, effect: Effect) -> str:
        return sentence(effect.error) or EMPTY

    @display(description=_("result"))
    def answer(self, effect: Effect) -> SafeString | str:
        return raw(effect.result)
