"""The worker of the batches: claims what is due, takes one step, and says what happens next."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from bookings import debtor_batches, dxso_jobs, endings, extf_jobs, rendering
from bookings.claims import Claim, ClaimLostError
from bookings.decisions import ask_again, resubmit, settle, try_again
from bookings.entry import Route
from bookings.models import WORKABLE, Batch, BatchState
from connections import registry
from connections.errors import AccessLostError, ConnectorError, OutcomeUnknownError, TransientError
from connections.messages import Message, say
from connections.models import Connection, Health

__all__ = ["ask_again", "due", "resubmit", "settle", "try_again", "work", "work_due"]

logger = logging.getLogger(__name__)
ROUTES = {Route.EXTF: extf_jobs.advance, Route.DXSO: dxso_jobs.advance}
# A connection that needs a person is asked about again after this time; until then its batches are not due.
SIGN_IN_WAIT = timedelta(minutes=5)
SLICE_SECONDS = 45.0


def due(now: datetime) -> QuerySet[Batch]:
    """Batches that a worker may take now, the longest waiting first; none whose connection is not usable."""
    return (
        Batch.objects.filter(state__in=WORKABLE, due_at__lte=now)
        .filter(Q(lease_until=None) | Q(lease_until__lte=now))
        .filter(client__connection__is_on=True)
        .exclude(client__connection__health=Health.SIGN_IN)
        .order_by("due_at", "pk")
    )


def work_due(now: datetime, limit: int = 20, *, seconds: float = SLICE_SECONDS) -> int:
    """Take one step of each due batch, `limit` at most and for `seconds`; how many steps were taken.

    What is left over is due at the next call: a slow DATEV must not make a task of the queue so long that
    it is ended in the middle of a hand-over.
    """
    ends_at, steps = time.monotonic() + seconds, 0
    for batch_id in list(due(now).values_list("pk", flat=True)[:limit]):
        if time.monotonic() > ends_at:
            break
        steps += _step(batch_id) is not None
    return steps


def work(batch_id: int) -> str:
    """Take one step of this batch if it is due; the sentence that says what happened. May run twice."""
    return str(_step(batch_id) or say("This batch is not due, or another worker has it."))


def datev_api(connection: Connection) -> Any:
    """The client of a DATEV connection."""
    return registry.vendor(connection.vendor).api(connection)


def _step(batch_id: int) -> Message | None:
    claim = Claim.take(batch_id)
    if claim is None:
        return None
    try:
        return _advance(claim)
    except ClaimLostError:
        logger.warning("Batch %s was taken over by another worker", batch_id)
        return None


def _advance(claim: Claim) -> Message:
    batch = claim.batch
    if batch.state == BatchState.CLOSED and batch.starts > settings.RECORD_MAX_STARTS:
        return _give_up(claim)
    if not batch.client.connection.is_usable:
        message = say(
            "Waiting until the DATEV connection '%(name)s' is usable.", name=batch.client.connection
        )
        return endings.put_off(claim, SIGN_IN_WAIT, message, counts=False)
    try:
        if waiting := debtor_batches.hold(claim):
            return waiting
        if not batch.is_rendered:
            rendering.render(claim)
        datev = datev_api(batch.client.connection)
        datev.transport.subject = batch.owner
        return ROUTES[Route(batch.route)](claim, datev)
    except ClaimLostError:
        raise
    except (TransientError, OutcomeUnknownError) as error:
        return _wait(claim, error)
    except AccessLostError as error:
        return endings.put_off(claim, SIGN_IN_WAIT, error.message, counts=False)
    except ConnectorError as error:
        return _refused(claim, error)
    except Exception:
        logger.exception("Batch %s met a fault of our own", batch.pk)
        fault = say("A fault of this program; it is tried again. The log of the server has the details.")
        return _wait(claim, TransientError(fault))


def _wait(claim: Claim, error: ConnectorError) -> Message:
    if claim.batch.state == BatchState.SENT and extf_jobs.gave_up(claim.batch):
        return endings.unknown(claim, error.message)
    return endings.put_off(claim, endings.backoff(claim.batch.starts, error.retry_after), error.message)


def _refused(claim: Claim, error: ConnectorError) -> Message:
    """A refusal before the hand-over stops the batch; one of a mere look says nothing about what was sent."""
    if claim.batch.state == BatchState.SENT:
        return _wait(claim, error)
    return endings.stop(claim, error)


def _give_up(claim: Claim) -> Message:
    last = claim.batch.reason
    return endings.stop(
        claim,
        TransientError(
            say(
                "Given up after %(count)s starts. The last reason was: %(reason)s",
                count=claim.batch.starts - 1,
                reason=Message.from_json(last)
                if last
                else say("none was noted, the program was ended each time"),
            )
        ),
    )
