"""What a program is told, as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from bookings.corrections.chain import latest_revision
from bookings.given.reading import LineFault
from bookings.models import Batch, BatchState, HandedIn
from connections.messages import Message

# Words that programs rely on: never renamed.
STATES = {
    BatchState.OPEN: "on_its_way",
    BatchState.CLOSED: "on_its_way",
    BatchState.SENT: "waiting_for_datev",
    BatchState.POSTED: "accepted",
    BatchState.FAILED: "refused_by_datev",
    BatchState.PARTLY: "partly_taken",
    BatchState.UNKNOWN: "unknown",
    BatchState.STOPPED: "stopped",
}


def problem(detail: str) -> dict[str, Any]:
    return {"detail": detail}


def address(row: HandedIn) -> str:
    return reverse("handed-in-file", args=[row.public_id])


def state_of(row: HandedIn) -> dict[str, Any]:
    """The file, and of a taken one how its latest revision stands."""
    batch = latest_revision(row.batch) if row.batch is not None else None
    return {
        "id": str(row.public_id),
        "state": STATES[BatchState(batch.state)] if batch is not None else "refused",
        "client": row.client_ref,
        "format": row.route,
        "filename": row.filename,
        "sha256": row.sha256,
        "received_at": row.received_at.isoformat(),
        "detail": _sentence(row, batch),
        "faults": [_fault(LineFault.from_json(item)) for item in row.faults],
        "batch": _batch(batch) if batch is not None else None,
    }


def _sentence(row: HandedIn, batch: Batch | None) -> str:
    stored = (batch.reason if batch is not None else None) or row.reason
    return str(Message.from_json(stored)) if stored else ""


def _fault(one: LineFault) -> dict[str, Any]:
    return {
        "line": one.line or None,
        "field": gettext(one.fault.field) if one.fault.field else "",
        "value": one.fault.value,
        "rule": str(one.fault.rule),
        "remedy": str(one.fault.remedy),
    }


def _batch(batch: Batch) -> dict[str, Any]:
    job = batch.jobs.order_by("-pk").first()
    return {
        "filename": batch.filename,
        "reference": batch.reference,
        "revision": batch.revision,
        "rows": batch.rows,
        "job": job.vendor_ref if job is not None else None,
        "code": batch.code,
        "help": batch.help_url,
        "sent_at": batch.sent_at.isoformat() if batch.sent_at else None,
        "settled_at": batch.settled_at.isoformat() if batch.settled_at else None,
    }
