"""What a completed task shall bring to Exact Online: pure, from its fields and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connections.messages import DataFault, say
from connections.vendors.asana.tasks import Task
from pairs import mapping
from pairs.base import TargetField
from pairs.definitions.exact_asana.completions import settings
from pairs.mapping import MappingRow
from pairs.work_items.values import moment, values

if TYPE_CHECKING:
    from pairs.models import Integration

# Source: CostTransactions, 'Currency' (three letters, ISO 4217).
CURRENCY_LENGTH = 3


@dataclass(frozen=True)
class Cost:
    """A cost entry as the task wants it. `item_code` "" stands for the item of the settings."""

    quantity: Decimal
    price: Decimal
    currency: str
    entered_on: date
    item_code: str = ""

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True)
class Wishes:
    """None: this task says nothing about it. `faults` are all that is wrong; then nothing is written."""

    project_code: str = ""
    element_name: str = ""
    # The field that names the element was filled in, so it must be found.
    is_named: bool = False
    is_milestone: bool = False
    completes: bool = False
    hours: Decimal | None = None
    budget: Decimal | None = None
    cost: Cost | None = None
    faults: Sequence[DataFault] = ()
    # Mapped fields that the project of the settings does not have any more.
    gone: Sequence[DataFault] = ()
    budget_is_of_element: bool = False

    @property
    def needs_element(self) -> bool:
        return self.completes or (self.budget is not None and self.budget_is_of_element)

    @property
    def is_nothing(self) -> bool:
        return not self.completes and self.hours is None and self.budget is None and self.cost is None


def is_completed(task: Task) -> bool:
    """Whether people have finished it: a rejected approval is completed as well."""
    return task.completed and (not task.is_approval or task.approval_status == "approved")


def of(task: Task, rows: Sequence[MappingRow], integration: Integration, zone: ZoneInfo) -> Wishes:
    """`rows` is the mapping of the flow, `zone` that of the Exact Online site."""
    used = list(_used(integration))
    mapped = mapping.apply(rows, values(task), used, zone=zone)
    # Other projects need not have the fields: there a task says nothing about them.
    is_home = str(integration.setting(settings.PROJECT_SETTING) or "") in task.projects
    known = mapped.values
    faults = [*mapped.faults]
    cost = None
    if integration.setting("enters_costs"):
        cost = _cost(task, rows, mapped, integration, zone, faults)
    for key in ("hours", "budget"):
        if known.get(key) is not None and known[key] < 0:
            faults.append(_negative(_field(key), known[key]))
    is_milestone = task.resource_subtype == "milestone"
    completes = str(integration.setting("completes"))
    return Wishes(
        project_code=known.get("project") or "",
        element_name=known.get("milestone") or task.name,
        is_named=bool(known.get("milestone")),
        is_milestone=is_milestone,
        completes=completes == "all" or (completes == "milestones" and is_milestone),
        hours=known.get("hours"),
        budget=known.get("budget"),
        cost=cost,
        faults=faults,
        gone=mapped.gone if is_home else (),
        budget_is_of_element=integration.setting("cost_budget") == "wbs",
    )


def _used(integration: Integration) -> list[TargetField]:
    """The fields of what is switched on: others may hold whatever they like."""
    found = [settings.PROJECT, settings.MILESTONE]
    found += [settings.HOURS] if integration.setting("hour_budget") != "off" else []
    found += [settings.BUDGET] if integration.setting("cost_budget") != "off" else []
    return [*found, *(settings.COSTS if integration.setting("enters_costs") else ())]


def _cost(
    task: Task,
    rows: Sequence[MappingRow],
    mapped: mapping.Mapped,
    integration: Integration,
    zone: ZoneInfo,
    faults: list[DataFault],
) -> Cost | None:
    """The entry, or None where the task has neither price nor quantity; adds to `faults`."""
    known, rows_by_key = mapped.values, {row.target_field for row in rows}
    price, quantity = known.get("cost_price"), known.get("cost_quantity")
    unusable = {field.key for field in settings.COSTS} & mapped.unusable
    if price is None and quantity is None and not unusable:
        return None
    if "cost_quantity" not in rows_by_key:
        quantity = Decimal(1)
    for target, value in ((settings.PRICE, price), (settings.QUANTITY, quantity)):
        if value is None and target.key not in mapped.unusable:
            faults.append(
                DataFault(
                    target.label,
                    "",
                    say("A cost entry needs a price and a quantity, and this one is empty."),
                    say("Fill in the field of the task, or empty the other one as well."),
                )
            )
    if quantity is not None and quantity == 0:
        faults.append(
            DataFault(
                settings.QUANTITY.label,
                "0",
                say("A cost entry of nothing is not entered."),
                say("Correct it."),
            )
        )
    currency = (known.get("cost_currency") or str(integration.setting("cost_currency"))).strip().upper()
    if len(currency) != CURRENCY_LENGTH or not currency.isalpha():
        faults.append(
            DataFault(
                settings.CURRENCY.label,
                currency,
                say("This is not a currency such as EUR."),
                say("Write its three letters."),
            )
        )
    completed_at = moment(task.raw.get("completed_at"))
    day = known.get("cost_date") or (completed_at.astimezone(zone).date() if completed_at else None)
    if day is None and settings.DAY.key not in mapped.unusable:
        faults.append(
            DataFault(
                settings.DAY.label,
                "",
                say("Asana does not say when the task was completed."),
                say("Map a field."),
            )
        )
    if price is None or quantity is None or day is None:
        return None
    return Cost(quantity, price, currency, day, known.get("cost_item") or "")


def _field(key: str) -> TargetField:
    return next(one for one in settings.FIELDS if one.key == key)


def _negative(target: TargetField, value: Decimal) -> DataFault:
    return DataFault(
        target.label, f"{value:f}", say("A plan figure is not below zero."), say("Correct it in the task.")
    )
