"""The flow of the customers: those behind booked invoices are debtors, and DATEV learns of their changes."""

from __future__ import annotations

from datetime import datetime, timedelta

from bookings import debtor_batches
from bookings import debtors as ledger
from bookings.models import Debtor
from connections.messages import Message, faults_from_json, say
from connections.vendors.dynamics.api import Customer, Ref
from pairs.base import Outcome, done, dormant, parked, sent, waiting
from pairs.datev import chosen_client
from pairs.definitions.dynamics_datev import source
from pairs.definitions.dynamics_datev.customers import debtor_of
from pairs.definitions.dynamics_datev.settings import collected_for
from pairs.engine import Context
from pairs.models import RecordState

# A look costs no call. A booking that needs the debtor has its file made at once, earlier than planned.
SOONEST, LATEST = timedelta(seconds=5), timedelta(minutes=5)


def handle(context: Context) -> Outcome:
    """Bring the debtor's details up to date, and follow the file in which they travel."""
    ref = source.ref_of(context)
    client = chosen_client(context.integration)
    debtor = ledger.of(client, ledger.customer_ref("dynamics", ref.organization_id, ref.table, ref.id))
    if debtor is None:
        return dormant(
            say("No invoice of this customer was booked so far; with the first one it becomes a debtor.")
        )
    is_asked = source.has_news(context) or bool(context.record.instruction)
    if not is_asked and context.record.handled_version:
        return _followed(context, debtor, context.record.handled_version)
    customer = _read(context, ref)
    if customer is None or customer.merged_into:
        return _left(context, debtor, customer)
    found = debtor_of(context, customer, client)
    if found.faults:
        return parked(
            RecordState.REFUSED,
            say(
                "The change of the customer was not passed on. To be corrected: %(count)s.",
                count=len(found.faults),
            ),
            faults=found.faults,
            version=customer.version,
        )
    debtor = ledger.ensure(
        client,
        found.customer_ref,
        found.details,
        number=found.number,
        source_url=context.source.url(ref.table, ref.id),
        collect_for=collected_for(context),
        guard=context.hold,
    )
    return _followed(context, debtor, customer.version)


def _read(context: Context, ref: Ref) -> Customer | None:
    snapshot = context.fresh_snapshot()
    if snapshot is not None:
        stored: Customer = context.source.customer_from_json(ref.table, snapshot)
        return stored
    chosen = source.columns(context)
    columns = chosen.account if ref.table == "account" else chosen.contact
    found: Customer | None = context.source.customers(ref.table, [ref.id], columns).get(ref.id)
    return found


def _left(context: Context, debtor: Debtor, customer: Customer | None) -> Outcome:
    """Master data are never deleted in DATEV, and a number is never used again."""
    if customer is None:
        return done(
            say(
                "The customer was deleted in Dynamics; debtor %(number)s stays in DATEV.",
                number=debtor.number,
            )
        )
    return done(
        say(
            "The customer was merged into another one in Dynamics; debtor %(number)s stays in DATEV for "
            "what is booked on it.",
            number=debtor.number,
        ),
        version=customer.version,
    )


def _followed(context: Context, debtor: Debtor, version: str) -> Outcome:
    standing, batch = debtor_batches.standing(debtor)
    if standing == "accepted":
        return done(say("DATEV has debtor %(number)s as it is here.", number=debtor.number), version=version)
    if standing == "collecting":
        return waiting(
            say("Debtor %(number)s goes to DATEV with the next file of debtors.", number=debtor.number),
            until=_next_look(context, (debtor.due_at or context.now) - context.now),
            version=version,
        )
    if standing == "sending":
        return sent(
            say("Debtor %(number)s is on its way to DATEV in %(file)s.", number=debtor.number, file=batch),
            look_at=_next_look(
                context, context.now - batch.closed_at if batch and batch.closed_at else LATEST
            ),
            version=version,
        )
    reason = (
        Message.from_json(batch.reason) if batch and batch.reason else say("The file of debtors was refused.")
    )
    return parked(
        RecordState.REJECTED,
        reason,
        faults=faults_from_json(batch.faults) if batch else (),
        code=batch.code if batch else "",
        version=version,
    )


def _next_look(context: Context, distance: timedelta) -> datetime:
    """Soon while it may soon be over, later and later while it takes long."""
    return context.now + min(max(distance, SOONEST), LATEST)
