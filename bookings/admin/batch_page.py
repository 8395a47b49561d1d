"""What the page of a batch shows above its fields."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from bookings.admin.shown import BATCH_TONES, DOCUMENT_TONES, JOB_TONES, bookings_of
from bookings.models import Batch, Booking, BookingVerdict, Document
from connections.admin.subjects import subject_link
from connections.adminsite import link, link_to, page_of, sentence, state_label, stored_fault_rows

BOOKINGS_LISTED = 50
CHANGES_SHOWN = 100


def context(batch: Batch) -> dict[str, Any]:
    """Why it is where it is, its bookings, jobs and documents."""
    found = bookings_of(batch, BOOKINGS_LISTED)
    total = batch.bookings.count()
    guids = [guid for booking in found for guid in booking.sent_entry.documents]
    documents = Document.objects.filter(guid__in=guids).defer("content")
    return {
        "state": state_label(batch, BATCH_TONES),
        "why": sentence(batch.reason),
        "help_url": batch.help_url,
        "faults": stored_fault_rows(batch.faults),
        "file_url": reverse("admin:bookings_batch_file", args=[batch.pk]),
        "bookings": [
            (booking, link(page_of(booking), booking.row or "-"), subject_link(booking.origin, booking.label))
            for booking in found
        ],
        "bookings_url": f"{reverse('admin:bookings_booking_changelist')}?batch__id__exact={batch.pk}",
        "more_bookings": total - len(found),
        "jobs": [(link_to(job), state_label(job, JOB_TONES), job) for job in batch.jobs.all()],
        "debtors": [
            (update.row or "-", link_to(update.debtor), update.debtor.customer_ref)
            for update in batch.debtor_updates.select_related("debtor")[:BOOKINGS_LISTED]
        ],
        "documents": [
            (link_to(document), state_label(document, DOCUMENT_TONES), document) for document in documents
        ],
        "noted_corrections": [
            (
                one,
                one.get_kind_display(),
                one.differences[:CHANGES_SHOWN],
                max(len(one.differences) - CHANGES_SHOWN, 0),
            )
            for one in batch.noted_corrections.defer("content")
        ],
        "elsewhere": _elsewhere(batch),
    }


def _elsewhere(batch: Batch) -> list[tuple[SafeString | str, SafeString | str]]:
    """The records whose bookings were replaced, with the batch in which they travel now."""
    replaced = list(batch.bookings.filter(verdict=BookingVerdict.RELEASED).order_by("pk")[:BOOKINGS_LISTED])
    newer = Booking.objects.filter(origin__in={one.origin for one in replaced}).select_related("batch")
    latest = {one.origin: one for one in newer.defer("batch__content").order_by("revision", "pk")}
    return [
        (subject_link(one.origin, one.label), link_to(latest[one.origin].batch))
        for one in replaced
        if latest[one.origin].revision > one.revision
    ]
