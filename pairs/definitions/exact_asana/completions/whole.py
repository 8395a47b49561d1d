"""A whole project that is finished in Asana: the rest of its milestones is completed in Exact Online."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connections.effects import digest
from connections.messages import Message, say
from connections.vendors.asana import portfolios
from connections.vendors.asana.portfolios import ProjectState
from connections.vendors.exact.api import WbsItem, WbsKind
from pairs.base import Change, Outcome, Page, done, dormant
from pairs.definitions.exact_asana.common import OWN_PROJECT, PROJECTS, guid_of
from pairs.engine import Context, FlowContext
from pairs.models import Link

SETTING = "completes_projects"
# Records of whole projects: "project:1209876543210987".
PREFIX = "project:"
COMPLETE = "complete"
GONE = say("The project is not in Exact Online any more; nothing was written.")
NOTHING = say("The project was finished in Asana; all its milestones were completed in Exact Online already.")
OFF = say("By the rule of the integration a finished project completes nothing in Exact Online.")


def poll(context: FlowContext, cursor: Mapping[str, Any]) -> Page:
    """Projects made for projects of Exact Online that are completed, or were said to be complete.

    A status update is never edited, so each is read once.
    """
    known = dict(cursor.get("statuses") or {})
    changes = []
    for state in _states(context):
        if not state.is_completed and state.status_update and known.get(state.gid) != state.status_update:
            update = portfolios.status(context.target.client, state.status_update)
            known[state.gid] = state.status_update
            if update.status_type == COMPLETE:
                changes.append(_change(state, update.created_at))
        if state.is_completed:
            changes.append(_change(state, state.completed_at))
    return Page(changes, {**cursor, "statuses": known})


def _change(state: ProjectState, moment: str) -> Change:
    return Change(f"{PREFIX}{state.gid}", f"{moment}|{digest(moment.encode())[:12]}", state.name)


def _states(context: FlowContext) -> Iterator[ProjectState]:
    """How our projects stand: all of a portfolio with one call, others with one each."""
    links = Link.objects.filter(
        integration=context.integration, flow=f"{PROJECTS}{OWN_PROJECT}", target_ref__gt=""
    )
    mine = list(links.order_by("pk").values_list("target_ref", flat=True))
    portfolio = str(context.setting("portfolio") or "")
    found = (
        {state.gid: state for state in portfolios.items(context.target.client, portfolio)}
        if mine and portfolio
        else {}
    )
    for gid in mine:
        yield found[gid] if gid in found else portfolios.state(context.target.client, gid)


def handle(context: Context) -> Outcome:
    version = context.record.seen_version
    if not context.setting(SETTING):
        return dormant(OFF, version=version)
    link = Link.objects.filter(
        integration=context.integration,
        flow=f"{PROJECTS}{OWN_PROJECT}",
        target_ref=context.record.source_ref.removeprefix(PREFIX),
    ).first()
    project = context.source.project(guid_of(link.source_ref)) if link else None
    if project is None:
        return dormant(GONE, version=version)
    open_ones: list[WbsItem] = [
        one for one in context.source.wbs(project.id, WbsKind.DELIVERABLE) if not one.is_completed
    ]
    ready = [one for one in open_ones if not one.completion_faults()]
    for one in ready:
        context.effect(
            f"complete {one.id} {digest(version.encode())[:12]}",
            lambda one=one: context.source.complete(one.id, one.kind),
            is_repeatable=True,
            content=[one.id, True],
        )
    left = [one.description for one in open_ones if one not in ready]
    message = _told(project.code, [one.description for one in ready], left) if open_ones else NOTHING
    return done(message, target_url=link.target_url if link else "", version=version)


def _told(code: str, completed: list[str], left: list[str]) -> Message:
    names = ", ".join(completed) or "-"
    if not left:
        return say(
            "The project %(project)s was finished in Asana. Completed in Exact Online: %(names)s.",
            project=code,
            names=names,
        )
    return say(
        "The project %(project)s was finished in Asana. Completed in Exact Online: %(names)s. Not completed, "
        "because no invoice term is linked: %(left)s.",
        project=code,
        names=names,
        left=", ".join(left),
    )
