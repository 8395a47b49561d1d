"""Employees and the users of the workspace: compared, shown, and brought into step where a setting allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connections import clock
from connections.effects import digest
from connections.errors import ConfigurationError, ConnectorError, RejectedError
from connections.messages import DataFault, Message, say
from connections.models import Effect, EffectState
from connections.vendors.acumatica.api import Employee
from connections.vendors.asana import roster
from connections.vendors.asana.roster import Member
from pairs.base import Change, Decision, Flow, Outcome, Page, done, parked
from pairs.definitions.acumatica_asana import roster_rows, roster_settings, staff
from pairs.definitions.acumatica_asana.roster_settings import ADD_AND_REMOVE, COMPARE, OFF
from pairs.definitions.acumatica_asana.staff import Difference
from pairs.engine import Context, FlowContext
from pairs.models import Link, RecordState

KEY = "roster"
REF = "roster"
LABEL = _("Employees and users of the workspace")
INVITE, REMOVE = "invite", "remove"
KEY_LENGTH = 16
A_DAY = timedelta(days=1)

CONFIRM = "confirm_roster"
DECISIONS = (
    Decision(
        CONFIRM,
        "Make these changes",
        "Invites and removes exactly the people that this page lists. Nobody else, also if the lists have "
        "changed since.",
        states=("to_confirm",),
    ),
)


@dataclass(frozen=True)
class Step:
    """A person to be invited or removed. `name` is that of the write; it holds no name and no address."""

    kind: str
    name: str
    row: DataFault
    told: Message
    do: Callable[[], Any]
    find: Callable[[], Any | None]


def poll(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
    """Wakes the one record of the roster; both lists are read when it is handled."""
    if context.setting("roster") == OFF:
        # What was compared before is said to be so no more, once.
        return Page([Change(REF, OFF)] if cursor.get("at") else (), {})
    at = clock.now().isoformat(timespec="seconds")
    with translation.override(context.integration.language):
        label = gettext(LABEL)
    return Page([Change(REF, at, label=label)], {"at": at})


def handle(context: Context) -> Outcome:
    if context.setting("roster") == OFF:
        return done(say("Employees and users are not compared; the settings say so."))
    workspace = _workspace(context)
    members = roster.members(context.target.client, workspace)
    employees = context.source.employees()
    me = context.target.me().gid
    difference = staff.compare(employees, members, roster_settings.rules(context), me=me)
    if doubt := _doubt(employees, difference):
        return parked(RecordState.REFUSED, doubt)
    _adopt(context, members)
    if context.setting("roster") == COMPARE:
        return _told(difference, roster_rows.to_be_made(difference))
    steps, refrained = _steps(context, workspace, difference)
    own = next((member for member in members if member.gid == me), None)
    if not (own and own.is_admin):
        steps, not_allowed = _without_removals(steps)
    else:
        not_allowed = []
    if stop := _stop(context, steps, difference):
        return stop
    failed = _make(context, steps)
    return _ended(context, difference, steps, [*failed, *not_allowed], refrained)


def _workspace(context: FlowContext) -> str:
    """The workspace of the connection, or else the one of the integration's project."""
    chosen = str(context.integration.target.setting("workspace") or "")
    return chosen or str(context.target.project(str(context.setting("project"))).workspace)


def _doubt(employees: Sequence[Employee], difference: Difference) -> Message | None:
    """Why these lists can't be true: then nobody is invited or removed."""
    if not any(one.is_active and staff.address_of(one.email) for one in employees):
        return say(
            "Acumatica lists %(count)s employees, and none of them is active and has an e-mail address. "
            "That can't be true, so nobody is invited or removed. Look at Employees (EP203000) and at what "
            "the user of the connection may see.",
            count=len(employees),
        )
    if not difference.is_seen:
        return say(
            "Asana shows the e-mail address of no user of the workspace, so nobody can be compared. Let a "
            "member of the workspace (not a guest) sign in for the connection."
        )
    return None


# --- what is to be done -----------------------------------------------------------------------------------


def _steps(context: Context, workspace: str, difference: Difference) -> tuple[list[Step], list[DataFault]]:
    """The writes that are due, and the rows of people for whom ours was made and undone by somebody else."""
    made = _made(context)
    times = Counter((name.split(":")[0], name.split(":")[2]) for name in made)
    steps = [_invitation(context, workspace, one, times) for one in difference.missing]
    if context.setting("roster") == ADD_AND_REMOVE:
        steps += [_removal(context, workspace, one, times) for one in difference.leavers]
    refrained = [roster_rows.undone(step.row) for step in steps if step.name in made]
    return [step for step in steps if step.name not in made], refrained


def _invitation(
    context: Context, workspace: str, employee: Employee, times: Mapping[tuple[str, str], int]
) -> Step:
    client, address = context.target.client, staff.address_of(employee.email)
    key = _key(address)

    def do() -> dict[str, str]:
        return {"user": roster.invite(client, workspace, address), "employee": employee.number}

    def find() -> dict[str, str] | None:
        gid = _present(roster.members(client, workspace)).get(key)
        return {"user": gid, "employee": employee.number} if gid else None

    return Step(
        INVITE,
        # After each removal of ours a person may be invited once more.
        f"{INVITE}:{workspace}:{key}:{times[REMOVE, key]}",
        roster_rows.missing(employee),
        say("Employee %(number)s was invited to the workspace.", number=employee.number),
        do,
        find,
    )


def _removal(
    context: Context, workspace: str, leaver: staff.Leaver, times: Mapping[tuple[str, str], int]
) -> Step:
    client, gid = context.target.client, leaver.member.gid
    number = leaver.employee.number if leaver.employee else ""
    key, result = _key(leaver.address), {"user": gid, "employee": number}

    def do() -> dict[str, str]:
        roster.remove(client, workspace, gid)
        return result

    def find() -> dict[str, str] | None:
        return None if key in _present(roster.members(client, workspace)) else result

    return Step(
        REMOVE,
        f"{REMOVE}:{workspace}:{key}:{times[INVITE, key]}",
        roster_rows.leaver(leaver),
        say(
            "User %(gid)s (employee %(number)s) was removed from the workspace.",
            gid=gid,
            number=number or "-",
        ),
        do,
        find,
    )


def _without_removals(steps: Iterable[Step]) -> tuple[list[Step], list[DataFault]]:
    """Only administrators of a workspace may remove people."""
    kept, rows = [], []
    for step in steps:
        if step.kind == REMOVE:
            rows.append(roster_rows.not_allowed(step.row))
        else:
            kept.append(step)
    return kept, rows


def _stop(context: Context, steps: Sequence[Step], difference: Difference) -> Outcome | None:
    """Too many at once: parked with the list, until a person has confirmed this very list."""
    names = [step.name for step in steps]
    removed, invited = (_today(context, kind) for kind in (REMOVE, INVITE))
    removals = sum(step.kind == REMOVE for step in steps)
    invitations = len(steps) - removals
    part = (removals + removed) * 100 > int(context.setting("roster_percent_removed")) * (
        difference.present + removed
    )
    too_many = removals and (part or removals + removed > int(context.setting("roster_most_removed")))
    too_new = invitations and invitations + invited > int(context.setting("roster_most_invited"))
    if not (too_many or too_new):
        return None
    is_decided = (context.record.instruction or {}).get("decision") == CONFIRM
    if is_decided and set(names) <= set(_shown(context)):
        return None
    _show(context, names)
    counts = {"removals": removals, "invitations": invitations, "present": difference.present}
    message = (
        say(
            "The list has changed since it was confirmed, so nobody was invited or removed. Now "
            "%(removals)s of %(present)s users would be removed and %(invitations)s people invited. Look at "
            "the list and confirm it again.",
            **counts,
        )
        if is_decided
        else say(
            "%(removals)s of %(present)s users would be removed and %(invitations)s people invited: more "
            "than the settings allow without asking. Nobody was. Look at the list, then confirm it here or "
            "correct it in Acumatica.",
            **counts,
        )
    )
    return parked(RecordState.TO_CONFIRM, message, faults=[step.row for step in steps])


def _shown(context: Context) -> list[str]:
    """The writes that the page listed when the record was parked."""
    link = Link.objects.filter(integration=context.integration, flow=KEY, source_ref=REF).first()
    return list(link.content.get("shown", ())) if link else []


def _show(context: Context, names: Sequence[str]) -> None:
    with transaction.atomic():
        context.hold()
        Link.objects.update_or_create(
            integration=context.integration,
            flow=KEY,
            source_ref=REF,
            defaults={"target_ref": REF, "content": {"shown": list(names)}},
        )


# --- doing it ---------------------------------------------------------------------------------------------


def _make(context: Context, steps: Sequence[Step]) -> list[DataFault]:
    """Make the changes one by one; the rows of those that Asana refused, each with its reason."""
    failed = []
    forbidden: dict[str, ConnectorError] = {}
    for step in steps:
        if step.kind in forbidden:
            failed.append(roster_rows.refused(step.row, forbidden[step.kind].message))
            continue
        try:
            context.effect(step.name, step.do, find=step.find)
        except ConfigurationError as error:
            # What the token may not do once it may not do for anybody.
            forbidden[step.kind] = error
            failed.append(roster_rows.refused(step.row, error.message))
        except RejectedError as error:
            failed.append(roster_rows.refused(step.row, error.message))
        else:
            context.note(f"roster.{step.kind}", step.told)
    return failed


def _adopt(context: Context, members: Iterable[Member]) -> None:
    """Unclear writes of an earlier run that have arrived, by the list just read, are noted as done."""
    present = _present(members)
    unclear = Effect.objects.filter(
        owner=context.record.owner, state__in=(EffectState.STARTED, EffectState.UNKNOWN)
    )
    for name in list(unclear.values_list("name", flat=True)):
        kind, _workspace_ref, key, _times = name.split(":")
        if (key in present) == (kind == INVITE):
            found = {"user": present.get(key, "")}
            context.effect(name, _never, find=lambda found=found: found)  # type: ignore[misc]


def _never() -> None:
    raise RuntimeError("a write that was found is not made")


def _ended(
    context: Context,
    difference: Difference,
    steps: Sequence[Step],
    failed: Sequence[DataFault],
    refrained: Sequence[DataFault],
) -> Outcome:
    left = [] if context.setting("roster") == ADD_AND_REMOVE else roster_rows.leavers(difference)
    rows = [*failed, *refrained, *left, *roster_rows.others(difference)]
    if failed:
        message = say(
            "%(count)s changes could not be made; they are listed with the reason. Make them in Asana, or "
            "remove the reason. All others were made.",
            count=len(failed),
        )
        return parked(RecordState.CONFIG, message, faults=rows)
    if not steps:
        return _told(difference, [*refrained, *left])
    invited = sum(step.kind == INVITE for step in steps)
    return done(
        say(
            "%(invited)s people were invited to the workspace and %(removed)s removed from it.",
            invited=invited,
            removed=len(steps) - invited,
        ),
        findings=rows,
    )


def _told(difference: Difference, rows: Sequence[DataFault]) -> Outcome:
    findings = [*rows, *roster_rows.others(difference)]
    message = (
        say(
            "%(agreeing)s active employees are users of the workspace. What differs is listed here; nobody "
            "was invited or removed.",
            agreeing=difference.agreeing,
        )
        if findings
        else say(
            "All %(agreeing)s active employees are users of the workspace, and nobody else is.",
            agreeing=difference.agreeing,
        )
    )
    return done(message, findings=findings)


# --- what has been done -----------------------------------------------------------------------------------


def _made(context: Context) -> set[str]:
    return set(
        Effect.objects.filter(owner=context.record.owner, state=EffectState.DONE).values_list(
            "name", flat=True
        )
    )


def _today(context: Context, kind: str) -> int:
    return Effect.objects.filter(
        owner=context.record.owner,
        state=EffectState.DONE,
        name__startswith=f"{kind}:",
        finished_at__gt=context.now - A_DAY,
    ).count()


def _present(members: Iterable[Member]) -> dict[str, str]:
    """The gids of the users whose address can be read, by the key of the address."""
    return {
        _key(address): member.gid
        for member in members
        if member.is_active and (address := staff.address_of(member.email))
    }


def _key(address: str) -> str:
    """Stands for a person in the names of writes, which are kept longer than the person may stay."""
    return digest(address.encode())[:KEY_LENGTH]


FLOW = Flow(
    KEY,
    "Employees and users",
    poll=poll,
    handle=handle,
    poll_every=timedelta(hours=1),
    decisions=DECISIONS,
)
