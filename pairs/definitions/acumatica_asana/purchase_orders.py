"""The flow of purchase orders: each becomes one task and is followed until it is approved or canceled."""

from __future__ import annotations

from pairs.base import Flow
from pairs.definitions.acumatica_asana import documents, polling
from pairs.definitions.acumatica_asana.fields import ORDER_FIELDS
from pairs.definitions.acumatica_asana.kinds import ORDERS

FLOW = Flow(
    ORDERS.flow,
    "Purchase orders",
    poll=polling.poll_of(ORDERS),
    handle=documents.handle_of(ORDERS),
    wake=polling.wake_of(ORDERS),
    watched=polling.watched_of(ORDERS),
    is_news=polling.is_news,
    write_back=ORDER_FIELDS,
    write_back_side="target",
)
