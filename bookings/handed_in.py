"""Files that were made elsewhere: checked as they come, sent as they are, each once, followed like ours."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from bookings.batches import names_of
from bookings.extf.text import clean
from bookings.given import formats
from bookings.given.reading import LineFault, Reading, lines_to_json
from bookings.models import Batch, BatchState, DatevClient, HandedIn, HandedInState, Way
from bookings.snapshot import books
from bookings.validation import labels
from connections import audit, clock, queue
from connections.errors import RejectedError, TransientError
from connections.messages import DataFault, Message, say

MAX_BYTES = 50_000_000
TAKEN = say("The file is checked and on its way to DATEV.")
REFUSED = say("Our checks refuse this file; nothing was sent to DATEV. Correct what is listed here.")


def hand_in(
    content: bytes, filename: str, *, way: Way, by: str, client: DatevClient | None = None
) -> tuple[HandedIn, bool]:
    """(the file, whether it was taken by this very call).

    `client` is for whom it is handed in, if that is known: a file for another client is refused. The same
    bytes for the same client are taken once, whoever hands them in again; a refused file is checked anew.
    Raises RejectedError, and nothing is kept, for what is larger than 50 MB.
    """
    if len(content) > MAX_BYTES:
        raise RejectedError(say("The file is larger than 50 MB. DATEV takes smaller files only."))
    ref, found = _owner(content)
    if client is not None:
        # Kept with the one who hands it in: nobody is told of the files of another client.
        is_theirs = ref in ("", client.ref)
        ref, found = client.ref, client if is_theirs else found
    sha256 = hashlib.sha256(content).hexdigest()
    known = HandedIn.objects.filter(client_ref=ref, sha256=sha256).defer("content").first()
    if known is not None and known.state == HandedInState.TAKEN:
        return known, False
    reading, reason, faults = _checked(content, found, client)
    for _ in range(2):
        try:
            with transaction.atomic():
                return _store(
                    known,
                    content,
                    reading,
                    reason,
                    faults,
                    client=client or found,
                    client_ref=ref,
                    sha256=sha256,
                    filename=clean(filename, 255).strip() or "-",
                    way=way,
                    by=by[:150],
                )
        except IntegrityError:
            # Handed in by somebody else in this very moment.
            known = HandedIn.objects.filter(client_ref=ref, sha256=sha256).defer("content").first()
    raise TransientError(say("Another worker takes the same file; tried again in a moment."))


def check_again(handed_in: HandedIn, by: str) -> tuple[HandedIn, bool]:
    """Check a refused file once more, after a table or a setting was mended; taken if it is right now."""
    content = content_of(handed_in)
    if content is None:
        raise RejectedError(say("The file is not kept any more: hand it in again."))
    return hand_in(content, handed_in.filename, way=Way(handed_in.way), by=by, client=handed_in.client)


def content_of(handed_in: HandedIn) -> bytes | None:
    """The bytes as they came; None once they are not kept any more."""
    row = HandedIn.objects.select_related("batch").get(pk=handed_in.pk)
    stored = row.content if row.batch is None else row.batch.content
    return None if stored is None else bytes(stored)


def _owner(content: bytes) -> tuple[str, DatevClient | None]:
    """("455148-1", our client of this name) as the file says; ("", None) if it names none."""
    try:
        consultant, number = formats.recognised(content).owner(content)
    except RejectedError:
        consultant = number = 0
    if not consultant or not number:
        return "", None
    found = DatevClient.objects.filter(consultant_number=consultant, client_number=number).first()
    return f"{consultant}-{number}"[:20], found


def _checked(
    content: bytes, found: DatevClient | None, client: DatevClient | None
) -> tuple[Reading | None, Message, Sequence[LineFault]]:
    """What the file says, in one sentence what becomes of it, and every fault."""
    try:
        reading = formats.recognised(content).read(content, books(found) if found else None)
    except RejectedError as error:
        return None, error.message, [LineFault(0, fault) for fault in error.faults]
    faults = [*_client_faults(reading, found, client), *reading.faults]
    return reading, REFUSED if faults else TAKEN, faults


def _client_faults(
    reading: Reading, found: DatevClient | None, client: DatevClient | None
) -> list[LineFault]:
    told = f"{reading.consultant_number}-{reading.client_number}"
    if client is not None and found != client:
        fault = DataFault(
            labels.CLIENT_NUMBER, told, say("The file was handed in for %(client)s.", client=client.ref)
        )
    elif found is None:
        fault = DataFault(
            labels.CLIENT_NUMBER,
            told if reading.client_number else "",
            say("This DATEV client is not set up here."),
            say("Add it under 'DATEV clients', then hand in the file again."),
        )
    else:
        return []
    return [LineFault(0, fault)]


def _store(
    known: HandedIn | None,
    content: bytes,
    reading: Reading | None,
    reason: Message,
    faults: Sequence[LineFault],
    **fields: object,
) -> tuple[HandedIn, bool]:
    """The row and, without faults, its batch: both or neither."""
    now = clock.now()
    if known is None:
        row = HandedIn(content=content, size_bytes=len(content), received_at=now, **fields)
    else:
        row = HandedIn.objects.select_for_update().get(pk=known.pk)
        if row.state == HandedInState.TAKEN:
            return row, False
        row.content = content
        row.client, row.filename = fields["client"], str(fields["filename"])  # type: ignore[assignment]
    is_right = reading is not None and not faults
    row.state = HandedInState.TAKEN if is_right else HandedInState.REFUSED
    row.route = reading.route if reading else ""
    row.reason, row.faults, row.decided_at = reason.to_json(), lines_to_json(faults), now
    row.save()
    if is_right and reading is not None:
        row.batch = _batch(row, content, reading, now)
        row.content = None
        row.save(update_fields=("batch", "content"))
        queue.wake("bookings.jobs.work", row.batch.pk)
    audit.record(
        f"handed_in.{row.state}",
        row.subject,
        reason,
        actor=str(fields["by"]),
        file=row.filename,
        sha256=row.sha256,
        way=str(fields["way"]),
        client=row.client_ref,
        faults=len(faults),
        batch=row.batch_id,
    )
    return row, is_right


def _batch(row: HandedIn, content: bytes, reading: Reading, now: datetime) -> Batch:
    """The file as a batch that is due at once: its bytes are fixed, its name and reference are ours."""
    if row.client is None or reading.month is None or reading.fiscal_year_start is None:
        raise ValueError("A file without client, month or fiscal year is never without faults.")
    batch = Batch.objects.create(
        client=row.client,
        route=reading.route,
        origin=row.subject,
        label=reading.label[:30],
        direction=reading.direction,
        fiscal_year_start=reading.fiscal_year_start,
        month=reading.month,
        state=BatchState.CLOSED,
        is_given=True,
        content=content,
        sha256=row.sha256,
        size_bytes=len(content),
        rows=len(reading.rows),
        closed_at=now,
        due_at=now,
    )
    Batch.objects.filter(pk=batch.pk).update(**names_of(batch))
    return batch


# --- questions ---------------------------------------------------------------------------------------------


def refused_since(clients: Collection[int], since: datetime | None, limit: int) -> list[HandedIn]:
    """Files for these clients that our checks refused at or after `since`, oldest first."""
    found = HandedIn.objects.filter(client__in=clients, state=HandedInState.REFUSED)
    if since is not None:
        found = found.filter(decided_at__gte=since)
    return list(found.select_related("client").defer("content").order_by("decided_at", "pk")[:limit])
