"""The flow of bills: each becomes one task and is followed to its release, payment or deletion."""

from __future__ import annotations

from pairs.base import Flow
from pairs.definitions.acumatica_asana import documents, polling
from pairs.definitions.acumatica_asana.fields import BILL_FIELDS
from pairs.definitions.acumatica_asana.kinds import BILLS

FLOW = Flow(
    BILLS.flow,
    "Bills",
    poll=polling.poll_of(BILLS),
    handle=documents.handle_of(BILLS),
    wake=polling.wake_of(BILLS),
    watched=polling.watched_of(BILLS),
    is_news=polling.is_news,
    write_back=BILL_FIELDS,
    write_back_side="target",
)
