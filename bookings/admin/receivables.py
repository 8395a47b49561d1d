"""Tax cases that the admin confirms, and the debtors with what of them DATEV has."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookings import tax_cases
from bookings.admin.shown import BATCH_TONES, percent
from bookings.debtor_details import DebtorDetails
from bookings.extf.partner_columns import COLUMNS
from bookings.extf.partners import values_of
from bookings.models import Debtor, TaxCase
from connections.adminsite import (
    EMPTY,
    HistoryAdmin,
    PostActionsAdmin,
    ReadOnlyAdmin,
    ask_for_many,
    label,
    link,
    link_to,
    post_action,
    state_label,
    tell_error,
)
from connections.errors import RejectedError

CONFIRM_QUESTION = _(
    "A tax case decides on which account outgoing invoices are booked and with how much tax. Confirm it only "
    "after your tax adviser has agreed."
)
WITHDRAW_QUESTION = _("Invoices of this tax case are not booked until it is confirmed again. Go on?")


@admin.register(TaxCase)
class TaxCaseAdmin(HistoryAdmin, PostActionsAdmin):
    """Whether a case is confirmed is not a field of the form: a person confirms it, and that is recorded."""

    list_display = ("key", "kind", "shown_rate", "account", "bu_key", "validity", "confirmed", "client")
    list_filter = ("client", "is_confirmed", "kind")
    list_select_related = ("client",)
    search_fields = ("key", "name", "account", "revenue_group")
    show_full_result_count = False
    fields = (
        "client",
        "key",
        "name",
        "kind",
        "rate",
        "account",
        "bu_key",
        "country",
        "revenue_group",
        "valid_from",
        "valid_until",
        "confirmed",
    )
    actions = ("confirm_many", "withdraw_many")
    post_actions = ("confirm", "withdraw")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row stays with its client."""
        return ("confirmed", "client") if obj is not None else ("confirmed",)

    @display(description=_("tax rate"), ordering="rate")
    def shown_rate(self, case: TaxCase) -> str:
        return gettext("of the invoice") if case.rate is None else percent(case.rate)

    @display(description=_("valid"))
    def validity(self, case: TaxCase) -> str:
        if not (case.valid_from or case.valid_until):
            return EMPTY
        days = (f"{day:%d.%m.%Y}" if day else "" for day in (case.valid_from, case.valid_until))
        return " - ".join(days)

    @display(description=_("confirmed"), ordering="is_confirmed")
    def confirmed(self, case: TaxCase) -> SafeString:
        if case.is_confirmed:
            return label(gettext("confirmed"), "success")
        return label(gettext("to be confirmed"), "warning")

    def save_model(self, request: HttpRequest, obj: TaxCase, form: Any, change: bool) -> None:
        if change and obj.is_confirmed and form.changed_data:
            obj.is_confirmed = False
            messages.warning(request, gettext("The tax case was changed: it has to be confirmed again."))
        super().save_model(request, obj, form, change)

    @post_action(
        _("Confirm"), question=CONFIRM_QUESTION, tone="primary", offered=lambda case: not case.is_confirmed
    )
    def confirm(self, request: HttpRequest, case: TaxCase, data: dict[str, Any]) -> None:
        _confirmed(request, [case])

    @post_action(
        _("Take the confirmation back"), question=WITHDRAW_QUESTION, offered=lambda case: case.is_confirmed
    )
    def withdraw(self, request: HttpRequest, case: TaxCase, data: dict[str, Any]) -> None:
        _withdrawn(request, [case])

    @admin.action(description=_("Confirm the chosen tax cases"), permissions=["change"])
    def confirm_many(self, request: HttpRequest, cases: QuerySet[TaxCase]) -> HttpResponse | None:
        _data, page = ask_for_many(
            request,
            self,
            cases,
            action="confirm_many",
            label=gettext("Confirm the chosen tax cases"),
            question=CONFIRM_QUESTION,
        )
        if page is None:
            try:
                _confirmed(request, cases)
            except RejectedError as error:
                tell_error(request, error)
        return page

    @admin.action(description=_("Take the confirmation of the chosen tax cases back"), permissions=["change"])
    def withdraw_many(self, request: HttpRequest, cases: QuerySet[TaxCase]) -> HttpResponse | None:
        _data, page = ask_for_many(
            request,
            self,
            cases,
            action="withdraw_many",
            label=gettext("Take the confirmation of the chosen tax cases back"),
            question=WITHDRAW_QUESTION,
        )
        if page is None:
            _withdrawn(request, cases)
        return page


def _confirmed(request: HttpRequest, cases: Any) -> None:
    count = tax_cases.confirm(cases, request.user)
    messages.success(
        request,
        ngettext("%(n)s tax case is confirmed.", "%(n)s tax cases are confirmed.", count) % {"n": count},
    )


def _withdrawn(request: HttpRequest, cases: Any) -> None:
    count = tax_cases.confirm(cases, request.user, is_confirmed=False)
    messages.success(
        request,
        ngettext(
            "The confirmation of %(n)s tax case was taken back.",
            "The confirmation of %(n)s tax cases was taken back.",
            count,
        )
        % {"n": count},
    )


@admin.register(Debtor)
class DebtorAdmin(ReadOnlyAdmin):
    """Read-only: the source decides the details, and a number never changes."""

    list_display = ("number", "name", "client", "shown_state", "is_assigned", "source", "sent_at")
    list_filter = ("client", "is_assigned")
    list_select_related = ("client",)
    search_fields = ("number", "name", "customer_ref")
    show_full_result_count = False
    fields = (
        "number",
        "name",
        "client",
        "shown_state",
        "is_assigned",
        "customer_ref",
        "source",
        "row",
        "files",
        "created_at",
        "sent_at",
        "due_at",
    )
    readonly_fields = ("shown_state", "source", "row", "files")

    @display(description=_("state"))
    def shown_state(self, debtor: Debtor) -> SafeString:
        if debtor.digest == debtor.sent_digest:
            return label(gettext("in DATEV"), "success")
        if debtor.sent_at is not None:
            return label(gettext("changed, to be sent"), "info")
        return label(gettext("not in DATEV yet"), "warning")

    @display(description=_("source"))
    def source(self, debtor: Debtor) -> SafeString | str:
        return link(debtor.source_url, gettext("at the source")) if debtor.source_url else debtor.customer_ref

    @display(description=_("as it is written"))
    def row(self, debtor: Debtor) -> SafeString:
        filled = values_of(debtor.number, DebtorDetails.from_json(debtor.details))
        cells = ((COLUMNS[position - 1].name, text) for position, text in filled.items())
        return format_html(
            '<table class="mlc-table">{}</table>',
            format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", cells),
        )

    @display(description=_("files"))
    def files(self, debtor: Debtor) -> SafeString | str:
        updates = debtor.updates.select_related("batch__client").defer("batch__content").order_by("-pk")[:20]
        lines = ((link_to(update.batch), state_label(update.batch, BATCH_TONES)) for update in updates)
        return format_html_join("", "<div>{} {}</div>", lines) or EMPTY
