"""What came in: webhooks with their deliveries, and how far each source was read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from connections.admin.logs import raw
from connections.adminsite import EMPTY, ReadOnlyAdmin, Tone, label, link_to, sentence, state_label
from pairs import hooks
from pairs.models import Cursor, Delivery, Verdict, Webhook, WebhookState
from pairs.registry import pairs

HOOK_TONES: dict[str, Tone] = {
    WebhookState.ACTIVE: "success",
    WebhookState.REGISTERING: "info",
    WebhookState.LOST: "warning",
    WebhookState.FAILED: "danger",
}
VERDICT_TONES: dict[str, Tone] = {Verdict.GENUINE: "success", Verdict.REFUSED: "danger"}


def flow_label(thing: Webhook | Cursor) -> str:
    declared = pairs().get(thing.integration.pair)
    flow = next((flow for flow in declared.flows if flow.key == thing.flow), None) if declared else None
    return gettext(flow.label) if flow else thing.flow


def is_entered_by_hand(hook: Webhook) -> bool:
    return hook.state != WebhookState.REMOVED and hooks.protocol(hook).by_hand(hook.connection)


class TrafficAdmin(ReadOnlyAdmin):
    """Shared columns."""

    @admin.display(description=_("integration"))
    def integration_shown(self, thing: Any) -> SafeString | str:
        return link_to(thing.integration)

    @admin.display(description=_("flow"))
    def flow_shown(self, thing: Any) -> str:
        return flow_label(thing)

    @admin.display(description=_("last error"))
    def error_shown(self, thing: Any) -> str:
        return sentence(thing.error) or EMPTY


@admin.register(Webhook)
class WebhookAdmin(TrafficAdmin):
    """Neither the secret nor the unguessable part of the address is shown.

    Who may change connections sees the address of a webhook that a person enters at the vendor.
    """

    list_display = (
        "__str__",
        "state_shown",
        "integration_shown",
        "last_seen_at",
        "checked_at",
        "error_shown",
    )
    list_filter = ("state", "integration")
    list_select_related = ("integration", "connection")
    fields = (
        "state_shown",
        "integration_shown",
        "flow_shown",
        "connection",
        "resource_ref",
        "vendor_ref",
        "registered_at",
        "last_seen_at",
        "checked_at",
        "error_shown",
    )
    readonly_fields = ("state_shown", "integration_shown", "flow_shown", "error_shown", "steps_shown")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        may_see = request.user.has_perm("connections.change_connection")
        return (*self.fields, "steps_shown") if may_see and obj and is_entered_by_hand(obj) else self.fields

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, hook: Webhook) -> SafeString:
        return state_label(hook, HOOK_TONES)

    @admin.display(description=_("how to enter it"))
    def steps_shown(self, hook: Webhook) -> SafeString:
        """The address, ready to be copied, and what a person does at the vendor, step by step."""
        target = hooks.address(hook)
        steps = hooks.protocol(hook).instructions(hook.connection, hook.resource_ref, target)
        return format_html(
            '<input class="mlc-copy" readonly value="{}" aria-label="{}"><ol class="mlc-steps">{}</ol>',
            target,
            gettext("address"),
            format_html_join("", "<li>{}</li>", ((str(step),) for step in steps)),
        )


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """A refused delivery was stored without its body; the body of a genuine one is for superusers."""

    list_display = ("received_at", "webhook", "verdict_shown", "reason", "woken", "worked_at")
    list_filter = ("verdict", "webhook__integration")
    list_select_related = ("webhook__connection", "webhook__integration")
    show_full_result_count = False
    list_per_page = 50
    readonly_fields = ("verdict_shown", "headers_shown", "size_shown", "body_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("body")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = (
            "received_at",
            "webhook",
            "verdict_shown",
            "reason",
            "woken",
            "worked_at",
            "error",
            "headers_shown",
            "size_shown",
        )
        return (*fields, "body_shown") if request.user.is_superuser else fields

    @admin.display(description=_("authenticity"), ordering="verdict")
    def verdict_shown(self, delivery: Delivery) -> SafeString:
        return state_label(delivery, VERDICT_TONES, "verdict")

    @admin.display(description=_("headers"))
    def headers_shown(self, delivery: Delivery) -> SafeString | str:
        return raw(delivery.headers)

    @admin.display(description=_("size"))
    def size_shown(self, delivery: Delivery) -> str:
        if delivery.verdict != Verdict.GENUINE:
            return gettext("not stored, because it was refused")
        size = len(bytes(delivery.body))
        return ngettext("%(count)s byte", "%(count)s bytes", size) % {"count": size}

    @admin.display(description=_("body"))
    def body_shown(self, delivery: Delivery) -> SafeString | str:
        if delivery.verdict != Verdict.GENUINE:
            return EMPTY
        text = bytes(delivery.body).decode("utf-8", errors="replace")
        return format_html('<div class="mlc-raw">{}</div>', text[:20_000])


@admin.register(Cursor)
class CursorAdmin(TrafficAdmin):
    list_display = ("__str__", "flow_shown", "health_shown", "polled_at", "due_at", "failures", "error_shown")
    list_filter = ("integration",)
    list_select_related = ("integration",)
    fields = (
        "integration_shown",
        "flow_shown",
        "health_shown",
        "polled_at",
        "due_at",
        "failures",
        "error_shown",
        "value_shown",
    )
    readonly_fields = ("integration_shown", "flow_shown", "health_shown", "error_shown", "value_shown")

    @admin.display(description=_("reading"))
    def health_shown(self, cursor: Cursor) -> SafeString:
        if cursor.error:
            return label(_("fails"), "danger")
        return label(_("works"), "success") if cursor.polled_at else label(_("not read yet"), "neutral")

    @admin.display(description=_("read up to"))
    def value_shown(self, cursor: Cursor) -> SafeString | str:
        return raw(cursor.value)
