"""Values of fields as they are sent: checked and turned into what is stored."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import adf, catalog
from mlconnector.sandbox.jira.errors import Refused
from mlconnector.sandbox.jira.state import Field, Option, Site
from mlconnector.sandbox.jira.words import is_called, said

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.api import ApiCall

SHORT_TEXT = 255


class Faulty(Exception):  # noqa: N818 - one entry of `errors`
    """A value that is refused with a text of its own, the same in every language."""


def stored(call: "ApiCall", field: Field, value: Any) -> Any:
    """What is kept of `value`; null clears. Raises Refused or Faulty."""
    if value is None:
        return None
    return CHECKS[field.kind](call, field, value)


def _summary(call: "ApiCall", field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise Refused("text")
    if not value.strip():
        raise Refused("no_summary")
    if "\n" in value or "\r" in value:
        raise Refused("summary_lines")
    if len(value) > SHORT_TEXT:
        raise Refused("summary_long")
    return value.strip()


def document(value: Any, refusal: str = "adf") -> dict[str, Any]:
    """A document that Jira takes. Raises Refused (no document at all) or Faulty."""
    if not adf.is_document(value):
        raise Refused(refusal)
    if adf.faults(value):
        raise Faulty("INVALID_INPUT")
    if adf.characters(value) > adf.MOST_CHARACTERS:
        raise Faulty("CONTENT_LIMIT_EXCEEDED")
    return value


def _document(call: "ApiCall", field: Field, value: Any) -> dict[str, Any]:
    return document(value)


def _short_text(call: "ApiCall", field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise Refused("text")
    if len(value) > SHORT_TEXT:
        raise Refused("too_long", limit=str(SHORT_TEXT))
    return value


def _url(call: "ApiCall", field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise Refused("text")
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s/]+\S*", value):
        raise Refused("url", value=value)
    return value


def _labels(call: "ApiCall", field: Field, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refused("text")
    for one in value:
        if re.search(r"\s", one) or not one:
            raise Refused("label", value=one)
        if len(one) > SHORT_TEXT:
            raise Refused("too_long", limit=str(SHORT_TEXT))
    return list(dict.fromkeys(value))


def _number(call: "ApiCall", field: Field, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("number")
    return value


def _choice(options: list[Option], call: "ApiCall", field: Field, value: Any) -> str:
    """By `id`, or by `value`/`name` in any language."""
    if isinstance(value, dict):
        name = value.get("value") or value.get("name")
        for one in options:
            if str(value.get("id", "")) == one.id or (name and is_called(one.name, str(name))):
                return one.id
    raise Refused("option", name=said(field.name, call.language))


def _select(call: "ApiCall", field: Field, value: Any) -> str:
    return _choice(field.options, call, field, value)


def _multiselect(call: "ApiCall", field: Field, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise Refused("option", name=said(field.name, call.language))
    return [_choice(field.options, call, field, one) for one in value]


def _priority(call: "ApiCall", field: Field, value: Any) -> str:
    return _choice(call.site.priorities, call, field, value)


def _resolution(call: "ApiCall", field: Field, value: Any) -> str:
    return _choice(call.site.resolutions, call, field, value)


def _person(call: "ApiCall", field: Field, value: Any) -> str:
    account = (value.get("accountId") or value.get("id")) if isinstance(value, dict) else None
    if account not in call.site.members:
        raise Refused("user")
    return str(account)


def _day(call: "ApiCall", field: Field, value: Any) -> str:
    try:
        date.fromisoformat(value if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else "")
    except (TypeError, ValueError):
        raise Refused("date", value=str(value)) from None
    return str(value)


def _moment(call: "ApiCall", field: Field, value: Any) -> str:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refused("date", value=str(value)) from None
    if at.tzinfo is None:
        raise Refused("date", value=str(value))
    return call.shapes.moment(at) or ""


CHECKS: dict[str, Callable[["ApiCall", Field, Any], Any]] = {
    "summary": _summary,
    "description": _document,
    "environment": _document,
    "textarea": _document,
    "textfield": _short_text,
    "readonlyfield": _short_text,
    "url": _url,
    "labels": _labels,
    "float": _number,
    "select": _select,
    "multiselect": _multiselect,
    "priority": _priority,
    "resolution": _resolution,
    "assignee": _person,
    "reporter": _person,
    "userpicker": _person,
    "duedate": _day,
    "datepicker": _day,
    "datetime": _moment,
}


def checked(
    call: "ApiCall", given: dict[str, Any], screen: dict[str, bool]
) -> tuple[dict[str, Any], dict[str, str]]:
    """(what is stored, what is wrong by field) of the values that were sent for a screen."""
    kept: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for id, value in given.items():
        field = call.site.fields.get(id)
        if field is None or id not in screen or field.kind not in CHECKS:
            wrong[id] = call.says("screen", field=id)
            continue
        try:
            kept[id] = stored(call, field, value)
        except Refused as refusal:
            wrong[id] = call.says(refusal.key, **refusal.given)
        except Faulty as fault:
            wrong[id] = str(fault)
    return kept, wrong


def as_text(language: str, site: Site, field: Field, value: Any) -> tuple[str | None, str | None]:
    """(id, text) of a stored value as a changelog tells it; the id is null where the value is text."""
    if value in (None, []):
        return None, None
    if field.kind in catalog.DOCUMENTS:
        return None, adf.plain(value)
    if field.kind == "priority":
        return value, said(next(one.name for one in site.priorities if one.id == value), language)
    if field.kind in ("assignee", "reporter", "userpicker"):
        return value, value
    if field.kind == "select":
        return value, said(next(one.name for one in field.options if one.id == value), language)
    if isinstance(value, list):
        return None, " ".join(value)
    return None, str(value)
