"""What changed in Exact Online: by its feeds, by the log of deletions, and by webhooks.

A feed only wakes: what an object says is read when its record is handled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from connections import audit, clock
from connections.messages import say
from connections.vendors.exact.api import ChangedRow, FullReadNeededError, HookRef, Row, hook_ref
from pairs.base import Change, Page
from pairs.definitions.exact_asana import settings
from pairs.definitions.exact_asana.common import guid_of
from pairs.engine import Context, FlowContext
from pairs.models import Link, Record, RecordState

Poll = Callable[[FlowContext, Mapping[str, Any], str], Page]
Wake = Callable[[FlowContext, Mapping[str, str], bytes], Sequence[Change]]
# Where a reading of several parts goes on: "changes:<token>", then "deleted:<token>", then "compare:<pk>".
CHANGES, DELETED, COMPARE = "changes", "deleted", "compare"
COMPARED_AT_ONCE = 200
# A moment of the site's clock may be a day off the day of ours.
OVERLAP = timedelta(days=1)
# There is none for projects, what is below them, cost centers and cost units: those are polled.
TOPICS: Mapping[str, str] = {
    "purchase_orders": "PurchaseOrders",
    "sales_invoices": "SalesInvoices",
    "gl_accounts": "GLAccounts",
    "accounts": "Accounts",
}
Find = Callable[[FlowContext, Sequence[str]], Mapping[str, Any]]


@dataclass(frozen=True)
class Feed:
    """A feed as a flow reads it.

    `label` is what people call a row, `still_there` gives those of some ids that exist. With `from_the_start`
    old objects are taken in as well; `has_content`: the row is all there is to know of the object.
    """

    key: str
    label: Callable[[ChangedRow], str]
    still_there: Find
    from_the_start: bool = False
    has_content: bool = False


def poll_of(feed: Feed, *, is_wanted: Callable[[FlowContext], bool] = lambda context: True) -> Poll:
    """Polls a feed, then what was deleted; where deletions may have been missed it then compares what is
    known with what is there."""

    def poll(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
        if not is_wanted(context):
            # Once it is wanted, everything is read.
            return Page((), {})
        part, _, token = more.partition(":")
        value = dict(cursor)
        if part == COMPARE:
            return _compare(context, feed, value, int(token or 0))
        if part == DELETED:
            return _deleted(context, feed, value, token)
        return _changed(context, feed, value, token)

    return poll


def _changed(context: FlowContext, feed: Feed, value: dict[str, Any], token: str) -> Page:
    day = str(context.setting("begin_on"))
    if day < value.get("begin_on", day):
        # What was left alone before may be wanted now.
        value["changes"] = ""
    value["begin_on"] = day
    is_first = not value.get("changes")
    try:
        page = context.source.changes(feed.key, value.get("changes", ""), token)
    except FullReadNeededError as error:
        _tell_of_full_reading(context, error)
        value = {"begin_on": day, "compare": True}
        is_first = True
        page = context.source.changes(feed.key, "")
    is_first = is_first and not feed.from_the_start
    changes = [
        Change(
            ref=context.source.ref(feed.key, row.id),
            version=row.version,
            label=feed.label(row),
            snapshot=_snapshot(row) if feed.has_content else None,
        )
        for row in page.rows
        if not (is_first and _is_old(context, row))
    ]
    if page.more:
        return Page(changes, value, f"{CHANGES}:{page.more}")
    return Page(changes, {**value, "changes": page.cursor}, f"{DELETED}:")


def _snapshot(row: ChangedRow) -> dict[str, Any] | None:
    return {"path": row.path, **row.row.to_json()} if row.row is not None else None


def content(context: Context) -> tuple[Row, str] | None:
    """The row that the poll has just read, and where; None when the object has to be read."""
    snapshot = context.fresh_snapshot()
    return (Row.from_json(snapshot, context.source.zone), snapshot["path"]) if snapshot else None


def _is_old(context: FlowContext, row: ChangedRow) -> bool:
    """Not touched since the first day: at the first reading nothing is made of it, not even a record."""
    modified_at = row.row.moment("Modified") if row.row is not None else None
    begin = datetime.combine(settings.begin_on(context.integration), time.min, tzinfo=UTC) - OVERLAP
    return modified_at is not None and modified_at < begin


def _deleted(context: FlowContext, feed: Feed, value: dict[str, Any], token: str) -> Page:
    try:
        page = context.source.deletions(value.get("deleted", ""), token)
    except FullReadNeededError:
        page = context.source.deletions("", "")
        value["compare"] = True
    if page.has_gap:
        value["compare"] = True
    refs = [context.source.ref(feed.key, one.id) for one in page.deletions if one.feed == feed.key]
    changes = _gone(context, refs)
    if page.more:
        return Page(changes, value, f"{DELETED}:{page.more}")
    value["deleted"] = page.cursor
    return Page(changes, value, f"{COMPARE}:" if value.pop("compare", False) else "")


def _compare(context: FlowContext, feed: Feed, value: dict[str, Any], after: int) -> Page:
    """Which of the objects that we know are not there any more?"""
    known = Record.objects.filter(
        integration=context.integration,
        flow=context.flow.key,
        source_ref__startswith=context.source.ref(feed.key, ""),
        is_deleted_at_source=False,
        pk__gt=after,
    ).exclude(state=RecordState.CLOSED)
    some = list(known.order_by("pk").values_list("pk", "source_ref")[:COMPARED_AT_ONCE])
    if not some:
        return Page((), value)
    there = feed.still_there(context, [guid_of(ref) for _, ref in some])
    gone = _gone(context, [ref for _, ref in some if guid_of(ref) not in there])
    return Page(gone, value, f"{COMPARE}:{some[-1][0]}")


def _gone(context: FlowContext, refs: Sequence[str]) -> list[Change]:
    """Of deleted objects those that we know: of others nothing was made."""
    known = Record.objects.filter(
        integration=context.integration,
        flow=context.flow.key,
        source_ref__in=refs,
        is_deleted_at_source=False,
    ).values_list("source_ref", flat=True)
    return [Change(ref=ref, version=f"deleted {clock.now().isoformat()}", is_deleted=True) for ref in known]


def _tell_of_full_reading(context: FlowContext, error: FullReadNeededError) -> None:
    audit.record(
        "flow.read_again",
        f"integration:{context.integration.pk}",
        say(
            "Everything is read again from Exact Online; what has a task already gets no second one. %(why)s",
            why=error.message,
        ),
        flow=context.flow.key,
    )


# --- webhooks -----------------------------------------------------------------------------------------------


def hook(context: FlowContext, body: bytes) -> HookRef | None:
    """What a genuine delivery names, if it is about our app and company."""
    found = hook_ref(body)
    return found if found is not None and context.source.is_ours(found) else None


def wake_of(feed: str) -> Wake:
    """The object that a delivery names. A line that we know leads to its document; of another one the record
    that is made here asks for it."""

    def wake(context: FlowContext, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
        found = hook(context, body)
        if found is None or found.feed != feed:
            return []
        version = f"told {clock.now().isoformat()}"
        if found.line_path:
            known = document_of_line(context, found.key)
            return [Change(ref=known or context.source.ref(found.line_path, found.key), version=version)]
        ref = context.source.ref(feed, found.key)
        if found.is_deleted:
            return _gone(context, [ref])
        return [Change(ref=ref, version=version)]

    return wake


def document_of_line(context: FlowContext, line: str) -> str:
    """The reference of the document that has this line as a subtask; "" where we know none."""
    found = Link.objects.filter(
        integration=context.integration, flow=f"{context.flow.key}/line", source_ref__endswith=f"|{line}"
    ).first()
    return found.source_ref.partition("|")[0] if found else ""


def watched(feed: str, is_wanted: Callable[[FlowContext], bool]) -> Callable[[FlowContext], Sequence[str]]:
    """The topic of a feed while it is wanted."""
    return lambda context: (TOPICS[feed],) if is_wanted(context) else ()
