"""Rows on the wire: OData verbose JSON, or Atom XML when JSON was not asked for; and the way back."""

import base64
import calendar
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from mlconnector.sandbox.exact.entity import COLLECTION, Entity, Field
from mlconnector.sandbox.exact.errors import ApiError
from mlconnector.sandbox.exact.feeds import Item
from mlconnector.sandbox.exact.odata import GUID

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.access import ApiCall

WIRE_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")


def milliseconds(moment: datetime) -> int:
    """Local wall clock written as if it were UTC. Source: sample data of the vendor's .NET client."""
    return calendar.timegm(moment.timetuple()) * 1000 + moment.microsecond // 1000


def _naive(digits: str) -> datetime:
    """The wall clock that the digits of /Date(...)/ show."""
    return datetime.fromtimestamp(int(digits) / 1000, UTC).replace(tzinfo=None)


def value_of(call: "ApiCall", field: Field, value: Any) -> Any:
    """A stored value as JSON."""
    if value is None:
        return None
    if field.type == "DateTime":
        offset = f"{call.sim.local_offset():%z}" if call.sim.options.dates_with_offset else ""
        return f"/Date({milliseconds(value)}{offset})/"
    if field.type == "Double":
        return float(value)
    if field.type in ("Byte", "Int16", "Int32"):
        return int(value)
    if field.type == "Int64":
        return str(value) if call.sim.options.int64_as_text else int(value)
    return value


def uri(call: "ApiCall", entity: Entity, item: Item) -> str:
    key = item.key if isinstance(item.key, int) else f"guid'{item.key}'"
    return f"{call.sim.base_url}/api/v1/{call.place}{entity.path}({key})"


def shown(call: "ApiCall", entity: Entity, item: Item, names: list[str]) -> dict[str, Any]:
    """One record with its metadata; a collection is a deferred link."""
    shape: dict[str, Any] = {"__metadata": {"uri": uri(call, entity, item), "type": entity.type_name}}
    for name in names:
        field = entity.fields[name]
        if field.type == COLLECTION:
            shape[name] = {"__deferred": {"uri": f"{uri(call, entity, item)}/{name}"}}
        else:
            shape[name] = value_of(call, field, item.get(name))
    return shape


# --- XML -------------------------------------------------------------
FEED = Markup(
    '<?xml version="1.0" encoding="utf-8"?><feed xml:base="{base}" xmlns="http://www.w3.org/2005/Atom"'
    ' xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"'
    ' xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
    '<title type="text">{title}</title>{entries}{next}</feed>'
)
ENTRY = Markup(
    '<entry><id>{id}</id><content type="application/xml"><m:properties>{properties}</m:properties>'
    "</content></entry>"
)


def atom(call: "ApiCall", rows: list[dict[str, Any]], following: str = "") -> str:
    """The rows as an Atom feed (the answer without Accept: application/json)."""
    entries = Markup("").join(
        ENTRY.format(id=row["__metadata"]["uri"], properties=_properties(call.entity, row)) for row in rows
    )
    more = Markup('<link rel="next" href="{}" />').format(following) if following else ""
    base = f"{call.sim.base_url}/api/v1/{call.place}"
    return FEED.format(base=base, title=call.entity.name, entries=entries, next=more)


def _properties(entity: Entity, row: dict[str, Any]) -> Markup:
    parts = []
    for name, value in row.items():
        if name == "__metadata" or isinstance(value, dict):
            continue
        kind = entity.fields[name].type
        typed = Markup("") if kind == "String" else Markup(' m:type="Edm.{}"').format(kind)
        if value is None:
            parts.append(Markup('<d:{}{} m:null="true" />').format(name, typed))
        else:
            parts.append(Markup("<d:{0}{1}>{2}</d:{0}>").format(name, typed, _xml_text(value)))
    return Markup("").join(parts)


def _xml_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    found = WIRE_DATE.fullmatch(value) if isinstance(value, str) else None
    return _naive(found[1]).isoformat() if found else str(value)


# --- written values -------------------------------------------------------------
def _whole(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(value)
    return value


def _decimal(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(value)
    return Decimal(value)


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _byte(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else _whole(value)


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _guid(value: Any) -> Any:
    if not re.fullmatch(GUID, _text(value)):
        raise ValueError(value)
    return value.lower()


def _moment(value: Any) -> Any:
    """ISO text or /Date(ms)/; a zone is not looked at."""
    found = WIRE_DATE.fullmatch(_text(value))
    if found:
        return _naive(found[1])
    return datetime.fromisoformat(value).replace(tzinfo=None)


def _binary(value: Any) -> Any:
    base64.b64decode(_text(value), validate=True)
    return value


READERS: dict[str, Callable[[Any], Any]] = {
    "Guid": _guid,
    "String": _text,
    "Int16": _whole,
    "Int32": _whole,
    "Int64": _whole,
    "Byte": _byte,
    "Double": _decimal,
    "Boolean": _flag,
    "DateTime": _moment,
    "Binary": _binary,
}


def written(call: "ApiCall", entity: Entity, given: Mapping[str, Any], *, on_create: bool) -> dict[str, Any]:
    """The body's values as they are stored. Raises ApiError 400."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        field = entity.fields.get(name)
        if field is None:
            if call.sim.options.refuse_unknown_fields:
                raise ApiError(400, f"The property '{name}' does not exist on type '{entity.type_name}'.")
            continue
        if not field.is_writable:
            if call.sim.options.refuse_read_only_fields:
                raise ApiError(400, f"The property '{name}' is read only.")
            continue
        if field.type == COLLECTION:
            if on_create:
                values[name] = _collection(call, entity, name, value)
            continue
        try:
            values[name] = None if value is None else READERS[field.type](value)
        except ValueError:
            raise ApiError(
                400,
                f"Error processing request stream. Error encountered in converting the value of '{name}'.",
            ) from None
    return values


def _collection(call: "ApiCall", entity: Entity, name: str, value: Any) -> list[dict[str, Any]]:
    if name not in entity.collections or not isinstance(value, list):
        raise ApiError(400, f"Error processing request stream. '{name}' is not a collection.")
    lines = call.sim.entities[entity.collections[name][0]]
    if not all(isinstance(line, dict) for line in value):
        raise ApiError(400, f"Error processing request stream. '{name}' holds no records.")
    return [written(call, lines, line, on_create=True) for line in value]
