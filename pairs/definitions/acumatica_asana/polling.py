"""What changed in Acumatica: by the time of the last change, by push notifications, and what was deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from connections import clock
from connections.effects import digest
from connections.vendors.acumatica import payload
from connections.vendors.acumatica.api import Change as Found
from connections.vendors.acumatica.api import ChangePage, Document
from pairs.base import Change, Page
from pairs.definitions.acumatica_asana.kinds import OPEN_END, Kind
from pairs.engine import FlowContext
from pairs.models import Link, Record
from pairs.work_items import watch

# Marks a wake of which nothing but its cause is known: always news.
HINT = "~"
# Deletions show in no list: documents whose tasks are open are asked for one by one, once a day.
COMPARE = "compare:"
COMPARE_EVERY = timedelta(days=1)
COMPARED_AT_ONCE = 20
# Kept with the cursor: this instance can list documents without their lines only.
NO_LINES = "without_lines"
# Settings that decide which documents enter; when they change, everything is read again.
FILTERS = ("begin_on", "branches", "creditors")
# What a version is made of beside its moment: two changes may bear the same one.
COMPARED = ("status", "amount", "balance", "currency", "creditor", "branch", "due_on", "description")

Poll = Callable[[FlowContext, Mapping[str, Any], str], Page]
Wake = Callable[[FlowContext, Mapping[str, str], bytes], Sequence[Change]]


def version_of(document: Document) -> str:
    """`moment|content`; sorts like time."""
    content = digest([str(getattr(document, name)) for name in COMPARED])[:12]
    return f"{document.version}|{content}"


def is_news(version: str, known: str) -> bool:
    """`Flow.is_news` of documents: later, or of the same moment and different. A hint always is."""
    if version.startswith(HINT) or known.startswith(HINT):
        return True
    return watch.is_news(version, known)


def poll_of(kind: Kind) -> Poll:
    def poll(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
        """A page of changed documents; at the end of a pass, once a day, a look for deleted ones."""
        if not context.setting(kind.is_on):
            return Page((), cursor)
        if more.startswith(COMPARE):
            return _compare(context, kind, cursor, int(more.removeprefix(COMPARE)))
        filters = _filters(context, kind)
        if cursor.get("filters") != filters:
            cursor, more = {"filters": filters}, ""
        since = _moment(cursor.get("since", "")) or _begin(context)
        page, cursor = _listed(context, kind, cursor, since, more)
        value = {**cursor, "since": page.since.isoformat() if page.since else ""}
        changes = _entering(context, kind, page.changes)
        if page.more:
            return Page(changes, value, page.more)
        now = clock.now()
        compared_at = _moment(cursor.get("compared_at", "")) or now
        is_due = now - compared_at >= COMPARE_EVERY
        value["compared_at"] = (now if is_due else compared_at).isoformat()
        return Page(changes, value, f"{COMPARE}0" if is_due else "")

    return poll


def _listed(
    context: FlowContext, kind: Kind, cursor: Mapping[str, Any], since: datetime | None, more: str
) -> tuple[ChangePage, Mapping[str, Any]]:
    """The next page, with lines where they are wanted and Acumatica can list them; which is remembered.

    Without its header a document can't be kept out by the filters.
    """
    with_lines = context.setting("lines_as") != "none" and not cursor.get(NO_LINES)
    page: ChangePage = context.source.changes(kind.entity, since, more, with_lines=with_lines)
    if with_lines and page.changes and page.changes[0].document is None:
        page = context.source.changes(kind.entity, since, more, with_lines=False)
        cursor = {**cursor, NO_LINES: True}
    return page, cursor


def _filters(context: FlowContext, kind: Kind) -> str:
    own = [f"{kind.settings}_{name}" for name in ("types", "statuses", "minimum")]
    return digest([str(context.setting(key)) for key in (*FILTERS, *own)])[:12]


def _begin(context: FlowContext) -> datetime | None:
    """The first moment that is read, at the beginning of the chosen day; None = everything."""
    given = str(context.setting("begin_on") or "").strip()
    if not given:
        return None
    day = datetime.fromisoformat(given).date()
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _entering(context: FlowContext, kind: Kind, found: Sequence[Found]) -> list[Change]:
    """Those that the filters let in, and those that have entered before, whatever they are now."""
    known = _known(context, [one.id for one in found])
    return [
        _change(context, kind, one)
        for one in found
        if one.id in known or one.document is None or kind.may_enter(context, one.document)
    ]


def _known(context: FlowContext, ids: Sequence[str]) -> set[str]:
    rows = Record.objects.filter(
        integration=context.integration, flow=context.flow.key, source_ref__in=list(ids)
    )
    return set(rows.values_list("source_ref", flat=True))


def _change(context: FlowContext, kind: Kind, found: Found) -> Change:
    document = found.document
    return Change(
        ref=found.id,
        version=version_of(document) if document else found.version,
        label=f"{found.type} {found.number}",
        url=context.source.url(kind.entity, found.type, found.number),
        snapshot=document.to_json() if document else None,
    )


def _compare(context: FlowContext, kind: Kind, cursor: Mapping[str, Any], after: int) -> Page:
    """Which of the documents whose tasks are open are not there any more?"""
    open_links = Link.objects.filter(OPEN_END, integration=context.integration, flow=kind.flow, pk__gt=after)
    some = list(open_links.order_by("pk").values_list("pk", "source_ref")[:COMPARED_AT_ONCE])
    if not some:
        return Page((), cursor)
    gone = [ref for _pk, ref in some if context.source.state(kind.entity, ref) is None]
    changes = [Change(ref=ref, version=f"{HINT}gone", is_deleted=True) for ref in gone]
    return Page(changes, cursor, f"{COMPARE}{some[-1][0]}")


# --- push notifications -------------------------------------------------------------------------------------


def watched_of(kind: Kind) -> Callable[[FlowContext], Sequence[str]]:
    return lambda context: (kind.entity,) if context.setting(kind.is_on) else ()


def wake_of(kind: Kind) -> Wake:
    def wake(context: FlowContext, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
        """The documents that a notification names; each is read again, whatever the notification says.

        Raises ValueError for one without an id that we do not know by its number: the next poll finds it.
        """
        push = payload.read(body)
        if not push.is_of(str(context.integration.source.setting("tenant")).strip()):
            return []
        mark = f"{HINT}{push.transaction}"[:100]
        return [
            Change(
                ref=ref.id or _by_label(context, f"{ref.type} {ref.number}"),
                version=mark,
                label=f"{ref.type} {ref.number}".strip(),
            )
            for ref in push.refs
        ]

    return wake


def _by_label(context: FlowContext, label: str) -> str:
    ref = (
        Record.objects.filter(integration=context.integration, flow=context.flow.key, label=label)
        .values_list("source_ref", flat=True)
        .first()
    )
    if ref is None:
        raise ValueError("a row without NoteID")
    return ref
