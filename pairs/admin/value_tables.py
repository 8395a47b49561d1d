"""Value tables: from what stands at the source to what DATEV knows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminFileFieldWidget

from bookings.imports import ValueRow, read_values
from connections import audit
from connections.adminsite import HistoryAdmin, PostActionsAdmin, link_to, listed, post_action
from connections.messages import say
from pairs import actions
from pairs.models import Integration, ValueTable, ValueTableRow


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("file (CSV or XLSX)"),
        help_text=_("With the columns source, label (may be missing) and target."),
        widget=UnfoldAdminFileFieldWidget(),
    )


class RowForm(forms.ModelForm):
    """The target may be empty: then the field stays empty, on purpose."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "target_value" in self.fields:
            self.fields["target_value"].required = False


class RowInline(TabularInline):
    model = ValueTableRow
    form = RowForm
    fields = ("source_value", "source_label", "target_value")
    extra = 1
    hide_title = True


@admin.register(ValueTable)
class ValueTableAdmin(HistoryAdmin, PostActionsAdmin):
    list_display = ("name", "rows_shown", "used_by")
    search_fields = ("name", "rows__source_value", "rows__source_label", "rows__target_value")
    inlines = (RowInline,)
    readonly_fields = ("used_by",)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "used_by"),
                "description": _(
                    "The source value is the id (GID) of an option, or the text itself. A value that is not "
                    "in the table parks the record. An empty target leaves the field empty; a question mark "
                    "stands for a target that is still to be filled in."
                ),
            },
        ),
    )
    post_actions = ("import_file",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("rows", "fieldmapping_set__integration")

    @admin.display(description=_("rows"))
    def rows_shown(self, table: ValueTable) -> int:
        return len(table.rows.all())

    @admin.display(description=_("used by"))
    def used_by(self, table: ValueTable) -> Any:
        return listed(link_to(integration) for integration in _users(table))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        _wake(form.instance, request.user.get_username())

    @post_action(
        _("Import from a file"),
        question=_(
            "Rows with a source value that is in the table already get the new target; others are added. "
            "With a faulty row nothing is imported."
        ),
        form=FileForm,
    )
    def import_file(self, request: HttpRequest, table: ValueTable, data: Any) -> None:
        rows = read_values(data["file"].name, data["file"].read())
        new, changed = _store(table, rows, by=request.user.get_username())
        messages.success(
            request,
            gettext("Imported: %(new)s new rows, %(changed)s changed.") % {"new": new, "changed": changed},
        )


def _store(table: ValueTable, rows: list[ValueRow], *, by: str) -> tuple[int, int]:
    """(new, changed) rows."""
    new = changed = 0
    with transaction.atomic():
        stored = {row.source_value: row for row in table.rows.all()}
        for row in rows:
            known = stored.get(row.source)
            if known is None:
                ValueTableRow.objects.create(
                    table=table, source_value=row.source, source_label=row.label, target_value=row.target
                )
                new += 1
            elif (known.source_label, known.target_value) != (row.label or known.source_label, row.target):
                known.source_label, known.target_value = row.label or known.source_label, row.target
                known.save()
                changed += 1
        audit.record(
            "value_table.imported",
            f"value_table:{table.pk}",
            say("Imported: %(new)s new rows, %(changed)s changed.", new=new, changed=changed),
            actor=by,
        )
        _wake(table, by)
    return new, changed


def _users(table: ValueTable) -> list[Integration]:
    return sorted({row.integration for row in table.fieldmapping_set.all()}, key=lambda item: item.name)


def _wake(table: ValueTable, by: str) -> None:
    actions.wake_after_change(Integration.objects.filter(mappings__table=table).distinct(), by=by)
