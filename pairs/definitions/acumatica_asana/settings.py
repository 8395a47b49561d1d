"""What a finance admin chooses for an integration from Acumatica into Asana."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from connections.base import SettingField
from connections.messages import DataFault, say
from pairs.definitions.acumatica_asana import roster_settings, rules
from pairs.work_items import SETTINGS as WORK_ITEM_SETTINGS

if TYPE_CHECKING:
    from pairs.models import Integration

PLACE = (
    SettingField(
        "project",
        "Asana project",
        "discovered",
        required=True,
        discover="projects",
        role="target",
        help_text="The project of the approval tasks, unless a rule below says another one.",
    ),
    SettingField(
        "section",
        "Section of new tasks",
        "discovered",
        discover="sections",
        role="target",
        below=("project",),
        help_text="Choose the project and save; then its sections are offered. Empty: the first one.",
    ),
    SettingField(
        "assignee",
        "Assigned to",
        help_text="E-mail address of the person who gets new tasks. Empty: nobody, unless a rule says so.",
    ),
    SettingField(
        "project_rules",
        "Other projects by rule",
        "multiline",
        help_text="One rule per line; the first that fits decides. Conditions are joined by 'and': branch, "
        "class (vendor class), vendor, type, amount. After the arrow come the project (its GID or address), "
        "and with commas the section and the e-mail address of a person: "
        "branch = NORD and amount >= 5000 -> 1200000000000001, anna@example.org",
    ),
    SettingField(
        "task_kind",
        "Tasks are",
        "choice",
        default="approval",
        choices=(("approval", "approvals"), ("task", "ordinary tasks")),
        help_text="Approvals need a paid Asana plan. An ordinary task has no 'rejected'.",
    ),
)
CONTENT = (
    *WORK_ITEM_SETTINGS,
    SettingField(
        "with_files",
        "Attach the files of the document",
        "bool",
        default=False,
        help_text="Each file is uploaded once. It costs one call more to Acumatica for each document.",
    ),
)
FILTERS = (
    SettingField(
        "begin_on",
        "Changed since",
        help_text="Documents last changed before this day (YYYY-MM-DD) are left alone. Empty: all are read.",
    ),
    SettingField(
        "branches",
        "Branches",
        "multiline",
        help_text="Branch IDs, one per line. Empty: all branches.",
    ),
    SettingField(
        "creditors",
        "Vendors",
        "multiline",
        help_text="Vendor IDs of Acumatica, one per line. Empty: all vendors.",
    ),
    SettingField("with_bills", "Bills become tasks", "bool", default=True),
    SettingField(
        "bill_types",
        "Types of bills",
        "multiline",
        default="Bill",
        help_text="As Acumatica shows them, one per line: Bill, Credit Adj., Debit Adj., Prepayment.",
    ),
    SettingField(
        "bill_statuses",
        "Bills become tasks in the status",
        "multiline",
        default="Balanced\nPending Approval",
        help_text="One per line. A bill that has a task is followed through every status.",
    ),
    SettingField(
        "bill_minimum",
        "Bills from the amount",
        "decimal",
        default="0",
        help_text="In the currency of the bill. Smaller ones get no task.",
    ),
    SettingField("with_orders", "Purchase orders become tasks", "bool", default=True),
    SettingField(
        "order_types",
        "Types of purchase orders",
        "multiline",
        default="Normal\nDrop-Ship\nProject Drop-Ship",
        help_text="As Acumatica shows them, one per line: Normal, Drop-Ship, Project Drop-Ship, Blanket, "
        "Standard.",
    ),
    SettingField(
        "order_statuses",
        "Purchase orders become tasks in the status",
        "multiline",
        default="Pending Approval",
        help_text="One per line. An order that has a task is followed through every status.",
    ),
    SettingField(
        "order_minimum",
        "Purchase orders from the amount",
        "decimal",
        default="0",
        help_text="In the currency of the order. Smaller ones get no task.",
    ),
)
END = (
    SettingField(
        "when_finished",
        "When a document is released, closed or deleted in Acumatica",
        "choice",
        default="complete",
        choices=(
            ("complete", "the task gets a comment and is completed"),
            ("comment", "the task gets a comment"),
        ),
        help_text="An approval that nobody has decided becomes an ordinary completed task: it is not marked "
        "as approved.",
    ),
    SettingField(
        "finished_section",
        "and is moved to the section",
        "discovered",
        discover="sections",
        role="target",
        below=("project",),
        help_text="Only for tasks of the project above. Empty: it stays where it is.",
    ),
)
APPROVALS = (
    SettingField(
        "releases",
        "Carry out decisions in Acumatica",
        "bool",
        default=True,
        help_text="Off: tasks are made and kept up to date, decisions in Asana change nothing.",
    ),
    SettingField(
        "approval_rule",
        "A task is approved when",
        "choice",
        default="approval",
        choices=(
            ("approval", "its approval says 'approved'"),
            ("completed", "it is completed"),
            ("option", "a field has a certain option"),
        ),
        help_text="A rejected approval also counts as completed in Asana: it is never taken for approved.",
    ),
    SettingField(
        "approval_field",
        "Approval field",
        "discovered",
        discover="fields",
        role="target",
        below=("project",),
        help_text="Only for 'a field has a certain option': the field.",
    ),
    SettingField(
        "approval_option",
        "Approval option",
        "discovered",
        discover="options",
        role="target",
        below=("approval_field",),
        help_text="Only for 'a field has a certain option': the option that means approved.",
    ),
    SettingField(
        "rejection_option",
        "Rejection option",
        "discovered",
        discover="options",
        role="target",
        below=("approval_field",),
        help_text="Only for 'a field has a certain option': the option that means rejected.",
    ),
    SettingField(
        "when_changed",
        "When a document was changed after its approval",
        "choice",
        default="reopen",
        choices=(
            ("reopen", "it is not released; the task is opened again with a comment"),
            ("comment", "it is not released; the task gets a comment"),
        ),
        help_text="Amount, currency and status are compared with those that the task showed.",
    ),
    SettingField(
        "releases_hold",
        "Take approved documents off hold",
        "bool",
        default=False,
        help_text="'On Hold' usually means that a document is not ready yet.",
    ),
    SettingField(
        "bill_approve_action",
        "Action for a bill that waits for approval",
        "discovered",
        default="Approve",
        discover="bill_actions",
        help_text="Only for bills in the status 'Pending Approval'; the user of the connection must be the "
        "approver in Acumatica.",
    ),
    SettingField(
        "bill_release_action",
        "Action that releases a bill",
        "discovered",
        default="ReleaseBill",
        discover="bill_actions",
    ),
    SettingField(
        "bill_reject_action",
        "Action for a rejected bill",
        "discovered",
        discover="bill_actions",
        help_text="Empty: the rejection is noted on the task, Acumatica stays as it is.",
    ),
    SettingField(
        "order_approve_action",
        "Action for an approved purchase order",
        "discovered",
        default="Approve",
        discover="order_actions",
        help_text="Its name differs from screen to screen; 'Test connection' shows those of your Acumatica.",
    ),
    SettingField(
        "order_reject_action",
        "Action for a rejected purchase order",
        "discovered",
        discover="order_actions",
        help_text="Empty: the rejection is noted on the task, Acumatica stays as it is.",
    ),
    SettingField(
        "result_comment",
        "Comment on the task",
        "bool",
        default=True,
        help_text="The result is also written as a comment, once for each result.",
    ),
)

SETTINGS = (*PLACE, *CONTENT, *FILTERS, *END, *APPROVALS, *roster_settings.ROSTER)


def check(integration: Integration) -> Sequence[DataFault]:
    """All that is missing or contradictory before the integration can be switched on."""
    return [
        *_begin(integration),
        *_amounts(integration),
        *_rules(integration),
        *_options(integration),
        *roster_settings.faults(integration),
    ]


def _label(key: str) -> str:
    return next(field.label for field in SETTINGS if field.key == key)


def _begin(integration: Integration) -> Iterator[DataFault]:
    given = str(integration.setting("begin_on") or "").strip()
    try:
        if given:
            date.fromisoformat(given)
    except ValueError:
        yield DataFault(
            _label("begin_on"), given, say("This is not a date."), say("Enter a date such as 2027-01-31.")
        )


def _amounts(integration: Integration) -> Iterator[DataFault]:
    for key in ("bill_minimum", "order_minimum"):
        given = str(integration.setting(key))
        if Decimal(given) < 0:
            yield DataFault(_label(key), given, say("This must not be negative."), say("Enter 0 or more."))


def _rules(integration: Integration) -> Iterator[DataFault]:
    text = str(integration.setting("project_rules") or "")
    for number, line in enumerate(text.splitlines(), 1):
        try:
            rules.read(line)
        except ValueError as error:
            yield DataFault(
                _label("project_rules"),
                line,
                say("Line %(number)s can't be read: %(part)s", number=number, part=str(error)),
                say("Write it as in: branch = NORD and amount >= 5000 -> 1200000000000001"),
            )


def _options(integration: Integration) -> Iterator[DataFault]:
    """What the rule for decisions needs."""
    if not integration.setting("releases"):
        return
    rule = integration.setting("approval_rule")
    if rule == "approval" and integration.setting("task_kind") == "task":
        yield DataFault(
            _label("approval_rule"),
            "",
            say("Ordinary tasks have no approval."),
            say("Let tasks be approvals, or choose another rule."),
        )
    for key in ("approval_field", "approval_option") if rule == "option" else ():
        if not integration.setting(key):
            yield DataFault(
                _label(key), "", say("The approval rule needs it."), say("Choose the field and its option.")
            )
