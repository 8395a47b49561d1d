"""One naming convention for financial fields in work systems that have none of their own, for all pairs.

Every pair that puts figures into custom fields, or reads them there, names the same thing the same way:
"Betrag" holds an amount with two decimals whether it came from Acumatica, Exact Online or a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connections import audit
from connections.base import FieldKind, FieldMaker, FieldWish
from connections.effects import Effects
from connections.errors import ConnectorError
from connections.messages import DataFault, say
from connections.registry import vendor
from pairs.base import FieldType, Flow, Side, TargetField
from pairs.discovery import Offers
from pairs.models import FieldMapping, Integration, MappingKind

# Key -> the field's name. Stored nowhere but in the work system, where people may rename it.
NAMES = {
    "amount": _("Amount"),
    "net_amount": _("Net amount"),
    "tax_amount": _("Tax amount"),
    "open_amount": _("Open amount"),
    "currency": _("Currency"),
    "exchange_rate": _("Exchange rate"),
    "document_number": _("Document number"),
    "document_type": _("Document type"),
    "document_date": _("Document date"),
    "document_status": _("Document status"),
    "document_link": _("Link to the document"),
    "due_date": _("Due on"),
    "delivery_date": _("Delivery date"),
    "supplier": _("Supplier"),
    "customer": _("Customer"),
    "business_partner": _("Business partner"),
    "vat_id": _("VAT id"),
    "gl_account": _("G/L account"),
    "tax_key": _("Tax key"),
    "cost_center": _("Cost center"),
    "cost_unit": _("Cost unit"),
    "item": _("Item"),
    "quantity": _("Quantity"),
    "unit_price": _("Unit price"),
    "project": _("Project number"),
    "branch": _("Branch"),
    "administration": _("Administration"),
    "source_id": _("Source id"),
    "result": _("Result"),
    "result_text": _("Result in words"),
    "result_code": _("Error code"),
    "record_link": _("Link to the record"),
    "job": _("Job"),
    "booked_on": _("Handed over on"),
}
KINDS: dict[FieldType, FieldKind] = {
    FieldType.AMOUNT: "number",
    FieldType.NUMBER: "number",
    FieldType.DATE: "date",
    FieldType.CHOICE: "enum",
    FieldType.BOOLEAN: "enum",
}
PRECISIONS = {FieldType.AMOUNT: 2, FieldType.NUMBER: 4}
MAPPING_KINDS = {
    FieldType.AMOUNT: MappingKind.AMOUNT,
    FieldType.DATE: MappingKind.DATE,
    FieldType.ACCOUNT: MappingKind.ACCOUNT,
    FieldType.COST_CENTER: MappingKind.COST_CENTER,
}


@dataclass(frozen=True)
class Missing:
    """A field of a flow that nothing is mapped to yet and that the convention has a name for."""

    flow: Flow
    way: str
    side: Side
    target: TargetField

    def wish(self, language: str) -> FieldWish:
        with translation.override(language):
            return FieldWish(
                name=gettext(NAMES[self.target.standard]),
                kind=KINDS.get(self.target.type, "text"),
                precision=PRECISIONS.get(self.target.type),
                options=tuple(gettext(text) for _key, text in self.target.choices),
            )


@dataclass(frozen=True)
class Made:
    """What "create the missing fields" did: names of fields, and what stood in the way of others."""

    mapped: Sequence[str]
    faults: Sequence[DataFault]


def name(key: str, language: str) -> str:
    """The conventional name of a field, as it is written into the work system."""
    with translation.override(language):
        return gettext(NAMES[key])


def missing(integration: Integration) -> list[Missing]:
    """The fields that could be created and mapped; [] where no side can make fields, or all are mapped."""
    return [found for found in _unmapped(integration) if _maker(integration, found.side) is not None]


def _unmapped(integration: Integration) -> Iterator[Missing]:
    mapped = set(integration.mappings.values_list("flow", "way", "target_field"))
    for flow in integration.declared.flows:
        for way, side, fields in (
            (FieldMapping.Way.INTO, flow.reads, flow.fields),
            (FieldMapping.Way.BACK, flow.write_back_side, flow.write_back),
        ):
            for target in fields:
                if target.standard and (flow.key, str(way), target.key) not in mapped:
                    yield Missing(flow, way, side, target)


def _maker(integration: Integration, side: Side) -> FieldMaker | None:
    return vendor(integration.side(side).vendor).fields


def create(integration: Integration, *, by: str) -> Made:
    """Make each missing field (or take the one of that name), put it into the project, and map it.

    May be repeated: every write is looked up before it is done again. Raises ConnectorError when the work
    system can't be asked at all.
    """
    mapped: list[str] = []
    faults: list[DataFault] = []
    offers = Offers(integration)
    for found in missing(integration):
        container = offers.container(found.side, found.flow)
        wish = found.wish(integration.language)
        if not container:
            faults.append(_no_container(wish))
            continue
        try:
            ref = _field(integration, found, container, wish)
        except ConnectorError as error:
            faults.append(DataFault(wish.name, "", error.message))
            continue
        _map(integration, found, ref, wish)
        mapped.append(wish.name)
    audit.record(
        "integration.fields_created",
        f"integration:{integration.pk}",
        say("%(count)s fields of the naming convention are mapped.", count=len(mapped)),
        actor=by,
    )
    return Made(mapped, faults)


def _field(integration: Integration, found: Missing, container: str, wish: FieldWish) -> str:
    """The id of the field, made if there is none of that name, and a part of the container."""
    maker, connection = _maker(integration, found.side), integration.side(found.side)
    assert maker is not None  # noqa: S101 - `missing` has asked
    effects = Effects(f"integration:{integration.pk}:fields", guard=lambda: None)
    ref = maker.find(connection, container, wish)
    if ref is None:
        ref = effects.once(
            _unused(effects, f"create {wish.name}"),
            lambda: maker.create(connection, container, wish),
            find=lambda: maker.find(connection, container, wish),
            content=[wish.name, wish.kind],
        )
    if not maker.is_in(connection, container, str(ref)):
        effects.once(
            _unused(effects, f"put {ref} into {container}"),
            lambda: maker.put(connection, container, str(ref)),
            find=lambda: maker.is_in(connection, container, str(ref)) or None,
        )
    return str(ref)


def _unused(effects: Effects, write: str) -> str:
    """The write's name with a number: what was done, and undone by people since, is a write of its own."""
    return next(name for number in count(1) if not effects.is_done(name := f"{write} ({number})"))


def _map(integration: Integration, found: Missing, ref: str, wish: FieldWish) -> None:
    kind = MAPPING_KINDS.get(found.target.type, MappingKind.DIRECT)
    FieldMapping.objects.get_or_create(
        integration=integration,
        flow=found.flow.key,
        way=found.way,
        target_field=found.target.key,
        defaults={
            "kind": kind if found.way == FieldMapping.Way.INTO else MappingKind.DIRECT,
            "source_field": ref,
            "source_label": wish.name,
        },
    )


def _no_container(wish: FieldWish) -> DataFault:
    return DataFault(
        wish.name,
        "",
        say("It is not known yet where the field belongs."),
        say("Choose the project in the settings and save; then create the fields."),
    )
