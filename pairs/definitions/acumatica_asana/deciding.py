"""A watched task: is it decided, what is to be done in Acumatica, and what is written back to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from connections.errors import ConfigurationError, ConnectorError, RejectedError
from connections.messages import Message, say
from connections.vendors.asana.tasks import Task
from pairs.base import Outcome, done, dormant, parked, sent
from pairs.definitions.acumatica_asana import basis, telling
from pairs.definitions.acumatica_asana.carrying_out import Acted, CarryingOut
from pairs.definitions.acumatica_asana.decisions import Verdict, verdict_of
from pairs.definitions.acumatica_asana.kinds import KINDS
from pairs.engine import Context, outcome_of
from pairs.models import Link, RecordState
from pairs.work_items import of_task, reopen, watch
from pairs.work_items.links import store

LOOK_AGAIN = timedelta(hours=1)
FLOW = "approvals"
WORDS = {
    Verdict.APPROVED: gettext_noop("approved"),
    Verdict.REJECTED: gettext_noop("rejected"),
    Verdict.CHANGES: gettext_noop("changes requested"),
}


def handle(context: Context) -> Outcome:
    # Before the task is read: an approval that is seen then is about this basis or a newer one.
    link = of_task(context.integration, context.record.source_ref)
    task = _read(context)
    if task is None:
        watch.gone(context, context.record.source_ref)
        return dormant(say("The task was deleted in Asana or is no longer shared with us."))
    if link is None or link.flow not in KINDS:
        return dormant(say("The task does not belong to a document."), version=watch.version(context, task))
    watch.remember(context, task)
    if not context.setting("releases"):
        message = say("By the settings, decisions in Asana are not carried out in Acumatica.")
        return dormant(message, version=watch.version(context, task))
    with translation.override(context.integration.language):
        return _looked_at(context, task, link)


def _read(context: Context) -> Task | None:
    """The task; None if it is gone. A decision is never taken from a snapshot: it may be withdrawn by now."""
    if context.record.is_deleted_at_source:
        return None
    snapshot = context.fresh_snapshot()
    if snapshot is not None:
        seen = Task.from_json(snapshot)
        if verdict_of(context, seen) == Verdict.OPEN:
            return seen
    try:
        task: Task = context.target.task(context.record.source_ref)
    except RejectedError as error:
        if error.status in (404, 410):
            return None
        raise
    return task


def _looked_at(context: Context, task: Task, link: Link) -> Outcome:
    verdict = verdict_of(context, task)
    work = CarryingOut(context, KINDS[link.flow], link, _number(context, task, link, verdict))
    if verdict != Verdict.OPEN:
        return _decided(context, task, link, verdict, work)
    arrived = work.arrived_after_all()
    if arrived is not None:
        return _told(context, task, link, work.number, arrived)
    basis.undecided(context, link)
    return dormant(watch.WAITING, version=watch.version(context, task))


def _number(context: Context, task: Task, link: Link, verdict: Verdict) -> int:
    """Which decision on the task this is: one that was taken back and given again is another one.

    Each is noted in the timeline, with the person where Asana says who it was.
    """
    held = link.content.get("decision") or {"number": 0, "verdict": Verdict.OPEN}
    number = int(held["number"])
    if held["verdict"] == verdict:
        return number
    number += verdict != Verdict.OPEN
    if verdict != Verdict.OPEN:
        message = say("Decided in Asana: %(verdict)s.", verdict=gettext(WORDS[verdict]))
        context.note("task.decided", message, person=task.completed_by, decision=number)
    store(link, decision={"number": number, "verdict": str(verdict)})
    return number


def _decided(context: Context, task: Task, link: Link, verdict: Verdict, work: CarryingOut) -> Outcome:
    if link.content.get("ended") and not work.has_begun() and not task.is_approval:
        # It may be us who has completed it, because of that end.
        message = say("The document has come to its end in Acumatica; nothing is left to be done.")
        return done(message, version=watch.version(context, task))
    try:
        if verdict == Verdict.APPROVED:
            acted = work.approve()
        else:
            acted = work.reject(with_action=verdict == Verdict.REJECTED)
    except (RejectedError, ConfigurationError) as error:
        if error.vendor != "acumatica":
            raise
        _tell_refusal(context, link, work.number, error)
        return replace(outcome_of(error, context.record), version=watch.version(context, task))
    return _told(context, task, link, work.number, acted)


def _tell_refusal(context: Context, link: Link, number: int, error: ConnectorError) -> None:
    faults = "; ".join(str(fault) for fault in error.faults)
    message = say("%(message)s %(faults)s", message=error.message, faults=faults) if faults else error.message
    telling.tell(context, link, telling.Told("refused", message, number))


def _told(context: Context, task: Task, link: Link, number: int, acted: Acted) -> Outcome:
    telling.tell(context, link, telling.Told(acted.kind, acted.message, number, acted.status))
    if acted.kind == "changed":
        return _changed(context, task, link, number, acted)
    if acted.kind in ("released", "approved") and task.completed:
        # The end of the document is told with that.
        store(link, ended=True)
    version = watch.version(context, task)
    if acted.kind == "waits":
        return sent(acted.message, look_at=context.now + LOOK_AGAIN, target_url=acted.url, version=version)
    return done(acted.message, target_url=acted.url, version=version)


def _changed(context: Context, task: Task, link: Link, number: int, acted: Acted) -> Outcome:
    if context.setting("when_changed") == "comment":
        return parked(
            RecordState.REFUSED,
            acted.message,
            faults=acted.differences,
            version=watch.version(context, task),
        )
    message = say("Please decide again: what the task shows now counts.")
    reopen(context, link.target_ref, f"decision {number}", message, watched_by=FLOW)
    open_again = {"number": number, "verdict": str(Verdict.OPEN)}
    store(link, basis=link.content.get("shown"), decision=open_again)
    return dormant(_reopened(acted), version=watch.version(context, task))


def _reopened(acted: Acted) -> Message:
    return say("The task was opened again. %(why)s", why=acted.message)
