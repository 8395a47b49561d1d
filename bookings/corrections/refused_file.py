"""A file from elsewhere that our checks refused, asked for again after a table or a setting was mended."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from bookings import handed_in
from bookings.corrections.requests import Refusal, Resubmitted, note, told
from bookings.given.reading import LineFault
from bookings.models import HandedIn, HandedInState, Resubmission
from connections.errors import TransientError
from connections.messages import Message, say


def resubmit(file: HandedIn, transition_ref: str, by: str) -> Resubmitted:
    """Check it again and send it if it is right now; the same request again gives the same result."""
    try:
        with transaction.atomic():
            # Held until the end: of two workers with the same request one does it, the other reads it.
            held = HandedIn.objects.select_for_update().defer("content").get(pk=file.pk)
            known = told(transition_ref, subject=held.subject)
            if known is not None:
                return known
            return note(_checked(held, transition_ref, by), held.subject, by)
    except IntegrityError as error:
        raise TransientError(say("Another worker takes the same file; tried again in a moment.")) from error


def was_asked(file: HandedIn, transition_ref: str) -> bool:
    """Whether this request was made when the file was still a refused one."""
    return Resubmission.objects.filter(transition_ref=transition_ref, subject=file.subject).exists()


def _checked(held: HandedIn, transition_ref: str, by: str) -> Resubmitted:
    if held.state == HandedInState.TAKEN:
        return Resubmitted(transition_ref, held.batch, say("The file was taken already."), Refusal.UNDER_WAY)
    row, _is_new = handed_in.check_again(held, by)
    reason = Message.from_json(row.reason) if row.reason else Message("")
    if row.state == HandedInState.TAKEN:
        return Resubmitted(transition_ref, row.batch, reason)
    faults = tuple(LineFault.from_json(item).fault for item in row.faults)
    return Resubmitted(transition_ref, None, reason, Refusal.FAULTY, faults)
