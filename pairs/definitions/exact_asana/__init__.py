"""Exact Online -> Asana: orders and invoices become tasks or projects; dimensions become options."""

from __future__ import annotations

from datetime import timedelta

from pairs.base import Flow, Pair
from pairs.definitions.exact_asana import (
    completions,
    dimensions,
    invoices,
    milestones,
    orders,
    polling,
    projects,
)
from pairs.definitions.exact_asana.common import DIMENSIONS, INVOICES, MILESTONES, ORDERS, PROJECTS
from pairs.definitions.exact_asana.fields import (
    DIMENSION_FIELDS,
    INVOICE_FIELDS,
    MILESTONE_FIELDS,
    ORDER_FIELDS,
    PARTNER_FIELDS,
)
from pairs.definitions.exact_asana.settings import SETTINGS, check

# A company has 5,000 calls a day and 60 a minute; webhooks tell of most changes sooner.
POLL_DOCUMENTS_EVERY = timedelta(minutes=10)
POLL_PROJECTS_EVERY = timedelta(minutes=15)
POLL_LISTS_EVERY = timedelta(hours=1)

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
            watched=polling.watched(ORDERS, orders.KIND.is_wanted),
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
            watched=polling.watched(INVOICES, invoices.KIND.is_wanted),
            write_back=INVOICE_FIELDS,
            write_back_side="target",
            poll_every=POLL_DOCUMENTS_EVERY,
        ),
        Flow(
            DIMENSIONS,
            "Dimensions",
            poll=dimensions.poll,
            handle=dimensions.handle,
            wake=dimensions.wake,
            watched=dimensions.watched,
            write_back=(*DIMENSION_FIELDS, *PARTNER_FIELDS),
            write_back_side="target",
            poll_every=POLL_LISTS_EVERY,
        ),
        # Exact Online has no webhook for projects and what is below them.
        Flow(
            PROJECTS,
            "Projects",
            poll=projects.poll,
            handle=projects.handle,
            poll_every=POLL_PROJECTS_EVERY,
        ),
        Flow(
            MILESTONES,
            "Milestones and activities",
            poll=milestones.poll,
            handle=milestones.handle,
            write_back=MILESTONE_FIELDS,
            write_back_side="target",
            poll_every=POLL_PROJECTS_EVERY,
        ),
        completions.FLOW,
    ),
)
