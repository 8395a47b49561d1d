"""Completed tasks on their way back: how they are learned of, and what becomes of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils import translation

from connections.effects import digest
from connections.errors import ConfigurationError, ConnectorError, RejectedError
from connections.messages import DataFault, Message, say
from connections.vendors.asana.fields import MAX_TEXT_LENGTH
from connections.vendors.asana.outgoing import shortened
from connections.vendors.asana.tasks import Task
from pairs.base import Change, Outcome, Page, done, dormant, parked
from pairs.definitions.exact_asana.common import COMPLETIONS, asana_projects
from pairs.definitions.exact_asana.completions import confirming, places, settings, whole, wishes, writes
from pairs.definitions.exact_asana.completions.places import Unplaced
from pairs.definitions.exact_asana.completions.wishes import Wishes
from pairs.definitions.exact_asana.completions.writes import Writing
from pairs.engine import Context, FlowContext
from pairs.mapping_rows import rows_for
from pairs.models import Link, RecordState
from pairs.work_items import comment, known, of_task, watch, write
from pairs.work_items.ensuring import rows_of
from pairs.work_items.links import TIE, store

TIED = f"{COMPLETIONS}{TIE}"
WHOLE = "whole projects"
OFF = say("Nothing flows back to Exact Online: it is not switched on in the settings.")
OPEN = say("Not completed yet.")
GONE = say("The task was deleted in Asana, or is not shared with us any more; Exact Online is left as it is.")
OURS = say("Completed by this program itself, as its document has ended; nothing flows back.")
NOTHING = say("Completed; nothing in Exact Online depends on it.")
STAYS = say(
    "The task was opened again; by the rule of the integration nothing is taken back in Exact Online."
)
TAKEN_BACK = say("The task was opened again; what Exact Online gives back was taken back.")
REFUSED = say("The task is completed, and it can't be brought to Exact Online as it is; nothing was written.")
MISFIT = say("The mapping does not fit the Asana project; nothing was written.")
BROUGHT = say("Brought to Exact Online.")


# --- learning of them -------------------------------------------------------------------------------------


def watched(context: FlowContext) -> Sequence[str]:
    """The Asana projects whose tasks are looked at; () while nothing flows back."""
    if not settings.is_wanted(context.integration):
        return ()
    chosen = str(context.setting(settings.PROJECT_SETTING) or "")
    ended = places.ended_projects(context)
    open_ones = [project for project in asana_projects(context) if project not in ended]
    return tuple(dict.fromkeys([*filter(None, [chosen]), *open_ones]))


def poll(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
    """Tasks that are completed, and those that something was brought to Exact Online for; then whole
    projects, whose states the cursor keeps under a key of its own."""
    projects = {key: cursor[key] for key in ("statuses",) if key in cursor}
    if more == WHOLE:
        return whole.poll(context, cursor)
    page = watch.poll(context, watched(context), cursor, more, flows=(TIED,), also=wishes.is_completed)
    following = WHOLE if not page.more and context.setting(whole.SETTING) else page.more
    return replace(page, cursor={**page.cursor, **projects}, more=following)


def wake(context: FlowContext, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
    return watch.changes(context, body, flows=(TIED,), with_decided=True)


# --- what becomes of a task -------------------------------------------------------------------------------


def handle(context: Context) -> Outcome:
    if not settings.is_wanted(context.integration):
        return dormant(OFF)
    if context.record.source_ref.startswith(whole.PREFIX):
        return whole.handle(context)
    task = _read(context)
    if task is None:
        watch.gone(context, context.record.source_ref)
        return dormant(GONE)
    tie = places.tie_of(context, task.gid)
    try:
        outcome = _handled(context, task, tie)
    except ConnectorError as error:
        if isinstance(error, RejectedError) and error.vendor == "exact":
            _comment(context, task, f"rejected {digest(str(error.message).encode())[:10]}", error.message)
        raise
    watch.remember(context, task)
    return outcome


def _handled(context: Context, task: Task, tie: Link | None) -> Outcome:
    if not wishes.is_completed(task):
        return _open(context, task, tie)
    if _is_ours(context, task):
        return dormant(OURS, version=watch.version(context, task))
    rows = rows_for(context.integration, COMPLETIONS)
    wanted = wishes.of(task, rows, context.integration, context.source.zone)
    if wanted.gone:
        raise ConfigurationError(MISFIT, faults=[*wanted.gone, *wanted.faults])
    if wanted.is_nothing and not wanted.faults and tie is None:
        return dormant(NOTHING, version=watch.version(context, task))
    return _bring(context, task, wanted, tie)


def _bring(context: Context, task: Task, wanted: Wishes, tie: Link | None) -> Outcome:
    faults: list[DataFault] = list(wanted.faults)
    place, item_id = None, ""
    try:
        place = places.find(context, task, wanted, tie)
        faults += places.faults_of(context, place, wanted) if not _stands(tie) else []
    except Unplaced as error:
        faults += error.faults
    try:
        item_id = places.cost_item(context, wanted)
    except Unplaced as error:
        faults += error.faults
    if faults or place is None:
        return _refused(context, task, faults)
    if place.element is None and not wanted.is_milestone and _needs_only_element(wanted):
        return dormant(NOTHING, version=watch.version(context, task))
    writing = Writing(context, task, writes.tie(context, task, place))
    writing.begin()
    writing.budget(place, wanted)
    writing.hour_budget(place, wanted)
    writing.cost(place, wanted, item_id)
    if wanted.completes:
        writing.complete(place)
    release = confirming.release(writing, place) if wanted.completes else None
    told = _tell(context, task, writing.tie)
    version = watch.version(context, task)
    if release is not None:
        return parked(RecordState.TO_CONFIRM, release, version=version)
    return done(told or BROUGHT, target_url=context.record.target_url, version=version)


def _needs_only_element(wanted: Wishes) -> bool:
    return wanted.hours is None and wanted.budget is None and wanted.cost is None


def _stands(tie: Link | None) -> bool:
    """Whether it was completed from here: later faults of the milestone stop nothing any more."""
    return tie is not None and bool(tie.content.get("completed"))


def _refused(context: Context, task: Task, faults: Sequence[DataFault]) -> Outcome:
    with translation.override(context.integration.language):
        listed = "\n".join(f"- {fault}" for fault in faults)
        text = f"{REFUSED}\n{listed}"
    _comment(context, task, f"refused {digest(text.encode())[:10]}", Message(text))
    return parked(RecordState.REFUSED, REFUSED, faults=faults, version=watch.version(context, task))


def _open(context: Context, task: Task, tie: Link | None) -> Outcome:
    if tie is None:
        return dormant(OPEN, version=watch.version(context, task))
    writing = Writing(context, task, tie)
    if not writing.has_something:
        _tell(context, task, tie)
        return dormant(OPEN, version=watch.version(context, task))
    if writing.is_taken_back:
        message = TAKEN_BACK
    elif context.setting("reopens"):
        writing.take_back()
        message = TAKEN_BACK
    else:
        message = STAYS
        _comment(context, task, f"stays {writing.cycle}", STAYS)
    _tell(context, task, tie)
    return dormant(message, version=watch.version(context, task))


def _read(context: Context) -> Task | None:
    """The task as it is now; None when it is gone."""
    snapshot = context.fresh_snapshot()
    if snapshot is not None:
        return Task.from_json(snapshot)
    if context.record.is_deleted_at_source:
        return None
    try:
        task: Task = context.target.task(context.record.source_ref)
    except RejectedError as error:
        if error.status in (404, 410):
            return None
        raise
    return task


def _is_ours(context: Context, task: Task) -> bool:
    """Whether we have completed it, because its document had ended: that is no decision of people.

    Our user alone does not tell: the connection may use the token of somebody who works in Asana as well.
    """
    document = of_task(context.integration, task.gid)
    is_closed = document is not None and bool(document.content.get("closed"))
    return is_closed and bool(task.completed_by) and task.completed_by == known.me(context)


# --- told at the task -------------------------------------------------------------------------------------


def _tell(context: Context, task: Task, tie: Link) -> Message | None:
    """Tell the task what was done since it was last told, once; the first sentence of it."""
    untold = tie.content.get("untold") or []
    if not untold:
        return None
    messages = [Message.from_json(one) for one in untold]
    with translation.override(context.integration.language):
        text = "\n".join(str(message) for message in messages)
    token = f"told {tie.content.get('writes', 0)}"
    _comment(context, task, token, Message(text))
    refs = [row.ref for row in rows_of(context)]
    if task.projects and not task.missing(refs):
        values = {"result_text": shortened(text, MAX_TEXT_LENGTH)}
        write(context, task.gid, token, values, project=task.projects[0], watched_by=COMPLETIONS)
    store(tie, untold=[])
    return messages[-1]


def _comment(context: Context, task: Task, token: str, message: Message) -> None:
    if context.setting("comments"):
        comment(context, task.gid, token, message, watched_by=COMPLETIONS)
