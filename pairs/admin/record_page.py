"""What the page of a record tells: where it stands and why, what was done by whom, and what is next."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from bookings.models import Batch, Booking, Document
from connections.admin.logs import EFFECT_TONES
from connections.admin.subjects import subject_link
from connections.adminsite import label, link, page_of, sentence, stored_fault_rows
from connections.models import AuditEntry, Effect, EffectState
from pairs.admin.states import SETTLED_AT_BATCH, next_step, tone_of
from pairs.models import Record, RecordState

MOST_STEPS = 200
# Steps that are stored without a sentence.
ACTIONS = {
    "record.entered": _("The record was entered."),
    "booking.placed": _("The booking was put into a batch."),
}
# What a write is called, by the first part of its name.
WRITES = {
    "put_document": _("document into DATEV"),
    "import_extf": _("booking file into DATEV"),
    "create_dxso": _("XML job at DATEV"),
    "upload_dxso": _("file of the XML job"),
    "finalise_dxso": _("start of the XML job"),
    "write_back": _("result into the fields of the source"),
    "comment": _("comment at the source"),
    "invite": _("invitation to the workspace"),
    "remove": _("removal from the workspace"),
}
AGAIN = _("A person has asked for another try; it is read again from its source.")


def page(record: Record) -> dict[str, Any]:
    """All that the template shows; a handful of queries."""
    owners = _owners(record, _batches(record))
    # What stood in the way before is not the reason any more.
    is_tried_again = bool(record.instruction) and record.state in (RecordState.WAITING, RecordState.RUNNING)
    return {
        "record": record,
        "state": label(record.get_state_display(), tone_of(record.state)),
        "reason": gettext(AGAIN) if is_tried_again else sentence(record.reason),
        "next_step": _next_step(record),
        "faults": [] if is_tried_again else stored_fault_rows(record.faults or []),
        "is_changed": record.state == RecordState.CHANGED,
        "is_finding": record.state in (RecordState.DONE, RecordState.TO_CONFIRM),
        "integration_url": page_of(record.integration),
        "flow": gettext(record.declared.label),
        "bookings": _bookings(record),
        "documents": _documents(record),
        "effects": _effects(owners),
        "timeline": _timeline(record, owners),
        "calls_url": _list("admin:connections_calllog_changelist", f"?subject={record.subject}"),
    }


def _next_step(record: Record) -> str:
    if record.state == RecordState.UNSETTLED and not has_unclear_write(record):
        return gettext(SETTLED_AT_BATCH)
    return next_step(record.state)


def has_unclear_write(record: Record) -> bool:
    return Effect.objects.filter(
        owner=record.owner, state__in=(EffectState.STARTED, EffectState.UNKNOWN)
    ).exists()


def _batches(record: Record) -> list[Batch]:
    """The batches its bookings travel in, and those they travelled in before a correction."""
    found: dict[int, Batch] = {}
    ids = set(
        Booking.objects.filter(origin=record.subject, batch__isnull=False).values_list("batch_id", flat=True)
    )
    while ids - found.keys():
        for batch in Batch.objects.filter(pk__in=ids - found.keys()).defer("content"):
            found[batch.pk] = batch
        ids = {batch.corrects_id for batch in found.values() if batch.corrects_id}
    return list(found.values())


def _bookings(record: Record) -> list[dict[str, Any]]:
    rows = (
        Booking.objects.filter(origin=record.subject)
        .select_related("batch", "client")
        .defer("batch__content")
        .order_by("revision", "position")
    )
    found = []
    for booking in rows:
        entry, batch = booking.sent_entry, booking.batch
        found.append(
            {
                "text": gettext(
                    "%(amount)s %(currency)s %(side)s, account %(account)s, contra account %(contra)s"
                )
                % {
                    "amount": f"{entry.amount:.2f}".replace(".", ","),
                    "currency": entry.currency,
                    "side": entry.side.value,
                    "account": entry.account,
                    "contra": entry.contra_account,
                },
                "number": entry.document_field_1,
                "date": entry.document_date,
                "revision": booking.revision,
                "client": booking.client,
                "batch": link(page_of(batch), batch.filename or f"#{batch.pk}") if batch else "",
                "state": booking.get_verdict_display() if booking.verdict else _batch_state(batch),
            }
        )
    return found


def _batch_state(batch: Batch | None) -> str:
    return batch.get_state_display() if batch else ""


def _documents(record: Record) -> list[dict[str, Any]]:
    return [
        {
            "name": link(page_of(document), document.filename),
            "state": document.get_state_display(),
            "reason": sentence(document.reason),
            "at": document.uploaded_at,
        }
        for document in Document.objects.filter(origin=record.subject).defer("content").order_by("pk")
    ]


def _owners(record: Record, batches: list[Batch]) -> list[str]:
    """Whose writes and steps belong to the record: itself in each revision, its batches, its documents."""
    documents = Document.objects.filter(origin=record.subject).values_list("pk", flat=True)
    return [
        record.subject,
        *(f"{record.subject}:{revision}" for revision in range(1, record.revision + 1)),
        *(batch.owner for batch in batches),
        *(f"document:{pk}" for pk in documents),
    ]


def _effects(owners: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "effect": effect,
            "name": _write_name(effect.name),
            "about": subject_link(effect.owner),
            "state": label(effect.get_state_display(), EFFECT_TONES.get(effect.state, "neutral")),
            "error": sentence(effect.error),
        }
        for effect in Effect.objects.filter(owner__in=owners)
    ]


def _write_name(name: str) -> str:
    known = WRITES.get(name.partition(":")[0])
    return capfirst(gettext(known)) if known else name


def _timeline(record: Record, owners: list[str]) -> list[dict[str, Any]]:
    """Every step of the record and of its batches, oldest first; of very many the last ones."""
    entries = AuditEntry.objects.filter(subject__in=owners).order_by("-id")[:MOST_STEPS]
    return [
        {
            "at": entry.at,
            "by": entry.actor or gettext("system"),
            "what": sentence(entry.details.get("message"))
            or gettext(ACTIONS.get(entry.action, entry.action)),
            "about": "" if entry.subject.startswith("record:") else subject_link(entry.subject),
            "faults": stored_fault_rows(entry.details.get("faults") or []),
        }
        for entry in reversed(entries)
    ]


def _list(name: str, query: str) -> str:
    try:
        return reverse(name) + query
    except NoReverseMatch:
        return ""
