"""What all admins share: read-only pages, sentences in the reader's language, buttons that are POST forms.

Forms for declared settings and secrets are in `connections.settings_form`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from connections.errors import ConnectorError
from connections.messages import DataFault, Message, faults_from_json

Tone = Literal["neutral", "info", "success", "warning", "danger"]
EMPTY = "-"


def sentence(stored: Mapping[str, Any] | None) -> str:
    """A stored Message in the reader's language; "" for none."""
    return str(Message.from_json(stored)) if stored else ""


@dataclass(frozen=True)
class FaultRow:
    """A fault as the columns of a table, in the reader's language."""

    field: str
    value: str
    rule: str
    remedy: str


def fault_rows(faults: Iterable[DataFault]) -> list[FaultRow]:
    return [
        FaultRow(
            gettext(fault.field) if fault.field else "",
            fault.value,
            str(fault.rule),
            str(fault.remedy),
        )
        for fault in faults
    ]


def stored_fault_rows(stored: Iterable[Mapping[str, Any]]) -> list[FaultRow]:
    return fault_rows(faults_from_json(stored))


def label(text: object, tone: Tone = "neutral") -> SafeString:
    """A coloured label, for example for a state; the words say it too, not the colour alone."""
    return format_html('<span class="mlc-label mlc-{}">{}</span>', tone, text)


def state_label(instance: Model, tones: Mapping[str, Tone], attribute: str = "state") -> SafeString:
    """The state of `instance` in words, coloured by `tones` (state -> tone)."""
    shown = getattr(instance, f"get_{attribute}_display")()
    return label(shown, tones.get(str(getattr(instance, attribute)), "neutral"))


def link(url: str, text: object) -> SafeString | str:
    """A link to an address of ours or of a vendor; anything but http(s) and our own paths is only text."""
    if not url.startswith(("https://", "http://", "/")):
        return str(text)
    if url.startswith("/"):
        return format_html('<a class="mlc-link" href="{}">{}</a>', url, text)
    return format_html(
        '<a class="mlc-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>', url, text
    )


def page_of(instance: Model) -> str:
    """The admin page of `instance`; "" if there is none."""
    meta = instance._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[quote(instance.pk)])
    except NoReverseMatch:
        return ""


def link_to(instance: Model | None) -> SafeString | str:
    """A link to the admin page of `instance`, named after it."""
    return link(page_of(instance), instance) if instance is not None else EMPTY


def listed(items: Iterable[object]) -> SafeString | str:
    """A bulleted list."""
    rows = format_html_join("", "<li>{}</li>", ((item,) for item in items))
    return format_html('<ul class="mlc-list">{}</ul>', rows) if rows else EMPTY


def tell_faults(request: HttpRequest, faults: Iterable[DataFault], level: int = messages.ERROR) -> None:
    """Each fault as a message of its own, so that none is overlooked."""
    for fault in faults:
        messages.add_message(request, level, str(fault))


def tell_error(request: HttpRequest, error: ConnectorError) -> None:
    """What stood in the way, with the vendor's page about it, and each fault."""
    messages.error(request, with_help(error, error.help_url))
    tell_faults(request, error.faults)


def with_help(text: object, help_url: str) -> SafeString | str:
    """`text` with a link to the vendor's page about it, if there is one (DATEV demands it for every 4xx)."""
    return format_html("{} {}", text, link(help_url, gettext("Help page"))) if help_url else str(text)


def may(request: HttpRequest, permission: str, model: type[Model]) -> bool:
    """Whether the person has e.g. "change" on `model`, also where the admin itself is read-only.

    As everywhere in the admin, who may change may also look.
    """
    meta = model._meta
    enough = ("view", "change") if permission == "view" else (permission,)
    return any(request.user.has_perm(f"{meta.app_label}.{verb}_{meta.model_name}") for verb in enough)


# (request, object, cleaned data of the action's form) -> where to go, None = back to the object's page
Run = Callable[[HttpRequest, Any, dict[str, Any]], HttpResponse | None]


@dataclass(frozen=True)
class PostAction:
    """A button on an object's page. It is a POST form; with `question` or `form` a page asks first."""

    name: str
    label: Any
    run: Run
    question: Any = ""
    # A form class, or whatever makes one from (data, files).
    form: Callable[..., forms.Form] | None = None
    permission: str = "change"
    tone: Literal["default", "primary", "danger"] = "default"
    is_offered: Callable[[Any], bool] = field(default=lambda instance: True)

    @property
    def asks_first(self) -> bool:
        return bool(self.question) or self.form is not None


def post_action(
    label: Any,
    *,
    question: Any = "",
    form: Callable[..., forms.Form] | None = None,
    permission: str = "change",
    tone: Literal["default", "primary", "danger"] = "default",
    offered: Callable[[Any], bool] = lambda instance: True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method `(self, request, instance, data)` of a PostActionsAdmin as a button.

    A ConnectorError or ValidationError that it raises is shown as a message. Name it in `post_actions`.
    """

    def declared(method: Callable[..., Any]) -> Callable[..., Any]:
        method.declared_action = {  # type: ignore[attr-defined]
            "label": label,
            "question": question,
            "form": form,
            "permission": permission,
            "tone": tone,
            "is_offered": offered,
        }
        return method

    return declared


class PostActionsAdmin(ModelAdmin):  # type: ignore[misc]
    """Draws the buttons of `post_actions` above an object's page and runs them by POST alone.

    An own `change_form_outer_before_template` includes "admin/post_actions.html".
    """

    post_actions: Sequence[str] = ()
    change_form_outer_before_template = "admin/post_actions.html"

    def get_post_actions(self, request: HttpRequest, instance: Any) -> list[PostAction]:
        """All actions that exist for `instance`, offered or not; extend it for those known at run time."""
        actions = []
        for name in self.post_actions:
            method = getattr(self, name)
            actions.append(PostAction(name=name, run=method, **method.declared_action))
        return actions

    def get_urls(self) -> list[URLPattern]:
        meta = self.model._meta
        own = path(
            "<path:object_id>/do/<slug:name>/",
            self.admin_site.admin_view(self.run_post_action),
            name=f"{meta.app_label}_{meta.model_name}_do",
        )
        return [own, *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = dict(extra_context or {})
        instance = self.get_object(request, unquote(object_id)) if object_id else None
        context["post_actions"] = self._buttons(request, instance) if instance is not None else []
        return super().changeform_view(request, object_id, form_url, context)

    def _buttons(self, request: HttpRequest, instance: Any) -> list[dict[str, Any]]:
        return [
            {"label": action.label, "tone": action.tone, "url": self.action_url(instance, action.name)}
            for action in self.get_post_actions(request, instance)
            if action.is_offered(instance) and may(request, action.permission, self.model)
        ]

    def action_url(self, instance: Model, name: str) -> str:
        meta = self.model._meta
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_do", args=[quote(instance.pk), name])

    def run_post_action(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask, or run. A GET does neither."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        instance = self.get_object(request, unquote(object_id))
        if instance is None:
            raise Http404
        action = next((a for a in self.get_post_actions(request, instance) if a.name == name), None)
        if action is None:
            raise Http404
        if not self.has_view_permission(request, instance) or not may(request, action.permission, self.model):
            raise PermissionDenied
        try:
            answer = self._run(request, instance, action)
        except ConnectorError as error:
            messages.error(request, str(error))
            tell_faults(request, error.faults)
            answer = None
        except ValidationError as error:
            for text in error.messages:
                messages.error(request, text)
            answer = None
        return answer or HttpResponseRedirect(page_of(instance))

    def _run(self, request: HttpRequest, instance: Any, action: PostAction) -> HttpResponse | None:
        if not action.is_offered(instance):
            messages.error(
                request,
                gettext("'%(action)s' is not possible any more: %(object)s has changed in the meantime.")
                % {"action": action.label, "object": instance},
            )
            return None
        is_confirmed = "confirmed" in request.POST
        sent = (request.POST, request.FILES) if is_confirmed else (None, None)
        form = action.form(*sent) if action.form is not None else None
        if action.asks_first and (not is_confirmed or (form is not None and not form.is_valid())):
            return confirmation(
                request,
                self,
                label=action.label,
                question=action.question,
                form=form,
                tone=action.tone,
                subjects=[instance],
                cancel_url=page_of(instance),
            )
        return action.run(request, instance, form.cleaned_data if form else {})


class ReadOnlyAdmin(PostActionsAdmin):
    """Written by the system alone: nobody adds, changes or deletes here, not even a superuser."""

    actions: Sequence[Any] | None = None

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Without the button to the history of edits, of which there can be none."""
        context = {"show_history": False, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HistoryAdmin(SimpleHistoryAdmin):  # type: ignore[misc]
    """Earlier versions are read, never stored again: they hold no secrets, and nothing would check them."""

    object_history_form_template = "admin/earlier_version.html"

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        answer: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        return answer


def confirmation(
    request: HttpRequest,
    model_admin: Any,
    *,
    label: Any,
    question: Any,
    subjects: Sequence[Any],
    cancel_url: str,
    count: int = 1,
    form: forms.Form | None = None,
    tone: str = "default",
    hidden: Iterable[tuple[str, str]] = (),
) -> TemplateResponse:
    """The page that asks before something is done; it is sent back to the same address."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": label,
        "question": question,
        "subjects": subjects,
        "more": max(0, count - len(subjects)),
        "form": form,
        "tone": tone,
        "hidden": list(hidden),
        "cancel_url": cancel_url,
        "opts": model_admin.model._meta,
        "media": model_admin.media + (form.media if form else forms.Media()),
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def ask_for_many(
    request: HttpRequest,
    model_admin: Any,
    queryset: QuerySet[Any],
    *,
    action: str,
    label: Any,
    question: Any,
    form_class: type[forms.Form] | None = None,
    tone: str = "default",
) -> tuple[dict[str, Any], None] | tuple[None, TemplateResponse]:
    """For an action on a list: (the form's data, None) once it is confirmed, else (None, the page that asks).

    `action` is the name of the method as it stands in `actions`.
    """
    is_confirmed = "confirmed" in request.POST
    form = form_class(request.POST if is_confirmed else None) if form_class else None
    if is_confirmed and (form is None or form.is_valid()):
        return (form.cleaned_data if form else {}), None
    selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
    hidden = [("action", action), ("select_across", request.POST.get("select_across", "0"))]
    hidden += [(ACTION_CHECKBOX_NAME, key) for key in selected]
    page = confirmation(
        request,
        model_admin,
        label=label,
        question=question,
        subjects=list(queryset[:20]),
        count=queryset.count(),
        cancel_url=request.get_full_path(),
        form=form,
        tone=tone,
        hidden=hidden,
    )
    return None, page
