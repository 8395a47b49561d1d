"""Settings that every pair with work items offers, and the rules that they stand for."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import gettext_noop as _

from connections.base import SettingField
from pairs.engine import FlowContext
from pairs.work_items.item import LinesAs, Rules, WhenGone

SETTINGS: tuple[SettingField, ...] = (
    SettingField(
        "lines_as",
        _("lines of a document"),
        "choice",
        default="table",
        required=True,
        choices=(
            ("none", _("not shown")),
            ("table", _("as a list in the description")),
            ("subtasks", _("as subtasks, with their figures in the description")),
            ("in_project", _("as subtasks in the project, with custom fields")),
        ),
        help_text=_(
            "Asana gives custom fields only to subtasks that are rows of the project as well; each line then "
            "also shows as a row of its own, and each is a call to Asana more."
        ),
    ),
    SettingField(
        "when_task_gone",
        _("a task that somebody deleted or moved out of the project"),
        "choice",
        default="leave",
        required=True,
        choices=(
            ("leave", _("stays deleted or moved; the record says so")),
            ("anew", _("is made again, or put back into the project")),
        ),
        help_text=_(
            "It is noticed at once where the task is watched for decisions, else when the document changes."
        ),
    ),
)


def rules_of(context: FlowContext, *, watched_by: str = "", **more: Any) -> Rules:
    """The rules of an integration whose pair offers `SETTINGS`."""
    return Rules(
        lines=cast(LinesAs, context.setting("lines_as")),
        when_gone=cast(WhenGone, context.setting("when_task_gone")),
        watched_by=watched_by,
        **more,
    )
