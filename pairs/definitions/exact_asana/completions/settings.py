"""What a finance admin chooses for completions: each of it is off until it is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from connections.base import SettingField
from connections.messages import DataFault, say
from pairs.base import Decision, FieldType, TargetField
from pairs.definitions.exact_asana.common import COMPLETIONS
from pairs.models import FieldMapping, RecordState

if TYPE_CHECKING:
    from pairs.models import Integration

PROJECT_SETTING = "milestones_project"
# Settings that let something be written to Exact Online, with the value that stands for "no".
SWITCHES = {
    "completes": "nothing",
    "completes_projects": False,
    "hour_budget": "off",
    "cost_budget": "off",
    "enters_costs": False,
}

SETTINGS: tuple[SettingField, ...] = (
    SettingField(
        PROJECT_SETTING,
        "Asana project with the milestones",
        "discovered",
        discover="projects",
        role="target",
        help_text="The project whose completed tasks are brought back to Exact Online. Projects in which "
        "orders, invoices and projects of Exact Online stand are looked at as well, whatever stands here.",
    ),
    SettingField(
        "completes",
        "A completed task completes in Exact Online",
        "choice",
        default="nothing",
        required=True,
        choices=(
            ("nothing", "nothing"),
            ("milestones", "its milestone (deliverable)"),
            ("all", "its milestone, activity or expense"),
        ),
        help_text="A task belongs to the milestone of the same name in its project of Exact Online, or to "
        "the one that the mapped field names. A milestone task that fits none is shown, and nothing is "
        "written. Exact Online completes only milestones that are linked to an invoice term.",
    ),
    SettingField(
        "completes_projects",
        "A project finished in Asana completes the rest of its milestones",
        "bool",
        default=False,
        help_text="Of Asana projects that were made for projects of Exact Online: when they are completed, "
        "or their status is set to complete. No term is released by that.",
    ),
    SettingField(
        "reopens",
        "A task that is opened again takes it back",
        "bool",
        default=False,
        help_text="The milestone is set back, a cost entry that is still a draft is deleted, added hours are "
        "taken off. What Exact Online does not give back (released terms, approved entries) is named in a "
        "comment.",
    ),
    SettingField(
        "releases_terms",
        "A completed milestone releases its invoice term",
        "bool",
        default=False,
        help_text="A RELEASE CAN'T BE UNDONE. Each one waits until a person has confirmed it at its record, "
        "and that must be another person than the one who switched this on.",
    ),
    SettingField(
        "hour_budget",
        "Hours of a completed task",
        "choice",
        default="off",
        required=True,
        choices=(
            ("off", "are not used"),
            ("set", "become the hour budget of the project"),
            ("add", "are added to the hour budget of the project"),
        ),
        help_text="The hours stand in the field mapped for them.",
    ),
    SettingField(
        "hour_item",
        "Hour type of the budget",
        "discovered",
        discover="hour_items",
        help_text="The item of Exact Online for which the hours are budgeted.",
    ),
    SettingField(
        "cost_budget",
        "Budgeted costs of a completed task",
        "choice",
        default="off",
        required=True,
        choices=(
            ("off", "are not used"),
            ("project", "become the budgeted costs of the project"),
            ("wbs", "become the budgeted costs of its activity or expense"),
        ),
        help_text="A plan figure, no booking. The former figure is replaced.",
    ),
    SettingField(
        "enters_costs",
        "Costs of a completed task become a cost entry",
        "bool",
        default=False,
        help_text="A real cost entry of the project, as a draft that is approved in Exact Online. One for "
        "each task: while it is a draft it follows the task.",
    ),
    SettingField(
        "cost_item",
        "Item of cost entries",
        "discovered",
        discover="cost_items",
        help_text="Used where no field is mapped for the item's code, or where it is empty.",
    ),
    SettingField(
        "cost_currency",
        "Currency of cost entries",
        default="EUR",
        help_text="Used where no field is mapped for the currency, or where it is empty.",
    ),
    SettingField(
        "comments",
        "Say in a comment what was done in Exact Online",
        "bool",
        default=True,
    ),
)

PROJECT = TargetField(
    "project",
    "Project in Exact Online (code)",
    FieldType.TEXT,
    standard="project",
    help_text="Without it the task belongs to the project that its Asana project was made for, or to the one "
    "of its purchase order.",
)
MILESTONE = TargetField(
    "milestone",
    "Milestone, activity or expense",
    FieldType.TEXT,
    help_text="Its description in Exact Online. Without it the name of the task counts.",
)
HOURS = TargetField("hours", "Hours for the budget", FieldType.NUMBER)
BUDGET = TargetField("budget", "Budgeted costs", FieldType.AMOUNT)
QUANTITY = TargetField(
    "cost_quantity", "Quantity of the cost entry", FieldType.NUMBER, help_text="Not mapped: 1."
)
PRICE = TargetField("cost_price", "Price of the cost entry", FieldType.AMOUNT)
ITEM = TargetField("cost_item", "Item of the cost entry (code)", FieldType.TEXT)
CURRENCY = TargetField("cost_currency", "Currency of the cost entry", FieldType.TEXT)
DAY = TargetField(
    "cost_date", "Day of the cost entry", FieldType.DATE, help_text="Not mapped: the day of the completion."
)
FIELDS = (PROJECT, MILESTONE, HOURS, BUDGET, QUANTITY, PRICE, ITEM, CURRENCY, DAY)
COSTS = (QUANTITY, PRICE, ITEM, CURRENCY, DAY)
WRITE_BACK = (
    TargetField("result_text", "What was done in Exact Online", FieldType.TEXT, standard="result_text"),
)

DECISIONS = (
    Decision(
        "release_term",
        "Release the invoice term",
        "Releases the term in Exact Online for invoicing. This can't be undone.",
        states=(RecordState.TO_CONFIRM,),
    ),
    Decision(
        "keep_term",
        "Do not release it",
        "The milestone stays completed; its term is released in Exact Online when you want it.",
        states=(RecordState.TO_CONFIRM,),
    ),
)


def is_wanted(integration: Integration) -> bool:
    """Whether anything at all flows back."""
    return any(integration.setting(key) != off for key, off in SWITCHES.items())


def check(integration: Integration) -> Sequence[DataFault]:
    """What is missing for what was switched on."""
    return list(_faults(integration))


def _faults(integration: Integration) -> Iterator[DataFault]:
    mapped = set(
        integration.mappings.filter(flow=COMPLETIONS, way=FieldMapping.Way.INTO).values_list(
            "target_field", flat=True
        )
    )
    hours, budget = integration.setting("hour_budget"), integration.setting("cost_budget")
    if hours != "off" and not integration.setting("hour_item"):
        yield DataFault(
            "Hour type of the budget", "", say("It is needed for the hour budget."), say("Choose one.")
        )
    for is_on, field in (
        (hours != "off", HOURS),
        (budget != "off", BUDGET),
        (integration.setting("enters_costs"), PRICE),
    ):
        if is_on and field.key not in mapped:
            yield DataFault(
                field.label,
                "",
                say("This is switched on, and no mapping says which field of the task holds the value."),
                say("Add a row to the mapping of the completed tasks, or switch it off."),
            )
    if integration.setting("enters_costs") and not (integration.setting("cost_item") or ITEM.key in mapped):
        yield DataFault(
            "Item of cost entries", "", say("A cost entry needs an item."), say("Choose one, or map a field.")
        )
    if integration.setting("completes_projects") and integration.setting("projects_as") == "off":
        yield DataFault(
            "A project finished in Asana completes the rest of its milestones",
            "",
            say("No Asana projects are made for projects of Exact Online."),
            say("Choose what a project of Exact Online becomes, or switch it off."),
        )
    if integration.setting("releases_terms") and integration.setting("completes") == "nothing":
        yield DataFault(
            "A completed milestone releases its invoice term",
            "",
            say("Terms are released only of milestones that are completed from here."),
            say("Choose what a completed task completes."),
        )
