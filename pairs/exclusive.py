"""One source object is booked by one integration, though several may read it (a task in two projects)."""

from __future__ import annotations

from bookings import selectors
from connections.errors import RejectedError
from connections.messages import Message, say
from pairs.base import Outcome, parked
from pairs.engine import Context
from pairs.models import Integration, Record, RecordState


def other_record(context: Context) -> Record | None:
    """The record of another integration that has booked this object, or is at it."""
    mine = context.record
    others = _others(context)
    if not others:
        return None
    same = Record.objects.filter(integration__in=others, flow=mine.flow, source_ref=mine.source_ref)
    records = {record.subject: record for record in same.select_related("integration").order_by("pk")}
    booked = selectors.with_bookings(records)
    return next((record for subject, record in records.items() if subject in booked), None)


def refused(other: Record, version: str) -> Outcome:
    """Nothing is written to the object: it carries the result of the other integration."""
    return parked(RecordState.REFUSED, _reason(other), version=version)


def hold_alone(context: Context) -> None:
    """Renew the record's lease; no other integration can place a booking of the same object meanwhile.

    Runs inside the transaction that places it. Raises LeaseLost, or RejectedError if the other was faster.
    """
    mine = context.record
    if others := _others(context):
        same = Record.objects.select_for_update().filter(
            integration__in=[mine.integration_id, *others], flow=mine.flow, source_ref=mine.source_ref
        )
        # In one order for all, so that two integrations do not wait for each other for ever.
        list(same.order_by("pk").values_list("pk", flat=True))
    context.hold()
    if other := other_record(context):
        raise RejectedError(_reason(other))


def _others(context: Context) -> list[int]:
    same = Integration.objects.filter(pair=context.integration.pair).exclude(pk=context.integration.pk)
    return list(same.values_list("pk", flat=True))


def _reason(other: Record) -> Message:
    return say(
        "Not booked, because the integration '%(integration)s' has booked it or is at it (record "
        "%(record)s). Let only one of the two integrations read it; or close the other record if its booking "
        "was refused, then try this one again.",
        integration=other.integration.name,
        record=other.pk,
    )
