"""What is written to Exact Online: completions, releases, budgets and cost entries, each with its finder.

There is no idempotency key. Every write sets a state that can be read again, or carries a marker to be found
by. A rule of the books that refuses a write comes as 500, like a breakdown: `checked` tells them apart by
reading. Source: "Projects" and "Errors" of the Exact Online REST API (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from connections.errors import ConnectorError, OutcomeUnknownError, RejectedError
from connections.messages import Message, say
from connections.vendors.exact import odata, projects
from connections.vendors.exact.client import Client
from connections.vendors.exact.columns import COSTS, HOUR_BUDGETS, PROJECTS
from connections.vendors.exact.projects import WBS, CostEntry, EntryStatus, HourBudget, WbsItem, WbsKind
from connections.vendors.exact.values import Row

Found = TypeVar("Found")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class NewCost:
    """A cost entry to be made: a real, rebillable one.

    `marker` ("asana:1209876543210987") stands in the notes and is what an entry is found by; one entry for
    one marker, project and day. A draft can still be changed or deleted, and is approved in Exact Online.
    """

    project_id: str
    item_id: str
    quantity: Decimal
    price: Decimal
    currency: str
    entered_on: date
    marker: str
    text: str = ""
    employee_id: str = ""
    expense_id: str = ""
    status: EntryStatus = EntryStatus.DRAFT

    def to_wire(self) -> dict[str, Any]:
        """The body of the create call. Source: CostTransactions (2025-07)."""
        optional = {"Employee": self.employee_id, "Expense": self.expense_id}
        return {
            "Project": self.project_id,
            "Item": self.item_id,
            "Quantity": self.quantity,
            "PriceFC": self.price,
            "Currency": self.currency,
            "Date": odata.written(self.entered_on),
            "Notes": f"{self.text} [{self.marker}]".strip(),
            "HourStatus": int(self.status),
        } | {name: value for name, value in optional.items() if value}


# --- work breakdown structure ---


def set_completed(client: Client, kind: WbsKind, item_id: str, *, completed: bool) -> None:
    """Complete or reopen; the same twice does no harm."""
    path, _ = WBS[kind]
    checked(
        lambda: _put(client, path, item_id, {"Completed": completed}),
        find=lambda: _same(wbs_item(client, kind, item_id), lambda item: item.is_completed == completed),
    )


def release_term(client: Client, deliverable_id: str, released_on: date) -> None:
    """Release the invoice term of a deliverable for invoicing. It happens once and CAN'T BE UNDONE."""
    path, _ = WBS[WbsKind.DELIVERABLE]
    values = {"ReleaseInvoiceTerm": True, "ReleaseInvoiceTermDate": odata.written(released_on)}
    checked(
        lambda: _put(client, path, deliverable_id, values),
        find=lambda: find_release(client, deliverable_id),
    )


def find_release(client: Client, deliverable_id: str) -> str | None:
    """The deliverable's id when its term is released; None when that can't be seen.

    Exact Online itself refuses a second release, so a repeat after None releases nothing twice.
    """
    return _same(wbs_item(client, WbsKind.DELIVERABLE, deliverable_id), lambda item: item.is_released is True)


def set_wbs_budget(
    client: Client,
    kind: WbsKind,
    item_id: str,
    *,
    cost: Decimal | None = None,
    hours: Decimal | None = None,
) -> None:
    """The plan figures of an activity (cost, hours) or an expense (cost) as they shall be from now on."""
    if kind == WbsKind.DELIVERABLE or (hours is not None and kind != WbsKind.ACTIVITY):
        raise ValueError("a deliverable has no budget, and an expense none of hours")
    values = {"BudgetedCost": cost, "BudgetedHours": hours}
    given = {name: value for name, value in values.items() if value is not None}
    path, _ = WBS[kind]
    checked(
        lambda: _put(client, path, item_id, given),
        find=lambda: _same(
            wbs_item(client, kind, item_id),
            lambda item: (
                (cost is None or is_equal(item.budgeted_cost, cost))
                and (hours is None or is_equal(item.budgeted_hours, hours))
            ),
        ),
    )


def wbs_item(client: Client, kind: WbsKind, item_id: str) -> WbsItem | None:
    return next(iter(projects.wbs_items(client, kind, "ID", [item_id])), None)


# --- budgets of a project ---


def set_cost_budget(client: Client, project_id: str, costs: Decimal) -> None:
    """The budgeted costs of a project as they shall be from now on: a plan figure, no booking."""
    checked(
        lambda: _put(client, PROJECTS, project_id, {"BudgetedCosts": costs}),
        find=lambda: next(
            (
                project.id
                for project in projects.projects_by_id(client, [project_id]).values()
                if is_equal(project.budgeted_costs, costs)
            ),
            None,
        ),
    )


def set_hour_budget(client: Client, project_id: str, item_id: str, hours: Decimal) -> str:
    """The budget's id. Hours of one hour type in one project as they shall be from now on.

    It is looked for first: there is one budget for each hour type, made or changed.
    """
    known = find_hour_budget(client, project_id, item_id)
    if known is not None and is_equal(known.hours, hours):
        return known.id

    def write() -> str:
        if known is not None:
            return _put(client, HOUR_BUDGETS, known.id, {"Budget": hours})
        values = {"Project": project_id, "Item": item_id, "Budget": hours}
        return made_id(client.create(HOUR_BUDGETS, values))

    def find() -> str | None:
        found = find_hour_budget(client, project_id, item_id)
        return found.id if found is not None and is_equal(found.hours, hours) else None

    return checked(write, find=find)


def find_hour_budget(client: Client, project_id: str, item_id: str) -> HourBudget | None:
    """The budget of an hour type in a project. Raises RejectedError if there are several."""
    wanted = item_id.strip("{}").lower()
    found = [
        budget
        for budget in projects.hour_budgets(client, project_id)
        if budget.item is not None and budget.item.id == wanted
    ]
    if len(found) > 1:
        raise RejectedError(
            say(
                "The project has %(count)s hour budgets for the same hour type, so it is not known which one "
                "to change. Leave one of them in Exact Online.",
                count=len(found),
            ),
            vendor="exact",
        )
    return found[0] if found else None


# --- cost entries ---


def add_cost(client: Client, new: NewCost) -> str:
    """The id of the entry, made now. Nothing is read afterwards: what came of the write must not get lost."""

    def find() -> str | None:
        found = find_cost(client, new.project_id, new.entered_on, new.marker)
        return found.id if found else None

    return checked(lambda: made_id(client.create(COSTS, new.to_wire())), find=find)


def find_cost(client: Client, project_id: str, entered_on: date, marker: str) -> CostEntry | None:
    """The entry with this marker in its notes, the oldest if there are more; None when there is none."""
    listed = projects.costs_of_day(client, project_id, entered_on)
    found = [entry for entry in listed if carries(entry.notes, marker)]
    return min(found, key=lambda entry: entry.number or 0, default=None)


def change_cost(
    client: Client, entry_id: str, *, quantity: Decimal | None = None, price: Decimal | None = None
) -> None:
    """Other figures for a draft. Raises RejectedError when it is gone, submitted or approved."""
    _changeable(projects.cost(client, entry_id))
    values = {"Quantity": quantity, "PriceFC": price}
    given = {name: value for name, value in values.items() if value is not None}

    def find() -> str | None:
        found = projects.cost(client, entry_id)
        is_same = (
            found is not None
            and (quantity is None or found.quantity == quantity)
            and (price is None or is_equal(found.price, price))
        )
        return entry_id if is_same else None

    checked(lambda: _put(client, COSTS, entry_id, given), find=find)


def delete_cost(client: Client, entry_id: str) -> None:
    """Take a draft back; one that is gone already is fine. Raises RejectedError once it is approved.

    Deleting CAN'T BE UNDONE; the entry can only be made anew.
    """
    known = projects.cost(client, entry_id)
    if known is None:
        return
    _changeable(known)
    end(client, COSTS, entry_id, is_gone=lambda: projects.cost(client, entry_id) is None)


def carries(notes: str, marker: str) -> bool:
    """Whether the notes hold exactly this marker: "asana:12" is not in "asana:120"."""
    return re.search(rf"(?<![\w:-]){re.escape(marker)}(?![\w:-])", notes) is not None


def _changeable(entry: CostEntry | None) -> None:
    if entry is None:
        raise RejectedError(
            say("The cost entry is not in Exact Online any more: somebody has deleted it."),
            vendor="exact",
            status=404,
        )
    if not entry.is_changeable:
        raise RejectedError(
            say(
                "The cost entry %(number)s is submitted or approved in Exact Online and can't be changed "
                "from here. Undo the approval there, or correct it by a second entry.",
                number=entry.number or "",
            ),
            vendor="exact",
            code="entry_is_final",
        )


# --- what a 500 means ---


def checked(write: Callable[[], Found], *, find: Callable[[], Found | None]) -> Found:
    """What `write` returns. After a 500 with a text of the books `find` decides what has happened.

    It is there: the write has arrived. It is not there: the text was a refusal, raised as RejectedError.
    It can't be read: OutcomeUnknownError, like every other 5xx.
    """
    try:
        return write()
    except RejectedError as error:
        if error.status != 500:
            raise
        refusal = error
    try:
        found = find()
    except ConnectorError as error:
        raise _unclear(refusal.message) from error
    if found is None:
        raise refusal
    return found


def is_equal(stored: Decimal | None, wanted: Decimal) -> bool:
    """Amounts are kept as floating point numbers there: compared to the cent."""
    return stored is not None and stored.quantize(CENT) == wanted.quantize(CENT)


def _put(client: Client, path: str, row_id: str, values: Mapping[str, Any]) -> str:
    client.change(path, row_id, values)
    return row_id


def _same(item: WbsItem | None, is_it: Callable[[WbsItem], bool]) -> str | None:
    return item.id if item is not None and is_it(item) else None


def end(client: Client, path: str, row_id: str, *, is_gone: Callable[[], bool]) -> None:
    """Delete a row that is there."""

    def write() -> bool:
        client.delete(path, row_id)
        return True

    checked(write, find=lambda: is_gone() or None)


def made_id(row: Row) -> str:
    """The id of what was created. Raises OutcomeUnknownError where the answer does not say."""
    found = row.guid("ID")
    if not found:
        raise _unclear(say("Exact Online did not say what it created."))
    return found


def _unclear(message: Message) -> OutcomeUnknownError:
    return OutcomeUnknownError(message, vendor="exact", status=500)
