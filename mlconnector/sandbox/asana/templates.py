"""Project templates, and jobs that make projects of them. Source: Asana project templates (read 2026-11)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import checks, projects
from mlconnector.sandbox.asana.changes import Changes
from mlconnector.sandbox.asana.errors import TOO_MANY, ApiError, missing, unknown
from mlconnector.sandbox.asana.planning import Job, Template
from mlconnector.sandbox.asana.state import Project, Section, Setting, Task
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall
    from mlconnector.sandbox.asana.app import AsanaSimulator

# Jobs of one token at once. Source: Asana rate limits (read 2026-11).
CONCURRENT_JOBS = 5
START_ON, DUE_ON = "1", "2"
INSTANTIATE: dict[str, checks.Check] = {
    "name": checks.text,
    "team": checks.gid,
    "public": checks.flag,
    "privacy_setting": checks.one_of(*projects.PRIVACY),
    "is_strict": checks.flag,
    "requested_dates": checks.each(checks.obj),
    "requested_roles": checks.each(checks.obj),
}
REQUESTED_DATE: dict[str, checks.Check] = {"gid": checks.text, "value": checks.nullable(checks.day)}


def _found(call: "ApiCall", gid: str) -> Template:
    template: Template = call.found("project_template", gid, "project_template")
    if not call.state.may_use(call.token, template.workspace):
        raise unknown("project_template", gid)
    return template


def listed(call: "ApiCall") -> Response:
    if not call.query.get("workspace") and not call.query.get("team"):
        raise missing("workspace")
    workspace = call.workspace(call.given("workspace"))
    found = [one for one in call.state.all("project_template") if one.workspace == workspace.gid]
    return call.page(found, call.records.template)


def one(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.template(_found(call, gid)))


def instantiate(call: "ApiCall", gid: str) -> Response:
    """POST .../instantiateProject: 201 with a job. The project is there, but empty, until the job ends."""
    template = _found(call, gid)
    data = call.data(INSTANTIATE, required=("name",))
    dates = _dates(call, template, data)
    running = [job for job in call.state.all("job") if job.token == call.token.value and not job.is_over]
    if len(running) >= CONCURRENT_JOBS:
        raise ApiError(429, TOO_MANY, headers={"Retry-After": "5"})
    project = Project(
        call.state.next_gid(), data["name"], template.workspace, call.token.user, call.now, call.now
    )
    project.privacy_setting = data.get("privacy_setting", project.privacy_setting)
    project.start_on, project.due_on = dates.get(START_ON), dates.get(DUE_ON)
    call.state.add(project)
    projects.new_section(call, project, "Untitled section")
    ends_at = call.now + timedelta(seconds=call.sim.options.job_seconds)
    job = Job(
        call.state.next_gid(),
        template.gid,
        project.gid,
        call.token.value,
        call.token.user,
        call.now,
        ends_at,
    )
    call.state.add(job)
    return call.created(call.records.job(job), f"/jobs/{job.gid}")


def _dates(call: "ApiCall", template: Template, data: dict[str, Any]) -> dict[str, str]:
    """The days of the template's date variables by their gid. Raises ApiError 400 or 422."""
    if template.dates and "requested_dates" not in data:
        raise missing("requested_dates")
    entries = [checks.body(entry, REQUESTED_DATE, ("gid",)) for entry in data.get("requested_dates") or []]
    given = {entry["gid"]: entry["value"] for entry in entries if entry.get("value")}
    known = {variable.gid for variable in template.dates}
    if stray := set(given) - known:
        raise ApiError(400, f"requested_dates: Unknown date variable: {min(stray)}")
    if data.get("is_strict") and (lacking := known - set(given)):
        raise ApiError(422, f"requested_dates: No value for date variable: {min(lacking)}")
    return {gid: given.get(gid, f"{call.now:%Y-%m-%d}") for gid in known}


# --- jobs -------------------------------------------------------------
def job(call: "ApiCall", gid: str) -> Response:
    job: Job = call.found("job", gid, "job")
    if job.by != call.token.user:
        raise unknown("job", gid)
    return call.one(call.records.job(job))


def settle(sim: "AsanaSimulator") -> None:
    """Let jobs go on as far as the clock says; asked before every request."""
    now = sim.clock.now()
    for job in sim.known.all("job"):
        if job.is_over:
            continue
        if now < job.ends_at:
            job.status = "in_progress" if now > job.started_at else "not_started"
        elif sim.options.jobs_fail:
            job.status = "failed"
        else:
            job.status = "succeeded"
            _fill(sim, job)


def _fill(sim: "AsanaSimulator", job: Job) -> None:
    """What the template holds, into its project."""
    template, project = sim.known.by_gid[job.template], sim.known.get("project", job.project)
    if project is None:
        return
    now = sim.clock.now()
    for gid in template.fields:
        project.settings.append(Setting(sim.known.next_gid(), project.gid, gid))
    for name in template.sections:
        section = sim.known.add(Section(sim.known.next_gid(), name, project.gid, now))
        project.sections.append(section.gid)
    for name in template.tasks:
        task = Task(sim.known.next_gid(), name, project.workspace, job.by, now, now)
        Changes(sim, job.by).add(task, [(project, "")])
