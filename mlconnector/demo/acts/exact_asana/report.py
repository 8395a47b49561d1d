"""What stands in Asana and came back to Exact Online, against what people have entered: to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.demo.acts.exact_asana import books
from mlconnector.demo.acts.exact_asana.books import Document
from mlconnector.demo.acts.exact_asana.works import WORKS, Work
from pairs.models import Record, RecordState

if TYPE_CHECKING:
    from mlconnector.demo.acts.exact_asana.act import ExactToAsana

DELIVERABLES, COSTS = "project/WBSDeliverables", "project/CostTransactions"
BUDGETS, PROJECTS = "project/ProjectHourBudgets", "project/Projects"
# G/L account and cost center, as people read them.
Place = tuple[str, str]
Sums = Mapping[Place, Decimal]
ENDED_WORDS = {"received": "geliefert", "received in part": "teilweise geliefert", "canceled": "storniert"}


def table(act: ExactToAsana) -> Iterator[str]:
    yield f"{len(act.orders)} orders, {len(act.invoices)} invoices, {len(act.projects)} projects."
    states = Counter(Record.objects.filter(integration__pair=act.pair).values_list("flow", "state"))
    for (flow, state), count in sorted(states.items()):
        yield f"  {flow:<16} {state:<12} {count:>4}"
    yield f"{'G/L account':<38}{'cost center':<20}{'in Exact':>12}{'in Asana':>12}"
    wanted, there = in_exact(act), in_asana(act)
    for place in sorted({*wanted, *there}):
        amounts = (wanted.get(place, Decimal()), there.get(place, Decimal()))
        yield f"{place[0]:<38}{place[1]:<20}{amounts[0]:>12.2f}{amounts[1]:>12.2f}"
    entries = act.exact.rows(COSTS)
    yield (
        f"Back in Exact Online: {len(completed(act))} milestones completed, "
        f"{len(released(act))} terms released, "
        f"{len(entries)} cost entries over {sum((row['AmountFC'] for row in entries), Decimal()):.2f}."
    )


# --- what people have entered -----------------------------------------------------------------------------


def _living(act: ExactToAsana) -> Iterator[tuple[Document, str]]:
    for document, guid in {**act.orders, **act.invoices}.items():
        if document.what != "deleted":
            yield document, guid


def nets(act: ExactToAsana, document: Document) -> list[Decimal]:
    """The net amounts of its lines, as they are in the end."""
    from mlconnector.demo.acts.exact_asana.act import NEW_PRICE

    if document.what == "price":
        return [line.quantity * NEW_PRICE for line in document.lines]
    return [line.net for line in document.lines]


def in_exact(act: ExactToAsana) -> Sums:
    """From the lines as they were entered, by the names as they are now."""
    from mlconnector.demo.acts.exact_asana.act import RENAMED

    accounts, sums = books.ACCOUNTS | dict([RENAMED]), defaultdict[Place, Decimal](Decimal)
    for document, _guid in _living(act):
        for line, net in zip(document.lines, nets(act, document), strict=True):
            place = (
                f"{line.account} - {accounts[line.account]}",
                f"{line.center} - {books.CENTERS[line.center]}",
            )
            sums[place] += net
    return dict(sums)


# --- what stands in Asana ---------------------------------------------------------------------------------


def _tasks(act: ExactToAsana, document: Document, guid: str) -> list[Any]:
    """The tasks of a document, by the id in their description; it must be one."""
    return [
        task
        for task in act.asana.known.all("task")
        if not task.parent and guid in task.notes and "Exact Online:" in task.notes
    ]


def _subtasks(act: ExactToAsana, gid: str) -> list[Any]:
    return [task for task in act.asana.known.all("task") if task.parent == gid]


def in_asana(act: ExactToAsana) -> Sums:
    sums = defaultdict[Place, Decimal](Decimal)
    for document, guid in _living(act):
        for task in _tasks(act, document, guid):
            for line in _subtasks(act, task.gid):
                place = tuple(
                    act.asana.value(line.gid, act.document_fields[key]) or "-"
                    for key in ("gl_account", "cost_center")
                )
                sums[place] += act.asana.value(line.gid, act.document_fields["net_amount"]) or 0
    return dict(sums)


# --- what is not as it must be ----------------------------------------------------------------------------


def deviations(act: ExactToAsana) -> Iterator[str]:
    wanted, there = in_exact(act), in_asana(act)
    for place in sorted({*wanted, *there}):
        if wanted.get(place) != there.get(place):
            yield f"{' / '.join(place)}: {wanted.get(place, 0)} entered, {there.get(place, 0)} in Asana."
    for document, guid in {**act.orders, **act.invoices}.items():
        yield from _document_deviations(act, document, guid)
    yield from _option_deviations(act)
    yield from _project_deviations(act)
    yield from _work_deviations(act)
    yield from _figure_deviations(act)


def _document_deviations(act: ExactToAsana, document: Document, guid: str) -> Iterator[str]:
    name = f"{document.partner}, {document.lines[0].text}"
    tasks = _tasks(act, document, guid)
    if len(tasks) != 1:
        yield f"{name} has {len(tasks)} tasks in Asana."
        return
    (task,) = tasks
    lines = _subtasks(act, task.gid)
    if len(lines) != len(document.lines):
        yield f"{name} has {len(lines)} subtasks for {len(document.lines)} lines."
    value = {key: act.asana.value(task.gid, gid) for key, gid in act.document_fields.items()}
    if document.what != "deleted" and value["net_amount"] != sum(nets(act, document)):
        yield f"{name}: net {value['net_amount']} in Asana instead of {sum(nets(act, document))}."
    if value["partner"] != document.partner:
        yield f"{name}: the partner is {value['partner']} in Asana."
    word = ENDED_WORDS.get(document.what)
    if word and value["document_status"] != word:
        yield f"{name} is {value['document_status']} in Asana and should be {word}."
    is_ended = document.what in ("canceled", "deleted", "processed")
    if task.is_completed != is_ended:
        yield f"The task of {name} is {'' if task.is_completed else 'not '}completed."


def _option_deviations(act: ExactToAsana) -> Iterator[str]:
    """One option for each account and cost center, renamed or switched off with it."""
    from mlconnector.demo.acts.exact_asana.act import ENDED, RENAMED

    for key, codes, off in (
        ("gl_account", books.ACCOUNTS | dict([RENAMED]), ()),
        ("cost_center", books.CENTERS, (ENDED,)),
    ):
        field = act.asana.known.get("custom_field", act.document_fields[key])
        there = {option.name: option.is_enabled for option in field.options}
        wanted = {f"{code} - {name}": code not in off for code, name in codes.items()}
        if there != wanted or len(field.options) != len(wanted):
            differing = {name for name in {*there, *wanted} if there.get(name) != wanted.get(name)}
            yield f"Options of {field.name}: {sorted(differing)}; {len(field.options)} for {len(wanted)}."


def _project_deviations(act: ExactToAsana) -> Iterator[str]:
    """Each project stands in the portfolio once, with a milestone for each deliverable."""
    items = [act.asana.known.by_gid[gid] for gid in act.asana.known.get("portfolio", act.portfolio).items]
    wanted = sorted(f"{code} - {name}" for code, name, _ in books.PROJECTS)
    if sorted(item.name for item in items) != wanted:
        yield f"In the portfolio are {[item.name for item in items]}."
    for item in items:
        code = item.name.partition(" ")[0]
        milestones = next(one[2] for one in books.PROJECTS if one[0] == code)
        names = sorted(task.name for task in act.asana.known.all("task") if item.gid in task.memberships)
        if names != sorted(name for name, _ in milestones):
            yield f"In the project {item.name} are {names}."


def completed(act: ExactToAsana) -> set[str]:
    return {row["Description"] for row in act.exact.rows(DELIVERABLES) if row["Completed"]}


def released(act: ExactToAsana) -> set[str]:
    return {row["Description"] for row in act.exact.rows(DELIVERABLES) if row["ReleaseInvoiceTerm"]}


def _work_deviations(act: ExactToAsana) -> Iterator[str]:
    records = {record.source_ref: record for record in Record.objects.filter(flow="completions")}
    for work, gid in act.tasks.items():
        record = records.get(gid)
        if record is None or record.state != work.state:
            state = record.state if record else "not there"
            yield f"'{work.name}' is {state} and should be {work.state}: {record and record.reason}"
        is_told = work.state in (RecordState.DONE, RecordState.REFUSED, RecordState.TO_CONFIRM)
        comments = act.asana.comments(gid)
        if bool(comments) != (is_told or work.is_opened_again):
            yield f"'{work.name}' has {len(comments)} comments."
    wanted = {_milestone(work) for work in WORKS if work.is_milestone and work.release}
    if completed(act) != wanted:
        yield f"Completed in Exact Online are {completed(act)} instead of {wanted}."
    confirmed = {_milestone(work) for work in WORKS if work.release == "confirmed"}
    if released(act) != confirmed:
        yield f"Released in Exact Online are {released(act)} instead of {confirmed}."


def _milestone(work: Work) -> str:
    return str(work.fields.get("milestone") or work.name)


def _figure_deviations(act: ExactToAsana) -> Iterator[str]:
    """Costs, hours and budgets of each project."""
    codes = {guid: code for code, guid in act.projects.items()}
    costs, hours, budgets = Counter[str](), Counter[str](), Counter[str]()
    for work in WORKS:
        code = str(work.fields.get("project") or work.own_project)
        costs[code] += work.cost  # type: ignore[assignment]
        hours[code] += work.hours  # type: ignore[assignment]
        budgets[code] += work.budget  # type: ignore[assignment]
    entries = act.exact.rows(COSTS)
    if len(entries) != sum(1 for work in WORKS if work.cost):
        yield f"{len(entries)} cost entries in Exact Online."
    for row in act.exact.rows(PROJECTS):
        code = codes[row["ID"]]
        entered = sum((one["AmountFC"] for one in entries if one["Project"] == row["ID"]), Decimal())
        if entered != costs[code]:
            yield f"{code}: costs are {entered} instead of {costs[code]}."
        (budget,) = act.exact.rows(BUDGETS, Project=row["ID"])
        if budget["Budget"] != books.HOURS_BEFORE + hours[code]:
            yield f"{code}: {budget['Budget']} hours instead of {books.HOURS_BEFORE + hours[code]}."
        if (row["BudgetedCosts"] or 0) != budgets[code]:
            yield f"{code}: budgeted costs are {row['BudgetedCosts']} instead of {budgets[code]}."
