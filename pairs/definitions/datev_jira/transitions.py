"""Somebody moves an issue to done: the corrected file is sent, exactly once for each time it happens.

A move is an entry of the issue's changelog. Its id is what a record of this flow is about, so that a webhook,
its repetition and the poll all mean the same thing; and so that done, reopened and done again are two moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation

from bookings import corrections
from bookings.corrections import Refusal, Resubmitted
from bookings.failures import Failure
from bookings.models import Batch
from bookings.selectors import failure as failure_of
from connections.messages import DataFault, say
from connections.vendors.jira.api import JiraApi
from connections.vendors.jira.news import issue_news
from connections.vendors.jira.values import Change as Entry
from pairs.base import Change, Outcome, Page, done
from pairs.definitions.datev_jira import failures, settings, telling
from pairs.engine import Context, FlowContext
from pairs.models import Integration, Link, Record, RecordState

# Issues asked for in one page of a poll.
AT_ONCE = 100
# Refusals of which nothing has to be said: the file is on its way, or has arrived.
NO_ANSWER = (Refusal.UNDER_WAY, Refusal.ACCEPTED)


def watched(context: FlowContext) -> Sequence[str]:
    project = str(context.setting("project") or "")
    return (project,) if project else ()


def poll(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
    """Moves to done of all open issues, read from Jira's store itself; enough without any webhook.

    The cursor keeps for each open issue when it last changed: only others are asked for their history.
    """
    seen: dict[str, str] = dict(cursor.get("issues") or {})
    open_issues = _open_issues(context.integration)
    page = [one for one in open_issues if not more or int(one) > int(more)][:AT_ONCE]
    jira: JiraApi = context.target
    found = jira.issues(page) if page else None
    stamps = {
        ref: issue.updated_at.isoformat() if issue.updated_at else ""
        for ref, issue in (found.issues.items() if found else ())
    }
    changed = [ref for ref, stamp in stamps.items() if not stamp or seen.get(ref) != stamp]
    history = jira.changes_of(changed) if changed else {}
    finished = settings.done_statuses(context.integration)
    moves = [
        _change(ref, entry, found.issues[ref].key if found else "")
        for ref in changed
        for entry in history.get(ref, ())
        if entry.status is not None and entry.status.new in finished
    ]
    wanted = set(open_issues)
    kept = {ref: stamp for ref, stamp in {**seen, **stamps}.items() if ref in wanted}
    is_full = len(page) == AT_ONCE
    return Page(moves, {"issues": kept}, more=page[-1] if is_full else "")


def _open_issues(integration: Integration) -> list[str]:
    """The ids of the issues whose failure is not over, in order of their numbers."""
    unfinished = Record.objects.filter(integration=integration, flow=failures.FLOW).exclude(
        state__in=(RecordState.DONE, RecordState.CLOSED)
    )
    links = Link.objects.filter(
        integration=integration, flow=failures.FLOW, source_ref__in=unfinished.values("source_ref")
    )
    refs = {ref for ref in links.values_list("target_ref", flat=True) if ref.isdecimal()}
    return sorted(refs, key=int)


def _change(issue: str, entry: Entry, key: str) -> Change:
    return Change(
        f"{issue}:{entry.id}",
        version="moved",
        label=f"{key} {entry.at:%Y-%m-%d %H:%M} UTC",
        snapshot={"author": entry.author, "key": key},
    )


def wake(context: FlowContext, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
    """The moves to done that a delivery names; it is looked up before anything is done about it."""
    finished = settings.done_statuses(context.integration)
    ours = Link.objects.filter(integration=context.integration, flow=failures.FLOW)
    return [
        Change(f"{news.id}:{news.change}", version="moved", label=news.key)
        for news in issue_news(body)
        if news.new_status in finished and news.change and ours.filter(target_ref=news.id).exists()
    ]


def handle(context: Context) -> Outcome:
    issue, _colon, change_id = context.record.source_ref.partition(":")
    link = Link.objects.filter(integration=context.integration, flow=failures.FLOW, target_ref=issue).first()
    failure = failure_of(link.source_ref) if link else None
    if link is None or failure is None:
        return done(say("The issue does not belong to a file that failed here; nothing was sent."))
    entry = _entry(context.target, issue, change_id)
    if entry is None:
        return done(say("Jira knows of no such move; nothing was sent."), target_url=link.target_url)
    if failure.batch_id is None:
        return _answered(context, issue, failure, link, _no_batch())
    batch = Batch.objects.defer("content").get(pk=failure.batch_id)
    told = corrections.resubmit(batch, _request(context, issue, change_id), by=f"Jira: {entry.author}")
    failures.wake(context.integration, failure_of(link.source_ref) or failure)
    if told.is_sent or told.refusal in NO_ANSWER:
        return done(told.message, target_url=link.target_url)
    return _answered(context, issue, failure, link, told)


def _request(context: Context, issue: str, change_id: str) -> str:
    """The name of this move among everything that may ask for a file to be sent again."""
    return f"integration:{context.integration.pk}:{issue}:{change_id}"


def _entry(jira: JiraApi, issue: str, change_id: str) -> Entry | None:
    """The move in the issue's own changelog; None when there is none: deliveries may be forged."""
    history = jira.changes_of([issue]).get(issue, [])
    return next((entry for entry in history if entry.id == change_id and entry.status), None)


def _no_batch() -> tuple[Any, tuple[DataFault, ...]]:
    return (
        say(
            "Nothing was sent: our checks refused the handed-in file. Correct it in the program that made it "
            "and hand it in again."
        ),
        (),
    )


def _answered(
    context: Context,
    issue: str,
    failure: Failure,
    link: Link,
    told: Resubmitted | tuple[Any, tuple[DataFault, ...]],
) -> Outcome:
    """Say in the issue what is missing, once, and move it back by setting."""
    message, faults = told if isinstance(told, tuple) else (told.message, told.faults)
    jira: JiraApi = context.target
    mark = f"{telling.external_id(failure)}:{context.record.source_ref.partition(':')[2]}"
    with translation.override(context.integration.language):
        # Values stay in the books: only the field and the rule may be told.
        shown = [str(rule) for rule in telling.rules(faults)]
        body = telling.answer(message, shown, failure.page)
        context.effect(
            "answer",
            lambda: jira.comment(issue, body, mark=mark, is_internal=bool(context.setting("is_internal"))),
            find=lambda: jira.comment_with(issue, mark),
        )
    failures.move_back(context, issue, "back")
    return done(message, target_url=link.target_url)
