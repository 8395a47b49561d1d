"""What the page of an integration shows beside its form, and the lists that the form chooses from."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from connections.adminsite import EMPTY, label
from connections.errors import ConnectorError
from connections.messages import say
from pairs.admin.states import tone_of
from pairs.discovery import Offers, target_label
from pairs.models import FieldMapping, Integration, RecordState
from pairs.selectors import counts_by_integration


def offers_of(request: HttpRequest, integration: Integration) -> Offers:
    """The lists of the connected systems, asked for once in a request."""
    if "offers" not in request.__dict__:
        request.offers = Offers(integration)  # type: ignore[attr-defined]
    return request.offers  # type: ignore[attr-defined,no-any-return]


def offer_fields(request: HttpRequest, integration: Integration) -> str:
    """Put the fields to choose from beside the request, for the inlines. Returns what stood in the way."""
    offers = offers_of(request, integration)
    drawn = [
        (flow, way, side)
        for flow in integration.declared.flows
        for way, side, fields in (
            (FieldMapping.Way.INTO, flow.reads, flow.fields),
            (FieldMapping.Way.BACK, flow.write_back_side, flow.write_back),
        )
        if fields
    ]
    if not all(offers.container(side, flow) for flow, _way, side in drawn):
        return str(
            say("Choose the settings and save; then the fields are offered by name. Until then, write ids.")
        )
    offered: dict[tuple[str, str], Any] = {}
    try:
        for flow, way, _side in drawn:
            offered[flow.key, way] = offers.fields(flow, way)
    except ConnectorError as error:
        return str(say("The fields can't be listed now: %(problem)s Until then, write ids.", problem=error))
    request.offered_fields = offered  # type: ignore[attr-defined]
    return ""


def flow_label(integration: Integration, key: str) -> str:
    flow = next((flow for flow in integration.declared.flows if flow.key == key), None)
    return gettext(flow.label) if flow else key


def counts(integration: Integration) -> list[dict[str, Any]]:
    base = reverse("admin:pairs_record_changelist")
    states = counts_by_integration().get(integration.pk, {})
    return [
        {
            "label": label(RecordState(state).label, tone_of(state)),
            "count": count,
            "url": f"{base}?integration__id__exact={integration.pk}&state__exact={state}",
        }
        for state, count in states.items()
    ]


def _target(integration: Integration, row: Any) -> str:
    flow = next((flow for flow in integration.declared.flows if flow.key == row.flow), None)
    return gettext(target_label(flow, row.way, row.target_field)) if flow else row.target_field


def changes(integration: Integration, most: int = 15) -> list[dict[str, Any]]:
    """The last changes of the mapping: when, who, what."""
    kinds = {"+": gettext("added"), "~": gettext("changed"), "-": gettext("removed")}
    rows = FieldMapping.history.filter(integration_id=integration.pk).select_related("history_user")
    return [
        {
            "at": row.history_date,
            "by": row.history_user or EMPTY,
            "kind": kinds[row.history_type],
            "what": f"{row.source_label or row.source_field or row.constant or EMPTY} -> "
            f"{_target(integration, row)}",
        }
        for row in rows.order_by("-history_date", "-history_id")[:most]
    ]
