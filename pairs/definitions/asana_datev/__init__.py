"""Asana -> DATEV: an approved task becomes a document and a booking, the result goes back to the task."""

from __future__ import annotations

from pairs.base import Decision, Flow, Pair
from pairs.booking_fields import BOOKING_FIELDS
from pairs.definitions.asana_datev import source
from pairs.definitions.asana_datev.booking import handle
from pairs.definitions.asana_datev.results import WRITE_BACK
from pairs.definitions.asana_datev.settings import SETTINGS, check
from pairs.einvoices import source_fields

DECISIONS = (
    Decision(
        "correct",
        "Reverse and book again",
        "Takes the earlier booking back with a reversal and books what the task says now.",
        states=("changed",),
    ),
    Decision(
        "keep",
        "Keep the booking as it is",
        "Accepts that the task says something else than what was booked.",
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
    key="asana_datev",
    label="Asana to DATEV",
    description="Approved tasks become documents and bookings; DATEV's answer is written back to the task.",
    source_vendor="asana",
    target_vendor="datev",
    settings=SETTINGS,
    check=check,
    flows=(
        Flow(
            "tasks",
            "Approved tasks",
            poll=source.poll,
            handle=handle,
            wake=source.wake,
            watched=source.watched,
            fields=BOOKING_FIELDS,
            more_source_fields=source_fields,
            write_back=WRITE_BACK,
            is_news=source.is_news,
            decisions=DECISIONS,
        ),
    ),
)
