"""Exact Online -> Asana: orders and invoices become tasks or projects; dimensions become options."""

from __future__ import annotations

from datetime import timedelta

from pairs.base import Flow, Pair
from pairs.definitions.exact_asana import invoices, orders, polling
from pairs.definitions.exact_asana.common import INVOICES, ORDERS
from pairs.definitions.exact_asana.fields import INVOICE_FIELDS, ORDER_FIELDS
from pairs.definitions.exact_asana.settings import SETTINGS, check

# A company has 5,000 calls a day and 60 a minute; webhooks tell of most changes sooner.
POLL_DOCUMENTS_EVERY = timedelta(minutes=10)

PAIR = Pair(
    key="exact_asana",
    label="Exact Online to Asana",
    description="Purchase orders and sales invoices become tasks or projects, with lines and dimensions.",
    source_vendor="exact",
    target_vendor="asana",
    settings=SETTINGS,
    check=check,
    flows=(
        Flow(
            ORDERS,
            "Purchase orders",
            poll=orders.poll,
            handle=orders.handle,
            wake=polling.wake_of(ORDERS),
            watched=polling.watched(ORDERS),
            write_back=ORDER_FIELDS,
            write_back_side="target",
            poll_every=POLL_DOCUMENTS_EVERY,
        ),
        Flow(
            INVOICES,
            "Sales invoices",
            poll=invoices.poll,
            handle=invoices.handle,
            wake=polling.wake_of(INVOICES),
            watched=polling.watched(INVOICES),
            write_back=INVOICE_FIELDS,
            write_back_side="target",
            poll_every=POLL_DOCUMENTS_EVERY,
        ),
        # Flow(DIMENSIONS), Flow(PROJECTS) and Flow(MILESTONES) follow here, then Flow(COMPLETIONS), which
        # reads the target and watches the tasks of the flows above.
    ),
)
