"""What is booked already and does not fit its source any more: replaced only when a person has said so."""

from __future__ import annotations

from collections.abc import Sequence

from bookings import selectors
from bookings.entry import Entry
from bookings.models import DatevClient
from connections.messages import DataFault, say
from pairs.base import Outcome, done, parked
from pairs.engine import Context
from pairs.models import RecordState


def decision(context: Context) -> str:
    """The decision of a person that this run has to carry out; "" if there is none."""
    return str((context.record.instruction or {}).get("decision") or "")


def standing(context: Context) -> list[Entry]:
    """What of earlier revisions stands in DATEV's books."""
    record = context.record
    return selectors.posted_entries(record.subject, before_revision=record.revision)


def undecided(version: str, earlier: Sequence[Entry]) -> Outcome:
    """Earlier bookings stand, and nobody has said that they are to be replaced."""
    return parked(
        RecordState.CHANGED,
        say(
            "Bookings of this record stand in DATEV (%(count)s), and their correction was not booked. Choose "
            "'reverse and book again', or keep what is booked.",
            count=len(earlier),
        ),
        version=version,
    )


def kept(version: str) -> Outcome:
    """A person has decided to leave the books as they are."""
    return done(say("A person keeps what was booked earlier."), version=version)


def impossible(version: str, faults: Sequence[DataFault]) -> Outcome:
    """A correction is wanted, but what the source says now can't be booked: everything stays as it is."""
    return parked(
        RecordState.CHANGED,
        say(
            "Not corrected, the earlier booking still stands in DATEV. Correct what is listed here, then "
            "choose 'reverse and book again'; or keep the booking as it is."
        ),
        faults=faults,
        version=version,
    )


def in_other_books(context: Context, client: DatevClient) -> list[DataFault]:
    """The integration was switched to another client since: a reversal would go into the wrong books."""
    others = selectors.other_books(context.record.subject, client)
    if not others:
        return []
    return [
        DataFault(
            "DATEV client",
            str(client),
            say("It is booked in the books of %(clients)s.", clients=", ".join(others)),
            say(
                "Reverse it there by hand and book it by hand for the other client; or set the integration "
                "back to the earlier client."
            ),
        )
    ]
