"""The admin's first page: what moves, what waits, what waits for a person, and whether the sign-ins hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from bookings import selectors as booking_selectors
from bookings.models import Account, Batch, BatchState, DatevClient, DocumentState, Job, JobState
from connections import clock
from connections.admin.panel import Light, SignIn, light, sign_in
from connections.adminsite import Tone, label, link_to, may, page_of, sentence
from connections.models import Connection
from connections.registry import label as vendor_label
from pairs import selectors
from pairs.admin.records import GroupFilter
from pairs.admin.states import next_step, tone_of
from pairs.models import PARKED, Cursor, Heartbeat, Integration, Record, RecordState, Webhook, WebhookState
from pairs.registry import pairs

RECORDS = "admin:pairs_record_changelist"
BATCHES = "admin:bookings_batch_changelist"
DOCUMENTS = "admin:bookings_document_changelist"
JOBS = "admin:bookings_job_changelist"
# Jobs that DATEV has not ended, or of which we do not know the end.
OPEN_JOBS: dict[str, Tone] = {JobState.OPEN: "info", JobState.PENDING: "info", JobState.UNKNOWN: "danger"}
# Batches that are no longer of interest here.
QUIET = (BatchState.POSTED,)
BATCH_TONES: dict[str, Tone] = {
    BatchState.FAILED: "danger",
    BatchState.PARTLY: "danger",
    BatchState.UNKNOWN: "danger",
    BatchState.STOPPED: "danger",
}


@dataclass(frozen=True)
class Figure:
    """One number that leads to the list of what it counts."""

    words: str
    count: int
    url: str


@dataclass(frozen=True)
class Line:
    """One line of a table: what, how many, and what to do."""

    what: Any
    count: int = 0
    url: str = ""
    text: str = ""


@dataclass(frozen=True)
class ConnectionLine:
    connection: Connection
    url: str
    light: Light
    text: str
    sign_in: SignIn | None


@dataclass(frozen=True)
class Step:
    """One step of setting up."""

    words: str
    is_done: bool
    url: str


def add_to_index(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Each part only for those who may see the lists behind it."""
    parts: tuple[tuple[type[Model], Callable[[], dict[str, Any]]], ...] = (
        (Record, records),
        (Connection, connections),
        (Batch, batches),
        (Integration, reading),
    )
    for model, part in parts:
        if may(request, "view", model):
            context |= part()
    context |= queue()
    context["title"] = gettext("Dashboard")
    return context


def records() -> dict[str, Any]:
    """The four figures add up to all records that ever entered."""
    counts = selectors.counts()
    groups = {
        "parked": gettext("wait for a person"),
        "moving": gettext("are on their way"),
        "asleep": gettext("not approved yet"),
        "finished": gettext("are finished"),
    }
    figures = [
        Figure(words, sum(counts[state] for state in GroupFilter.GROUPS[group]), _group(group))
        for group, words in groups.items()
    ]
    by_hand = [state for state in (*PARKED, RecordState.RECONNECT) if counts[state]]
    return {
        "figures": figures,
        "total": Figure(gettext("records in all"), sum(counts.values()), reverse(RECORDS)),
        "adds_up": sum(figure.count for figure in figures) == sum(counts.values()),
        "parked": [_state_line(state, counts[state]) for state in by_hand],
        "moving": [
            _state_line(state, counts[state]) for state in GroupFilter.GROUPS["moving"] if counts[state]
        ],
    }


def _group(group: str) -> str:
    return f"{reverse(RECORDS)}?group={group}"


def _state_line(state: str, count: int) -> Line:
    shown = label(RecordState(state).label, tone_of(state))
    return Line(shown, count, f"{reverse(RECORDS)}?state__exact={state}", next_step(state))


def connections() -> dict[str, Any]:
    found = Connection.objects.select_related("token_set")
    return {
        "connections": [
            ConnectionLine(
                connection,
                page_of(connection),
                light(connection),
                sentence(connection.health_message),
                sign_in(connection),
            )
            for connection in found
        ]
    }


def batches() -> dict[str, Any]:
    """Batches that are not simply accepted, and documents that did not get through."""
    counts = booking_selectors.batch_counts()
    lines = [
        Line(
            label(BatchState(state).label, BATCH_TONES.get(state, "info")),
            count,
            f"{reverse(BATCHES)}?state__exact={state}",
        )
        for state, count in counts.items()
        if count and state not in QUIET
    ]
    documents = booking_selectors.document_counts()
    lines += [
        Line(
            label(f"{gettext('Documents')}: {DocumentState(state).label}", "danger"),
            documents[state],
            f"{reverse(DOCUMENTS)}?state__exact={state}",
        )
        for state in (DocumentState.REFUSED, DocumentState.DUPLICATE)
        if documents[state]
    ]
    jobs = dict(Job.objects.filter(state__in=OPEN_JOBS).order_by().values_list("state").annotate(Count("pk")))
    lines += [
        Line(
            label(f"{gettext('DATEV jobs')}: {JobState(state).label}", tone),
            jobs[state],
            f"{reverse(JOBS)}?state__exact={state}",
        )
        for state, tone in OPEN_JOBS.items()
        if state in jobs
    ]
    return {"batches": lines, "accepted": counts[BatchState.POSTED]}


def reading() -> dict[str, Any]:
    """What fails while reading the sources; and what is still to be set up."""
    integrations = list(Integration.objects.select_related("source", "target"))
    cursors = Cursor.objects.filter(integration__is_on=True).exclude(error=None).select_related("integration")
    hooks = Webhook.objects.filter(state=WebhookState.FAILED).select_related("integration")
    failing = [Line(link_to(thing.integration), text=sentence(thing.error)) for thing in (*cursors, *hooks)]
    is_running = any(integration.is_on and not integration.is_paused for integration in integrations)
    return {
        "integrations": integrations,
        "failing": failing,
        "steps": [] if is_running else steps(integrations),
    }


def steps(integrations: Sequence[Integration]) -> list[Step]:
    """What has to be done until the first record can move, in this order."""
    connected = set(Connection.objects.values_list("vendor", flat=True))
    wanted = dict.fromkeys(
        key for pair in pairs().values() for key in (pair.source_vendor, pair.target_vendor)
    )
    found = [
        Step(
            gettext("Connect %(system)s") % {"system": vendor_label(key)},
            key in connected,
            reverse("admin:connections_connection_add"),
        )
        for key in wanted
    ]
    found.append(
        Step(
            gettext("Add the DATEV client with its accounts and tax keys"),
            Account.objects.exists(),
            reverse("admin:bookings_datevclient_changelist")
            if DatevClient.objects.exists()
            else reverse("admin:bookings_datevclient_add"),
        )
    )
    found.append(
        Step(
            gettext("Add an integration, choose its project and map the fields"),
            bool(integrations),
            page_of(integrations[0]) if integrations else reverse("admin:pairs_integration_add"),
        )
    )
    found.append(
        Step(
            gettext("Switch the integration on"),
            False,
            page_of(integrations[0]) if integrations else "",
        )
    )
    return found


def queue() -> dict[str, Any]:
    """Whether workers work: when a task last came through the queue, and what waits for them too long."""
    now = clock.now()
    oldest = selectors.oldest_due(now)
    is_late = oldest is not None and now - oldest > timedelta(seconds=settings.READY_DUE_SECONDS)
    return {"queue": _heartbeat(now), "oldest_due": oldest if is_late else None}


def _heartbeat(now: datetime) -> dict[str, str]:
    beat = Heartbeat.objects.filter(name="queue").first()
    if beat is None:
        words = gettext("No worker has reported yet. Start the workers (qcluster), or `manage.py work`.")
        return {"tone": "danger", "words": words}
    seconds = max(0, int((now - beat.at).total_seconds()))
    if seconds < 60:
        words = gettext("The workers reported less than a minute ago.")
    else:
        reported = ngettext(
            "The workers reported %(count)s minute ago.",
            "The workers reported %(count)s minutes ago.",
            seconds // 60,
        )
        words = reported % {"count": seconds // 60}
    if seconds <= settings.READY_QUEUE_SECONDS:
        return {"tone": "success", "words": words}
    return {"tone": "danger", "words": f"{words} {gettext('Nothing is worked off: have them restarted.')}"}
