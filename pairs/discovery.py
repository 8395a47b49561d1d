"""What the connected systems offer to choose from: projects, fields with their options, ..."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connections.base import Option, SettingField
from connections.errors import ConnectorError
from connections.messages import DataFault, say
from connections.models import Connection
from connections.registry import vendor
from pairs.base import Flow, Pair, Side
from pairs.models import FieldMapping, Integration

# A setting with this list is chosen from the options of the field that is chosen above it.
OPTIONS = "options"


class Offers:
    """Lists of one integration, each asked for once. Raises ConnectorError when a system can't say."""

    def __init__(self, integration: Integration) -> None:
        self.integration = integration
        self._known: dict[tuple[int, str, str], Sequence[Option]] = {}
        self._failed: dict[tuple[int, str, str], ConnectorError] = {}

    def setting(self, field: SettingField) -> Sequence[Option] | None:
        """What the discovered setting `field` is chosen from; None when its system has no such list."""
        settings = self.integration.settings or {}
        above = _above(self.integration.declared.settings, field)
        if field.discover == OPTIONS and field.below:
            above = next(item for item in self.integration.declared.settings if item.key == field.below[0])
        chosen = str(settings.get(above.key, "")) if above else ""
        if field.below:
            chosen = "/".join(str(settings.get(key) or "") for key in field.below)
        if field.discover == OPTIONS and above is not None:
            fields = self.setting(above) or ()
            return next((found.options for found in fields if found.ref == chosen), ())
        return self._list(self._connection(field.role), field.discover, chosen)

    def fields(self, flow: Flow, way: str) -> Sequence[Option] | None:
        """The fields of the side it reads that a mapping row may take, or those of a side that it writes."""
        side = flow.reads if way == FieldMapping.Way.INTO else flow.write_back_side
        container = self.container(side, flow)
        if way == FieldMapping.Way.INTO:
            offered = self._list(self._connection(side), flow.source_fields, container)
            return None if offered is None else (*offered, *flow.more_source_fields())
        return self._list(self._connection(side), f"writable_{flow.source_fields}", container)

    def container(self, side: Side = "source", flow: Flow | None = None) -> str:
        """The object whose fields are listed: what the flow names, or the first one chosen from the side."""
        settings = self.integration.settings or {}
        named = str(settings.get(flow.fields_of) or "") if flow and flow.fields_of else ""
        field = _container(self.integration.declared, side)
        return named or (str(settings.get(field.key, "")) if field else "")

    def _connection(self, role: Side) -> Connection:
        return self.integration.side(role)

    def _list(self, connection: Connection, name: str, parent: str) -> Sequence[Option] | None:
        discover = vendor(connection.vendor).discover.get(name)
        if discover is None:
            return None
        key = (connection.pk, name, parent)
        if key in self._failed:
            raise self._failed[key]
        if key not in self._known:
            try:
                self._known[key] = tuple(discover(connection, parent))
            except ConnectorError as error:
                self._failed[key] = error
                raise
        return self._known[key]


def _above(fields: Sequence[SettingField], field: SettingField) -> SettingField | None:
    """The nearest discovered setting before `field` of the same system."""
    before = fields[: [item.key for item in fields].index(field.key)]
    same = [item for item in before if item.kind == "discovered" and item.role == field.role]
    return same[-1] if same else None


def _container(pair: Pair, side: Side) -> SettingField | None:
    found = (item for item in pair.settings if item.kind == "discovered" and item.role == side)
    return next(found, None)


# The types of fields as people call them; a type that is not listed is shown as the system names it.
KINDS = {
    "text": _("text"),
    "number": _("number"),
    "date": _("date"),
    "enum": _("choice"),
    "multi_enum": _("several choices"),
    "people": _("people"),
    "formula": _("formula"),
    "boolean": _("yes or no"),
}
# Not types but what the whole list is about.
PLACES = ("workspace", "project", "section", "portfolio", "template", "user", "option")


def _kind(kind: str) -> str:
    return gettext(KINDS[kind]) if kind in KINDS else kind


def described(option: Option, longest: int = 90) -> str:
    """Name, type and options of a field in one line."""
    shown = "" if option.kind in PLACES else _kind(option.kind)
    kind = f" ({shown})" if shown else ""
    names = ", ".join(item.label for item in option.options)
    text = f"{option.label}{kind}" + (f": {names}" if names else "")
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def gone_fields(integration: Integration) -> list[DataFault]:
    """Mapping rows whose field the source system does not offer any more; asks that system."""
    offers = Offers(integration)
    faults = []
    for flow in integration.declared.flows:
        for way in FieldMapping.Way.values:
            offered = offers.fields(flow, way)
            rows = integration.mappings.filter(flow=flow.key, way=way).exclude(source_field="")
            if offered is not None:
                known = {option.ref for option in offered}
                faults += [_gone(row, flow) for row in rows if row.source_field not in known]
    return faults


def _gone(row: FieldMapping, flow: Flow) -> DataFault:
    return DataFault(
        target_label(flow, row.way, row.target_field),
        row.source_label or row.source_field,
        say("The source system does not offer this field (any more)."),
        say("Choose another field in the mapping."),
    )


def target_label(flow: Flow, way: str, key: str) -> str:
    fields = flow.fields if way == FieldMapping.Way.INTO else flow.write_back
    return next((field.label for field in fields if field.key == key), key)


def labels(options: Sequence[Option] | None) -> Mapping[str, str]:
    return {option.ref: option.label for option in options or ()}


def find(options: Sequence[Option] | None, ref: Any) -> Option | None:
    return next((option for option in options or () if option.ref == ref), None)
