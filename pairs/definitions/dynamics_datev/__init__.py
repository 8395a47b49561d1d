"""Dynamics 365 Sales -> DATEV: final invoices become documents and bookings, their customers debtors."""

from __future__ import annotations

from pairs.base import Decision, Flow, Pair
from pairs.definitions.dynamics_datev import booking, debtors, polling, source
from pairs.definitions.dynamics_datev.customers import FLOW as DEBTORS
from pairs.definitions.dynamics_datev.fields import CUSTOMER_FIELDS, INVOICE_FIELDS, LINE_FIELDS, WRITE_BACK
from pairs.definitions.dynamics_datev.settings import SETTINGS, check
from pairs.einvoices import source_fields

DECISIONS = (
    Decision(
        "correct",
        "Reverse and book again",
        "Takes the earlier booking back with a reversal and books what the invoice says now.",
        states=("changed",),
    ),
    Decision(
        "reverse",
        "Reverse only",
        "Takes the earlier booking back with a reversal; nothing takes its place. For canceled invoices.",
        states=("changed",),
    ),
    Decision(
        "keep",
        "Keep the booking as it is",
        "Accepts that the invoice says something else than what was booked.",
        states=("changed",),
    ),
    Decision(
        "book_without",
        "Book without the document",
        "Books without a link to the document that DATEV already has under another id.",
        states=("rejected",),
    ),
)

PAIR = Pair(
    key="dynamics_datev",
    label="Dynamics 365 Sales to DATEV",
    description="Final invoices become documents and bookings, the customers behind them debtors.",
    source_vendor="dynamics",
    target_vendor="datev",
    settings=SETTINGS,
    check=check,
    flows=(
        Flow(
            DEBTORS,
            "Customers as debtors",
            poll=polling.poll_customers,
            handle=debtors.handle,
            wake=polling.wake_of("account", "contact"),
            watched=polling.watched_customers,
            fields=CUSTOMER_FIELDS,
        ),
        Flow(
            "invoices",
            "Final invoices",
            poll=polling.poll_invoices,
            handle=booking.handle,
            wake=polling.wake_of("invoice"),
            watched=polling.watched_invoices,
            fields=(*INVOICE_FIELDS, *LINE_FIELDS),
            write_back=WRITE_BACK,
            is_news=source.is_news,
            more_source_fields=source_fields,
            decisions=DECISIONS,
        ),
    ),
)
