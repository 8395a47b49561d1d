"""Forms for one row of a refused batch: a booking of ours, or a row of a file from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from bookings.dxso.reader import CARRIED
from bookings.entry import Entry, Route, Side
from bookings.extf.columns import column
from bookings.given.package import ORDER
from bookings.given.reading import GivenRow
from bookings.shown_values import NAMES
from connections.messages import DataFault

NUMBER = re.compile(r"[0-9]+(?:,[0-9]+)?")
DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
# The columns that an accountant fills in usually; the row's own filled ones are shown beside them.
USUAL = tuple(range(1, 15)) + (37, 38, 40, 41, 115, 116, 117, 118)


class FigureField(forms.CharField):
    """A number with a decimal comma and no grouping: every other spelling could be read in two ways."""

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "").strip()
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            raise forms.ValidationError(gettext("Write the number like 1190,00, without points."))
        return Decimal(text.replace(",", "."))


class DayField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "").strip()
        if not text:
            return None
        found = DAY.fullmatch(text)
        try:
            if found is None:
                raise ValueError(text)
            return date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError as error:
            raise forms.ValidationError(gettext("Write the day like 31.07.2026.")) from error


def _comma(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}".replace(".", ",")


def _day(value: date | None) -> str:
    return f"{value:%d.%m.%Y}" if value else ""


def _percent(value: Decimal | None) -> str:
    return "" if value is None else _comma((value * 100).normalize())


Make = Callable[..., forms.Field]
# Field of an entry -> (form field, value as text). Documents and notes come from the source and stay.
FIELDS: Mapping[str, tuple[Make, Callable[[Any], Any]]] = {
    "amount": (FigureField, _comma),
    "side": (forms.ChoiceField, str),
    "account": (forms.CharField, str),
    "contra_account": (forms.CharField, str),
    "document_date": (DayField, _day),
    "bu_key": (forms.CharField, str),
    "document_field_1": (forms.CharField, str),
    "document_field_2": (forms.CharField, str),
    "posting_text": (forms.CharField, str),
    "cost_center_1": (forms.CharField, str),
    "cost_center_2": (forms.CharField, str),
    "cost_quantity": (FigureField, _comma),
    "discount": (FigureField, _comma),
    "currency": (forms.CharField, str),
    "exchange_rate": (FigureField, _comma),
    "base_amount": (FigureField, _comma),
    "eu_vat_id": (forms.CharField, str),
    "eu_tax_rate": (FigureField, _percent),
    "delivery_date": (DayField, _day),
    "tax_period_date": (DayField, _day),
    "due_date": (DayField, _day),
    "is_reversal": (forms.BooleanField, bool),
    "partner_name": (forms.CharField, str),
    "partner_city": (forms.CharField, str),
}
NEEDED = ("amount", "account", "contra_account", "document_date", "currency")
ONLY_DXSO = ("partner_name", "partner_city")
ONLY_EXTF = ("discount", "tax_period_date", "is_reversal")


class RowForm(forms.Form):
    """Every field is a text; what the checks find is put beside the field that it is about."""

    stand = forms.IntegerField(widget=forms.HiddenInput)

    def show_faults(self, faults: Sequence[DataFault]) -> None:
        """All faults at once: at their fields where the form has them, else above."""
        by_label = {self.labels()[name]: name for name in self.fields if name in self.labels()}
        for fault in faults:
            name = by_label.get(fault.field)
            self.add_error(name, f"{fault.rule} {fault.remedy}".strip() if name else str(fault))

    def labels(self) -> Mapping[str, str]:
        """Form field -> the English name that faults carry."""
        return {}

    def ordered(self) -> list[Any]:
        return [self[name] for name in self.fields if name != "stand"]


class EntryForm(RowForm):
    """A booking of our own."""

    def __init__(self, *args: Any, entry: Entry, route: Route, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entry = entry
        left_out = ONLY_DXSO if route == Route.EXTF else ONLY_EXTF
        for name, (make, shown) in FIELDS.items():
            if name not in left_out:
                self.fields[name] = _field(name, make)
                self.initial[name] = shown(getattr(entry, name))

    def labels(self) -> Mapping[str, str]:
        return NAMES

    def corrected(self) -> Entry:
        """The entry as it was filled in; call it on a valid form."""
        values = {name: self.cleaned_data[name] for name in self.fields if name in FIELDS}
        values["side"] = Side(values["side"])
        if values.get("eu_tax_rate") is not None:
            values["eu_tax_rate"] = values["eu_tax_rate"] / 100
        return replace(self.entry, **{name: self._as_was(name, value) for name, value in values.items()})

    def _as_was(self, name: str, value: Any) -> Any:
        """What looks the same is the same: 119,0 is no other amount than 119,00."""
        before = getattr(self.entry, name)
        return before if value == before else value


def _field(name: str, make: Make) -> forms.Field:
    options: dict[str, Any] = {
        "label": capfirst(gettext(NAMES[name])),
        "required": name in NEEDED,
        "widget": UnfoldAdminTextInputWidget,
    }
    if make is forms.ChoiceField:
        options["widget"] = UnfoldAdminSelectWidget
        options["choices"] = [("S", _("S (Soll, debit)")), ("H", _("H (Haben, credit)"))]
    if make is forms.BooleanField:
        options["widget"] = UnfoldBooleanSwitchWidget
    if name == "eu_tax_rate":
        options["help_text"] = _("In percent, for example 21")
    if name == "exchange_rate":
        options["help_text"] = _("Foreign units per 1 EUR")
    return make(**options)


class GivenRowForm(RowForm):
    """A row of a file from elsewhere: the texts of its columns (EXTF) or elements (DXSO) as they are."""

    def __init__(self, *args: Any, row: GivenRow, route: Route, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        filled = {key: value for key, _name, value in row.fields}
        for key, name in _keys(route, filled):
            self.fields[key] = forms.CharField(
                label=name, required=False, strip=False, widget=UnfoldAdminTextInputWidget
            )
            self.initial[key] = filled.get(key, "")

    def labels(self) -> Mapping[str, str]:
        """Faults of the checks name an entry's field, those of the format the column itself."""
        return {name: str(field.label) for name, field in self.fields.items() if name != "stand"}

    def corrected(self) -> dict[str, str]:
        """Only what was changed."""
        return {
            name: str(self.cleaned_data[name])
            for name in self.fields
            if name != "stand" and self.cleaned_data[name] != self.initial[name]
        }


def _keys(route: Route, filled: Mapping[str, str]) -> list[tuple[str, str]]:
    """(key, name) of the fields to be shown, in the order of the format."""
    if route == Route.EXTF:
        numbers = sorted({*USUAL, *(int(key) for key in filled)})
        return [(str(number), f"{number}: {column(number).name}") for number in numbers]
    return [(name, name) for name in ORDER if name in CARRIED or name in filled]


class CorrectedFileForm(forms.Form):
    file = forms.FileField(
        label=_("Corrected file"),
        help_text=_(
            "It is checked and compared first; nothing is accepted before you have seen what changes."
        ),
        widget=UnfoldAdminFileFieldWidget,
    )
