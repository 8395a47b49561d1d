"""What every act is told with: parked records in the words of the admin, and checks that hold for all."""

from __future__ import annotations

from collections.abc import Iterator

from connections import audit
from connections.messages import DataFault, Message
from mlconnector.demo.acts import Act
from mlconnector.demo.stage import Stage
from pairs.models import PARKED, Delivery, Integration, Record, Verdict, WebhookState
from pairs.registry import pairs


def lines(stage: Stage) -> Iterator[str]:
    """The report of each act, then what is parked with what has to be corrected."""
    for act in stage.acts:
        yield ""
        yield f"=== {act.title} ==="
        parked = list(_parked(act))
        if parked:
            yield "Parked, with what has to be corrected:"
            yield from parked
            yield ""
        yield from act.report()


def _parked(act: Act) -> Iterator[str]:
    integration = None
    records = Record.objects.filter(state__in=PARKED, integration__pair=act.pair)
    for record in records.order_by("integration_id", "pk"):
        if record.integration != integration:
            integration = record.integration
            yield str(integration)
        yield f"  {record.label}"
        faults = [DataFault.from_json(fault) for fault in record.faults]
        shown = [str(fault) for fault in faults] or [str(Message.from_json(record.reason or {}))]
        yield from (f"      {line}" for line in shown)


def deviations(stage: Stage) -> list[str]:
    """Everything that is not as it must be; [] = all promises were kept."""
    wrong = [line for act in stage.acts for line in act.deviations()]
    wrong += _webhooks(stage)
    wrong += [f"Audit entry {number}: {what}" for number, what in audit.broken_links()]
    return wrong


def _webhooks(stage: Stage) -> Iterator[str]:
    """Each integration whose flows are woken by webhooks has them, and they were heard of."""
    for integration in Integration.objects.all():
        if not stage.stand(integration.source.vendor).can_reach_us:
            continue
        for flow in pairs()[integration.pair].flows:
            hooks = integration.webhooks.filter(flow=flow.key)
            if not hooks.exists():
                continue
            if not hooks.filter(state=WebhookState.ACTIVE).exists():
                yield f"{integration}, {flow.label}: there is no active webhook."
            elif not Delivery.objects.filter(webhook__in=hooks, verdict=Verdict.GENUINE).exists():
                yield f"{integration}, {flow.label}: no delivery came to its webhook."
