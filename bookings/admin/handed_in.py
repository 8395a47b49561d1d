"""Files from elsewhere: handed in, checked, and what became of them; and the tokens of programs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from bookings import api_tokens, handed_in
from bookings.admin.shown import BATCH_TONES
from bookings.corrections import latest_revision
from bookings.given.reading import LineFault
from bookings.models import ApiToken, DatevClient, HandedIn, HandedInState, Way
from connections import audit
from connections.adminsite import (
    EMPTY,
    ReadOnlyAdmin,
    fault_rows,
    label,
    link_to,
    may,
    page_of,
    post_action,
    sentence,
    state_label,
    tell_error,
)
from connections.errors import ConnectorError, RejectedError
from connections.messages import say

FAULTS_SHOWN = 1000


class HandInForm(forms.Form):
    file = forms.FileField(
        label=_("EXTF or DXSO file"),
        help_text=_(
            "A booking batch (EXTF, .csv), a package with document.xml (.zip), or one ledger file (.xml). It "
            "is checked first; what is right is sent to DATEV as it is."
        ),
        widget=UnfoldAdminFileFieldWidget,
    )
    client = forms.ModelChoiceField(
        DatevClient.objects.all(),
        label=_("DATEV client"),
        required=False,
        help_text=_("Needed only for a file that does not name its client itself."),
        widget=UnfoldAdminSelectWidget,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > handed_in.MAX_BYTES:
            raise forms.ValidationError(
                gettext("The file is larger than 50 MB. DATEV takes smaller files only.")
            )
        return file


@admin.register(HandedIn)
class HandedInAdmin(ReadOnlyAdmin):
    list_display = ("filename", "client", "way", "shown_state", "why", "by", "received_at")
    list_filter = ("state", "way", "client", "route")
    list_select_related = ("client", "batch")
    search_fields = ("filename", "sha256", "public_id", "batch__filename")
    show_full_result_count = False
    change_form_outer_before_template = "admin/bookings/handed_in.html"
    post_actions = ("check_again", "download")
    fields = (
        "filename",
        "client",
        "route",
        "way",
        "by",
        "shown_batch",
        "size_bytes",
        "sha256",
        "public_id",
        "received_at",
        "decided_at",
    )
    readonly_fields = ("shown_batch", "public_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[HandedIn]:
        found: QuerySet[HandedIn] = super().get_queryset(request)
        return found.defer("content", "batch__content", "batch__faults")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, "add", HandedIn)

    @display(description=_("state"), ordering="state")
    def shown_state(self, row: HandedIn) -> SafeString:
        """Of a taken file that of its latest revision."""
        if row.batch is None:
            return label(row.get_state_display(), "danger")
        return state_label(latest_revision(row.batch), BATCH_TONES)

    @display(description=_("reason"))
    def why(self, row: HandedIn) -> str:
        return sentence(row.reason) or EMPTY

    @display(description=_("booking batch"))
    def shown_batch(self, row: HandedIn) -> SafeString | str:
        return link_to(latest_revision(row.batch) if row.batch is not None else None)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        row = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if row is not None:
            found = [LineFault.from_json(item) for item in row.faults]
            shown = zip(found, fault_rows(one.fault for one in found), strict=True)
            context |= {
                "state": self.shown_state(row),
                "why": sentence(row.reason),
                "line_faults": [(one.line or "", fault) for one, fault in list(shown)[:FAULTS_SHOWN]],
                "more_faults": max(len(found) - FAULTS_SHOWN, 0),
            }
        return super().change_view(request, object_id, form_url, context)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Choose a file; it is checked, and taken or refused with every fault."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = HandInForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            answer = self._take(request, form)
            if answer is not None:
                return answer
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Hand in a file"),
            "form": form,
            "opts": self.model._meta,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/bookings/hand_in.html", context)

    def _take(self, request: HttpRequest, form: HandInForm) -> HttpResponse | None:
        file = form.cleaned_data["file"]
        try:
            row, is_new = handed_in.hand_in(
                file.read(),
                file.name,
                way=Way.ADMIN,
                by=request.user.get_username(),
                client=form.cleaned_data["client"],
            )
        except ConnectorError as error:
            tell_error(request, error)
            return None
        _tell(request, row, is_new)
        return HttpResponseRedirect(page_of(row))

    @post_action(_("Check again"), tone="primary", offered=lambda row: row.state == HandedInState.REFUSED)
    def check_again(self, request: HttpRequest, row: HandedIn, data: dict[str, Any]) -> None:
        checked, is_new = handed_in.check_again(row, request.user.get_username())
        _tell(request, checked, is_new)

    @post_action(_("Download the file"), permission="view")
    def download(self, request: HttpRequest, row: HandedIn, data: dict[str, Any]) -> HttpResponse:
        """The bytes as they came. Who took them is recorded."""
        content = handed_in.content_of(row)
        if content is None:
            raise RejectedError(say("The file is not kept any more: hand it in again."))
        audit.record(
            "handed_in.downloaded",
            row.subject,
            say("The file was downloaded."),
            actor=request.user.get_username(),
            file=row.filename,
        )
        answer = HttpResponse(content, content_type="application/octet-stream")
        answer.headers["Content-Disposition"] = _attachment(row)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _attachment(row: HandedIn) -> str:
    """A name without anything that could break out of the header."""
    name = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in row.filename)
    return f'attachment; filename="{name.encode("ascii", "replace").decode().replace("?", "_")}"'


def _tell(request: HttpRequest, row: HandedIn, is_new: bool) -> None:
    if row.state == HandedInState.REFUSED:
        messages.error(request, sentence(row.reason))
    elif is_new:
        messages.success(request, sentence(row.reason))
    else:
        messages.warning(
            request, gettext("These very bytes were handed in before and are not sent a second time.")
        )


# --- tokens ------------------------------------------------------------------------------------------------


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("name"),
        max_length=100,
        help_text=_("Which program uses it."),
        widget=UnfoldAdminTextInputWidget,
    )
    client = forms.ModelChoiceField(
        DatevClient.objects.all(),
        label=_("DATEV client"),
        help_text=_("The token hands in files for this client alone."),
        widget=UnfoldAdminSelectWidget,
    )


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "client", "beginning", "shown_state", "created_by", "created_at", "last_used_at")
    list_filter = ("client",)
    list_select_related = ("client",)
    search_fields = ("name", "beginning")
    post_actions = ("revoke",)
    fields = ("name", "client", "beginning", "created_by", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("beginning", "created_by", "created_at", "last_used_at", "revoked_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, "add", ApiToken)

    @display(description=_("state"))
    def shown_state(self, token: ApiToken) -> SafeString:
        return (
            label(gettext("revoked"), "neutral") if token.revoked_at else label(gettext("valid"), "success")
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The token is shown on the answer to this very request and never again."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = TokenForm(request.POST or None)
        told: tuple[ApiToken, str] | None = None
        if request.method == "POST" and form.is_valid():
            told = api_tokens.create(
                form.cleaned_data["name"], form.cleaned_data["client"], request.user.get_username()
            )
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("New API token"),
            "form": form,
            "token": told[0] if told else None,
            "text": told[1] if told else "",
            "back": page_of(told[0]) if told else "",
            "opts": self.model._meta,
            "media": self.media + form.media,
        }
        answer = TemplateResponse(request, "admin/bookings/api_token.html", context)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @post_action(
        _("Revoke"),
        question=_("Programs that use this token can't hand in files any more. Go on?"),
        tone="danger",
        offered=lambda token: token.revoked_at is None,
    )
    def revoke(self, request: HttpRequest, token: ApiToken, data: dict[str, Any]) -> None:
        if api_tokens.revoke(token, request.user.get_username()):
            messages.success(request, gettext("The token is revoked."))
