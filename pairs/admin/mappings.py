"""The mapping rows of an integration: fields are chosen by name, and stored by the id at the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSelectWidget

from connections.adminsite import EMPTY
from connections.base import Option
from pairs.base import FieldType, Flow, TargetField
from pairs.discovery import described, find, target_label
from pairs.models import FieldMapping, Integration, MappingKind

BACK_KINDS = (MappingKind.DIRECT, MappingKind.TABLE)
# What is proposed for a field of each type; for others the value of the field.
USUAL_KINDS = {
    FieldType.AMOUNT: MappingKind.AMOUNT,
    FieldType.DATE: MappingKind.DATE,
    FieldType.ACCOUNT: MappingKind.ACCOUNT,
    FieldType.COST_CENTER: MappingKind.COST_CENTER,
    FieldType.CHOICE: MappingKind.CONSTANT,
}


class MappingForm(forms.ModelForm):
    """One row. `flow`, `way`, `targets` and `offered` are set by the inline that draws it."""

    flow: Flow
    way: str
    targets: Sequence[TargetField] = ()
    # The fields at the source; None = they can't be listed now, and the id is written by hand.
    offered: Sequence[Option] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty = [("", gettext("Select value"))]
        self.fields["target_field"] = forms.ChoiceField(
            label=gettext("field"),
            choices=[*empty, *((field.key, _named(field)) for field in self.targets)],
            widget=UnfoldAdminSelectWidget(),
        )
        # Without the buttons to add and change, for which there is no room in a row.
        self.fields["table"].widget = self.fields["table"].widget.widget
        if self.way == FieldMapping.Way.BACK:
            self.fields["kind"].choices = [(kind.value, kind.label) for kind in BACK_KINDS]
        if self.offered:
            self.fields["source_field"] = forms.ChoiceField(
                label=gettext("source field"),
                choices=[*empty, *self._offers()],
                required=False,
                widget=UnfoldAdminSelectWidget(),
            )

    def _offers(self) -> list[tuple[str, str]]:
        offers = [(option.ref, described(option)) for option in self.offered or ()]
        stored = self.instance.source_field
        if stored and stored not in dict(offers):
            name = self.instance.source_label or stored
            offers.append((stored, gettext("%(value)s (not offered any more)") % {"value": name}))
        return offers

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind, constant = cleaned.get("kind"), cleaned.get("constant", "")
        if kind == MappingKind.CONSTANT:
            cleaned["source_field"] = ""
            self._check_constant(cleaned.get("target_field", ""), constant)
        elif not cleaned.get("source_field"):
            self.add_error("source_field", gettext("The source field is missing."))
        if kind == MappingKind.TABLE and not cleaned.get("table"):
            self.add_error("table", gettext("The value table is missing."))
        self.instance.flow, self.instance.way = self.flow.key, self.way
        self._name_source(cleaned.get("source_field", ""))
        return cleaned

    def _check_constant(self, key: str, constant: str) -> None:
        if not constant:
            self.add_error("constant", gettext("The fixed value is missing."))
        choices = dict(next((field.choices for field in self.targets if field.key == key), ()))
        if constant and choices and constant not in choices:
            self.add_error(
                "constant", gettext("This must be one of: %(choices)s.") % {"choices": ", ".join(choices)}
            )

    def _name_source(self, ref: str) -> None:
        found = find(self.offered, ref)
        if found is not None:
            self.instance.source_label = found.label[:200]
        elif "source_field" in self.changed_data:
            self.instance.source_label = ""


def _named(field: TargetField) -> str:
    return f"{capfirst(gettext(field.label))}{' *' if field.is_required else ''}"


class MappingFormSet(BaseInlineFormSet):
    """Proposes a row for each required field that nothing fills yet; refuses a field that is there twice."""

    proposed: Sequence[TargetField] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = [
            {"target_field": field.key, "kind": USUAL_KINDS.get(field.type, MappingKind.DIRECT)}
            for field in self.proposed
        ]
        super().__init__(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        seen = set()
        for form in self.forms:
            if not form.is_valid() or form in self.deleted_forms:
                continue
            key = form.cleaned_data.get("target_field")
            if key and key in seen:
                form.add_error("target_field", gettext("This field is mapped twice."))
            seen.add(key)


class MappingInline(TabularInline):
    """The rows of one flow and direction; `for_flow` makes one for each."""

    model = FieldMapping
    formset = MappingFormSet
    flow: Flow
    way: str
    targets: Sequence[TargetField] = ()
    show_change_link = False
    hide_title = True
    readonly_fields = ("target_shown", "source_shown")

    @classmethod
    def for_flow(cls, flow: Flow, way: str) -> type[MappingInline]:
        targets = flow.fields if way == FieldMapping.Way.INTO else flow.write_back
        direction = gettext(FieldMapping.Way(way).label)
        if way == FieldMapping.Way.BACK and flow.write_back_side == "target":
            direction = gettext("into fields of the target")
        if way == FieldMapping.Way.INTO and flow.reads == "target":
            direction = gettext("from fields of the target into the source")
        attributes = {
            "flow": flow,
            "way": way,
            "targets": targets,
            "verbose_name": _("field"),
            "verbose_name_plural": f"{gettext(flow.label)}: {direction}",
        }
        return type(f"Mapping_{flow.key}_{way}", (cls,), attributes)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        if not self.has_change_permission(request, obj):
            fields = ["target_shown", "kind", "source_shown", "constant", "table"]
        elif self.way == FieldMapping.Way.INTO:
            return ("target_field", "kind", "source_field", "constant", "table")
        else:
            fields = ["target_field", "kind", "source_field", "table"]
        return (*fields, "update_mode") if self.way == FieldMapping.Way.BACK else fields

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).filter(flow=self.flow.key, way=self.way)
        return rows.select_related("table").order_by("pk")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return len(self._missing(obj))

    def _missing(self, integration: Integration | None) -> list[TargetField]:
        if integration is None:
            return []
        mapped = set(
            integration.mappings.filter(flow=self.flow.key, way=self.way).values_list(
                "target_field", flat=True
            )
        )
        return [field for field in self.targets if field.is_required and field.key not in mapped]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        offered = getattr(request, "offered_fields", {}).get((self.flow.key, self.way))
        kwargs["form"] = type(
            "MappingRowForm",
            (MappingForm,),
            {"flow": self.flow, "way": self.way, "targets": self.targets, "offered": offered},
        )
        kwargs["formset"] = type("MappingRows", (self.formset,), {"proposed": tuple(self._missing(obj))})
        return super().get_formset(request, obj, **kwargs)

    def target_shown(self, row: FieldMapping) -> str:
        return capfirst(gettext(target_label(self.flow, self.way, row.target_field)))

    target_shown.short_description = _("field")  # type: ignore[attr-defined]

    def source_shown(self, row: FieldMapping) -> str:
        return row.source_label or row.source_field or EMPTY

    source_shown.short_description = _("source field")  # type: ignore[attr-defined]
