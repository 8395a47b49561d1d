"""Settings and secrets as a vendor or a pair declares them, drawn as form fields in the admin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from connections.adminsite import EMPTY
from connections.base import SecretField, SettingField
from connections.declared import secret_faults, setting_faults
from connections.errors import ConnectorError
from connections.messages import DataFault

SETTING, SECRET, REMOVE = "setting_", "secret_", "remove_secret_"
Choices = Sequence[tuple[str, str]]


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Stores the drawn fields in `instance.settings` and `instance.secrets`; see SettingsAdmin.

    A secret is never drawn: empty means unchanged, a box removes it. Keys that are not declared stay.
    """

    declared_settings: Sequence[SettingField] = ()
    declared_secrets: Sequence[SecretField] = ()
    # An unfinished draft may be stored: what is required is asked for later, what is given must be right.
    is_draft_allowed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.settings or {}
        for field in self.declared_settings:
            value = stored.get(field.key)
            if f"{SETTING}{field.key}" in self.fields:
                self.initial[f"{SETTING}{field.key}"] = field.default if value in (None, "") else value

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for field in self.declared_settings:
            name = f"{SETTING}{field.key}"
            if name in cleaned:
                for fault in self._faults(field, _stored_form(cleaned[name])):
                    self.add_error(name, _without_field(fault))
        if not self.is_draft_allowed:
            for secret in self.declared_secrets:
                wanted = self._secrets().get(secret.key, "")
                for fault in secret_faults((secret,), {secret.key: wanted}):
                    self.add_error(f"{SECRET}{secret.key}", _without_field(fault))
        return cleaned

    def _faults(self, field: SettingField, value: Any) -> list[DataFault]:
        if value in (None, "") and self.is_draft_allowed:
            return []
        return setting_faults((field,), {field.key: value})

    def _settings(self) -> dict[str, Any]:
        settings = dict(self.instance.settings or {})
        for field in self.declared_settings:
            name = f"{SETTING}{field.key}"
            if name not in self.cleaned_data:
                continue
            value = _stored_form(self.cleaned_data[name])
            if value in (None, ""):
                settings.pop(field.key, None)
            else:
                settings[field.key] = value
        return settings

    def _secrets(self) -> dict[str, Any]:
        secrets = dict(getattr(self.instance, "secrets", None) or {})
        for field in self.declared_secrets:
            written = self.cleaned_data.get(f"{SECRET}{field.key}")
            if written:
                secrets[field.key] = written
            elif self.cleaned_data.get(f"{REMOVE}{field.key}"):
                secrets.pop(field.key, None)
        return secrets

    def save(self, commit: bool = True) -> Any:
        if self.declared_settings:
            self.instance.settings = self._settings()
        if self.declared_secrets:
            self.instance.secrets = self._secrets()
        return super().save(commit)


def _stored_form(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _without_field(fault: DataFault) -> str:
    return f"{fault.rule} {fault.remedy}".strip()


class SettingsAdmin(ModelAdmin):  # type: ignore[misc]
    """An admin whose form has a field for each declared setting and secret.

    `setting_fields(...)` and `secret_fields(...)` say which; `options(...)` may offer choices. In fieldsets
    they are named "setting_<key>", "secret_<key>" and "remove_secret_<key>": `setting_names` lists them.
    """

    is_draft_allowed = False

    def setting_fields(self, request: HttpRequest, instance: Any) -> Sequence[SettingField]:
        return ()

    def secret_fields(self, request: HttpRequest, instance: Any) -> Sequence[SecretField]:
        return ()

    def options(self, request: HttpRequest, instance: Any, field: SettingField) -> Choices | None:
        """What a "discovered" (or "datev_client") setting is chosen from; None = free text.

        A ConnectorError is shown beside the field, which then is free text.
        """
        return None

    def setting_names(self, request: HttpRequest, instance: Any) -> list[str]:
        return [f"{SETTING}{field.key}" for field in self.setting_fields(request, instance)]

    def secret_names(self, request: HttpRequest, instance: Any) -> list[str]:
        stored = getattr(instance, "secrets", None) or {}
        names = []
        for field in self.secret_fields(request, instance):
            names.append(f"{SECRET}{field.key}")
            if stored.get(field.key):
                names.append(f"{REMOVE}{field.key}")
        return names

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        settings = self.setting_fields(request, obj)
        secrets = self.secret_fields(request, obj)
        if not self._may_edit(request, obj) or not (settings or secrets):
            return super().get_form(request, obj, change, **kwargs)
        base = self.form if issubclass(self.form, SettingsForm) else SettingsForm
        named = set(kwargs.get("fields") or flatten_fieldsets(self.get_fieldsets(request, obj)))
        drawn: dict[str, Any] = {}
        for field in settings:
            if f"{SETTING}{field.key}" in named:
                drawn[f"{SETTING}{field.key}"] = self._drawn(request, obj, field)
        drawn |= {name: made for name, made in _secret_fields(secrets, obj).items() if name in named}
        kwargs["form"] = type(
            "DeclaredForm",
            (base,),
            {
                **drawn,
                "declared_settings": tuple(settings),
                "declared_secrets": tuple(secrets),
                "is_draft_allowed": self.is_draft_allowed,
            },
        )
        return super().get_form(request, obj, change, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Whatever has to be asked of a vendor is asked first: the form is stored in a transaction."""
        instance = self.get_object(request, unquote(object_id)) if object_id else None
        if self._may_edit(request, instance):
            for field in self.setting_fields(request, instance):
                self._drawn(request, instance, field)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _may_edit(self, request: HttpRequest, instance: Any) -> bool:
        if instance is None or instance.pk is None:
            return bool(self.has_add_permission(request))
        return bool(self.has_change_permission(request, instance))

    def _drawn(self, request: HttpRequest, instance: Any, field: SettingField) -> forms.Field:
        """The form field, drawn once in a request: choices may cost a call to the vendor."""
        drawn: dict[str, forms.Field] = request.__dict__.setdefault("drawn_settings", {})
        if field.key not in drawn:
            choices, problem = None, ""
            if field.kind in ("discovered", "datev_client"):
                try:
                    choices = self.options(request, instance, field)
                except ConnectorError as error:
                    problem = str(error)
            current = (getattr(instance, "settings", None) or {}).get(field.key, "")
            drawn[field.key] = form_field(field, choices, problem, str(current))
        return drawn[field.key]

    def settings_table(self, instance: Any) -> SafeString | str:
        """The settings as they are, for people who may only look; never a secret."""
        return settings_table(self.setting_fields(None, instance), instance.settings or {})  # type: ignore[arg-type]

    settings_table.short_description = _("settings")  # type: ignore[attr-defined]


def form_field(
    field: SettingField, choices: Choices | None = None, problem: str = "", current: str = ""
) -> forms.Field:
    """The form field of a declared setting; `choices` of what a vendor offers, or its `problem`."""
    common: dict[str, Any] = {
        "label": capfirst(gettext(field.label)),
        "required": False,
        "help_text": " ".join(
            part for part in (gettext(field.help_text) if field.help_text else "", problem) if part
        ),
    }
    if field.kind == "bool":
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **common)
    if field.kind == "integer":
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(), **common)
    if field.kind == "decimal":
        return forms.DecimalField(widget=UnfoldAdminDecimalFieldWidget(), **common)
    if field.kind == "multiline":
        return forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), **common)
    if field.kind == "choice":
        offered = [(value, gettext(text)) for value, text in field.choices]
        return _choice(offered, bool(field.required or field.default), common)
    if choices is not None:
        offered = list(choices)
        if current and current not in dict(offered):
            offered.append((current, gettext("%(value)s (not offered any more)") % {"value": current}))
        return _choice(offered, False, common)
    return forms.CharField(widget=UnfoldAdminTextInputWidget(), **common)


def _choice(offered: Choices, is_chosen: bool, common: dict[str, Any]) -> forms.ChoiceField:
    empty = [] if is_chosen else [("", gettext("Select value"))]
    return forms.ChoiceField(choices=[*empty, *offered], widget=UnfoldAdminSelectWidget(), **common)


def _secret_fields(secrets: Sequence[SecretField], instance: Any) -> dict[str, forms.Field]:
    stored = getattr(instance, "secrets", None) or {}
    drawn: dict[str, forms.Field] = {}
    for field in secrets:
        is_stored = bool(stored.get(field.key))
        state = (
            gettext("A value is stored and not shown. Leave it empty to keep it.")
            if is_stored
            else gettext("Nothing is stored yet.")
        )
        help_text = gettext(field.help_text) if field.help_text else ""
        drawn[f"{SECRET}{field.key}"] = forms.CharField(
            label=capfirst(gettext(field.label)),
            required=False,
            help_text=f"{state} {help_text}".strip(),
            widget=_secret_widget(field),
            strip=not field.is_multiline,
        )
        if is_stored:
            drawn[f"{REMOVE}{field.key}"] = forms.BooleanField(
                label=gettext("Remove: %(secret)s") % {"secret": gettext(field.label)},
                required=False,
                widget=UnfoldBooleanSwitchWidget(),
            )
    return drawn


class _SecretTextarea(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """Several lines that are written and never drawn, not even after a fault in the form."""

    def format_value(self, value: Any) -> None:
        return None


def _secret_widget(field: SecretField) -> forms.Widget:
    if field.is_multiline:
        widget: forms.Widget = _SecretTextarea(
            attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}
        )
    else:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False)
    return widget


def settings_table(fields: Sequence[SettingField], values: Mapping[str, Any]) -> SafeString | str:
    """Declared settings with the values that hold, as a table to read."""
    rows = format_html_join(
        "",
        "<tr><th>{}</th><td>{}</td></tr>",
        ((capfirst(gettext(field.label)), _in_words(field, values)) for field in fields),
    )
    return format_html('<table class="mlc-table">{}</table>', rows) if rows else EMPTY


def _in_words(field: SettingField, values: Mapping[str, Any]) -> str:
    value = values.get(field.key)
    value = field.default if value in (None, "") else value
    if field.kind == "bool":
        return gettext("Yes") if value else gettext("No")
    if field.kind == "choice":
        text = dict(field.choices).get(str(value), "")
        return gettext(text) if text else str(value)
    return str(value) if value not in (None, "") else EMPTY
