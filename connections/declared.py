"""Settings as a vendor or a pair declares them: are the stored values what the declaration asks for?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from connections.base import SecretField, SettingField
from connections.messages import DataFault, Message, say

FILL_IN = say("Fill it in.")


def setting_faults(fields: Iterable[SettingField], values: Mapping[str, Any]) -> list[DataFault]:
    """Everything that is wrong with `values`, also keys that nothing declares."""
    declared = {field.key: field for field in fields}
    faults = [
        DataFault(key, "", say("There is no such setting."), say("Remove it, or look for the right name."))
        for key in values
        if key not in declared
    ]
    for field in declared.values():
        value = values.get(field.key)
        if value is None or value == "":
            # What has a default is never missing (`Connection.setting`).
            if field.required and field.default in (None, ""):
                faults.append(DataFault(field.label, "", say("This setting is required."), FILL_IN))
            continue
        wrong = _wrong(field, value)
        if wrong is not None:
            faults.append(DataFault(field.label, str(value), wrong, say("Correct the value.")))
    return faults


def secret_faults(fields: Iterable[SecretField], values: Mapping[str, Any]) -> list[DataFault]:
    """Missing required secrets and unknown keys; never a value."""
    declared = {field.key: field for field in fields}
    faults = [DataFault(key, "", say("There is no such secret.")) for key in values if key not in declared]
    faults += [
        DataFault(field.label, "", say("This secret is required."), FILL_IN)
        for field in declared.values()
        if field.required and not values.get(field.key)
    ]
    return faults


def _wrong(field: SettingField, value: Any) -> Message | None:
    if field.kind == "bool":
        return None if isinstance(value, bool) else say("This must be true or false.")
    if field.kind == "integer":
        is_whole = not isinstance(value, bool) and str(value).lstrip("-").isdigit()
        return None if is_whole else say("This must be a whole number.")
    if field.kind == "decimal":
        return None if _is_decimal(value) else say("This must be a number.")
    if not isinstance(value, str):
        return say("This must be a text.")
    if field.kind == "choice" and value not in dict(field.choices):
        return say("This must be one of: %(choices)s.", choices=", ".join(dict(field.choices)))
    if field.kind == "url" and (
        urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc
    ):
        return say("This must be a web address such as https://example.org/api.")
    return None


def _is_decimal(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False
