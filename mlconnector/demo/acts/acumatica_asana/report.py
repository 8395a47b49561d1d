"""Every document against its task, every release against its approval, every employee against the users."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.demo.acts.acumatica_asana.papers import BILL, PAPERS, SUPPLIERS, Fate, Paper
from mlconnector.demo.acts.acumatica_asana.staff import PEOPLE, STRANGER
from pairs.models import PARKED, Record

if TYPE_CHECKING:
    from mlconnector.demo.acts.acumatica_asana.act import AcumaticaToAsana


def table(act: AcumaticaToAsana) -> Iterator[str]:
    """By branch and currency: entered in Acumatica, shown in Asana, released or approved on a decision."""
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    counts: Counter[tuple[str, str]] = Counter()
    for paper in (paper for paper in PAPERS if paper.has_task):
        place = paper.branch, paper.currency
        counts[place] += 1
        amounts = (paper.last_amount, shown(act, paper), carried_out(act, paper))
        sums[place] = [total + amount for total, amount in zip(sums[place], amounts, strict=True)]
    yield f"{'branch':<8}{'':<5}{'documents':>10}{'in Acumatica':>15}{'in Asana':>15}{'carried out':>15}"
    for place in sorted(sums):
        figures = "".join(f"{amount:>15.2f}" for amount in sums[place])
        yield f"{place[0]:<8}{place[1]:<5}{counts[place]:>10}{figures}"
    fates = Counter(str(paper.fate) for paper in PAPERS)
    yield ", ".join(f"{number} {fate}" for fate, number in sorted(fates.items()))
    yield f"{len(PEOPLE)} employees, {len(users(act))} of them users of Asana"


def shown(act: AcumaticaToAsana, paper: Paper) -> Decimal:
    """The amount on the document's tasks."""
    amounts = [act.asana.value(task.gid, act.fields["Betrag"]) for task in act.tasks(paper)]
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def carried_out(act: AcumaticaToAsana, paper: Paper) -> Decimal:
    """What took effect in Acumatica on a decision in Asana, by Acumatica's own log."""
    if paper.fate == Fate.ELSEWHERE:
        return Decimal(0)
    effect = "release" if paper.entity == BILL else "approve"
    done = act.acumatica.releases(act.ids.get(paper.number, "?"), effect=effect)
    return sum((one.amount for one in done), Decimal(0))


def users(act: AcumaticaToAsana) -> set[str]:
    """The addresses of the employees who are users."""
    ours = {person.email for person in PEOPLE if person.email} | {STRANGER}
    return {
        user.email
        for user in act.asana.known.all("user")
        if user.email in ours and act.asana.workspace in user.workspaces
    }


def deviations(act: AcumaticaToAsana) -> Iterator[str]:
    for paper in PAPERS:
        yield from (f"{paper.number}: {line}" for line in _paper_deviations(act, paper))
    yield from _staff_deviations(act)
    for record in Record.objects.filter(integration__pair=act.pair, state__in=PARKED):
        yield f"{record.label} ({record.flow}) is {record.state}: {record.reason} {record.faults}"


def _paper_deviations(act: AcumaticaToAsana, paper: Paper) -> Iterator[str]:
    tasks = act.tasks(paper)
    if len(tasks) != paper.has_task:
        yield f"{len(tasks)} tasks instead of {int(paper.has_task)}."
    for task in tasks:
        yield from _task_deviations(act, paper, task)
    yield from _effect_deviations(act, paper)


def _task_deviations(act: AcumaticaToAsana, paper: Paper, task: Any) -> Iterator[str]:
    """The task as a person reads it, against what was entered."""
    is_deleted = paper.fate == Fate.DELETED
    wanted: dict[str, object] = {
        "Betrag": paper.last_amount,
        "Währung": paper.currency,
        "Lieferant": SUPPLIERS[paper.supplier][0],
        "Rechnung des Lieferanten": paper.reference or None,
        "Belegdatum": paper.on(act.today),
        "Termin": paper.due_on(act.today),
        "Status": paper.status if is_deleted else paper.last_status,
        "Niederlassung": paper.branch,
    }
    found = {name: act.asana.value(task.gid, act.fields[name]) or None for name in wanted}
    for name, value in wanted.items():
        if found[name] != value:
            yield f"{name} is {found[name]!r} instead of {value!r}."
    project = act.projects.get(paper.branch, act.projects[""])
    if list(task.memberships) != [project]:
        yield f"The task is in the projects {list(task.memberships)} instead of {project}."
    if task.due_on != paper.due_on(act.today).isoformat():
        yield f"The task is due on {task.due_on}."
    if task.is_completed != paper.is_decided:
        yield f"The task is {'completed' if task.is_completed else 'open'}."
    is_approved = task.approval_status == "approved"
    if is_approved != (paper.fate == Fate.APPROVED):
        yield f"The approval says {task.approval_status!r}."
    files = [one.name for one in act.asana.known.all("attachment") if one.parent == task.gid]
    if sorted(files) != [f"{paper.number}-{n}.pdf" for n in range(1, paper.files + 1)]:
        yield f"The files {files} are attached instead of {paper.files}."
    needs_word = paper.fate not in (Fate.WAITS, Fate.CORRECTED)
    if needs_word != bool(act.asana.comments(task.gid)):
        yield f"The comments are {act.asana.comments(task.gid)}."


def _effect_deviations(act: AcumaticaToAsana, paper: Paper) -> Iterator[str]:
    """What took effect in Acumatica: once for each approval of exactly that amount, else not at all."""
    effect = "release" if paper.entity == BILL else "approve"
    done = act.acumatica.releases(act.ids[paper.number], effect=effect)
    wanted = [paper.amount] if paper.fate in (Fate.APPROVED, Fate.ELSEWHERE) else []
    amounts = [one.amount for one in done]
    if amounts != wanted:
        yield f"{effect} took effect for {amounts} instead of {wanted}."
    if paper.last_status:
        read = act.acumatica.bill if paper.entity == BILL else act.acumatica.purchase_order
        status = read(act.ids[paper.number])["Status"]
        if status != paper.last_status:
            yield f"It is {status} in Acumatica instead of {paper.last_status}."


def _staff_deviations(act: AcumaticaToAsana) -> Iterator[str]:
    wanted = {person.email for person in PEOPLE if person.is_user_in_the_end} | {STRANGER}
    found = users(act)
    for address in sorted(wanted - found):
        yield f"{address} is no user of Asana."
    for address in sorted(found - wanted):
        yield f"{address} is still a user of Asana."
    invited = len(act.asana.calls_to("POST /workspaces/*/addUser"))
    missing = sum(person.is_user_in_the_end and not person.is_user for person in PEOPLE)
    if invited != missing:
        yield f"{invited} invitations instead of {missing}."
