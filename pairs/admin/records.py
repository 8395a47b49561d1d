"""Records: read, understood, replayed, decided, closed; never edited."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from connections.adminsite import (
    PostAction,
    ReadOnlyAdmin,
    ask_for_many,
    label,
    link,
    post_action,
    sentence,
)
from connections.errors import ConnectorError
from pairs import actions
from pairs.actions import REPLAYABLE
from pairs.admin import record_page
from pairs.admin.states import tone_of
from pairs.models import PARKED, WORKABLE, Integration, Record, RecordState
from pairs.registry import pairs

CLOSABLE = (*PARKED, RecordState.DORMANT, RecordState.RECONNECT)
TRY_AGAIN = _("Try again")
CLOSE = _("Close with a reason")
AGAIN_QUESTION = _(
    "It is read again from its source and goes on where it stood. What was done already is found and not "
    "done a second time."
)
CLOSE_QUESTION = _(
    "A closed record is left alone for good. Nothing is taken back: what is booked stays booked. The reason "
    "is kept in the audit trail."
)


class WhyForm(forms.Form):
    why = forms.CharField(
        label=_("reason"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)


class GroupFilter(admin.SimpleListFilter):
    """What people look for first: what waits for them, what goes on by itself, what is finished."""

    title = _("who acts next")
    parameter_name = "group"
    GROUPS = {
        "parked": (*PARKED, RecordState.RECONNECT),
        "moving": tuple(state for state in (*WORKABLE, RecordState.RUNNING) if state != "reconnect"),
        "asleep": (RecordState.DORMANT,),
        "finished": (RecordState.DONE, RecordState.CLOSED),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return (
            ("parked", _("a person")),
            ("moving", _("the system")),
            ("asleep", _("the source: not approved yet")),
            ("finished", _("nobody: finished")),
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Record]) -> QuerySet[Record]:
        states = self.GROUPS.get(str(self.value()))
        return queryset.filter(state__in=states) if states else queryset


class FlowFilter(admin.SimpleListFilter):
    title = _("flow")
    parameter_name = "flow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        used = set(Integration.objects.order_by().values_list("pair", flat=True))
        return [
            (flow.key, gettext(flow.label))
            for pair in pairs().values()
            if pair.key in used
            for flow in pair.flows
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Record]) -> QuerySet[Record]:
        return queryset.filter(flow=self.value()) if self.value() else queryset


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    list_display = ("name_shown", "state_shown", "reason_shown", "integration", "due_at", "changed_at")
    list_filter = (GroupFilter, "state", "integration", FlowFilter)
    search_fields = ("label", "=source_ref")
    list_select_related = ("integration",)
    list_per_page = 50
    show_full_result_count = False
    fields = ()
    actions = ("try_again", "close")
    post_actions = ("try_again_one", "arrived", "not_arrived", "close_one")
    change_form_outer_before_template = "admin/pairs/record.html"

    # --- List ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        return super().get_queryset(request).defer("snapshot")

    @admin.display(description=_("record"), ordering="label")
    def name_shown(self, record: Record) -> str:
        return str(record)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, record: Record) -> SafeString:
        return label(record.get_state_display(), tone_of(record.state))

    @admin.display(description=_("reason"))
    def reason_shown(self, record: Record) -> str:
        text = sentence(record.reason)
        return text if len(text) <= 140 else f"{text[:140].rsplit(' ', 1)[0]} ..."

    # --- Page ---

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        record = self.get_object(request, object_id) if object_id else None
        context = dict(extra_context or {})
        if record is not None:
            context["page"] = record_page.page(record)
            context["source_link"] = link(record.source_url, gettext("Open at the source"))
        return super().changeform_view(request, object_id, form_url, context)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything is told above the form, which has no fields."""
        return ()

    # --- One ---

    def get_post_actions(self, request: HttpRequest, instance: Record) -> list[PostAction]:
        """The decisions that the flow offers in this state come first."""
        decisions = [
            PostAction(
                name=f"decide-{decision.key}",
                label=gettext(decision.label),
                run=partial(self._decide, decision.key),
                question=gettext(decision.help_text),
                tone="primary",
                is_offered=lambda record, states=decision.states: record.state in states,
            )
            for decision in instance.declared.decisions
        ]
        return [*decisions, *super().get_post_actions(request, instance)]

    def _decide(self, decision: str, request: HttpRequest, record: Record, data: Any) -> None:
        actions.decide(record, decision, by=request.user.get_username())
        messages.success(request, gettext("Decided. A worker carries it out in a moment."))

    @post_action(TRY_AGAIN, question=AGAIN_QUESTION, offered=lambda record: record.state in REPLAYABLE)
    def try_again_one(self, request: HttpRequest, record: Record, data: Any) -> None:
        _tell(request, actions.replay([record], by=request.user.get_username()))

    @post_action(
        _("It has arrived"),
        question=_(
            "You have looked into the target system and the write is there. It is not sent again, and the "
            "record goes on behind it."
        ),
        offered=lambda record: _is_unclear(record),
    )
    def arrived(self, request: HttpRequest, record: Record, data: Any) -> None:
        actions.settle_write(record, arrived=True, by=request.user.get_username())
        messages.success(request, gettext("Noted. The record goes on."))

    @post_action(
        _("It has not arrived"),
        tone="danger",
        question=_(
            "You have looked into the target system and the write is NOT there. It will be sent again. If it "
            "is there after all, it will be there twice."
        ),
        offered=lambda record: _is_unclear(record),
    )
    def not_arrived(self, request: HttpRequest, record: Record, data: Any) -> None:
        actions.settle_write(record, arrived=False, by=request.user.get_username())
        messages.success(request, gettext("Noted. It is sent again."))

    @post_action(
        CLOSE,
        tone="danger",
        question=CLOSE_QUESTION,
        form=WhyForm,
        offered=lambda record: record.state in CLOSABLE,
    )
    def close_one(self, request: HttpRequest, record: Record, data: Any) -> None:
        _tell(request, actions.close([record], by=request.user.get_username(), why=data["why"]))

    # --- Many ---

    def has_change_rows_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("pairs.change_record"))

    @admin.action(description=TRY_AGAIN, permissions=["change_rows"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Record]) -> HttpResponse | None:
        data, page = ask_for_many(
            request, self, queryset, action="try_again", label=TRY_AGAIN, question=AGAIN_QUESTION
        )
        if data is None:
            return page
        _tell(request, actions.replay(queryset.iterator(), by=request.user.get_username()))
        return None

    @admin.action(description=CLOSE, permissions=["change_rows"])
    def close(self, request: HttpRequest, queryset: QuerySet[Record]) -> HttpResponse | None:
        data, page = ask_for_many(
            request,
            self,
            queryset,
            action="close",
            label=CLOSE,
            question=CLOSE_QUESTION,
            form_class=WhyForm,
            tone="danger",
        )
        if data is None:
            return page
        try:
            _tell(
                request, actions.close(queryset.iterator(), by=request.user.get_username(), why=data["why"])
            )
        except ConnectorError as error:
            messages.error(request, str(error))
        return None


def _is_unclear(record: Record) -> bool:
    return record.state == RecordState.UNSETTLED and record_page.has_unclear_write(record)


def _tell(request: HttpRequest, done: actions.Done) -> None:
    if done.taken:
        taken = ngettext("%(count)s record taken on.", "%(count)s records taken on.", done.taken)
        messages.success(request, taken % {"count": done.taken})
    if done.left:
        left = ngettext(
            "%(count)s record left as it is: its state does not allow it.",
            "%(count)s records left as they are: their states do not allow it.",
            done.left,
        )
        messages.warning(request, left % {"count": done.left})
