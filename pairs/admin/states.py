"""The states of a record as people see them: a colour, and what happens or must be done next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connections.adminsite import Tone
from pairs.models import RecordState


@dataclass(frozen=True)
class StateOfAffairs:
    tone: Tone
    # One or two sentences: what goes on by itself, or what a person does.
    next_step: str


STATES: Mapping[str, StateOfAffairs] = {
    RecordState.WAITING: StateOfAffairs(
        "info", _("Nothing to do: it goes on by itself at the time shown as 'due at'.")
    ),
    RecordState.RUNNING: StateOfAffairs("info", _("Nothing to do: a worker is at it.")),
    RecordState.SENT: StateOfAffairs(
        "info", _("Nothing to do: the answer of the target system is waited for and then shown here.")
    ),
    RecordState.UNKNOWN: StateOfAffairs(
        "warning",
        _(
            "Nothing to do yet: it was sent, but no answer came. The target system is asked whether it "
            "arrived; nothing is sent a second time."
        ),
    ),
    RecordState.DORMANT: StateOfAffairs(
        "neutral", _("Nothing to do here: it goes on when it is approved or changed at its source.")
    ),
    RecordState.DONE: StateOfAffairs("success", _("Nothing to do.")),
    RecordState.REFUSED: StateOfAffairs(
        "danger",
        _(
            "Nothing was sent. Correct the values that its page lists, at the source or in the mapping; the "
            "record then goes on by itself. 'Try again' makes it go on at once."
        ),
    ),
    RecordState.REJECTED: StateOfAffairs(
        "danger",
        _(
            "The target system has refused it, so it is not in the books. Correct what the reason names at "
            "the source, then try again; or take one of the decisions offered."
        ),
    ),
    RecordState.DOCUMENT_MISSING: StateOfAffairs(
        "warning",
        _(
            "It is booked; only the document is not in DATEV. Remove the cause, then try again: the document "
            "is uploaded, and nothing is booked a second time."
        ),
    ),
    RecordState.CHANGED: StateOfAffairs(
        "warning",
        _(
            "The source says something else than what was booked; its page lists the differences. "
            "Decide: reverse and book again, or keep the booking."
        ),
    ),
    RecordState.TO_CONFIRM: StateOfAffairs(
        "warning",
        _(
            "What comes next can't be undone, so it is done only after a person has confirmed it here. Read "
            "the reason, then take one of the decisions offered."
        ),
    ),
    RecordState.CONFIG: StateOfAffairs(
        "danger",
        _(
            "Complete the integration or the connection as the reason says and save it; the record is then "
            "tried again by itself."
        ),
    ),
    RecordState.RECONNECT: StateOfAffairs(
        "danger", _("Sign in again on the page of the connection; the record then goes on by itself.")
    ),
    RecordState.UNSETTLED: StateOfAffairs(
        "danger",
        _(
            "Look into the target system whether it has arrived, then press 'It has arrived' or 'It has not "
            "arrived'. Nothing is sent before that."
        ),
    ),
    RecordState.GAVE_UP: StateOfAffairs(
        "danger",
        _(
            "The work broke off many times without an answer. Let your technician look into the log of the "
            "worker, then try again."
        ),
    ),
    RecordState.INTERNAL: StateOfAffairs(
        "danger",
        _(
            "This is a fault of the program and not of the record. Give the number of the record to your "
            "technician; after an update, try again."
        ),
    ),
    RecordState.CLOSED: StateOfAffairs(
        "neutral", _("Nothing to do: a person has closed it. 'Try again' opens it again.")
    ),
}


SETTLED_AT_BATCH = _(
    "Look into DATEV whether the batch has arrived, then say so on the page of the batch; its records go on "
    "by themselves. Nothing is sent before that."
)


def tone_of(state: str) -> Tone:
    known = STATES.get(state)
    return known.tone if known else "neutral"


def next_step(state: str) -> str:
    """What happens or must be done next, in the reader's language."""
    known = STATES.get(state)
    return gettext(known.next_step) if known else ""
