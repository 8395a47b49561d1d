"""What a finance admin chooses for an integration from Exact Online into Asana."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from connections.base import SettingField
from connections.messages import DataFault, say
from pairs import work_items
from pairs.definitions.exact_asana import completions

if TYPE_CHECKING:
    from pairs.models import Integration

AS_TASK, AS_PROJECT = "task", "project"
OFF, AS_PROJECTS, IN_PORTFOLIO = "off", "projects", "portfolio"
NEVER = "never"
OFFERED = (
    (OFF, "not at all"),
    (AS_TASK, "a task in the Asana project"),
    (AS_PROJECT, "an Asana project of its own"),
)

SETTINGS: tuple[SettingField, ...] = (
    SettingField(
        "project",
        "Asana project",
        "discovered",
        required=True,
        discover="projects",
        role="target",
        help_text="In it stand the tasks. Its custom fields are those that can be mapped.",
    ),
    SettingField(
        "begin_on",
        "Documents from",
        required=True,
        help_text="Orders and invoices dated before this day (YYYY-MM-DD) are left alone.",
    ),
    SettingField(
        "orders_as",
        "A purchase order becomes",
        "choice",
        default=AS_TASK,
        required=True,
        choices=OFFERED,
        help_text="In a project of its own the order is one task and each line another, whatever is chosen "
        "for lines below.",
    ),
    SettingField(
        "orders_section",
        "Section for orders",
        "discovered",
        discover="sections",
        role="target",
        below=("project",),
        help_text="Choose the project and save; then its sections are offered.",
    ),
    SettingField(
        "order_completes_task",
        "The task of an order is completed when",
        "choice",
        default="complete",
        required=True,
        choices=(
            (NEVER, "never by us"),
            ("received", "everything is delivered"),
            ("invoiced", "everything is invoiced"),
            ("complete", "Exact Online shows the order as complete"),
        ),
    ),
    SettingField(
        "invoices_as", "A sales invoice becomes", "choice", default=AS_TASK, required=True, choices=OFFERED
    ),
    SettingField(
        "invoices_project",
        "Asana project for invoices",
        "discovered",
        discover="projects",
        role="target",
        help_text="Empty: the same as for orders. It needs the mapped custom fields as well.",
    ),
    SettingField(
        "invoices_section",
        "Section for invoices",
        "discovered",
        discover="sections",
        role="target",
        below=("invoices_project",),
    ),
    SettingField(
        "invoice_completes_task",
        "The task of an invoice is completed when",
        "choice",
        default="processed",
        required=True,
        choices=(
            (NEVER, "never by us"),
            ("processed", "Exact Online has processed it"),
        ),
        help_text="Whether an invoice was paid is not to be seen at the invoice in Exact Online.",
    ),
    replace(next(field for field in work_items.SETTINGS if field.key == "lines_as"), default="in_project"),
    *(field for field in work_items.SETTINGS if field.key != "lines_as"),
    SettingField(
        "portfolio",
        "Asana portfolio",
        "discovered",
        discover="portfolios",
        role="target",
        help_text="Projects that we make are put into it. Asana offers the portfolios that the user of the "
        "connection owns; they are a paid feature.",
    ),
    SettingField(
        "template",
        "Project template",
        "discovered",
        discover="templates",
        role="target",
        help_text="Projects that we make are copies of it. Empty: they begin empty.",
    ),
    SettingField(
        "team",
        "Asana team for new projects",
        help_text="The id of the team, only where the organisation wants one and there is no template.",
    ),
    SettingField(
        "projects_as",
        "A project of Exact Online becomes",
        "choice",
        default=OFF,
        required=True,
        choices=(
            (OFF, "nothing in Asana"),
            (AS_PROJECTS, "an Asana project"),
            (IN_PORTFOLIO, "an Asana project in the portfolio"),
        ),
    ),
    SettingField(
        "with_milestones",
        "Its deliverables become milestones",
        "bool",
        default=True,
        help_text="Each deliverable of such a project is a milestone in the Asana project.",
    ),
    SettingField(
        "with_activities",
        "Its activities and expenses become tasks",
        "bool",
        default=False,
        help_text="Each activity and expense of such a project is a task in the Asana project.",
    ),
    SettingField(
        "only_accounts",
        "G/L accounts to choose from",
        "multiline",
        help_text="Ranges such as 4000-7999, one per line. Empty: all. An Asana field takes 500 options, "
        "those that are switched off included.",
    ),
    *completions.SETTINGS,
)


def begin_on(integration: Integration) -> date:
    """The first day of documents. Raises ValueError for what is no day."""
    return date.fromisoformat(str(integration.setting("begin_on")))


def ranges(integration: Integration) -> tuple[tuple[str, str], ...]:
    """The G/L accounts that become options, as (first, last). Raises ValueError with the line at fault."""
    found = []
    for line in str(integration.setting("only_accounts") or "").split():
        first, dash, last = line.partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal()) or len(first) != len(last) or first > last:
            raise ValueError(line)
        found.append((first, last))
    return tuple(found)


def check(integration: Integration) -> Sequence[DataFault]:
    """All that is missing or contradictory before the integration can be switched on."""
    return [
        *_faults_of_days(integration),
        *_faults_of_ranges(integration),
        *_faults_of_places(integration),
        *completions.check(integration),
    ]


def _faults_of_days(integration: Integration) -> list[DataFault]:
    given = str(integration.setting("begin_on") or "")
    try:
        begin_on(integration)
    except ValueError:
        if given:
            return [
                DataFault(
                    "Documents from",
                    given,
                    say("This is not a day."),
                    say("Write it as in 2026-01-31."),
                )
            ]
    return []


def _faults_of_ranges(integration: Integration) -> list[DataFault]:
    try:
        ranges(integration)
    except ValueError as error:
        return [
            DataFault(
                "G/L accounts to choose from",
                str(error),
                say("This is not a range of accounts."),
                say("Write first and last account of the same length, for example 4000-7999."),
            )
        ]
    return []


def _faults_of_places(integration: Integration) -> list[DataFault]:
    faults = []
    if integration.setting("projects_as") == IN_PORTFOLIO and not integration.setting("portfolio"):
        faults.append(
            DataFault(
                "Asana portfolio",
                "",
                say("The projects of Exact Online are to stand in a portfolio, and none is chosen."),
                say("Choose the portfolio, or let them become Asana projects without one."),
            )
        )
    return faults
