"""Projects of Exact Online as Asana projects, in the portfolio or without one."""

from __future__ import annotations

from datetime import date

from django.utils import translation
from django.utils.translation import gettext

from connections.messages import say
from connections.vendors.exact.api import ChangedRow, Project
from pairs.base import Outcome, done, dormant
from pairs.definitions.exact_asana import placing, settings
from pairs.definitions.exact_asana.common import PROJECTS, guid_of, own_project, refuse_other_company
from pairs.definitions.exact_asana.ledger import text_of
from pairs.definitions.exact_asana.placing import Wanted
from pairs.definitions.exact_asana.polling import Feed, content, poll_of
from pairs.definitions.exact_asana.words import amount_text, key_of, number_text
from pairs.engine import Context, FlowContext


def is_wanted(context: FlowContext) -> bool:
    return context.setting("projects_as") != settings.OFF


def handle(context: Context) -> Outcome:
    refuse_other_company(context)
    version = context.record.seen_version
    if not is_wanted(context):
        return dormant(say("By the rule of the integration nothing is made of it."), version=version)
    project = _read(context)
    link = own_project(context.integration, context.flow.key, context.record.source_ref)
    if project is None:
        message = say("The project was deleted in Exact Online; in Asana it stays as it is.")
        return done(message, target_url=link.target_url if link else "", version=version)
    with translation.override(context.integration.language):
        wanted = _wanted(context, project)
    placing.project_for(context, wanted)
    made = own_project(context.integration, context.flow.key, context.record.source_ref)
    return done(
        say("The project in Asana is up to date."),
        target_url=made.target_url if made else "",
        version=version,
    )


def _read(context: Context) -> Project | None:
    found = content(context)
    if found is not None:
        return Project.from_row(found[0])
    project: Project | None = context.source.project(guid_of(context.record.source_ref))
    return project


def _wanted(context: Context, project: Project) -> Wanted:
    language = context.integration.language
    currency = ""
    figures = (
        (gettext("Customer"), project.account.label if project.account else ""),
        (gettext("Project manager"), project.manager),
        (gettext("Begins on"), _day(project.starts_on, language)),
        (gettext("Ends on"), _day(project.ends_on, language)),
        (gettext("Budgeted costs"), amount_text(project.budgeted_costs, currency, language)),
        (gettext("Budgeted revenue"), amount_text(project.budgeted_revenue, currency, language)),
        (gettext("Budgeted hours"), number_text(project.budgeted_hours, language)),
        (gettext("Costs so far"), amount_text(project.costs, currency, language)),
    )
    return Wanted(
        key=key_of("Project", None, context.source.division, project.id),
        name=text_of(project.code, project.description),
        notes="\n".join(f"{name}: {value}" for name, value in figures if value),
        due_on=project.ends_on,
        in_portfolio=context.setting("projects_as") == settings.IN_PORTFOLIO,
    )


def _day(day: date | None, language: str) -> str:
    if day is None:
        return ""
    return f"{day:%d.%m.%Y}" if language == "de" else day.isoformat()


def _label(changed: ChangedRow) -> str:
    row = changed.row
    return text_of(row.text("Code"), row.text("Description")) if row is not None else ""


poll = poll_of(
    Feed(
        PROJECTS,
        label=_label,
        still_there=lambda context, ids: {
            project.id: project for project in context.source.projects() if project.id in set(ids)
        },
        from_the_start=True,
        has_content=True,
    ),
    is_wanted=is_wanted,
)
