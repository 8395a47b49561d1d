"""Where a task belongs in Exact Online: its project, and the milestone, activity or expense.

In this order: what is noted for the task already; the milestone that the task was made for; the project's
code in the mapped field; the purchase order that the task or subtask stands for; the project that its Asana
project was made for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connections.messages import DataFault, Message, say
from connections.vendors.asana.tasks import Task
from connections.vendors.exact.api import Project, PurchaseOrder, WbsItem, WbsKind
from pairs.definitions.exact_asana.common import (
    COMPLETIONS,
    INVOICES,
    MILESTONES,
    ORDERS,
    OWN_PROJECT,
    PROJECTS,
    guid_of,
)
from pairs.definitions.exact_asana.completions import settings
from pairs.definitions.exact_asana.completions.wishes import Wishes
from pairs.engine import FlowContext
from pairs.models import Link
from pairs.work_items.links import LINE, TIE

MOST_NAMES = 10


@dataclass(frozen=True)
class Place:
    """`element` is None where the task needs none."""

    project: Project
    element: WbsItem | None = None


class Unplaced(Exception):
    """The task can't be placed; all that is wrong."""

    def __init__(self, faults: Sequence[DataFault]) -> None:
        super().__init__(str(faults))
        self.faults = list(faults)


def tie_of(context: FlowContext, gid: str) -> Link | None:
    """What is noted for a task that something was brought to Exact Online for."""
    return Link.objects.filter(
        integration=context.integration, flow=f"{COMPLETIONS}{TIE}", source_ref=gid
    ).first()


def find(context: FlowContext, task: Task, wishes: Wishes, tie: Link | None) -> Place:
    """Raises Unplaced with all that is wrong."""
    kept = (tie.content.get("element") or {}) if tie else {}
    if kept and tie is not None and wishes.needs_element:
        return _kept(context, kept)
    if (element := _made_from(context, task)) is not None:
        return Place(_project_of(context, element), element)
    project, expense = _project(context, task, wishes)
    if not wishes.needs_element:
        return Place(project)
    if expense is not None and not wishes.is_milestone and not wishes.is_named:
        return Place(project, expense)
    return Place(project, _element(context, project, task, wishes))


def _made_from(context: FlowContext, task: Task) -> WbsItem | None:
    """What our own flow has made the task for; None for other tasks."""
    link = Link.objects.filter(integration=context.integration, flow=MILESTONES, target_ref=task.gid).first()
    if link is None:
        return None
    kinds = [WbsKind.DELIVERABLE] if task.resource_subtype == "milestone" else list(WbsKind)
    for kind in kinds:
        item: WbsItem | None = context.source.wbs_item(guid_of(link.source_ref), kind)
        if item is not None:
            return item
    raise Unplaced([_fault(settings.MILESTONE.label, task.name, GONE, LOOK)])


def _kept(context: FlowContext, kept: dict[str, str]) -> Place:
    """As noted when it was first brought there, whatever the task is called since."""
    element = context.source.wbs_item(kept["id"], WbsKind(int(kept["kind"])))
    if element is None:
        raise Unplaced([_fault(settings.MILESTONE.label, kept["name"], GONE, LOOK)])
    return Place(_project_of(context, element), element)


def ended_projects(context: FlowContext) -> set[str]:
    """The Asana projects of orders and invoices that have ended: nobody is expected to work in them."""
    documents = Link.objects.filter(
        integration=context.integration, flow__in=(ORDERS, INVOICES), content__has_key="closed"
    )
    ended = Link.objects.filter(
        integration=context.integration,
        flow__in=(f"{ORDERS}{OWN_PROJECT}", f"{INVOICES}{OWN_PROJECT}"),
        source_ref__in=documents.values("source_ref"),
    )
    return set(ended.values_list("target_ref", flat=True))


def _project_of(context: FlowContext, element: WbsItem) -> Project:
    project: Project | None = context.source.project(element.project_id)
    if project is None:
        raise Unplaced([_fault(settings.PROJECT.label, element.description, GONE, LOOK)])
    return project


GONE = say("What this task was brought to is not in Exact Online any more.")
LOOK = say("Look into Exact Online; then close the record, or enter it there again by hand.")


# --- the project ------------------------------------------------------------------------------------------


def _project(context: FlowContext, task: Task, wishes: Wishes) -> tuple[Project, WbsItem | None]:
    """The project, and the expense that the line of a purchase order names."""
    made_for = _made_for(context, task)
    if wishes.project_code:
        named = context.source.project_by_code(wishes.project_code)
        if named is None:
            raise Unplaced([_fault(settings.PROJECT.label, wishes.project_code, NO_PROJECT, CORRECT)])
        if made_for and made_for != named.id:
            raise Unplaced([_fault(settings.PROJECT.label, wishes.project_code, OTHER_PROJECT, DECIDE)])
        return named, None
    ordered, expense = _ordered(context, task)
    found = context.source.project(ordered or made_for) if ordered or made_for else None
    if found is None:
        raise Unplaced([_fault(settings.PROJECT.label, "", NOWHERE, NAME_IT)])
    return found, expense


NO_PROJECT = say("Exact Online has no project with this code.")
CORRECT = say("Correct the field of the task; it then goes on by itself.")
OTHER_PROJECT = say("The task names one project, and its Asana project was made for another one.")
DECIDE = say("Correct the field, or move the task.")
NOWHERE = say("It is not known to which project of Exact Online this task belongs.")
NAME_IT = say("Write the project's code into the mapped field of the task.")


def _made_for(context: FlowContext, task: Task) -> str:
    """The id of the project that the task's Asana project was made for; "" if there is none."""
    link = Link.objects.filter(
        integration=context.integration, flow=f"{PROJECTS}{OWN_PROJECT}", target_ref__in=task.projects
    ).first()
    return guid_of(link.source_ref) if link else ""


def _ordered(context: FlowContext, task: Task) -> tuple[str, WbsItem | None]:
    """(project, expense) of the purchase order or of the line that the task stands for."""
    link = Link.objects.filter(
        integration=context.integration, flow__in=(ORDERS, f"{ORDERS}{LINE}"), target_ref=task.gid
    ).first()
    if link is None:
        return "", None
    ref, _, line_id = link.source_ref.partition("|")
    order: PurchaseOrder | None = context.source.purchase_order(guid_of(ref))
    lines = [line for line in (order.lines if order else ()) if line_id in ("", line.id)]
    found = {line.project.id for line in lines if line.project}
    if len(found) > 1:
        raise Unplaced([_fault(settings.PROJECT.label, "", SEVERAL_PROJECTS, NAME_IT)])
    expenses = {line.expense.id for line in lines if line.expense}
    expense = (
        context.source.wbs_item(expenses.pop(), WbsKind.EXPENSE) if found and len(expenses) == 1 else None
    )
    return (found.pop() if found else ""), expense


SEVERAL_PROJECTS = say("The lines of the purchase order belong to several projects.")


# --- the element ------------------------------------------------------------------------------------------


def _element(context: FlowContext, project: Project, task: Task, wishes: Wishes) -> WbsItem | None:
    """The only one of that description. None: a plain task that names none and fits none."""
    kinds = [WbsKind.ACTIVITY, WbsKind.EXPENSE] if not wishes.is_milestone else []
    kinds += [WbsKind.DELIVERABLE] if wishes.completes else []
    there: list[WbsItem] = [one for kind in kinds for one in context.source.wbs(project.id, kind)]
    wanted = _plain(wishes.element_name)
    found = [one for one in there if wanted in (_plain(one.description), one.id)]
    if len(found) == 1:
        _refuse_taken(context, task, found[0])
        return found[0]
    if not found and not (wishes.is_milestone or wishes.is_named or wishes.budget is not None):
        return None
    names = ", ".join(one.description for one in there[:MOST_NAMES]) or "-"
    rule: Message = (
        say("The project %(project)s has several of this description.", project=project.code)
        if found
        else say(
            "The project %(project)s of Exact Online has none of this description. It has: %(names)s.",
            project=project.code,
            names=names,
        )
    )
    raise Unplaced([_fault(settings.MILESTONE.label, wishes.element_name, rule, RENAME)])


RENAME = say("Give the task its name, or fill in the mapped field; it then goes on by itself.")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _refuse_taken(context: FlowContext, task: Task, element: WbsItem) -> None:
    """A milestone is brought there by one task."""
    other = (
        Link.objects.filter(
            integration=context.integration, flow=f"{COMPLETIONS}{TIE}", content__element__id=element.id
        )
        .exclude(source_ref=task.gid)
        .first()
    )
    if other is not None:
        raise Unplaced(
            [
                _fault(
                    settings.MILESTONE.label,
                    element.description,
                    say("Another task has brought it to Exact Online already: %(url)s", url=other.target_url),
                    say("Leave one of the two tasks, or name another milestone."),
                )
            ]
        )


def _fault(label: str, value: str, rule: Message, remedy: Message) -> DataFault:
    return DataFault(label, value, rule, remedy)


def faults_of(context: FlowContext, place: Place, wishes: Wishes) -> list[DataFault]:
    """Why Exact Online would refuse what is wanted there; [] where nothing is known against it."""
    found: list[DataFault] = []
    element = place.element
    if wishes.completes and element is not None and not element.is_completed:
        found += element.completion_faults()
    has_budget = element is not None and element.kind != WbsKind.DELIVERABLE
    if wishes.budget is not None and wishes.budget_is_of_element and not has_budget:
        found.append(
            _fault(
                settings.BUDGET.label,
                element.description if element else "",
                say("Only activities and expenses have budgeted costs, milestones have none."),
                say("Empty the field, or let the budget go to the project in the settings."),
            )
        )
    if wishes.cost is not None and place.project.is_blocked:
        found.append(
            _fault(
                settings.PROJECT.label,
                place.project.label,
                say("The project is blocked for entries in Exact Online."),
                say("Open it there, then try again."),
            )
        )
    return found


def cost_item(context: FlowContext, wishes: Wishes) -> str:
    """The id of the item of the cost entry. Raises Unplaced where the code is none."""
    if wishes.cost is None:
        return ""
    code = wishes.cost.item_code
    if not code:
        return str(context.setting("cost_item") or "")
    item = context.source.item_by_code(code)
    if item is None or item.is_time:
        raise Unplaced(
            [
                _fault(
                    settings.ITEM.label,
                    code,
                    say("Exact Online has no item for costs with this code."),
                    say("Correct the code in the task, or enter the item in Exact Online."),
                )
            ]
        )
    return str(item.id)
